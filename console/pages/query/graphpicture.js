// The picture of a graph: circles with names, lines with arrows, and the keyboard that goes from vertex to vertex.

import { h, svg } from '/console/app/dom.js'
import { visible, short } from '/console/app/text.js'

const labelled = 70 // vertices up to which all have their names beside them
const pointed = 300 // edges up to which all have an arrow
const colours = 8

export class Picture {
  // ids of the vertices, edges and the pairs of numbers that they join, documents by id. It begins empty: make() fills it.
  constructor({ ids, edges, pairs, documents, onOpen }) {
    Object.assign(this, { ids, edges, pairs, documents, onOpen, dots: [], lines: [] })
    const kinds = [...new Set(ids.map((id) => id.split('/')[0]))]
    this.kinds = new Map(kinds.map((kind, i) => [kind, i % colours + 1]))
    this.below = svg('g', {})
    this.above = svg('g', {})
    const arrow = svg('marker', { id: 'query-arrow', viewBox: '0 0 10 10', refX: 10, refY: 5, markerWidth: 7, markerHeight: 7, orient: 'auto-start-reverse' }, svg('path', { d: 'M0 0 10 5 0 10z' }))
    this.root = svg('svg', {
      class: 'query-graph-svg', role: 'group', aria: { label: 'Graph of the result. Arrow keys go from vertex to vertex, Enter opens one.' },
      onclick: (event) => this.open(event.target), onkeydown: (event) => this.key(event),
    }, svg('defs', {}, arrow), this.below, this.above)
    this.scale = 1
  }

  legend() {
    return [...this.kinds].map(([kind, n]) => h('li', {}, h('span', { class: `query-swatch query-kind-${n}` }), visible(short(kind, 60))))
  }

  get made() {
    return this.dots.length === this.ids.length && this.lines.length === this.edges.length
  }

  // make makes nodes for some milliseconds.
  make(ms) {
    const until = performance.now() + ms
    while (!this.made && performance.now() < until) {
      if (this.lines.length < this.edges.length) this.below.append(this.line(this.lines.length))
      else this.above.append(this.dot(this.dots.length))
    }
  }

  line(i) {
    const e = this.edges[i]
    const line = svg('path', { class: 'query-edge', 'marker-end': this.edges.length <= pointed ? 'url(#query-arrow)' : null, data: { edge: i } },
      svg('title', {}, visible(short(`${e._id ?? ''} ${e._from} \u2192 ${e._to}`, 200))))
    this.lines.push(line)
    if (this.layout) this.placeLine(i)
    return line
  }

  dot(i) {
    const id = this.ids[i]
    const dot = svg('g', {
      class: `query-vertex query-kind-${this.kinds.get(id.split('/')[0])}`, role: 'button', tabindex: i === 0 ? 0 : -1, data: { vertex: i },
      aria: { label: visible(short(id, 100)) },
    }, svg('circle', { r: 8 }), svg('title', {}, visible(short(id, 200))), this.ids.length <= labelled ? svg('text', { x: 12, y: 4 }, this.name(id)) : null)
    this.dots.push(dot)
    if (this.layout) this.placeDot(i)
    return dot
  }

  name(id) {
    const of = this.documents.get(id)
    const name = of?.name ?? of?.title ?? of?.label
    return visible(short(typeof name === 'string' && name ? name : id.split('/').slice(1).join('/') || id, 30))
  }

  // frame fits the picture to a layout, which nodes that are made later take their places from.
  frame(layout) {
    this.layout = layout
    const box = layout.box()
    this.root.setAttribute('viewBox', box.map((n) => n.toFixed(1)).join(' '))
    const room = this.root.getBoundingClientRect()
    this.scale = Math.max(box[2] / (room.width || 900), box[3] / (room.height || 600))
  }

  place(layout) {
    this.frame(layout)
    for (let i = 0; i < this.dots.length; i++) this.placeDot(i)
    for (let i = 0; i < this.lines.length; i++) this.placeLine(i)
  }

  placeDot(i) {
    const { x, y } = this.layout
    this.dots[i].setAttribute('transform', `translate(${x[i].toFixed(1)} ${y[i].toFixed(1)}) scale(${this.scale.toFixed(3)})`)
  }

  // placeLine ends a line at the rim of the circle, so that its arrow is seen.
  placeLine(i) {
    const { x, y } = this.layout
    const [a, b] = this.pairs[i]
    const length = Math.hypot(x[b] - x[a], y[b] - y[a]) || 1
    const cut = Math.min(0.45, 10 * this.scale / length)
    const to = [x[b] - (x[b] - x[a]) * cut, y[b] - (y[b] - y[a]) * cut]
    this.lines[i].setAttribute('d', `M${x[a].toFixed(1)} ${y[a].toFixed(1)}L${to[0].toFixed(1)} ${to[1].toFixed(1)}`)
  }

  open(target) {
    const vertex = target.closest('[data-vertex]'), edge = target.closest('[data-edge]')
    if (vertex) {
      const id = this.ids[Number(vertex.dataset.vertex)]
      this.onOpen(this.documents.get(id) ?? { _id: id }, id)
    } else if (edge) {
      const e = this.edges[Number(edge.dataset.edge)]
      this.onOpen(e, e._id ?? 'Edge')
    }
  }

  key(event) {
    const at = Number(event.target.closest('[data-vertex]')?.dataset.vertex ?? -1)
    if (at < 0) return
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: this.dots.length - 1 }[event.key]
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault()
      this.open(event.target)
    } else if (to !== undefined) {
      event.preventDefault()
      const next = this.dots[(to + this.dots.length) % this.dots.length]
      this.dots[at].setAttribute('tabindex', '-1')
      next.setAttribute('tabindex', '0')
      next.focus()
    }
  }
}
