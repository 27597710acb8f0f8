package fn

import (
	"fmt"
	"strings"

	"github.com/selvedge-db/selvedge/value"
)

// warn passes a warning on.
func (c *Context) warn(number int, format string, args ...any) {
	if c != nil && c.Warn != nil {
		c.Warn(number, fmt.Sprintf(format, args...))
	}
}

// badType warns that a function was called with a wrong kind of argument, and gives null.
func (c *Context) badType(name string) value.Value {
	if c != nil && c.Warn != nil {
		c.Warn(WarnArgumentType, "invalid argument type in call to function '"+name+"()'")
	}
	return value.Null()
}

// badArray warns that an array was expected, and gives null.
func (c *Context) badArray(name string) value.Value {
	if c != nil && c.Warn != nil {
		c.Warn(WarnArrayExpected, "array expected in call to function '"+name+"()'")
	}
	return value.Null()
}

// What functions of dates want, for badText.
const (
	wantUnit     = "a unit, such as day, h or i for minutes (m is for months)"
	wantDuration = "an ISO 8601 duration, such as P1DT2H"
	wantSpan     = "a span of time, such as 15m, 1h, 1d or 1mo"
)

// badText warns of an argument that is not one of the texts which the function knows, and gives null.
func (c *Context) badText(name string, v value.Value, want string) value.Value {
	if v.Kind() != value.KindString {
		return c.badType(name)
	}
	const shown = 40
	text := v.Str()
	if len(text) > shown {
		text = strings.ToValidUTF8(text[:shown], "") + "..."
	}
	c.warn(WarnArgumentType, "invalid argument type in call to function '%s()': %q; want %s", name, text, want)
	return value.Null()
}

// badDate warns of a date that is none, or beyond the years 0 to 9999, and gives null.
func (c *Context) badDate(name string) value.Value {
	if c != nil && c.Warn != nil {
		c.Warn(WarnDate, "invalid date value in call to function '"+name+"()'")
	}
	return value.Null()
}

// fail ends the query.
func (c *Context) fail(err error) value.Value {
	if c != nil && c.Fail != nil {
		c.Fail(err)
	}
	return value.Null()
}

// grow asks for memory; false ends the call.
func (c *Context) grow(bytes int) bool {
	if c == nil || c.Grow == nil {
		return true
	}
	if err := c.Grow(bytes); err != nil {
		c.fail(err)
		return false
	}
	return true
}

// items asks for the memory of an array of n elements.
func (c *Context) items(n int) bool { return c.grow(n * valueBytes) }

// check asks whether the query goes on.
func (c *Context) check() bool {
	if c == nil || c.Check == nil {
		return true
	}
	if err := c.Check(); err != nil {
		c.fail(err)
		return false
	}
	return true
}

// number makes a number of a result; what is not finite is null with a warning.
func (c *Context) number(f float64) value.Value {
	v := value.Float(f)
	if v.IsNull() {
		c.warn(WarnNumberRange, "the result is not a finite number")
	}
	return v
}

// valueBytes is what one element of an array holds, without its content.
const valueBytes = 40

// Call evaluates a function by name, as APPLY and CALL do: the number of arguments is checked here.
func Call(c *Context, name string, args []value.Value) value.Value {
	return declared.call(c, name, args)
}

// ArityText says that a number of arguments is wrong and which would be right.
func ArityText(name string, params []Param, got int) string {
	least, most := arity(params)
	want := fmt.Sprint(least)
	switch {
	case most < 0:
		want = fmt.Sprintf("at least %d", least)
	case most > least:
		want = fmt.Sprintf("%d to %d", least, most)
	}
	return fmt.Sprintf("invalid number of arguments for function '%s()': got %d, expected %s, as in %s", name, got, want, call(name, params))
}

// call writes a call with the names of its parameters.
func call(name string, params []Param) string {
	var b strings.Builder
	open := 0
	for i, p := range params {
		if p.Optional {
			b.WriteByte('[')
			open++
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(p.Name)
		if p.Variadic {
			b.WriteString("...")
		}
	}
	return name + "(" + b.String() + strings.Repeat("]", open) + ")"
}
