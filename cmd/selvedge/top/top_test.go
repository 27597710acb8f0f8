package top

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"github.com/selvedge-db/selvedge/client"
)

func number64(n int64) *int64 { return &n }

// planet has so many locations; each committed n entries and took over 2n.
func planet(locations int, n int64) *client.Mesh {
	m := &client.Mesh{Location: "l0"}
	for i := range locations {
		name := fmt.Sprintf("l%d", i)
		m.Locations = append(m.Locations, client.MeshLocation{Name: name, State: "up", URL: "http://" + name, Commits: number64(n), Applied: number64(2 * n)})
		for j := range locations {
			if i != j {
				m.Links = append(m.Links, client.Link{From: name, To: fmt.Sprintf("l%d", j), State: "up", Delivered: number64(n)})
			}
		}
	}
	return m
}

// Both directions between two locations are one link, also where both are in trouble, or one is only late.
func TestPairs(t *testing.T) {
	t.Parallel()
	m := planet(10, 1)
	for i := range m.Links {
		switch l := &m.Links[i]; {
		case l.From == "l0" || l.To == "l0":
			l.State = "cut"
		case l.From == "l1" && l.To == "l2":
			l.Lag = client.Lag{Entries: 1, Ms: 5000}
		}
	}
	tr := NewTracker("shop")
	tr.Hear(0, Heard{Mesh: m})
	if s, want := tr.State(), (Pairs{Up: 36, InTrouble: 10}); s.Pairs != want || len(s.Links) != 19 || s.LinksUp != 72 {
		t.Errorf("pairs %+v, want %+v; %d and %d directions", s.Pairs, want, len(s.Links), s.LinksUp)
	}
}

func TestTrackerRates(t *testing.T) {
	t.Parallel()
	tr := NewTracker("shop")
	for s := range 10 {
		m := planet(3, int64(10*s))
		m.Links[0].State, m.Links[0].Lag = "cut", client.Lag{Entries: int64(s), Ms: float64(1000 * s)}
		tr.Hear(time.Duration(s)*time.Second, Heard{Mesh: m, Live: true, Of: "mesh"})
		tr.Hear(time.Duration(s)*time.Second, Heard{Counts: map[string]Counted{"a": {"document", int64(5 - s)}, "b": {"edge", 7}}, Of: "collections"})
	}
	s := tr.State()
	if s.Source != "live" || s.Location != "l0" || len(s.Locations) != 3 || s.LinksUp != 5 || len(s.Links) != 1 {
		t.Fatalf("%+v", s)
	}
	if want := (Pairs{Up: 2, InTrouble: 1}); s.Pairs != want {
		t.Errorf("pairs %+v, want %+v", s.Pairs, want)
	}
	for _, l := range []client.Link{{OneWayMs: 100, Lag: client.Lag{Entries: 1, Ms: 1300}}, {Lag: client.Lag{Ms: 9000}}} {
		if late(&l) {
			t.Errorf("%+v is late", l)
		}
	}
	if l := (client.Link{OneWayMs: 100, Lag: client.Lag{Entries: 1, Ms: 1301}}); !late(&l) {
		t.Errorf("%+v is not late", l)
	}
	first := s.Locations[0]
	if *first.Writes != 10 || *first.Arrivals != 20 || *first.Sent != 20 {
		t.Errorf("rates %v %v %v", *first.Writes, *first.Arrivals, *first.Sent)
	}
	if l1 := s.Locations[1]; l1.BehindEntries != 9 || l1.LagMs != 9000 {
		t.Errorf("%+v", l1)
	}
	if s.Collections[0].Name != "a" || *s.Collections[0].Change != -1 || *s.Collections[1].Change != 0 {
		t.Errorf("%+v", s.Collections)
	}
	tr.Hear(11*time.Second, Heard{Mesh: planet(3, 1)}) // the location began anew
	if w := tr.State().Locations[0].Writes; w != nil {
		t.Errorf("a counter that began anew has the rate %v", *w)
	}
	tr.Hear(12*time.Second, Heard{Of: "mesh", Problem: "gone"})
	if p := tr.State().Problems; len(p) != 1 || p[0] != "gone" {
		t.Error(p)
	}
	tr.Hear(13*time.Second, Heard{Of: "mesh", Mesh: planet(1, 1)})
	if p := tr.State().Problems; len(p) != 0 {
		t.Error(p)
	}
}

// busy is a model that has everything on its screen.
func busy(locations int) (*Model, *[]string) {
	killed := &[]string{}
	m := NewModel(NewTracker("shop"), func(id string) error {
		*killed = append(*killed, id)
		return errors.New("too late")
	})
	mesh := planet(locations, 5)
	for i := range mesh.Links {
		mesh.Links[i].Lag = client.Lag{Entries: int64(i), Bytes: 1 << 40, Ms: 99_999}
	}
	mesh.Locations[0].Name = "\x1b[2J\u202eевропа-ヨーロッパ-very-long-name"
	counts := map[string]Counted{}
	for i := range 50 {
		counts[fmt.Sprintf("collection-%d", i)] = Counted{"document", int64(i)}
	}
	for s := range 2 {
		m.Update(News{time.Duration(s) * time.Second, Heard{Mesh: mesh, Counts: counts, Queries: &Queries{
			Running: []client.RunningQuery{{ID: "7", State: "executing", Seconds: 1, Text: "FOR a IN b\n\x1b]0;title\x07 RETURN " + strings.Repeat("長", 300)}},
			Slow:    []client.RunningQuery{{ID: "6", Seconds: 9, Text: "RETURN SLEEP(9)"}}}}})
	}
	return m, killed
}

func press(m *Model, keys ...string) tea.Cmd {
	var cmd tea.Cmd
	for _, k := range keys {
		msg := tea.KeyPressMsg{Text: k}
		switch k {
		case "enter":
			msg = tea.KeyPressMsg{Code: tea.KeyEnter}
		case "esc":
			msg = tea.KeyPressMsg{Code: tea.KeyEscape}
		case "tab":
			msg = tea.KeyPressMsg{Code: tea.KeyTab}
		case "down":
			msg = tea.KeyPressMsg{Code: tea.KeyDown}
		case "end":
			msg = tea.KeyPressMsg{Code: tea.KeyEnd}
		case "backspace":
			msg = tea.KeyPressMsg{Code: tea.KeyBackspace}
		default:
			msg.Code = []rune(k)[0]
		}
		_, cmd = m.Update(msg)
	}
	return cmd
}

// A screen is never wider or longer than it is, whatever is on it.
func TestScreenFits(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{80, 24}, {120, 50}, {40, 10}, {20, 5}, {10, 2}, {1, 1}, {300, 100}} {
		for _, keys := range [][]string{nil, {"tab"}, {"2", "end"}, {"3", "end"}, {"4"}, {"4", "enter"}, {"1", "enter"}, {"?"}, {"/", "l", "1"}, {"4", "x"}, {"/", "zzz"}} {
			m, _ := busy(25)
			m.Update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
			press(m, keys...)
			lines := m.Lines()
			if len(lines) != size[1] {
				t.Errorf("%v %v: %d lines", size, keys, len(lines))
			}
			for _, line := range lines {
				if w := lipgloss.Width(line); w > size[0] {
					t.Errorf("%v %v: %d columns: %q", size, keys, w, line)
				}
				if strings.ContainsAny(line, "\x07\u202e") || strings.Contains(line, "\x1b[2J") || strings.Contains(line, "\x1b]") {
					t.Errorf("%v %v: data commands the terminal: %q", size, keys, line)
				}
			}
		}
	}
}

// With 80 columns and 24 lines every part is there.
func TestScreenShowsAll(t *testing.T) {
	t.Parallel()
	m, _ := busy(10)
	screen := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(strings.Join(m.Lines(), "\n"), "")
	for _, want := range []string{"LOCATION", "WRITES/S", "ARRIVALS/S", "LINK FROM", "COLLECTION", "QUERY", "RETURN SLEEP(9)", "l5", "l9", "? help"} {
		if !strings.Contains(screen, want) {
			t.Errorf("the screen lacks %q:\n%s", want, screen)
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	m, killed := busy(10)
	press(m, "x")
	if !strings.Contains(m.foot(), "go to the queries first") {
		t.Error(m.foot())
	}
	press(m, "4", "x", "n")
	if len(*killed) != 0 || m.foot() != "nothing was ended" {
		t.Error(*killed, m.foot())
	}
	cmd := press(m, "x", "y")
	if cmd == nil {
		t.Fatal("nothing is ended")
	}
	m.Update(cmd())
	if fmt.Sprint(*killed) != "[7]" || !strings.Contains(m.foot(), "too late") {
		t.Error(*killed, m.foot())
	}
	press(m, "down", "x")
	if m.mode != moving || !strings.Contains(m.foot(), "has ended") {
		t.Error(m.foot())
	}
	press(m, "3", "/", "4", "9", "backspace", "8", "enter")
	if rows := m.rows(atCollections); len(rows) != 1 || rows[0].id != "collection-48" {
		t.Errorf("%v", rows)
	}
	press(m, "esc", "s")
	if rows := m.rows(atCollections); rows[0].id != "collection-0" {
		t.Error(rows[0].id)
	}
	press(m, "r")
	if rows := m.rows(atCollections); rows[0].id != "collection-9" {
		t.Error(rows[0].id)
	}
	press(m, "s", "s", "r", "end")
	if rows := m.rows(atCollections); rows[0].id != "collection-49" || m.choice() != 49 {
		t.Error(rows[0].id, m.choice())
	}
	press(m, "p")
	m.Update(News{9 * time.Second, Heard{Mesh: planet(2, 1)}})
	if len(m.shown.Locations) != 10 || !strings.Contains(m.title(), "PAUSED") {
		t.Error("the screen goes on while it is paused")
	}
	press(m, "p")
	if len(m.shown.Locations) != 2 {
		t.Error("the screen does not go on")
	}
	if cmd := press(m, "q"); cmd == nil {
		t.Error("q does not leave")
	}
}

// Where there is no stream of states they are asked for.
func TestOnceWithoutStream(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	mux := http.NewServeMux()
	const prefix = "/_fabric/_system/_api"
	mux.HandleFunc("GET "+prefix+"/mesh", func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = w.Write([]byte(`{"location":"fra","locations":[{"name":"fra","state":"up"}],"links":[]}`))
	})
	mux.HandleFunc("GET "+prefix+"/query/current", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`[{"id":"1"}]`)) })
	mux.HandleFunc("GET "+prefix+"/query/slow", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`[]`)) })
	mux.HandleFunc("GET "+prefix+"/collection", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"result":[{"name":"a","type":3}]}`))
	})
	mux.HandleFunc("GET "+prefix+"/collection/a/count", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"count":4}`)) })
	server := httptest.NewServer(mux)
	defer server.Close()
	c, err := client.New(client.Config{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	s, err := Once(context.Background(), &Source{c}, time.Minute)
	if err != nil || s.Source != "polled" || s.Locations[0].Writes != nil || s.Collections[0] != (Collection{"a", "edge", 4, s.Collections[0].Change}) || s.Queries[0].ID != "1" {
		t.Errorf("%+v %v", s, err)
	}
	if asked.Load() < 2 {
		t.Error("asked once only")
	}
	server.Close()
	if _, err := Once(context.Background(), &Source{c}, time.Second); err == nil {
		t.Error("there is a state of nothing")
	}
}
