package api

import (
	"context"
	"slices"
	"strings"

	"github.com/selvedge-db/selvedge/fabric"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// ReplaceEdgeDefinition defines an edge collection of a graph anew, in all graphs that have it.
func (s *Service) ReplaceEdgeDefinition(ctx context.Context, c *Call, graph, collection string, d EdgeDefinition) (Graph, error) {
	g, err := s.Graph(ctx, c, graph)
	if err != nil {
		return g, err
	}
	if err := checkDefinition(&d); err != nil {
		return g, err
	}
	if d.Collection != collection {
		return g, Fail(GraphDefinition, "the path names %s, the definition %s", quote(collection), quote(d.Collection))
	}
	if g.definition(collection) == nil {
		return g, Fail(GraphEdgeCollectionUnused, "%s", quote(collection))
	}
	if err := s.provide(ctx, c, []EdgeDefinition{d}, nil); err != nil {
		return g, err
	}
	var out *Graph
	err = s.changeGraphs(ctx, c, graph, func(g *Graph, all []Graph) (changed []*Graph, err error) {
		if g == nil {
			return nil, Fail(GraphNotFound, "%s", quote(graph))
		}
		if g.definition(collection) == nil {
			return nil, Fail(GraphEdgeCollectionUnused, "%s", quote(collection))
		}
		for i := range all {
			if old := all[i].definition(collection); old != nil {
				left := *old
				*old = d
				all[i].settleOrphans(&left)
				changed = append(changed, &all[i])
			}
		}
		out = g
		return changed, nil
	})
	if err != nil {
		return g, err
	}
	return *out, nil
}

// DropGraph removes a graph. With its collections, those go that no other graph names.
func (s *Service) DropGraph(ctx context.Context, c *Call, name string, collections bool) error {
	g, err := s.Graph(ctx, c, name)
	if err != nil {
		return err
	}
	o := DefaultWriteOptions()
	if _, err := s.Write(ctx, c, OpRemove, GraphsCollection, name, value.Null(), &o); err != nil {
		if AsError(err).Code == DocumentNotFound {
			return Fail(GraphNotFound, "%s", quote(name))
		}
		return err
	}
	if !collections {
		return nil
	}
	return s.dropUnused(ctx, c, append(g.EdgeCollections(), g.Vertices()...))
}

// member refuses a collection that is not the graph's.
func (s *Service) member(ctx context.Context, c *Call, graph, collection string, edges bool) (Graph, error) {
	g, err := s.Graph(ctx, c, graph)
	switch {
	case err != nil:
		return g, err
	case edges && g.definition(collection) == nil:
		return g, Fail(GraphEdgeCollectionUnused, "%s", quote(collection))
	case !edges && !slices.Contains(g.Vertices(), collection):
		return g, Fail(GraphVertexCollection, "%s", quote(collection))
	}
	return g, nil
}

// GraphRead gives a vertex or an edge of a graph.
func (s *Service) GraphRead(ctx context.Context, c *Call, graph, collection, key string, edges bool) (Document, error) {
	if _, err := s.member(ctx, c, graph, collection, edges); err != nil {
		return Document{}, err
	}
	return s.Read(ctx, c, collection, key)
}

// GraphWrite writes a vertex or an edge of a graph. The ends of an edge must exist, in collections that its definition
// names. With a vertex go the edges, in all graphs, that begin or end at it.
func (s *Service) GraphWrite(ctx context.Context, c *Call, op Op, graph, collection, key string, edges bool, doc value.Value, o *WriteOptions) (WriteReply, error) {
	g, err := s.member(ctx, c, graph, collection, edges)
	if err != nil {
		return WriteReply{}, err
	}
	if op != OpRemove && !edges || op == OpRemove && edges {
		return s.Write(ctx, c, op, collection, key, doc, o)
	}
	w, err := prepare(op.fabric(), collection, key, doc, o)
	if err != nil {
		return WriteReply{}, err
	}
	var reply WriteReply
	revise, err := s.atomically(ctx, c, func(j *joined) error {
		if op != OpRemove {
			if err := j.checkEnds(g.definition(collection), doc, op == OpUpdate); err != nil {
				return err
			}
			reply, err = j.write(&w)
			return err
		}
		if reply, err = j.write(&w); err != nil {
			return err
		}
		reply.OldRev = ""
		if err = j.isolate(collection, key); err != nil && c.joined != nil {
			j.doom("a vertex was removed, but not all of its edges")
		}
		return err
	})
	if err != nil {
		return WriteReply{}, AsError(err)
	}
	reply.Rev = string(revise([]byte(reply.Rev)))
	reply.New = revise(reply.New)
	return reply, nil
}

// checkEnds refuses an edge whose ends are not where its definition has them, or do not exist.
func (j *joined) checkEnds(d *EdgeDefinition, doc value.Value, partly bool) error {
	for _, end := range []struct {
		name    string
		allowed []string
	}{{"_from", d.From}, {"_to", d.To}} {
		v, ok := doc.Get(end.name)
		if !ok && partly {
			continue
		}
		collection, key, split := strings.Cut(v.Str(), "/")
		if !split || collection == "" || key == "" {
			return Fail(BadEdge, "%s is %s, want a text collection/key", end.name, v)
		}
		if !slices.Contains(end.allowed, collection) {
			return Fail(GraphVertexUnused, "%s %s: edges of %s have there %s", end.name, quote(v.Str()), quote(d.Collection), strings.Join(end.allowed, ", "))
		}
		in, ok := j.state.Collection(collection)
		if !ok {
			return Fail(CollectionNotFound, "%s", quote(collection))
		}
		_, found, err := j.state.Get(in, key)
		if err != nil {
			return AsError(err)
		}
		if !found {
			return Fail(DocumentNotFound, "%s %s", end.name, quote(v.Str()))
		}
	}
	return nil
}

// isolate removes the edges of all graphs that begin or end at a vertex.
func (j *joined) isolate(collection, key string) error {
	all, err := j.graphs()
	if err != nil {
		return err
	}
	var from []string
	for i := range all {
		for _, d := range all[i].Edges {
			if slices.Contains(d.From, collection) || slices.Contains(d.To, collection) {
				from = append(from, d.Collection)
			}
		}
	}
	slices.Sort(from)
	for _, name := range slices.Compact(from) {
		in, ok := j.state.Collection(name)
		if !ok {
			continue
		}
		var keys []string
		for _, side := range []string{"out", "in"} {
			if err := adjacent(j.state, in, collection+"/"+key, side, func(r *rows.Row) (bool, error) {
				keys = append(keys, string(r.Key))
				return true, nil
			}); err != nil {
				return err
			}
		}
		slices.Sort(keys)
		for _, k := range slices.Compact(keys) {
			if _, err := j.write(&fabric.Write{Op: fabric.Remove, Collection: name, Key: k}); err != nil {
				return err
			}
		}
	}
	return nil
}

// adjacent visits the edges of a vertex in one direction, "out" or "in". A row is valid during its visit only.
func adjacent(state rows.Snapshot, in *rows.Collection, vertex, direction string, visit func(*rows.Row) (bool, error)) error {
	var edges *rows.Index
	for _, x := range in.Indexes {
		if x.Type == rows.EdgeIndex {
			edges = x
		}
	}
	if edges == nil {
		return Fail(CollectionType, "%s is not an edge collection", quote(in.Name))
	}
	lower := value.AppendKeyString([]byte{direction[0]}, vertex)
	upper := append([]byte(nil), lower...)
	upper[len(upper)-1]++ // the end of a text in keys is below 255
	cursor, err := state.Entries(in, edges, rows.Bounds{Lower: lower, Upper: upper})
	if err != nil {
		return AsError(err)
	}
	for cursor.Next() {
		row, found, err := state.Get(in, string(cursor.Key()))
		if err == nil && found {
			found, err = visit(&row)
		} else {
			found = true
		}
		if err != nil || !found {
			_ = cursor.Close()
			return orNil(err)
		}
	}
	err = cursor.Err()
	if closed := cursor.Close(); err == nil {
		err = closed
	}
	return orNil(err)
}
