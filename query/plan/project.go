package plan

import (
	"slices"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/rows"
	"github.com/selvedge-db/selvedge/value"
)

// fetchOf gives what a node takes from the documents that it reads, nil for nodes that read none.
func fetchOf(n Node) *Fetch {
	switch n := n.(type) {
	case *EnumerateCollection:
		if n.CountOnly == nil {
			return &n.Fetch
		}
	case *Index:
		return &n.Fetch
	case *TimeSeries:
		if n.Rollup == nil {
			return &n.Fetch
		}
	}
	return nil
}

// filterEarly asks filters that stand right above a scan while it reads.
func filterEarly(b *builder, p *Plan) bool {
	changed := false
	for i := 0; i < len(p.nodes); i++ {
		f := fetchOf(p.nodes[i])
		if f == nil {
			continue
		}
		for i+1 < len(p.nodes) {
			filter, ok := p.nodes[i+1].(*Filter)
			if !ok || !b.steady(filter.Cond) || b.hasInline(filter.Cond) {
				break
			}
			f.Filter = join(ast.OpAnd, append(conjuncts(f.Filter), filter.Cond))
			p.remove(i + 1)
			changed = true
		}
	}
	return changed
}

func (b *builder) hasInline(e ast.Expr) bool {
	found := false
	ast.Walk(e, func(x ast.Expr) bool {
		if _, ok := x.(*ast.Subquery); ok {
			found = true
		}
		return !found
	})
	return found
}

// pathUses collects how a document is used: by paths, and whether as a whole.
type pathUses struct {
	doc   *ast.Variable
	paths []value.Path
	whole bool
}

func (u *pathUses) add(path value.Path) {
	if !slices.ContainsFunc(u.paths, path.Equal) {
		u.paths = append(u.paths, path)
	}
}

func (u *pathUses) expr(b *builder, e ast.Expr) {
	if u.doc == nil {
		return
	}
	ast.Walk(e, func(x ast.Expr) bool {
		if v, path, ok := pathOf(x); ok && v == u.doc {
			if len(path) == 0 {
				u.whole = true
			} else {
				u.add(path)
			}
			return false
		}
		if s, ok := x.(*ast.Subquery); ok && b.inline[s] != nil {
			u.nodes(b, b.inline[s].nodes)
			return false
		}
		return true
	})
}

func (u *pathUses) nodes(b *builder, list []Node) {
	for _, n := range list {
		eachExpr(n, func(e ast.Expr) { u.expr(b, e) })
		if c, ok := n.(*Collect); ok && slices.Contains(c.Gather, u.doc) {
			u.whole = true
		}
		for _, p := range plansOf(n) {
			u.nodes(b, p.nodes)
		}
	}
}

// usesOf tells how the document of the scan at place i is used from there up.
func (b *builder) usesOf(p *Plan, i int, doc *ast.Variable) *pathUses {
	u := &pathUses{doc: doc}
	u.nodes(b, p.nodes[i:])
	return u
}

// roots drops paths that lie below others.
func (u *pathUses) roots() []value.Path {
	var out []value.Path
	for _, path := range u.paths {
		below := slices.ContainsFunc(u.paths, func(q value.Path) bool {
			return len(q) < len(path) && path.HasPrefix(q)
		})
		if !below {
			out = append(out, path)
		}
	}
	slices.SortFunc(out, value.Path.Compare)
	return out
}

// maxProjections is how many paths are taken out of a document at most; with more the document is taken as it is.
const maxProjections = 32

// reduceProjections takes from documents only what is used of them.
func reduceProjections(b *builder, p *Plan) bool {
	changed := false
	for i, n := range p.nodes {
		f := fetchOf(n)
		if j, ok := n.(*HashJoin); ok {
			f = fetchOf(j.Build.nodes[1])
		}
		if p.joined || f == nil || f.Out == nil || len(f.Projections) > 0 {
			continue
		}
		u := b.usesOf(p, i, f.Out)
		if u.whole {
			changed = b.projectFilter(f) || changed
			continue
		}
		paths := u.roots()
		if _, ok := n.(*TimeSeries); ok {
			paths = firstNames(paths)
		}
		if len(paths) > maxProjections {
			continue
		}
		doc := f.Out
		f.Projections = b.project(doc, paths)
		b.replacePaths(p.nodes[i:], doc, f.Projections)
		f.Out = nil
		changed = true
	}
	return changed
}

// firstNames cuts paths to their first names.
func firstNames(paths []value.Path) []value.Path {
	var out []value.Path
	for _, p := range paths {
		if !slices.ContainsFunc(out, p[:1].Equal) {
			out = append(out, p[:1])
		}
	}
	return out
}

func (b *builder) project(doc *ast.Variable, paths []value.Path) []Projection {
	var out []Projection
	for _, path := range paths {
		out = append(out, Projection{Path: path, Var: b.variable(doc.Name + "." + path.String())})
	}
	return out
}

// projectFilter takes what a scan's filter needs out of documents that are used as a whole, so that most of them are
// not looked at twice.
func (b *builder) projectFilter(f *Fetch) bool {
	if f.Filter == nil {
		return false
	}
	u := &pathUses{doc: f.Out}
	u.expr(b, f.Filter)
	if u.whole || len(u.paths) == 0 || len(u.paths) > maxProjections {
		return false
	}
	f.Projections = b.project(f.Out, u.roots())
	f.Filter = replacePath(f.Filter, f.Out, f.Projections)
	return true
}

func (b *builder) replacePaths(list []Node, doc *ast.Variable, by []Projection) {
	for _, n := range list {
		edit(n, func(e ast.Expr) ast.Expr {
			ast.Walk(e, func(x ast.Expr) bool {
				if s, ok := x.(*ast.Subquery); ok && b.inline[s] != nil {
					b.replacePaths(b.inline[s].nodes, doc, by)
					return false
				}
				return true
			})
			return replacePath(e, doc, by)
		})
		for _, p := range plansOf(n) {
			b.replacePaths(p.nodes, doc, by)
		}
	}
}

// replacePath puts projections in place of paths of a document.
func replacePath(e ast.Expr, doc *ast.Variable, by []Projection) ast.Expr {
	v, path, ok := pathOf(e)
	if ok && v == doc && len(path) > 0 {
		for _, p := range by {
			if path.HasPrefix(p.Path) {
				return attributes(&ast.Ref{Pos: e.At(), Name: p.Var.Name, Var: p.Var}, path[len(p.Path):])
			}
		}
		return e
	}
	return rewriteChildren(e, func(x ast.Expr) ast.Expr { return replacePath(x, doc, by) })
}

// covers tells whether the entries of an index have an attribute. Fields that spread over arrays do not count: an entry
// has one element only.
func covers(x *rows.Index, path value.Path, arrays bool) bool {
	if len(path) == 1 && (path[0] == "_key" || path[0] == "_id") {
		return true
	}
	if x.Type == rows.EdgeIndex {
		return len(path) == 1 && (path[0] == "_from" || path[0] == "_to")
	}
	return ordered(x) && slices.ContainsFunc(x.Fields, func(f rows.Field) bool {
		return (f.Expand < 0 || arrays) && f.Path.Equal(path)
	})
}

// coverable tells whether an index has all that is used of the document of the scan at place i.
func (b *builder) coverable(p *Plan, i int, doc *ast.Variable, x *rows.Index) bool {
	if b.off["index-covering"] {
		return false
	}
	u := b.usesOf(p, i, doc)
	if u.whole {
		return false
	}
	for _, path := range u.roots() {
		if !covers(x, path, false) {
			return false
		}
	}
	return true
}

// coverIndexes reads from the entries of an index alone where they have all that is needed.
func coverIndexes(b *builder, p *Plan) bool {
	changed := false
	for _, n := range p.nodes {
		x, ok := n.(*Index)
		if !ok || x.Covering || x.Fetch.Out != nil || len(x.Accesses) != 1 || x.Accesses[0].Index == nil {
			continue
		}
		covered := true
		for _, projection := range x.Fetch.Projections {
			covered = covered && covers(x.Accesses[0].Index, projection.Path, b.Mutant == "covering-arrays")
		}
		if covered && x.Accesses[0].Geo == nil && x.Accesses[0].Fulltext == nil {
			x.Covering = true
			changed = true
		}
	}
	return changed
}
