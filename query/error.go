package query

import (
	"fmt"
	"strings"
)

// Error says why a query was refused or stopped.
type Error struct {
	Number  int    // of the AQL family
	Code    string // stable text
	Message string // what was wrong and what would be right
	// Line and Column say where in the query, from 1; 0 when it is no place. Excerpt is the line with a caret below it.
	Line, Column int
	Excerpt      string
}

// Error gives the message with its place.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Message
	}
	if strings.HasSuffix(e.Message, "?") {
		return fmt.Sprintf("%s At line %d, column %d", e.Message, e.Line, e.Column)
	}
	return fmt.Sprintf("%s, at line %d, column %d", e.Message, e.Line, e.Column)
}

// Numbers of errors that this package makes by itself. With failOnWarning the number is that of the warning.
const (
	NumberInternal   = 4
	NumberForbidden  = 11
	NumberResource   = 32 // a limit of memory, time or rows
	NumberCollection = 1203
	NumberKilled     = 1500 // killed, or its caller went away
	NumberNotFound   = 1591 // no such query runs
	NumberBusy       = 21003
)
