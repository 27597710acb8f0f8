// What is drawn: vertices and edges, what brought them, and what of them is shown. Pure: no page, no requests.
//
// Guarantees: never more than `limits.vertices` vertices and `limits.edges` edges; what does not fit is counted, not
// dropped in silence. Collapsing a vertex removes what is there because of it alone.

export const limits = { vertices: 2000, edges: 6000 }

export function splitId(id) {
  const at = String(id).indexOf('/')
  return at < 0 ? { collection: '', key: String(id) } : { collection: id.slice(0, at), key: id.slice(at + 1) }
}

export class GraphModel {
  constructor(caps = limits) {
    this.caps = caps
    this.clear()
  }

  clear() {
    this.vertices = new Map() // id -> {id, collection, key, attributes (null: not there), x, y, pinned}
    this.edges = new Map() // id -> {id, collection, from, to, attributes}
    this.touching = new Map() // vertex id -> Set of edge ids
    this.roots = new Set() // vertices that are there by themselves: the start, those of a path, those made by hand
    this.rootEdges = new Set()
    this.expansions = new Map() // vertex id -> {vertices: Set, edges: Set, pages: Map of "collection direction" -> {loaded, done}}
    this.omitted = 0
    this.version = 0
  }

  // addVertex answers the vertex, or null when there is no more room.
  addVertex(id, attributes, near = null) {
    const known = this.vertices.get(id)
    if (known) {
      if (attributes) known.attributes = attributes
      return known
    }
    if (this.vertices.size >= this.caps.vertices) {
      this.omitted++
      return null
    }
    const { collection, key } = splitId(id)
    const place = placeNear(near, this.vertices.size)
    const vertex = { id, collection, key, attributes, x: place.x, y: place.y, pinned: false }
    this.vertices.set(id, vertex)
    this.touching.set(id, new Set())
    this.version++
    return vertex
  }

  // addEdge answers the edge, or null when an end is not drawn or there is no more room.
  addEdge(attributes) {
    const { _id: id, _from: from, _to: to } = attributes
    const known = this.edges.get(id)
    if (known) {
      known.attributes = attributes
      return known
    }
    if (!this.vertices.has(from) || !this.vertices.has(to)) return null
    if (this.edges.size >= this.caps.edges) {
      this.omitted++
      return null
    }
    const edge = { id, ...splitId(id), from, to, attributes }
    this.edges.set(id, edge)
    this.touching.get(from).add(id)
    this.touching.get(to).add(id)
    this.version++
    return edge
  }

  root(id, attributes) {
    const vertex = this.addVertex(id, attributes)
    if (vertex) this.roots.add(id)
    return vertex
  }

  expansion(id) {
    let found = this.expansions.get(id)
    if (!found) {
      found = { vertices: new Set(), edges: new Set(), pages: new Map() }
      this.expansions.set(id, found)
    }
    return found
  }

  // expand adds rows {v, e} that a vertex has as neighbours; v is null when the vertex is gone.
  expand(id, rows) {
    const center = this.vertices.get(id)
    if (!center) return { added: 0 }
    const brought = this.expansion(id)
    const before = this.vertices.size
    for (const { v, e } of rows) {
      const other = e._from === id ? e._to : e._from
      if (this.addVertex(other, v, center)) brought.vertices.add(other)
      if (this.addEdge(e)) brought.edges.add(e._id)
    }
    return { added: this.vertices.size - before }
  }

  // addPath adds a path and keeps it, whatever is collapsed.
  addPath(path) {
    const ids = vertexIds(path)
    let previous = null
    ids.forEach((id, i) => {
      const isNew = !this.vertices.has(id)
      const vertex = this.addVertex(id, path.vertices[i], previous)
      if (vertex) {
        if (isNew && previous) Object.assign(vertex, { x: previous.x + 100, y: previous.y }) // in a line, one after the other
        this.roots.add(id)
        previous = vertex
      }
    })
    for (const e of path.edges) if (this.addEdge(e)) this.rootEdges.add(e._id)
    return ids
  }

  // collapse removes what is drawn because a vertex was expanded, and what hangs on that.
  collapse(id) {
    this.expansions.delete(id)
    this.sweep(id)
  }

  // sweep removes what no root leads to any more. `kept` stays in any case.
  sweep(kept = null) {
    const stay = new Set()
    const edges = new Set(this.rootEdges)
    const next = [...this.roots, kept].filter((id) => id !== null && this.vertices.has(id))
    while (next.length > 0) {
      const id = next.pop()
      if (stay.has(id)) continue
      stay.add(id)
      const brought = this.expansions.get(id)
      if (!brought) continue
      for (const e of brought.edges) edges.add(e)
      for (const v of brought.vertices) if (this.vertices.has(v)) next.push(v)
    }
    for (const id of [...this.vertices.keys()]) if (!stay.has(id)) this.forgetVertex(id)
    for (const id of [...this.edges.keys()]) if (!edges.has(id)) this.forgetEdge(id)
  }

  forgetVertex(id) {
    for (const e of [...(this.touching.get(id) ?? [])]) this.forgetEdge(e)
    this.vertices.delete(id)
    this.touching.delete(id)
    this.expansions.delete(id)
    this.roots.delete(id)
    this.version++
  }

  forgetEdge(id) {
    const edge = this.edges.get(id)
    if (!edge) return
    this.touching.get(edge.from)?.delete(id)
    this.touching.get(edge.to)?.delete(id)
    this.edges.delete(id)
    this.rootEdges.delete(id)
    this.version++
  }

  edgesOf(id) {
    return [...(this.touching.get(id) ?? [])].map((e) => this.edges.get(e))
  }

  // collections gives what is drawn by collection, sorted by name: [{name, count}].
  collections(of) {
    const counts = new Map()
    for (const { collection } of of.values()) counts.set(collection, (counts.get(collection) ?? 0) + 1)
    return [...counts].map(([name, count]) => ({ name, count })).sort((a, b) => (a.name < b.name ? -1 : 1))
  }
}

// vertexIds names the vertices of a path. One that is gone is known by the edges that meet it.
export function vertexIds({ vertices, edges }) {
  return vertices.map((v, i) => {
    if (v?._id) return v._id
    const before = edges[i - 1]
    const after = edges[i]
    for (const end of ['_from', '_to']) {
      const known = (before ?? after)[end]
      const neighbour = before ? vertices[i - 1]?._id : vertices[i + 1]?._id
      if (known !== neighbour) return known
    }
    return (before ?? after)._to
  })
}

// placeNear puts new vertices on a spiral around the one they come from, so that the layout begins without overlaps.
function placeNear(near, n) {
  const angle = n * 2.399963 // the golden angle
  const radius = near ? 30 + 4 * Math.sqrt(n) : 20 * Math.sqrt(n)
  return { x: (near?.x ?? 0) + radius * Math.cos(angle), y: (near?.y ?? 0) + radius * Math.sin(angle) }
}
