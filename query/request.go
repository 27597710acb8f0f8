package query

import (
	"time"

	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// Request is one query.
type Request struct {
	Text string
	Bind value.Value // object of parameters; a name with a leading @ is a collection's. Null: none
	// Fabric names the state that Store opens: it keeps plans of different fabrics apart, and is shown in lists.
	Fabric  string
	Options Options

	// Store opens the state that is read and written. With Transaction the query reads and writes that one instead, does
	// not commit it, and revisions in its result are placeholders (see rows.Written).
	Store       rows.Store
	Transaction rows.Transaction

	// Access says whether the caller may read or write a collection, nil for everything. Its error is passed on.
	Access func(collection string, write bool) error

	User                          string
	UserAttributes, KeyAttributes value.Value
}

// Options are the options of one query.
type Options struct {
	Count     bool // the result is computed wholly before Start returns; implied without Stream
	FullCount bool // count what the last LIMIT of the query left out
	Stream    bool // rows are computed when they are asked for
	Profile   int  // 1: times of phases, 2: of each node too

	FailOnWarning bool
	MaxWarnings   int           // 0: as Limits say; negative: none are kept
	MemoryLimit   int64         // bytes; 0, or more than Limits allow: as Limits say
	MaxRuntime    time.Duration // likewise

	Rules            []string // of the planner: "-all", "-name", "+name"
	SkipInaccessible bool     // collections that Access refuses for reading are empty
	NoCache          bool     // neither use nor keep a plan
	Async            bool     // the commit need not be durable when Start returns
	Idempotency      string
}

// Stats are the figures of one execution.
type Stats struct {
	WritesExecuted  int64   `json:"writesExecuted"`
	WritesIgnored   int64   `json:"writesIgnored"`
	ScannedFull     int64   `json:"scannedFull"`
	ScannedIndex    int64   `json:"scannedIndex"`
	CursorsCreated  int64   `json:"cursorsCreated"`
	CursorsRearmed  int64   `json:"cursorsRearmed"`
	Filtered        int64   `json:"filtered"`
	HTTPRequests    int64   `json:"httpRequests"`
	ExecutionTime   float64 `json:"executionTime"` // seconds
	PeakMemoryUsage int64   `json:"peakMemoryUsage"`
	FullCount       *int64  `json:"fullCount,omitempty"`
	PlanCached      bool    `json:"-"`
}

// Warning is something that did not stop the query.
type Warning struct {
	Number  int    `json:"code"`
	Message string `json:"message"`
}

// Profile is where the time of a query went.
type Profile struct {
	Phases []Phase
	Nodes  []NodeProfile // Options.Profile 2 only, in the order of the plan
	Text   string        // the plan as a tree with these figures, Options.Profile 2 only
}

// Phase is one part of the work, with its time in seconds.
type Phase struct {
	Name    string // "initializing", "parsing", "planning", "compiling", "executing", "finalizing"
	Seconds float64
}

// NodeProfile is what one node of the plan did.
type NodeProfile struct {
	ID       int     `json:"id"`
	Kind     string  `json:"type"`
	Calls    int64   `json:"calls"`
	Rows     int64   `json:"items"`
	Filtered int64   `json:"filtered"`
	Seconds  float64 `json:"runtime"` // with what it draws from
	Memory   int64   `json:"memory"`  // peak, bytes
}

// QueryInfo is a query in a list.
type QueryInfo struct {
	ID         string      `json:"id"`
	Fabric     string      `json:"database"`
	User       string      `json:"user"`
	Text       string      `json:"query"`
	Bind       value.Value `json:"bindVars"`
	StartedMs  int64       `json:"-"`
	RunTime    float64     `json:"runTime"` // seconds
	PeakMemory int64       `json:"peakMemoryUsage"`
	State      string      `json:"state"` // "executing", "waiting", "finished", "killed", "failed"
	Stream     bool        `json:"stream"`
	Modifies   bool        `json:"modificationQuery"`
	Error      int         `json:"exitCode"`
	Warnings   int         `json:"warnings"`
}

// Parsed is what Parse tells of a text.
type Parsed struct {
	Collections []string
	BindVars    []string
	AST         value.Value // an array of one tree: objects with type, and name, value and subNodes where they have them
}

// Explanation is what Explain tells.
type Explanation struct {
	Plans     []value.Value // the best one first; one unless all were asked for
	Text      string        // the best one as a tree
	Warnings  []Warning
	Stats     value.Value
	Cacheable bool
}
