// What the page does: chooses a source, draws from a start, expands, collapses, selects, finds paths. It holds the model and
// the requests; the view and the panels listen.
//
// Events: 'source' (another graph), 'graph' (what is drawn changed), 'shown' (the filter changed), 'select', 'busy',
// 'query' (a query was run; the last one is `lastQuery`), 'notice' ({kind, message} or null).

import { segment } from '../../app/api.js'
import { shown } from './filter.js'
import { GraphModel, splitId } from './model.js'
import * as queries from './queries.js'

const batch = 1000

export class Explorer {
  constructor({ api, signal }) {
    this.api = api
    this.signal = signal
    this.listeners = new Map()
    this.model = new GraphModel()
    this.source = null // {graph: name|null, collections: [edge collections], vertices: [vertex collections] }
    this.start = null
    this.direction = 'ANY'
    this.limit = 25
    this.selected = null
    this.lastQuery = null
    this.busy = 0
    this.filter = { condition: null, hiddenVertices: new Set(), hiddenEdges: new Set() }
    this.labelBy = ''
    this.found = null // {paths, at} of the path finder
  }

  on(event, fn) {
    if (!this.listeners.has(event)) this.listeners.set(event, new Set())
    this.listeners.get(event).add(fn)
    return () => this.listeners.get(event).delete(fn)
  }

  emit(event, value) {
    for (const fn of this.listeners.get(event) ?? []) fn(value)
  }

  // run answers all rows of a query. It is remembered, so that it can be opened in the Query page.
  async run(question, { signal = this.signal, remember = true } = {}) {
    if (remember) {
      this.lastQuery = question
      this.emit('query', question)
    }
    this.busy++
    this.emit('busy', this.busy)
    try {
      let reply = await this.api.call('POST', '/cursor', { body: { query: question.query, bindVars: question.bindVars, batchSize: batch }, signal })
      const rows = reply.result
      while (reply.hasMore) {
        reply = await this.api.call('PUT', `/cursor/${segment(reply.id)}`, { signal })
        rows.push(...reply.result)
      }
      return rows
    } finally {
      this.busy--
      this.emit('busy', this.busy)
    }
  }

  choose(source) {
    this.source = source
    this.filter.hiddenEdges = new Set()
    this.filter.hiddenVertices = new Set()
    this.clear()
    this.emit('source', source)
  }

  clear() {
    this.model.clear()
    this.start = null
    this.found = null
    this.select(null)
    this.changed(1)
  }

  // changed tells that other vertices or edges are there; heat says how much the layout may move.
  changed(heat = 0.5) {
    if (this.selected !== null && !this.model.vertices.has(this.selected) && !this.model.edges.has(this.selected)) this.select(null)
    this.notice()
    this.emit('graph', heat)
  }

  notice() {
    const { model } = this
    if (model.omitted > 0) {
      this.emit('notice', {
        kind: 'warn',
        message: `At most ${model.caps.vertices} vertices and ${model.caps.edges} edges are drawn; ${model.omitted} more were left out. Collapse what you do not need, or clear the drawing and start elsewhere.`,
      })
    } else this.emit('notice', null)
  }

  shown() {
    return shown(this.model, this.filter)
  }

  select(id) {
    this.selected = id
    this.emit('select', id)
  }

  // edgeCollections are those that the filter lets through.
  edgeCollections() {
    return (this.source?.collections ?? []).filter((name) => !this.filter.hiddenEdges.has(name))
  }

  // draw begins anew at a vertex. It answers false when there is no such vertex, and no edge either that meets it.
  async draw(id) {
    const [attributes] = await this.run(queries.oneVertex(id))
    if (!attributes && !(await this.degrees(id, { direction: 'ANY' })).some(({ count }) => count > 0)) return false
    this.clear()
    this.start = id
    this.model.root(id, queries.unpack(attributes))
    this.changed(1)
    this.select(id)
    await this.expand(id)
    return true
  }

  // pick finds a vertex with many edges: in the first collection of the source that has any.
  async pick() {
    for (const collection of this.edgeCollections()) {
      const [id] = await this.run(queries.pick(collection))
      if (typeof id === 'string') return id
    }
    return null
  }

  // expand draws the next neighbours of a vertex, in all edge collections or in one.
  async expand(id, { collection = null, direction = this.direction, limit = this.limit } = {}) {
    const pages = this.model.expansion(id).pages
    const before = this.model.vertices.size
    for (const edges of collection ? [collection] : this.edgeCollections()) {
      const name = `${edges} ${direction}`
      const page = pages.get(name) ?? { loaded: 0, done: false }
      if (page.done) continue
      const rows = await this.run(queries.neighbours({ start: id, edges, direction, skip: page.loaded, limit }))
      if (!this.model.vertices.has(id)) return 0 // collapsed or cleared meanwhile
      page.loaded += rows.length
      page.done = rows.length < limit
      this.model.expansion(id).pages.set(name, page)
      this.model.expand(id, rows.map(({ v, e }) => ({ v: queries.unpack(v), e: queries.unpack(e) })))
      this.model.vertices.get(id).expanded = true
    }
    this.changed(before === 1 ? 1 : 0.5)
    this.emit('select', this.selected)
    return this.model.vertices.size - before
  }

  collapse(id) {
    const vertex = this.model.vertices.get(id)
    if (!vertex) return
    vertex.expanded = false
    this.model.omitted = 0
    this.model.collapse(id)
    this.changed(0.3)
    this.emit('select', this.selected)
  }

  // degrees counts the edges of a vertex by edge collection.
  async degrees(id, { direction = this.direction, signal }) {
    const collections = this.source.collections.slice(0, 24)
    const [counts] = await this.run(queries.degrees({ start: id, collections, direction }), { signal, remember: false })
    return collections.map((collection, i) => ({ collection, count: counts[i] }))
  }

  // findPaths draws what it finds and answers how many paths there are.
  async findPaths(wanted, signal) {
    const all = this.edgeCollections()
    const whole = this.source.graph && all.length === this.source.collections.length
    const rows = await this.run(queries.paths({ ...wanted, graph: whole ? this.source.graph : null, collections: all }), { signal })
    const paths = queries.pathsOf(wanted.kind, rows, wanted.weight)
    this.found = paths.length === 0 ? null : { paths, ids: paths.map((path) => this.model.addPath(path)), at: -1 }
    if (this.start === null && this.found) this.start = this.found.ids[0][0]
    this.changed(0.7)
    return paths
  }

  remove(kind, id) {
    if (kind === 'vertex') this.model.forgetVertex(id)
    else this.model.forgetEdge(id)
    this.changed(0.2)
  }

  // show draws one vertex by itself.
  async show(id) {
    const [attributes] = await this.run(queries.oneVertex(id))
    this.model.root(id, queries.unpack(attributes))
    this.changed(0.3)
    this.select(id)
  }

  // showEdge draws one edge with both of its ends.
  async showEdge(id) {
    const [pairs] = await this.run(queries.oneVertex(id))
    const edge = queries.unpack(pairs)
    if (!edge) return
    for (const end of [edge._from, edge._to]) {
      if (this.model.vertices.has(end)) continue
      const [attributes] = await this.run(queries.oneVertex(end))
      this.model.root(end, queries.unpack(attributes))
    }
    if (this.model.addEdge(edge)) this.model.rootEdges.add(id)
    this.changed(0.3)
    this.select(id)
  }

  // lose marks a vertex as not there any more: its edges are still drawn.
  lose(id) {
    this.model.vertices.get(id).attributes = null
    this.changed(0)
    this.select(id)
  }

  // document reads a vertex or an edge whole, as text, so that its numbers keep their digits.
  async document(id, signal) {
    const { collection, key } = splitId(id)
    const text = await this.api.call('GET', `/document/${segment(collection)}/${segment(key)}`, { raw: true, signal })
    const drawn = this.model.vertices.get(id) ?? this.model.edges.get(id)
    if (drawn) drawn.rev = JSON.parse(text)._rev
    return text
  }

  // rev is the revision of a vertex or an edge that was shown last.
  rev(id) {
    const drawn = this.model.vertices.get(id) ?? this.model.edges.get(id)
    return drawn?.rev ?? drawn?.attributes?._rev
  }
}
