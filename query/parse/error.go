package parse

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/selvedge-db/selvedge/query/ast"
)

// The numbers of errors.
const (
	Syntax         = 1501
	Empty          = 1502
	NumberRange    = 1504
	Nesting        = 1524
	WrongAggregate = 1574
)

// Error says why a text is not a query.
type Error struct {
	Number   int
	Pos      ast.Pos
	Message  string // what is wrong, with what stands there
	Expected string // what could have stood there, "" when Message says it
	Cure     string // what was meant perhaps, or what to do
	Line     string // the line of the text
}

// Fault makes an error about a place in a text.
func Fault(text string, pos ast.Pos, number int, message, cure string) *Error {
	return &Error{Number: number, Pos: pos, Message: message, Cure: cure, Line: lineAt(text, pos)}
}

// The longest part of a line that an error shows.
const shownColumns = 100

// Error gives the place, the fault and the cure, and shows the line with a caret below the place.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s at line %d, column %d", e.Message, e.Pos.Line, e.Pos.Column)
	if e.Expected != "" {
		b.WriteString(", expected " + e.Expected)
	}
	if e.Cure != "" {
		b.WriteString("; " + e.Cure)
	}
	line, caret := window(e.Line, e.Pos.Column-1)
	if line != "" {
		fmt.Fprintf(&b, "\n  %s\n  %s^", line, strings.Repeat(" ", caret))
	}
	return b.String()
}

// window cuts a long line to what stands around a column, and gives the column within the cut.
func window(line string, column int) (string, int) {
	runes := []rune(strings.ReplaceAll(line, "\t", " "))
	column = min(column, len(runes))
	from := max(0, column-shownColumns/2)
	to := min(len(runes), from+shownColumns)
	cut := string(runes[from:to])
	column -= from
	if from > 0 {
		cut, column = "..."+cut, column+3
	}
	if to < len(runes) {
		cut += "..."
	}
	return cut, column
}

// lineAt gives the line of a text around an offset, without its end, and not more of it than an error can show.
func lineAt(text string, pos ast.Pos) string {
	offset := min(pos.Offset, len(text))
	from := strings.LastIndexByte(text[:offset], '\n') + 1
	to := len(text)
	if end := strings.IndexByte(text[offset:], '\n'); end >= 0 {
		to = offset + end
	}
	line := strings.TrimSuffix(text[from:to], "\r")
	if !utf8.ValidString(line) {
		line = strings.ToValidUTF8(line, "?")
	}
	return line
}

// Distance is the Levenshtein distance of two words, without regard to case; a swap of neighbours counts once.
func Distance(a, b string) int {
	x, y := []rune(strings.ToUpper(a)), []rune(strings.ToUpper(b))
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := range x {
		row[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}

// begins reports whether two words begin with the same letter.
func begins(a, b string) bool { return a != "" && b != "" && strings.EqualFold(a[:1], b[:1]) }

// Nearest gives the candidate that a word was most likely meant to be, "" when none is near.
func Nearest(word string, candidates []string) string {
	best, least := "", 3
	if n := utf8.RuneCountInString(word); n == 1 { // any letter is as near to any other
		least = 1
	} else if n < 4 {
		least = 2
	} else if n > 64 {
		return ""
	}
	for _, c := range candidates {
		if c == word || len(c) > 4*len(word)+8 {
			continue
		}
		d := Distance(word, c)
		// Of two that are as near, the one that begins alike is meant.
		if d < least || d == least && best != "" && !begins(best, word) && begins(c, word) {
			best, least = c, d
		}
	}
	return best
}
