package query

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/query/exec"
	"github.com/selvedge-db/selvedge/query/exec/closure"
	"github.com/selvedge-db/selvedge/query/fn"
	"github.com/selvedge-db/selvedge/query/parse"
	"github.com/selvedge-db/selvedge/query/plan"
)

// codeOf is the stable text of a number.
func codeOf(number int) string {
	switch number {
	case parse.Syntax:
		return "query-syntax"
	case parse.Empty:
		return "query-empty"
	case parse.Nesting:
		return "query-nesting"
	case NumberResource:
		return "query-limit"
	case NumberCollection:
		return "collection-not-found"
	case NumberKilled:
		return "query-killed"
	case 1551, 1552, 1553:
		return "query-bind"
	case 1540, 1541:
		return "query-function"
	case 1579:
		return "query-access-after-write"
	case 1924:
		return "graph-not-found"
	}
	return "query-error"
}

// fault makes an error of the query one of this package; those of storage stay what they are.
func (x *Execution) fault(err error) error {
	if x.about.killed.Load() && !isConflict(err) {
		var e *Error
		if errors.As(err, &e) && e.Number != NumberKilled {
			return err
		}
		err = exec.ErrKilled
	}
	if errors.Is(err, exec.ErrMemory) {
		text := fmt.Sprintf("%s (the limit is %d bytes)", exec.ErrMemory.Text, x.memory())
		return &Error{Number: exec.ErrMemory.Number, Code: exec.ErrMemory.Code, Message: text}
	}
	return fault(x.r.Text, err)
}

func fault(text string, err error) error {
	var (
		own      *Error
		run      *exec.Error
		syntax   *parse.Error
		planning *plan.Error
		function *fn.Error
		compiled *closure.Error
	)
	switch {
	case err == nil || errors.As(err, &own):
		return err
	case errors.As(err, &syntax):
		return ofParse(syntax)
	case errors.As(err, &planning):
		return at(text, planning.Number, planning.Text, planning.Pos)
	case errors.As(err, &compiled):
		return at(text, NumberInternal, compiled.Text, compiled.Pos)
	case errors.As(err, &run):
		return &Error{Number: run.Number, Code: run.Code, Message: run.Text}
	case errors.As(err, &function):
		if function.Cause != nil {
			return fault(text, function.Cause)
		}
		return &Error{Number: function.Number, Code: codeOf(function.Number), Message: function.Text}
	case errors.Is(err, context.Canceled):
		return goneError()
	case errors.Is(err, context.DeadlineExceeded):
		return fault(text, exec.ErrRuntime)
	}
	return err
}

func goneError() *Error {
	return &Error{Number: exec.ErrGone.Number, Code: exec.ErrGone.Code, Message: exec.ErrGone.Text}
}

// ofParse keeps the place and shows the line apart.
func ofParse(e *parse.Error) *Error {
	out := &Error{Number: e.Number, Code: codeOf(e.Number), Message: e.Message, Line: e.Pos.Line, Column: e.Pos.Column}
	if e.Expected != "" {
		out.Message += ", expected " + e.Expected
	}
	if e.Cure != "" {
		out.Message += "; " + e.Cure
	}
	if _, excerpt, ok := strings.Cut(e.Error(), "\n"); ok {
		out.Excerpt = excerpt
	}
	return out
}

// at makes an error about a place in the text.
func at(text string, number int, message string, pos ast.Pos) *Error {
	if pos.Line == 0 {
		return &Error{Number: number, Code: codeOf(number), Message: message}
	}
	return ofParse(parse.Fault(text, pos, number, message, ""))
}

// numberOf is the number of an error, that of an internal one when it has none.
func numberOf(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Number
	}
	return NumberInternal
}

// isConflict tells whether a write lost to another one and may succeed when it is tried again.
func isConflict(err error) bool {
	var c interface{ Conflict() bool }
	return errors.As(err, &c) && c.Conflict()
}

// panicked is for what should not happen: it ends the query, not the location.
func panicked(p any) error {
	return &Error{Number: NumberInternal, Code: "query-internal", Message: fmt.Sprintf("internal error: %v", p)}
}
