package top

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
)

// column of a part; a width of 0 takes what is left.
type column struct {
	title string
	width int
	right bool
}

// row of a part.
type row struct {
	id    string
	cells []cell
	tone  tone
	over  bool // a query that has ended
}

// cell has what is shown, and by what it sorts where that is no text.
type cell struct {
	text string
	by   float64
	num  bool
}

type tone uint8

const (
	plain tone = iota
	good
	warn
	bad
	faint
)

// grid is one part as columns and rows.
type grid struct {
	title   string
	none    string // in place of rows
	columns []column
	rows    []row
}

// Rate writes a rate, a dash for one that is not known.
func Rate(r *float64) string {
	switch {
	case r == nil:
		return "-"
	case *r != 0 && *r > -10 && *r < 10:
		return fmt.Sprintf("%.1f", *r)
	}
	return fmt.Sprintf("%.0f", *r)
}

func rateCell(r *float64) cell {
	if r == nil {
		return cell{"-", -1, true}
	}
	return cell{Rate(r), *r, true}
}

func number(n int64) cell { return cell{fmt.Sprint(n), float64(n), true} }

func millis(ms float64) cell {
	switch {
	case ms >= 10_000 || ms <= -10_000:
		return cell{fmt.Sprintf("%.1f s", ms/1000), ms, true}
	case ms >= 10 || ms <= -10 || ms == 0:
		return cell{fmt.Sprintf("%.0f ms", ms), ms, true}
	}
	return cell{fmt.Sprintf("%.1f ms", ms), ms, true}
}

func text(s string) cell { return cell{text: visible(s)} }

// visible shows what cannot be seen, or would command the terminal, as one character.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) {
			return '\uFFFD'
		}
		return r
	}, strings.Join(strings.Fields(s), " "))
}

func (m *Model) table(part int) grid {
	switch part {
	case atLocations:
		return m.locations()
	case atLinks:
		return m.links()
	case atCollections:
		return m.collections()
	}
	return m.queries()
}

func (m *Model) locations() grid {
	g := grid{none: "nothing is known yet", columns: []column{{"LOCATION", 12, false}, {"STATE", 9, false}, {"LAG", 8, true}, {"BEHIND", 7, true},
		{"WRITES/S", 9, true}, {"ARRIVALS/S", 10, true}, {"SENT/S", 8, true}, {"CLOCK", 0, true}}}
	for _, l := range m.shown.Locations {
		r := row{id: l.Name, cells: []cell{text(l.Name), text(l.State), millis(l.LagMs), number(l.BehindEntries), rateCell(l.Writes), rateCell(l.Arrivals),
			rateCell(l.Sent), millis(l.ClockOffsetMs)}}
		switch {
		case !l.Member:
			r.tone = faint
		case l.State != "up":
			r.tone = bad
		case l.LagMs > 5000:
			r.tone = warn
		}
		g.rows = append(g.rows, r)
	}
	return g
}

func (m *Model) links() grid {
	g := grid{none: fmt.Sprintf("none is in trouble: %d are up, and none is late", m.shown.Pairs.Up), columns: []column{{"LINK FROM", 12, false}, {"TO", 10, false},
		{"STATE", 6, false}, {"ONE WAY", 8, true}, {"ENTRIES", 8, true}, {"BYTES", 10, true}, {"LAG", 9, true}, {"ARRIVE/S", 0, true}}}
	for _, l := range m.shown.Links {
		r := row{id: l.From + " " + l.To, cells: []cell{text(l.From), text(l.To), text(l.State), millis(l.OneWayMs), number(l.Entries), number(l.Bytes),
			millis(l.LagMs), rateCell(l.Rate)}}
		if l.State != "up" {
			r.tone = bad
		} else if l.LagMs > 5000 {
			r.tone = warn
		}
		g.rows = append(g.rows, r)
	}
	return g
}

func (m *Model) collections() grid {
	g := grid{none: "none", columns: []column{{"COLLECTION", 0, false}, {"TYPE", 11, false}, {"DOCUMENTS", 12, true}, {"CHANGE/S OF COUNT", 17, true}}}
	for _, c := range m.shown.Collections {
		r := row{id: c.Name, cells: []cell{text(c.Name), text(c.Type), number(c.Documents), rateCell(c.Change)}}
		if c.Change != nil && *c.Change != 0 {
			r.tone = good
		}
		g.rows = append(g.rows, r)
	}
	return g
}

func (m *Model) queries() grid {
	g := grid{none: "none runs, and none took long", columns: []column{{"QUERY", 10, false}, {"STATE", 10, false}, {"SECONDS", 8, true}, {"TEXT", 0, false}}}
	for _, q := range m.shown.Queries {
		state, r := q.State, row{id: q.ID, over: q.Slow}
		if q.Slow {
			state, r.tone = "slow", faint
		}
		r.cells = []cell{text(q.ID), text(state), {fmt.Sprintf("%.2f", q.Seconds), q.Seconds, true}, text(q.Text)}
		g.rows = append(g.rows, r)
	}
	return g
}

// rows of a part that pass the filter, in the order that is chosen.
func (m *Model) rows(part int) []row {
	g := m.table(part)
	rows := slices.DeleteFunc(g.rows, func(r row) bool {
		return m.filter != "" && !slices.ContainsFunc(r.cells, func(c cell) bool {
			return strings.Contains(strings.ToLower(c.text), strings.ToLower(m.filter))
		})
	})
	o := m.sorts[part]
	if at := o.column - 1; at >= 0 && at < len(g.columns) {
		slices.SortStableFunc(rows, func(a, b row) int {
			if a.cells[at].num {
				return cmp.Compare(b.cells[at].by, a.cells[at].by) // the largest first
			}
			return cmp.Compare(a.cells[at].text, b.cells[at].text)
		})
	}
	if o.backwards {
		slices.Reverse(rows)
	}
	return rows
}

// View draws the screen.
func (m *Model) View() tea.View {
	v := tea.NewView(strings.Join(m.Lines(), "\n"))
	v.AltScreen, v.WindowTitle = true, "selvedge top"
	return v
}

// Lines are the lines of the screen: as many as it has, and none wider.
func (m *Model) Lines() []string {
	var body []string
	room := m.height - 2
	switch m.mode {
	case helping:
		body = strings.Split(helpText, "\n")
	case reading:
		body = m.reading()
	default:
		body = m.overview(room)
	}
	for len(body) < room {
		body = append(body, "")
	}
	lines := append([]string{styled(bold, m.title())}, body[:max(room, 0)]...)
	lines = append(lines, styled(bold, m.foot()))
	lines = lines[:min(len(lines), m.height)]
	for i, line := range lines {
		lines[i] = cut(line, m.width)
	}
	return lines
}

func (m *Model) title() string {
	s := &m.shown
	out := "selvedge top  " + visible(s.Location) + "  fabric " + visible(s.Fabric) + "  " + s.Source
	if m.paused {
		out += "  PAUSED"
	}
	if m.filter != "" || m.mode == filtering {
		out += "  filter: " + visible(m.filter)
	}
	return out
}

func (m *Model) foot() string {
	switch {
	case m.mode == filtering:
		return "type to filter, enter keeps it, esc takes it off: " + visible(m.filter) + "_"
	case m.mode == confirming:
		return "end query " + visible(m.victim) + "? y ends it, any other key does not"
	case m.mode == reading, m.mode == helping:
		return "esc goes back"
	case m.note != "":
		return visible(m.note)
	case len(m.shown.Problems) > 0:
		return visible(m.shown.Problems[0])
	}
	return "tab part  s sort  r turn  / filter  p pause  enter more  x end  ? help  q quit"
}

const helpText = `
  tab, shift+tab, 1 to 4   choose a part: locations, links, collections, queries
  up, down, page, home     choose a row
  s                        sort by the next column; after the last as it comes
  r                        turn the order round
  /                        show only rows with a text; esc takes it off
  p, space                 pause, and go on
  enter                    all that is known of the row
  x                        end the chosen query, after a question
  q, ctrl+c                leave

  LAG, BEHIND   what the location has not got yet of what others committed
  WRITES/S      entries that begin there     ARRIVALS/S   entries of others
  SENT/S        its entries that became durable elsewhere, all together
  CHANGE/S      how the number of documents changes: documents that change
                and stay are not seen
  Links are shown that are not up, or later than their delay explains.
  A dash stands for what this location does not tell.`

// overview draws all parts; the one that is chosen gets the most room.
func (m *Model) overview(room int) []string {
	var all [parts][]row
	for p := range parts {
		all[p] = m.rows(p)
	}
	share := shares(all, m.part, room-parts)
	var out []string
	for p := range parts {
		g := m.table(p)
		widths := fit(g.columns, m.width)
		out = append(out, m.head(p, &g, widths))
		if len(all[p]) == 0 && share[p] > 0 {
			none := g.none
			if m.filter != "" {
				none = "nothing has the text of the filter"
			}
			out = append(out, styled(muted, "  "+none))
		}
		at := -1
		if p == m.part {
			at = m.choice()
		}
		first := min(max(0, at-share[p]+1), max(0, len(all[p])-share[p]))
		for i := first; i < min(len(all[p]), first+share[p]); i++ {
			out = append(out, line(&all[p][i], g.columns, widths, i == at))
		}
	}
	return out
}

// shares parts the lines: each part gets two if it has them, then the chosen one what it needs, then the others in turn.
func shares(all [parts][]row, chosen, room int) (out [parts]int) {
	var need [parts]int
	for p := range parts {
		need[p] = max(1, len(all[p]))
	}
	give := func(p, most int) {
		n := max(0, min(most, need[p]-out[p], room))
		out[p] += n
		room -= n
	}
	give(chosen, 1)
	for _, least := range []int{1, 1} {
		for p := range parts {
			give(p, least)
		}
	}
	give(chosen, 1<<30)
	for p := range parts {
		give(p, 1<<30)
	}
	return out
}

// head is the line above the rows of a part.
func (m *Model) head(p int, g *grid, widths []int) string {
	o := m.sorts[p]
	var b strings.Builder
	for i, c := range g.columns {
		title := c.title
		if i == 0 && p == m.part {
			title = ">" + title // seen without colours too
		}
		if o.column == i+1 {
			title += map[bool]string{false: "*", true: "^"}[o.backwards]
		}
		b.WriteString(pad(title, widths[i], c.right))
		b.WriteByte(' ')
	}
	if p == m.part {
		return styled(chosenHead, cut(b.String(), m.width))
	}
	return styled(partHead, cut(b.String(), m.width))
}

func line(r *row, columns []column, widths []int, chosen bool) string {
	var b strings.Builder
	for i, c := range columns {
		b.WriteString(pad(r.cells[i].text, widths[i], c.right))
		b.WriteByte(' ')
	}
	if chosen {
		return styled(chosenRow, b.String())
	}
	return styled(styleOf(r.tone), b.String())
}

// fit gives what is left to the column without a width.
func fit(columns []column, width int) []int {
	out := make([]int, len(columns))
	left := width
	for i, c := range columns {
		out[i] = c.width
		left -= c.width + 1
	}
	for i, c := range columns {
		if c.width == 0 {
			out[i] = max(left, 5)
		}
	}
	return out
}

// reading tells all of the chosen row.
func (m *Model) reading() []string {
	at := m.choice()
	if at < 0 {
		return []string{"", "  it is gone"}
	}
	g, r := m.table(m.part), m.rows(m.part)[at]
	out := []string{""}
	for i, c := range g.columns {
		for n, part := range wrap(r.cells[i].text, max(m.width-22, 10)) {
			title := ""
			if n == 0 {
				title = c.title
			}
			out = append(out, fmt.Sprintf("  %-18s %s", title, part))
		}
	}
	if m.part == atLocations {
		for _, l := range m.shown.Locations {
			if l.Name == r.id {
				out = append(out, fmt.Sprintf("  %-18s %s", "CITY", visible(l.City)), fmt.Sprintf("  %-18s %s", "URL", visible(l.URL)))
			}
		}
	}
	return out
}

// wrap parts a text into pieces of at most so many columns.
func wrap(s string, width int) []string {
	out := []string{""}
	used := 0
	for _, r := range s {
		w := lipgloss.Width(string(r))
		if used+w > width {
			out, used = append(out, ""), 0
		}
		out[len(out)-1] += string(r)
		used += w
	}
	return out
}

// cut leaves what fits into so many columns.
func cut(s string, width int) string {
	if lipgloss.Width(s) <= width {
		return s
	}
	return lipgloss.NewStyle().Inline(true).MaxWidth(width).Render(s)
}

// pad makes a text as wide as its column.
func pad(s string, width int, right bool) string {
	if w := lipgloss.Width(s); w > width {
		pieces := wrap(s, max(width-1, 0))
		s = pieces[0] + "…"
	}
	space := strings.Repeat(" ", max(0, width-lipgloss.Width(s)))
	if right {
		return space + s
	}
	return s + space
}

// style of a piece of the screen; the terminal's own sixteen colours, so that it suits its theme.
type style uint8

const (
	none style = iota
	bold
	muted
	partHead
	chosenHead
	chosenRow
	greenText
	yellowText
	redText
)

func styleOf(t tone) style {
	return map[tone]style{plain: none, good: greenText, warn: yellowText, bad: redText, faint: muted}[t]
}

func styled(s style, text string) string {
	of := lipgloss.NewStyle().Inline(true)
	switch s {
	case none:
		return text
	case bold:
		of = of.Bold(true)
	case muted:
		of = of.Faint(true)
	case partHead:
		of = of.Bold(true).Foreground(lipgloss.Color("4"))
	case chosenHead:
		of = of.Bold(true).Foreground(lipgloss.Color("6"))
	case chosenRow:
		of = of.Reverse(true)
	case greenText:
		of = of.Foreground(lipgloss.Color("2"))
	case yellowText:
		of = of.Foreground(lipgloss.Color("3"))
	case redText:
		of = of.Foreground(lipgloss.Color("1"))
	}
	return of.Render(text)
}
