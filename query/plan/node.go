// Package plan turns a checked query into a plan: a tree of nodes that says how the query is carried out.
//
// Guarantees: a plan gives the same rows as the query read word by word does, whichever rules are on. A plan is
// immutable and may be carried out by many at once. The same query over the same schema and statistics has the same
// plan. Plans do not depend on the values of parameters, save those that name collections, attributes and graphs and
// those of options. What does not give the same each time, or does something besides giving a value (RAND, SLEEP,
// ASSERT), is neither moved nor left out.
//
// Not guaranteed: the order of rows without SORT, that the plan is the best one, and that the same warnings come as
// often.
//
// Shapes: nodes bear the names of the AQL family. A node draws rows from the one below it (Below); the row is the set
// of variables that are set so far. Costs are in rows that are read by scanning a collection.
//
// Errors: *Error with a number of the AQL family, and what a Reader returns.
//
// How: a query becomes nodes as it is written (lower). Then rules change the nodes, one after another: conditions and
// calculations are brought to where they belong, the order of loops is chosen by trying what comes of each, ways to find
// documents are weighed by statistics, and what is not needed is left out.
package plan

import (
	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// Node is one step of a plan.
type Node interface {
	// Kind is the name of the node as EXPLAIN shows it.
	Kind() string
	// Head is what all nodes have.
	Head() *Base
}

// Base is what all nodes have: number, what feeds it, and what it is thought to cost.
type Base struct {
	ID    int
	Below Node    // nil for Singleton
	Rows  float64 // estimated rows out
	Cost  float64 // estimated cost so far; 1 is one row read by scanning
}

// Head gives the base itself, so that nodes get the method by embedding it.
func (b *Base) Head() *Base { return b }

// Singleton gives one row without variables.
type Singleton struct{ Base }

// Projection sets a variable to what the document has at a path, null when it has nothing there.
type Projection struct {
	Path value.Path
	Var  *ast.Variable
}

// Fetch is what is taken from each document that is read: all of it into Out, or only some paths. Filter is asked of
// those variables before the row goes on, so that most rows are turned away from their stored text alone.
type Fetch struct {
	Out         *ast.Variable // nil when only projections are used
	Projections []Projection
	Filter      ast.Expr // may refer to Out, Projections and everything set below
}

// EnumerateCollection reads a collection from one end to the other.
type EnumerateCollection struct {
	Base
	Collection *rows.Collection
	Fetch      Fetch
	Reverse    bool
	Parallel   bool          // parts may be read side by side; their rows come in any order
	Limit      ast.Expr      // no more rows than this are wanted; nil: all
	CountOnly  *ast.Variable // set to the number of documents in one row; nothing is read
	Random     bool
	Hint       *Hint // what the query asked for; used up by the planner
}

// Hint is what OPTIONS of a loop say about indexes.
type Hint struct {
	Pos            ast.Pos
	Indexes        []string
	Force, Disable bool
}

// Index reads documents through indexes. Several accesses are alternatives (OR): each document comes once.
type Index struct {
	Base
	Collection *rows.Collection
	Fetch      Fetch
	Accesses   []Access
	Reverse    bool
	Covering   bool     // the projections are read from the entries alone
	Limit      ast.Expr // no more rows than this are wanted

	guess float64 // how many documents are found each time
}

// Access is one way into an index. Exactly one of Keys, Persistent, Edge, Geo and Fulltext is set.
type Access struct {
	Index *rows.Index // nil for the primary one

	Keys       *KeyAccess
	Persistent *PersistentAccess
	Edge       *EdgeAccess
	Geo        *GeoAccess
	Fulltext   *FulltextAccess

	// Guard are values of the query that must be something for the index to have all documents that are asked for. When
	// one of them is null the access gives all documents of the collection; filters above it choose.
	Guard []ast.Expr
}

// KeyAccess finds documents by _key or _id. Key gives one, or an array of them when Each is set. Without Key the
// documents are those whose _key lies within a range, in the order of keys.
type KeyAccess struct {
	Key          ast.Expr
	ID           bool // the values are _id
	Each         bool
	Lower, Upper *Limit
}

// PersistentAccess is a prefix of equal fields and a range of the next. Each field of Equal may be an array of
// alternatives. The order of the index is kept when no field has alternatives, or when they are sorted first.
type PersistentAccess struct {
	Equal        []EqualField
	Lower, Upper *Limit
}

// EqualField is one field that is equal to a value, or, with Each, to one of an array.
type EqualField struct {
	Expr ast.Expr
	Each bool
}

// Limit is one end of a range.
type Limit struct {
	Expr      ast.Expr
	Inclusive bool
}

// EdgeAccess finds edges by _from (outbound) or _to (inbound). With Each, Vertex is an array of them.
type EdgeAccess struct {
	Direction ast.Direction
	Vertex    ast.Expr
	Each      bool
}

// GeoAccess finds documents by place: within a distance, containing or intersecting a shape, or nearest first.
type GeoAccess struct {
	// Center and the distances in metres; nil where not asked for. Sorted gives rows by distance, nearest first, or
	// farthest first with Descending.
	Center             ast.Expr // GeoJSON, or an array [longitude, latitude]
	Min, Max           *Limit
	Sorted, Descending bool
	// Shape and how it is asked: "contains" when the shape holds the document's, "intersects", "within" when the
	// document's shape holds it.
	Shape    ast.Expr
	Relation string
	// Nowhere says that documents without a place are found as well, with the distance null, where null fits the limits.
	Nowhere bool
	// Distance is set to the distance when the query asks for the same one again; may be nil.
	Distance *ast.Variable
}

// FulltextAccess finds documents by words, as FULLTEXT() reads them.
type FulltextAccess struct {
	Query ast.Expr
	Limit ast.Expr // nil: all
}

// EnumerateList gives one row for each element of an array.
type EnumerateList struct {
	Base
	In  ast.Expr
	Out *ast.Variable
}

// Calculation sets a variable.
type Calculation struct {
	Base
	Expr ast.Expr
	Out  *ast.Variable
}

// Filter lets rows through for which the condition is true.
type Filter struct {
	Base
	Cond ast.Expr
}

// SortKey is one key of a sort; ties keep their order.
type SortKey struct {
	Expr ast.Expr
	Desc bool
}

// Sort sorts rows. With Limit only that many first ones are kept (nil: all).
type Sort struct {
	Base
	Keys  []SortKey
	Limit ast.Expr
	// Presorted is how many leading keys the rows are sorted by already: groups of equal ones are sorted by the rest.
	Presorted int
}

// LimitNode skips and counts rows. FullCount goes on to the end and counts what would have come.
type LimitNode struct {
	Base
	Offset, Count ast.Expr // Offset may be nil
	FullCount     bool
}

// CollectMethod is how groups are found.
type CollectMethod string

// The methods: a hash table, sorted input, or counting alone.
const (
	CollectHash   CollectMethod = "hash"
	CollectSorted CollectMethod = "sorted"
	CollectCount  CollectMethod = "count"
)

// Collect groups rows.
type Collect struct {
	Base
	Method     CollectMethod
	Groups     []ast.Group
	Aggregates []ast.Aggregate
	Into       *ast.Variable
	IntoExpr   ast.Expr        // what Into gathers of each row; nil: an object of Gather
	Gather     []*ast.Variable // members of that object, by their names
	CountInto  *ast.Variable
	Parallel   bool // the input may be grouped in parts, and the parts merged

	fixed, wantSorted bool // what OPTIONS say
}

// Window aggregates over neighbours. Rows must come sorted when By is set, which the planner sees to.
type Window struct {
	Base
	By         ast.Expr
	Frame      ast.Expr
	Aggregates []ast.Aggregate
}

// SubqueryNode sets a variable to the rows of another plan, which begins with this node's row.
type SubqueryNode struct {
	Base
	Plan *Plan
	Out  *ast.Variable
	// Stop says how many rows are enough for what is asked of the array (its emptiness, its first element), 0 for all.
	Stop int
	// Eager: the plan writes, so all rows below are drawn first, and it runs for all of them before the first goes on.
	Eager bool
}

// HashJoin pairs each row with the documents of a collection whose field equals: the collection is read once.
type HashJoin struct {
	Base
	Build *Plan    // gives BuildKey and the variables used above; does not depend on the rows
	Probe ast.Expr // on the rows of Below
	Key   ast.Expr // on the rows of Build
}

// Return gives the rows to whoever asked.
type Return struct {
	Base
	Expr     ast.Expr
	Distinct bool
}

// Distinct lets the first of equal values through; RETURN DISTINCT is a Return above it.
type Distinct struct {
	Base
	Expr ast.Expr
	Out  *ast.Variable
}

// Modify writes documents.
type Modify struct {
	Base
	Modification ast.ModifyKind
	Collection   *rows.Collection
	Key, Doc     ast.Expr
	Old, New     *ast.Variable
	Options      ModifyOptions
	// Eager: the rows below read what is written here, so all of them are drawn before the first write.
	Eager bool
}

// ModifyOptions are the options of modifications.
type ModifyOptions struct {
	IgnoreErrors, WaitForSync, IgnoreRevs, KeepNull, MergeObjects bool
	Overwrite                                                     string // "", "replace", "update", "ignore", "conflict"
}

// Upsert looks a document up and inserts or changes it.
type Upsert struct {
	Base
	Collection     *rows.Collection
	Search         ast.Expr
	Lookup         *Plan // finds one document for the search, into LookupVar
	LookupVar      *ast.Variable
	Insert, Update ast.Expr
	Replace        bool
	Old, New       *ast.Variable
	Options        ModifyOptions
	Eager          bool // as in Modify; the lookup of each row sees the writes of the rows before it
}

// EdgeSource is one collection of edges of a traversal.
type EdgeSource struct {
	Collection *rows.Collection
	Direction  ast.Direction
}

// Traversal walks a graph from a start vertex.
type Traversal struct {
	Base
	Vertex, Edge, Path *ast.Variable
	Min, Max           ast.Expr
	Start              ast.Expr
	Edges              []EdgeSource
	Graph              string
	PruneVar           *ast.Variable
	Prune              ast.Expr
	Options            TraversalOptions
	// EdgeFilters and VertexFilters hold for each edge and vertex of the path at a depth (-1: at every depth); they come
	// from path filters, which stay in place above as well unless Complete says otherwise.
	EdgeFilters, VertexFilters []PathFilter
	// NeedVertex, NeedEdge say whether documents must be read, or their identities are enough.
	NeedVertex, NeedEdge bool
}

// PathFilter is a condition on one edge or vertex of a path, referred to by Var.
type PathFilter struct {
	Depth int
	Var   *ast.Variable
	Cond  ast.Expr
}

// TraversalOptions are the options of traversals.
type TraversalOptions struct {
	Order                              string // "dfs", "bfs", "weighted"
	UniqueVertices, UniqueEdges        string // "none", "path", "global"
	WeightAttribute                    string
	DefaultWeight                      float64
	VertexCollections, EdgeCollections []string
}

// PathSearch finds paths between two vertices.
type PathSearch struct {
	Base
	Search               ast.PathKind
	Vertex, Edge         *ast.Variable
	Path                 *ast.Variable
	Min, Max             ast.Expr
	Start, Target        ast.Expr
	Edges                []EdgeSource
	Graph                string
	Options              TraversalOptions
	NeedVertex, NeedEdge bool
}

// TimeSeries reads points of a time series collection.
type TimeSeries struct {
	Base
	Collection *rows.Collection
	Keys       []ast.Expr // by key field; nil: any
	From, To   *Limit     // on the time field
	Fetch      Fetch      // Out is the point as an object; projections have paths of one name
	// Rollup, when set, reads kept buckets in place of points: see Aggregates of the Collect that it stands for.
	Rollup *SeriesRollup
}

// SeriesRollup stands in place of a COLLECT over the points of a bucketed time: one row for each group. Where From or To
// do not lie between two kept buckets, the points are read in their place.
type SeriesRollup struct {
	BucketMs   int64           // of the groups, as in rows.Series.Rollups; 0 when not grouped by time
	Kept       int64           // the roll-up to read, whose spans lie within those of the groups; 0: points are read
	Bucket     *ast.Variable   // set to the beginning of the bucket; nil when not grouped by time
	Keys       []*ast.Variable // by key field, nil where not grouped by it
	Aggregates []SeriesAggregate
}

// SeriesAggregate is one aggregate over one value field.
type SeriesAggregate struct {
	Func  string
	Field int
	Out   *ast.Variable
}

// NoResults gives nothing, without drawing from below: a condition can never hold.
type NoResults struct{ Base }

// The names of the nodes.
func (*Singleton) Kind() string           { return "SingletonNode" }
func (*EnumerateCollection) Kind() string { return "EnumerateCollectionNode" }
func (*Index) Kind() string               { return "IndexNode" }
func (*EnumerateList) Kind() string       { return "EnumerateListNode" }
func (*Calculation) Kind() string         { return "CalculationNode" }
func (*Filter) Kind() string              { return "FilterNode" }
func (*Sort) Kind() string                { return "SortNode" }
func (*LimitNode) Kind() string           { return "LimitNode" }
func (*Collect) Kind() string             { return "CollectNode" }
func (*Window) Kind() string              { return "WindowNode" }
func (*SubqueryNode) Kind() string        { return "SubqueryNode" }
func (*HashJoin) Kind() string            { return "HashJoinNode" }
func (*Return) Kind() string              { return "ReturnNode" }
func (*Distinct) Kind() string            { return "DistinctNode" }
func (*Traversal) Kind() string           { return "TraversalNode" }
func (*TimeSeries) Kind() string          { return "TimeSeriesNode" }
func (*NoResults) Kind() string           { return "NoResultsNode" }
func (*Upsert) Kind() string              { return "UpsertNode" }

// Kind is one of four.
func (n *Modify) Kind() string {
	switch n.Modification {
	case ast.Insert:
		return "InsertNode"
	case ast.Update:
		return "UpdateNode"
	case ast.Replace:
		return "ReplaceNode"
	default:
		return "RemoveNode"
	}
}

// Kind is one of two.
func (n *PathSearch) Kind() string {
	if n.Search == ast.ShortestPath {
		return "ShortestPathNode"
	}
	return "EnumeratePathsNode"
}

// Warning is what is to be told of a query before it runs.
type Warning struct {
	Number int
	Text   string
}

// invalidOption is the number of the warning about a member of OPTIONS.
const invalidOption = 1575

// Plan is a whole plan.
type Plan struct {
	Root        Node
	Nodes       int      // IDs are below it
	Variables   int      // IDs of variables are below it
	Rules       []string // that changed something, in order
	Collections []*rows.Collection
	Writes      bool
	Warnings    []Warning
	// Inline has the plans of subqueries that stand within expressions because they depend on variables of an array
	// expansion. They are computed where the expression is, beginning with a row that has its variables.
	Inline map[*ast.Subquery]*Plan

	nodes  []Node // from the bottom up, while the plan is made; Root and Below are set from it
	joined bool   // it is a table of a HashJoin, whose variables are read outside of it
}
