// Package fn holds the functions of C8QL, each declared once as data: the checker, the planner, the reference and the
// completion of names all read the same declaration, and every example of it is run as a test.
//
// Guarantees: a function never panics, and never fails for the type of an argument: it warns and gives null (or what
// its declaration says), as the AQL family does. A function that is Deterministic gives the same for the same
// arguments. Work and memory are bounded by the size of the arguments, and by Context.Grow and Context.Check where
// they can be more.
//
// Not guaranteed: the order of words in texts of warnings; their numbers are part of the interface. Sums, averages and
// variances of fractions may differ in their last digits when their parts are merged in another order.
//
// A result may share the text of an argument; what a Context or an Accumulator keeps is copied.
//
// Shapes: dates are ISO 8601 strings or numbers of milliseconds since 1970 UTC; durations are unit names, ISO 8601
// durations, or texts like 90s, 15m, 1h, 7d. An aggregate that takes several arguments gets them as one array.
//
// Errors: warnings carry the numbers below; what must end the query goes to Context.Fail as *Error.
//
// Sources: regular expressions are RE2; strings are sequences of code points; SOUNDEX is the American one of 1918;
// variances are Welford's, merged after Chan, Golub and LeVeque; sums are Neumaier's; weeks are those of ISO 8601.
package fn

import (
	"strconv"

	"github.com/selvedge-db/selvedge/value"
)

// Types is a set of kinds of values that a parameter takes.
type Types uint8

// The kinds, as a set.
const (
	Null Types = 1 << iota
	Bool
	Number
	Text
	List
	Object
	// Collection is a collection by name, given as a literal: the argument is a string.
	Collection
	Anything = Null | Bool | Number | Text | List | Object
)

// Param is one parameter.
type Param struct {
	Name     string
	Types    Types
	Optional bool
	Variadic bool // any number of these, the last parameter only; at least one unless Optional
}

// Example is a query and the JSON of its result, an array.
type Example struct {
	Query, Result string
}

// Function is one function.
type Function struct {
	Name    string
	Aliases []string
	Family  string // page of the reference: array, string, numeric, date, ...
	Params  []Param
	Returns Types
	Doc     string // one or a few sentences
	// Examples are run as tests, so each function that needs no data has one.
	Examples []Example
	Cost     float64 // 1 is a comparison of numbers
	// Deterministic functions of constants are computed once for all executions. Stable ones give the same all through
	// one execution, so that they are computed once in it. Reads says that it reads data.
	Deterministic, Stable, Reads bool
	// OnCollection is the function to call instead, with the name as a string, when the first argument is a collection.
	OnCollection string
	Eval         func(c *Context, args []value.Value) value.Value
}

// Arity gives the least and the most arguments; most is -1 when there is no limit.
func (f *Function) Arity() (least, most int) { return arity(f.Params) }

func arity(params []Param) (least, most int) {
	for i := range params {
		if !params[i].Optional {
			least++
		}
		if params[i].Variadic {
			return least, -1
		}
	}
	return least, len(params)
}

// Data is what functions that read may ask for.
type Data interface {
	// Document finds a document by _id.
	Document(id string) (value.Value, bool, error)
	// Count counts a collection.
	Count(collection string) (int64, bool, error)
	// Names lists the collections.
	Names() []string
	// Near, Within and Fulltext serve the legacy functions of those names.
	Near(collection string, latitude, longitude float64, limit int, distance string) ([]value.Value, error)
	Within(collection string, latitude, longitude, radius float64, distance string) ([]value.Value, error)
	Fulltext(collection, attribute, query string, limit int) ([]value.Value, error)
}

// Context is what a function knows besides its arguments. It belongs to one execution, and to one goroutine at a time.
// The zero Context has no data, no randomness and no limits, and drops warnings.
type Context struct {
	Data  Data
	NowMs int64 // of the beginning of the query
	// Random gives 64 random bits, Sleep waits, both nil where that is not allowed.
	Random func() uint64
	Sleep  func(seconds float64) error
	// User is who asks; Attributes are those of the user and of the API key.
	User                          string
	UserAttributes, KeyAttributes value.Value
	// Warn takes a warning, with its number of the AQL family.
	Warn func(number int, text string)
	// Grow asks for memory before a value larger than its arguments is made; an error ends the query.
	Grow func(bytes int) error
	// Check is asked now and then by work that is longer than its arguments; an error ends the query.
	Check func() error
	// Call evaluates a function by name, for APPLY and CALL. Nil calls those of this package.
	Call func(name string, args []value.Value) value.Value
	// Fail ends the query: ASSERT, a failed read, the memory limit. The value of the call does not matter then.
	Fail func(err error)

	patterns patterns
	shapes   shapes
}

// Numbers of warnings and errors of the AQL family.
const (
	WarnArgumentNumber = 1541
	WarnArgumentType   = 1542
	WarnRegex          = 1543
	WarnNumberRange    = 1504
	WarnGeo            = 1505
	WarnDivision       = 1562
	WarnArrayExpected  = 1563
	WarnAssertion      = 1593
	WarnUser           = 1594 // WARN()
	WarnDate           = 1572

	ErrorUnknownFunction = 1540
	ErrorNoFulltextIndex = 1571
	ErrorCollection      = 1203
	ErrorLimit           = 32
)

// Error ends a query.
type Error struct {
	Number int
	Text   string
	Cause  error
}

// Error gives the text and, behind it, the cause.
func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Text + ": " + e.Cause.Error()
	}
	return e.Text + " (" + strconv.Itoa(e.Number) + ")"
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }
