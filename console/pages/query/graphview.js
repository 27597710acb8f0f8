// Rows as a graph: the vertices and edges that are found in them, at most some hundreds, laid out a little at a time.

import { h, clear, replace } from '/console/app/dom.js'
import { count } from '/console/app/text.js'
import { isEdge, isVertex, pictured } from './shape.js'
import { isObject } from './value.js'
import { Layout } from './layout.js'
import { Picture } from './graphpicture.js'

const mostVertices = 400
const mostEdges = 1200
const sliceMs = 6

// Up to so many vertices and edges one sees how they find their places; more would keep the browser busy with drawing.
const animated = 200

// gather finds vertices and edges in rows: {vertices: Map id -> document or null, edges: Map id -> document, all: vertices there are}.
export function gather(rows) {
  const vertices = new Map(), edges = new Map()
  const visit = (v, depth) => {
    if (isEdge(v)) edges.set(v._id ?? `${v._from} ${v._to} ${edges.size}`, v)
    else if (isVertex(v)) vertices.set(v._id, v)
    else if (depth < 4 && Array.isArray(v)) v.forEach((item) => visit(item, depth + 1))
    else if (depth < 4 && isObject(v)) Object.values(v).forEach((item) => visit(item, depth + 1))
  }
  for (const row of rows.slice(0, pictured)) visit(row, 0)
  for (const e of edges.values()) for (const id of [e._from, e._to]) if (!vertices.has(id)) vertices.set(id, null)
  return { vertices, edges }
}

// cut keeps the vertices that have the most edges, and the edges among them.
function cut({ vertices, edges }) {
  const degree = new Map()
  for (const e of edges.values()) for (const id of [e._from, e._to]) degree.set(id, (degree.get(id) ?? 0) + 1)
  const ids = [...vertices.keys()]
  const kept = ids.length <= mostVertices ? ids : ids.sort((a, b) => (degree.get(b) ?? 0) - (degree.get(a) ?? 0)).slice(0, mostVertices)
  const at = new Map(kept.map((id, i) => [id, i]))
  const links = [...edges.values()].filter((e) => at.has(e._from) && at.has(e._to)).slice(0, mostEdges)
  return { kept, links, pairs: links.map((e) => [at.get(e._from), at.get(e._to)]) }
}

// graphView gives {node, update(run)}. onOpen(document, title) opens a document; explore({edges, start}) gives the address of
// the Graph page that goes on from a vertex along some collections of edges.
export function graphView({ onOpen, explore, signal }) {
  const note = h('p', { class: 'muted', role: 'status', data: { testid: 'query-graph-note' } })
  const legend = h('ul', { class: 'query-legend' })
  const further = h('div', {})
  const host = h('div', { class: 'query-graph-host' })
  const node = h('div', { class: 'query-graph', data: { testid: 'query-graph' } }, h('div', { class: 'row' }, note, h('span', { class: 'grow' }), further), legend, host)
  let taken = -1, turn = 0

  async function draw(rows, more) {
    const mine = ++turn
    const all = gather(rows)
    const { kept, links, pairs } = cut(all)
    note.textContent = sentence(all, kept, links, rows, more)
    replace(further, furtherLink(kept, links, explore))
    const layout = new Layout(kept.length, pairs)
    const picture = new Picture({ ids: kept, edges: links, pairs, documents: all.vertices, onOpen })
    replace(host, picture.root)
    replace(legend, picture.legend())
    const goesOn = async () => {
      await new Promise((go) => requestAnimationFrame(go))
      return !signal.aborted && mine === turn
    }
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches || kept.length + links.length > animated
    if (!still) picture.make(Infinity)
    while (!layout.done) {
      layout.work(sliceMs)
      if (!still) picture.place(layout)
      if (!await goesOn()) return
    }
    picture.frame(layout)
    while (!picture.made) {
      picture.make(sliceMs)
      if (!await goesOn()) return
    }
    if (!still) picture.place(layout)
  }

  return {
    node,
    update(run) {
      const coming = run.more && run.state !== 'failed' && run.rows.length < pictured
      if (run.rows.length === taken || (coming && taken >= 0)) return
      taken = run.rows.length
      draw(run.rows, run.more)
    },
    destroy: () => { turn++; clear(host) },
  }
}

// furtherLink leads to the Graph page, to the vertex with the most edges.
function furtherLink(kept, links, explore) {
  const edges = [...new Set(links.map((e) => String(e._id ?? '').split('/')[0]).filter(Boolean))]
  if (edges.length === 0) return null
  const degree = (id) => links.filter((e) => e._from === id || e._to === id).length
  const start = kept.slice(0, 60).reduce((best, id) => degree(id) > degree(best) ? id : best, kept[0])
  return h('a', { class: 'button', href: explore({ edges: edges.join(','), start }), data: { testid: 'query-graph-explore' } }, 'Explore on the Graph page')
}

function sentence({ vertices, edges }, kept, links, rows, more) {
  const out = `${count(vertices.size)} vertices and ${count(edges.size)} edges.`
  if (kept.length < vertices.size) {
    return `${out} Drawn are the ${count(kept.length)} vertices with the most edges, and ${count(links.length)} edges among them: ` +
      'a FILTER, a LIMIT or a smaller depth shows all.'
  }
  if (links.length < edges.size) return `${out} Drawn are the first ${count(links.length)} edges.`
  if (edges.size === 0) return `${out} RETURN {v, e} shows how they are joined.`
  return rows.length > pictured || more ? `${out} They are those of the first ${count(Math.min(rows.length, pictured))} rows.` : out
}
