// Rows as a graph: the vertices and edges that are found in them, at most some hundreds, laid out a little at a time.

import { h, svg, clear, replace } from '/console/app/dom.js'
import { visible, short, count } from '/console/app/text.js'
import { isEdge, isVertex } from './shape.js'
import { isObject } from './value.js'
import { Layout } from './layout.js'

const mostVertices = 400
const mostEdges = 1200
const mostRows = 20_000
const sliceMs = 6
const labelled = 70

// gather finds vertices and edges in rows: {vertices: Map id -> document or null, edges: Map id -> document, all: vertices there are}.
export function gather(rows) {
  const vertices = new Map(), edges = new Map()
  const visit = (v, depth) => {
    if (isEdge(v)) edges.set(v._id ?? `${v._from} ${v._to} ${edges.size}`, v)
    else if (isVertex(v)) vertices.set(v._id, v)
    else if (depth < 4 && Array.isArray(v)) v.forEach((item) => visit(item, depth + 1))
    else if (depth < 4 && isObject(v)) Object.values(v).forEach((item) => visit(item, depth + 1))
  }
  for (const row of rows.slice(0, mostRows)) visit(row, 0)
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
  const more = h('div', {})
  const host = h('div', { class: 'query-graph-host' })
  const node = h('div', { class: 'query-graph', data: { testid: 'query-graph' } }, h('div', { class: 'row' }, note, h('span', { class: 'grow' }), more), legend, host)
  let taken = -1, turn = 0

  async function draw(rows) {
    const mine = ++turn
    const all = gather(rows)
    const { kept, links, pairs } = cut(all)
    note.textContent = sentence(all, kept, links, rows)
    replace(more, furtherLink(kept, links, explore))
    const layout = new Layout(kept.length, pairs)
    const picture = drawing(kept, links, pairs, all.vertices, onOpen)
    replace(host, picture.root)
    replace(legend, picture.legend)
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches
    while (!layout.done && !signal.aborted && mine === turn) {
      layout.work(sliceMs)
      if (!still) picture.place(layout)
      await new Promise((go) => requestAnimationFrame(go))
    }
    if (mine === turn) picture.place(layout)
  }

  return {
    node,
    update(run) {
      if (run.rows.length === taken) return
      taken = run.rows.length
      draw(run.rows)
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

function sentence({ vertices, edges }, kept, links, rows) {
  const out = `${count(vertices.size)} vertices and ${count(edges.size)} edges.`
  if (kept.length < vertices.size) return `${out} Drawn are the ${count(kept.length)} vertices with the most edges, and ${count(links.length)} edges among them: a FILTER, a LIMIT or a smaller depth shows all.`
  if (links.length < edges.size) return `${out} Drawn are the first ${count(links.length)} edges.`
  if (edges.size === 0) return `${out} RETURN {v, e} shows how they are joined.`
  return rows.length > mostRows ? `${out} They are those of the first ${count(mostRows)} rows.` : out
}

// drawing makes the nodes of the picture: {root, legend, place(layout)}.
function drawing(kept, links, pairs, documents, onOpen) {
  const kinds = [...new Set(kept.map((id) => id.split('/')[0]))]
  const kindAt = new Map(kinds.map((k, i) => [k, i % 8 + 1]))
  const lines = links.map((e) => svg('line', { class: 'query-edge', 'marker-end': 'url(#query-arrow)', onclick: () => onOpen(e, e._id ?? 'Edge') }, svg('title', {}, visible(short(`${e._id ?? ''} ${e._from} \u2192 ${e._to}`, 200)))))
  const dots = kept.map((id, i) => {
    const name = nameOf(documents.get(id), id)
    return svg('g', { class: `query-vertex query-kind-${kindAt.get(id.split('/')[0])}`, role: 'button', tabindex: i === 0 ? 0 : -1, aria: { label: visible(short(id, 100)) },
      onclick: () => onOpen(documents.get(id) ?? { _id: id }, id), onkeydown: (event) => keys(event, dots, i) },
    svg('circle', { r: 8 }), svg('title', {}, visible(short(id, 200))), kept.length <= labelled ? svg('text', { x: 12, y: 4 }, name) : null)
  })
  const root = svg('svg', { class: 'query-graph-svg', role: 'group', aria: { label: 'Graph of the result. Arrow keys go from vertex to vertex, Enter opens one.' } },
    svg('defs', {}, svg('marker', { id: 'query-arrow', viewBox: '0 0 10 10', refX: 10, refY: 5, markerWidth: 7, markerHeight: 7, orient: 'auto-start-reverse' }, svg('path', { d: 'M0 0 10 5 0 10z' }))),
    svg('g', {}, lines), svg('g', {}, dots))
  const legend = kinds.map((k) => h('li', {}, h('span', { class: `query-swatch query-kind-${kindAt.get(k)}` }), visible(short(k, 60))))
  return { root, legend, place: (layout) => place(layout, { root, lines, dots, pairs }) }
}

function nameOf(document, id) {
  const name = document?.name ?? document?.title ?? document?.label
  return visible(short(typeof name === 'string' && name ? name : id.split('/').slice(1).join('/') || id, 30))
}

function place(layout, { root, lines, dots, pairs }) {
  const { x, y } = layout
  const box = layout.box()
  root.setAttribute('viewBox', box.map((n) => n.toFixed(1)).join(' '))
  const room = root.getBoundingClientRect()
  const scale = Math.max(box[2] / (room.width || 900), box[3] / (room.height || 600))
  dots.forEach((dot, i) => dot.setAttribute('transform', `translate(${x[i].toFixed(1)} ${y[i].toFixed(1)}) scale(${scale.toFixed(3)})`))
  lines.forEach((line, i) => {
    const [a, b] = pairs[i]
    const length = Math.hypot(x[b] - x[a], y[b] - y[a]) || 1
    const cut = Math.min(0.45, 10 * scale / length)
    line.setAttribute('x1', x[a])
    line.setAttribute('y1', y[a])
    line.setAttribute('x2', x[b] - (x[b] - x[a]) * cut)
    line.setAttribute('y2', y[b] - (y[b] - y[a]) * cut)
  })
}

function keys(event, dots, at) {
  const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: dots.length - 1 }[event.key]
  if (event.key === 'Enter' || event.key === ' ') {
    event.preventDefault()
    dots[at].dispatchEvent(new MouseEvent('click', { bubbles: true }))
  } else if (to !== undefined) {
    event.preventDefault()
    const next = dots[(to + dots.length) % dots.length]
    dots[at].setAttribute('tabindex', '-1')
    next.setAttribute('tabindex', '0')
    next.focus()
  }
}
