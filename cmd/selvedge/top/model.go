package top

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
)

// Run shows a planet on the whole screen until it is left.
func Run(ctx context.Context, s *Source, in, out *os.File, environment []string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m := NewModel(NewTracker(s.Client.FabricName()), func(id string) error {
		asking, done := context.WithTimeout(ctx, patience)
		defer done()
		return s.Client.KillQuery(asking, id)
	})
	program := tea.NewProgram(m, tea.WithContext(ctx), tea.WithInput(in), tea.WithOutput(out), tea.WithEnvironment(environment), tea.WithoutSignalHandler())
	began := time.Now()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Run(ctx, func(h Heard) { program.Send(News{time.Since(began), h}) })
	}()
	_, err := program.Run()
	stopped := ctx.Err() != nil // from outside
	cancel()
	<-ended
	if err != nil && !stopped {
		return fmt.Errorf("top: %w", err)
	}
	return nil
}

// News is what was heard, and when.
type News struct {
	At time.Duration
	Heard
}

// killed is how the end of a query went.
type killed struct {
	id  string
	err error
}

// The parts of the screen.
const (
	atLocations = iota
	atLinks
	atCollections
	atQueries
	parts
)

// mode is what the keys mean.
type mode uint8

const (
	moving mode = iota
	filtering
	confirming // that the chosen query is to end
	reading    // of one row, all that is known
	helping
)

// Model is the screen. Its zero value is not usable; NewModel makes one.
type Model struct {
	tracker       *Tracker
	kill          func(id string) error
	shown         State // what is drawn; while paused not the newest
	width, height int
	part          int
	mode          mode
	chosen        [parts]string // id of the chosen row
	sorts         [parts]order
	filter        string
	paused        bool
	note          string // about the last thing that was done
	victim        string // the query that may be ended
}

// order is by which column rows stand; 0 is the order in which they come.
type order struct {
	column    int
	backwards bool
}

// NewModel draws what the tracker knows; kill ends a query.
func NewModel(t *Tracker, kill func(id string) error) *Model {
	return &Model{tracker: t, kill: kill, shown: t.State(), width: 80, height: 24}
}

// Init begins with nothing.
func (m *Model) Init() tea.Cmd { return nil }

// Update takes keys, sizes and news.
func (m *Model) Update(message tea.Msg) (tea.Model, tea.Cmd) {
	switch message := message.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = max(message.Width, 1), max(message.Height, 1)
	case News:
		m.tracker.Hear(message.At, message.Heard)
		if !m.paused {
			m.shown = m.tracker.State()
		}
	case killed:
		m.note = "query " + message.id + " is told to end"
		if message.err != nil {
			m.note = "query " + message.id + ": " + message.err.Error()
		}
	case tea.PasteMsg:
		if m.mode == filtering {
			m.filter += strings.TrimSpace(message.Content)
		}
	case tea.KeyPressMsg:
		return m, m.key(message.String(), message.Text)
	}
	return m, nil
}

// key takes one key: its name, and the text that it gives.
func (m *Model) key(name, text string) tea.Cmd {
	if name == "ctrl+c" {
		return tea.Quit
	}
	switch m.mode {
	case filtering:
		m.filterKey(name, text)
		return nil
	case confirming:
		m.mode = moving
		if name != "y" {
			m.note = "nothing was ended"
			return nil
		}
		id, kill := m.victim, m.kill
		m.note = "ending query " + id
		return func() tea.Msg { return killed{id, kill(id)} }
	case reading, helping:
		if name == "q" && m.mode == helping || name == "esc" || name == "enter" || name == "?" || name == "q" {
			m.mode = moving
		}
		return nil
	}
	return m.movingKey(name)
}

func (m *Model) filterKey(name, text string) {
	switch name {
	case "enter":
		m.mode = moving
	case "esc":
		m.mode, m.filter = moving, ""
	case "backspace":
		if runes := []rune(m.filter); len(runes) > 0 {
			m.filter = string(runes[:len(runes)-1])
		}
	default:
		m.filter += text
	}
}

func (m *Model) movingKey(name string) tea.Cmd {
	m.note = ""
	switch name {
	case "q":
		return tea.Quit
	case "tab", "right", "l":
		m.part = (m.part + 1) % parts
	case "shift+tab", "left", "h":
		m.part = (m.part + parts - 1) % parts
	case "1", "2", "3", "4":
		m.part = int(name[0] - '1')
	case "up", "k":
		m.move(-1)
	case "down", "j":
		m.move(1)
	case "pgup":
		m.move(-10)
	case "pgdown":
		m.move(10)
	case "home", "g":
		m.move(-1 << 30)
	case "end", "G":
		m.move(1 << 30)
	case "s":
		o := &m.sorts[m.part]
		o.column = (o.column + 1) % (len(m.table(m.part).columns) + 1)
	case "r":
		m.sorts[m.part].backwards = !m.sorts[m.part].backwards
	case "/":
		m.mode = filtering
	case "esc":
		m.filter = ""
	case "p", "space":
		if m.paused = !m.paused; !m.paused {
			m.shown = m.tracker.State()
		}
	case "enter":
		if m.choice() >= 0 {
			m.mode = reading
		}
	case "x":
		m.askToEnd()
	case "?":
		m.mode = helping
	}
	return nil
}

// askToEnd asks whether the chosen query is to end.
func (m *Model) askToEnd() {
	rows := m.rows(atQueries)
	at := m.choice()
	switch {
	case m.part != atQueries:
		m.note = "x ends a query: go to the queries first (4)"
	case at < 0:
		m.note = "no query runs"
	case rows[at].over:
		m.note = "this query has ended"
	default:
		m.victim, m.mode = rows[at].id, confirming
	}
}

// choice is the place of the chosen row of this part, -1 where there is none.
func (m *Model) choice() int {
	rows := m.rows(m.part)
	for i, r := range rows {
		if r.id == m.chosen[m.part] {
			return i
		}
	}
	return min(0, len(rows)-1)
}

func (m *Model) move(by int) {
	rows := m.rows(m.part)
	if len(rows) == 0 {
		return
	}
	m.chosen[m.part] = rows[min(max(m.choice()+by, 0), len(rows)-1)].id
}
