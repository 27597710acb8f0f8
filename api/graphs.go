package api

import (
	"context"
	"slices"
	"strings"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// GraphsCollection is where a fabric keeps its named graphs: documents that say which edges join which vertices.
const GraphsCollection = "_graphs"

// EdgeDefinition says which vertices the edges of a collection join.
type EdgeDefinition = rows.EdgeDefinition

// Graph is a named graph. Orphans are vertex collections that no edge definition names.
type Graph struct {
	Name, Rev string
	Edges     []EdgeDefinition
	Orphans   []string
}

// attempts is how often something that met another change is tried before that is an error.
const attempts = 10

// atomically does what f does in one transaction: the caller's, or one of its own that is tried again when others were
// faster. f may run several times and must begin anew each time. What it wrote has its revisions through revise.
func (s *Service) atomically(ctx context.Context, c *Call, f func(*joined) error) (revise func([]byte) []byte, err error) {
	if c.joined != nil {
		return func(text []byte) []byte { return text }, f(c.joined)
	}
	for attempt := 1; ; attempt++ {
		state, err := s.states.of(c).store.BeginTx(ctx, fabric.TxOptions{MaxBytes: int(s.limits.Transactions.Size)})
		if err != nil {
			return nil, AsError(err)
		}
		err = f(&joined{transaction: &transaction{state: state}})
		if err == nil {
			err = state.Commit(ctx, rows.CommitOptions{})
		} else if unsettled := state.Settle(ctx); unsettled != nil {
			err = unsettled // what the error tells may not have happened
		}
		revise := state.Revise
		_ = state.Close() // it only frees
		if err == nil {
			c.saw(c.Fabric.Seen())
			return revise, nil
		}
		if e := AsError(err); e.Code != WriteConflict || attempt == attempts {
			e.Index = -1
			return nil, e
		}
	}
}

// document is the graph as it is stored.
func (g *Graph) document() value.Value {
	one := value.Int(1)
	return value.Object(value.Member{Name: "edgeDefinitions", Value: definitionsValue(g.Edges)}, value.Member{Name: "orphanCollections", Value: namesValue(g.Orphans)},
		value.Member{Name: "isSmart", Value: value.Bool(false)}, value.Member{Name: "numberOfShards", Value: one},
		value.Member{Name: "replicationFactor", Value: one}, value.Member{Name: "minReplicationFactor", Value: one})
}

// Value is the graph as it is shown.
func (g *Graph) Value() value.Value {
	return g.document().With("_id", value.String(GraphsCollection+"/"+g.Name)).With("_key", value.String(g.Name)).
		With("_rev", value.String(g.Rev)).With("name", value.String(g.Name))
}

func definitionsValue(list []EdgeDefinition) value.Value {
	out := make([]value.Value, len(list))
	for i, d := range list {
		out[i] = value.Object(value.Member{Name: "collection", Value: value.String(d.Collection)},
			value.Member{Name: "from", Value: namesValue(d.From)}, value.Member{Name: "to", Value: namesValue(d.To)})
	}
	return value.Array(out...)
}

func namesValue(list []string) value.Value {
	out := make([]value.Value, len(list))
	for i, name := range list {
		out[i] = value.String(name)
	}
	return value.Array(out...)
}

func names(v value.Value) []string {
	out := make([]string, 0, v.Len())
	for _, item := range v.Items() {
		out = append(out, item.Str())
	}
	return out
}

// graphOf reads a stored graph. What it lacks is empty: another location may have written it in another version.
func graphOf(d *Document) (Graph, error) {
	doc, err := d.Value()
	if err != nil {
		return Graph{}, AsError(err)
	}
	g := Graph{Name: strings.Clone(d.Key), Rev: d.Rev()}
	list, _ := doc.Get("edgeDefinitions")
	for _, item := range list.Items() {
		collection, _ := item.Get("collection")
		from, _ := item.Get("from")
		to, _ := item.Get("to")
		g.Edges = append(g.Edges, EdgeDefinition{Collection: collection.Str(), From: names(from), To: names(to)})
	}
	orphans, _ := doc.Get("orphanCollections")
	g.Orphans = names(orphans)
	return g, nil
}

// definition finds the definition of an edge collection.
func (g *Graph) definition(collection string) *EdgeDefinition {
	for i := range g.Edges {
		if g.Edges[i].Collection == collection {
			return &g.Edges[i]
		}
	}
	return nil
}

// joins tells whether an edge definition names a vertex collection.
func (g *Graph) joins(collection string) bool {
	return slices.ContainsFunc(g.Edges, func(d EdgeDefinition) bool {
		return slices.Contains(d.From, collection) || slices.Contains(d.To, collection)
	})
}

// Vertices gives the names of the vertex collections, sorted; EdgeCollections those of edges.
func (g *Graph) Vertices() []string {
	out := slices.Clone(g.Orphans)
	for _, d := range g.Edges {
		out = append(append(out, d.From...), d.To...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// EdgeCollections gives the names of the edge collections, sorted.
func (g *Graph) EdgeCollections() []string {
	out := make([]string, 0, len(g.Edges))
	for _, d := range g.Edges {
		out = append(out, d.Collection)
	}
	slices.Sort(out)
	return out
}

// settleOrphans makes orphans of the vertex collections of a definition that left, and takes out those that are in one.
func (g *Graph) settleOrphans(left *EdgeDefinition) {
	if left != nil {
		for _, name := range append(slices.Clone(left.From), left.To...) {
			if !slices.Contains(g.Orphans, name) {
				g.Orphans = append(g.Orphans, name)
			}
		}
	}
	g.Orphans = slices.DeleteFunc(g.Orphans, g.joins)
}

// Graphs lists the named graphs by name.
func (s *Service) Graphs(ctx context.Context, c *Call) ([]Graph, error) {
	var out []Graph
	if _, ok := c.Fabric.Collection(GraphsCollection); !ok {
		return out, nil
	}
	list, err := s.List(ctx, c, GraphsCollection, Page{Limit: -1})
	if err != nil {
		return nil, err
	}
	defer list.Close()
	err = list.Each(ctx, func(d *Document) error {
		g, err := graphOf(d)
		out = append(out, g)
		return err
	})
	if err != nil {
		return nil, AsError(err)
	}
	return out, nil
}

// Graph finds a named graph.
func (s *Service) Graph(ctx context.Context, c *Call, name string) (Graph, error) {
	doc, found, err := c.Fabric.Get(ctx, GraphsCollection, name)
	if err != nil && fabric.CodeOf(err) != fabric.CollectionNotFound {
		return Graph{}, AsError(err)
	}
	if !found {
		return Graph{}, Fail(GraphNotFound, "%s", quote(name))
	}
	c.saw(c.Fabric.Seen())
	return graphOf(&doc)
}

// graphs reads all graphs in a transaction.
func (j *joined) graphs() (out []Graph, err error) {
	in, ok := j.state.Collection(GraphsCollection)
	if !ok {
		return nil, nil
	}
	cursor, err := j.state.Documents(in, rows.Bounds{})
	if err != nil {
		return nil, err
	}
	for err == nil && cursor.Next() {
		d := documentOf(GraphsCollection, cursor.Row())
		var g Graph
		g, err = graphOf(&d)
		out = append(out, g)
	}
	if err == nil {
		err = cursor.Err()
	}
	if closed := cursor.Close(); err == nil {
		err = closed
	}
	return out, err
}

// checkDefinition refuses a definition that makes no sense by itself.
func checkDefinition(d *EdgeDefinition) error {
	if d.Collection == "" || len(d.From) == 0 || len(d.To) == 0 {
		return Fail(GraphDefinition, "want collection, and from and to with one collection each at least")
	}
	return checkMembers(append(append([]string{d.Collection}, d.From...), d.To...))
}

// checkMembers refuses names that no collection of a graph can have.
func checkMembers(names []string) error {
	for _, name := range names {
		if err := checkName("collection", name, strings.HasPrefix(name, "_")); err != nil {
			return err
		}
		if hidden(name) {
			return Fail(CollectionNotFound, "%s", quote(name))
		}
	}
	return nil
}

// checkAgainst refuses definitions that are twice in a graph or differ from those of other graphs.
func (g *Graph) checkAgainst(others []Graph) error {
	for i := range g.Edges {
		d := &g.Edges[i]
		if g.definition(d.Collection) != d {
			return Fail(GraphCollectionReused, "%s", quote(d.Collection))
		}
		for k := range others {
			if others[k].Name == g.Name {
				continue
			}
			if o := others[k].definition(d.Collection); o != nil && !sameDefinition(o, d) {
				return Fail(GraphCollectionDiffers, "%s, in graph %s", quote(d.Collection), quote(others[k].Name))
			}
		}
	}
	return nil
}

func sameDefinition(a, b *EdgeDefinition) bool {
	same := func(x, y []string) bool {
		return slices.Equal(slices.Compact(slices.Sorted(slices.Values(x))), slices.Compact(slices.Sorted(slices.Values(y))))
	}
	return same(a.From, b.From) && same(a.To, b.To)
}

// provide makes the collections that a graph names and that are not there. Those that are must be of the right type.
func (s *Service) provide(ctx context.Context, c *Call, edges []EdgeDefinition, vertices []string) error {
	for _, d := range edges {
		if err := s.provideOne(ctx, c, d.Collection, fabric.EdgeCollection); err != nil {
			return err
		}
		vertices = append(append(slices.Clone(vertices), d.From...), d.To...)
	}
	for _, name := range vertices {
		if err := s.provideOne(ctx, c, name, fabric.DocumentCollection); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) provideOne(ctx context.Context, c *Call, name string, kind fabric.CollectionType) error {
	if got, ok := c.Fabric.Collection(name); ok {
		if kind == fabric.EdgeCollection && got.Type != kind {
			return Fail(GraphEdgeType, "%s", quote(name))
		}
		return nil // vertices may be edges, too
	}
	system := strings.HasPrefix(name, "_")
	_, err := s.CreateCollection(ctx, c, CollectionRequest{Name: name, Type: uint8(kind), System: system})
	if err != nil && AsError(err).Code == CollectionExists {
		return nil // made meanwhile
	}
	return err
}

// CreateGraph makes a graph, with the collections that it names.
func (s *Service) CreateGraph(ctx context.Context, c *Call, g *Graph) error {
	if err := checkName("graph", g.Name, false); err != nil {
		e := Fail(GraphNameMissing, "%s", quote(g.Name))
		return e
	}
	for i := range g.Edges {
		if err := checkDefinition(&g.Edges[i]); err != nil {
			return err
		}
	}
	if err := checkMembers(g.Orphans); err != nil {
		return err
	}
	g.settleOrphans(nil)
	all, err := s.Graphs(ctx, c)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(o Graph) bool { return o.Name == g.Name }) {
		return Fail(GraphExists, "%s", quote(g.Name))
	}
	if err := g.checkAgainst(all); err != nil {
		return err
	}
	if err := s.provideOne(ctx, c, GraphsCollection, fabric.DocumentCollection); err != nil {
		return err
	}
	if err := s.provide(ctx, c, g.Edges, g.Orphans); err != nil {
		return err
	}
	return s.changeGraphs(ctx, c, g.Name, func(g2 *Graph, others []Graph) ([]*Graph, error) {
		if g2 != nil {
			return nil, Fail(GraphExists, "%s", quote(g.Name))
		}
		return []*Graph{g}, g.checkAgainst(others)
	})
}

// changeGraphs reads all graphs and writes those that change gives, in one transaction. Change may run several times.
// The graph of the name is nil when there is none. Revisions are set when all is done.
func (s *Service) changeGraphs(ctx context.Context, c *Call, name string, change func(g *Graph, all []Graph) ([]*Graph, error)) error {
	var changed []*Graph
	revise, err := s.atomically(ctx, c, func(j *joined) error {
		all, err := j.graphs()
		if err != nil {
			return err
		}
		var g *Graph
		if at := slices.IndexFunc(all, func(o Graph) bool { return o.Name == name }); at >= 0 {
			g = &all[at]
		}
		if changed, err = change(g, all); err != nil {
			return err
		}
		for _, g := range changed {
			w := fabric.NewWrite(fabric.Upsert, GraphsCollection, g.Name, g.document())
			done, err := j.write(&w)
			if err != nil {
				return err
			}
			g.Rev = done.Rev
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, g := range changed {
		g.Rev = string(revise([]byte(g.Rev)))
	}
	return nil
}

// edit changes one graph. Change gives the definition whose vertices may have become orphans.
func (s *Service) edit(ctx context.Context, c *Call, name string, change func(g *Graph, all []Graph) (left *EdgeDefinition, err error)) (Graph, error) {
	var out *Graph
	if _, err := s.Graph(ctx, c, name); err != nil {
		return Graph{}, err
	}
	err := s.changeGraphs(ctx, c, name, func(g *Graph, all []Graph) ([]*Graph, error) {
		if g == nil {
			return nil, Fail(GraphNotFound, "%s", quote(name))
		}
		left, err := change(g, all)
		if err != nil {
			return nil, err
		}
		g.settleOrphans(left)
		out = g
		return []*Graph{g}, nil
	})
	if err != nil {
		return Graph{}, err
	}
	return *out, nil
}

// AddVertexCollection adds an orphan collection to a graph.
func (s *Service) AddVertexCollection(ctx context.Context, c *Call, graph, collection string) (Graph, error) {
	g, err := s.Graph(ctx, c, graph)
	if err != nil {
		return g, err
	}
	check := func(g *Graph) error {
		if slices.Contains(g.Orphans, collection) {
			return Fail(GraphOrphanReused, "%s", quote(collection))
		}
		if g.joins(collection) {
			return Fail(GraphInDefinition, "%s", quote(collection))
		}
		return nil
	}
	if err := check(&g); err != nil {
		return g, err
	}
	if err := checkMembers([]string{collection}); err != nil {
		return g, err
	}
	if got, ok := c.Fabric.Collection(collection); ok && got.Type == fabric.EdgeCollection {
		return g, Fail(GraphVertexType, "%s", quote(collection))
	}
	if err := s.provideOne(ctx, c, collection, fabric.DocumentCollection); err != nil {
		return g, err
	}
	return s.edit(ctx, c, graph, func(g *Graph, _ []Graph) (*EdgeDefinition, error) {
		if err := check(g); err != nil {
			return nil, err
		}
		g.Orphans = append(g.Orphans, collection)
		return nil, nil
	})
}

// RemoveVertexCollection takes an orphan collection out of a graph, and drops it when asked to and no graph has it.
func (s *Service) RemoveVertexCollection(ctx context.Context, c *Call, graph, collection string, drop bool) (Graph, error) {
	g, err := s.edit(ctx, c, graph, func(g *Graph, _ []Graph) (*EdgeDefinition, error) {
		if !slices.Contains(g.Orphans, collection) {
			return nil, Fail(GraphNotOrphan, "%s", quote(collection))
		}
		g.Orphans = slices.DeleteFunc(g.Orphans, func(name string) bool { return name == collection })
		return nil, nil
	})
	if err == nil && drop {
		err = s.dropUnused(ctx, c, []string{collection})
	}
	return g, err
}

// dropUnused drops collections that no graph names.
func (s *Service) dropUnused(ctx context.Context, c *Call, collections []string) error {
	all, err := s.Graphs(ctx, c)
	if err != nil {
		return err
	}
	for _, name := range collections {
		used := slices.ContainsFunc(all, func(g Graph) bool {
			return g.definition(name) != nil || g.joins(name) || slices.Contains(g.Orphans, name)
		})
		if used || strings.HasPrefix(name, "_") {
			continue
		}
		if _, err := s.DropCollection(ctx, c, name); err != nil && AsError(err).Code != CollectionNotFound {
			return err
		}
	}
	return nil
}

// AddEdgeDefinition adds an edge collection to a graph, with the collections that are missing.
func (s *Service) AddEdgeDefinition(ctx context.Context, c *Call, graph string, d EdgeDefinition) (Graph, error) {
	return s.defineEdges(ctx, c, graph, d, func(g *Graph, all []Graph) error {
		if g.definition(d.Collection) != nil {
			return Fail(GraphCollectionReused, "%s", quote(d.Collection))
		}
		g.Edges = append(g.Edges, d)
		return g.checkAgainst(all)
	})
}

// defineEdges checks a definition, makes what is missing, and adds it to a graph.
func (s *Service) defineEdges(ctx context.Context, c *Call, graph string, d EdgeDefinition, add func(g *Graph, all []Graph) error) (Graph, error) {
	g, err := s.Graph(ctx, c, graph)
	if err != nil {
		return g, err
	}
	if err := checkDefinition(&d); err != nil {
		return g, err
	}
	all, err := s.Graphs(ctx, c)
	if err != nil {
		return g, err
	}
	if err := add(&g, all); err != nil { // before anything is made
		return g, err
	}
	if err := s.provide(ctx, c, []EdgeDefinition{d}, nil); err != nil {
		return g, err
	}
	return s.edit(ctx, c, graph, func(g *Graph, all []Graph) (*EdgeDefinition, error) { return nil, add(g, all) })
}

// RemoveEdgeDefinition takes an edge collection out of a graph; vertex collections that no other definition names
// become orphans. When asked to, the edge collection is dropped, if no graph has it.
func (s *Service) RemoveEdgeDefinition(ctx context.Context, c *Call, graph, collection string, drop bool) (Graph, error) {
	g, err := s.edit(ctx, c, graph, func(g *Graph, _ []Graph) (*EdgeDefinition, error) {
		found := g.definition(collection)
		if found == nil {
			return nil, Fail(GraphEdgeCollectionUnused, "%s", quote(collection))
		}
		left := *found
		g.Edges = slices.DeleteFunc(g.Edges, func(d EdgeDefinition) bool { return d.Collection == collection })
		return &left, nil
	})
	if err == nil && drop {
		err = s.dropUnused(ctx, c, []string{collection})
	}
	return g, err
}
