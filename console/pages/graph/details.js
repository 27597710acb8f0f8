// The panel of the selected vertex or edge: its document, its neighbours by edge collection, and what can be done with it.

import { h, replace } from '../../app/dom.js'
import { aborted } from '../../app/api.js'
import { jsonView } from '../../app/jsonview.js'
import { busy, empty, failure } from '../../app/states.js'
import { count, short, visible } from '../../app/text.js'
import { label } from './filter.js'
import { countMost } from './queries.js'

const drawnMost = 100 // neighbours that are listed

// detailsPanel fills a panel and answers a function that ends it. actions: {expand(id, options), collapse(id), remove(kind, id),
// addEdge(id), pathFrom(id), pathTo(id), begin(id), dataLink(id), page size}.
export function detailsPanel(panel, explorer, actions) {
  let current = null
  const show = () => {
    const focused = panel.contains(document.activeElement) ? document.activeElement.dataset.testid : null
    build()
    keepFocus(panel, focused, current.signal)
  }
  const build = () => {
    current?.abort()
    current = new AbortController()
    const id = explorer.selected
    const vertex = explorer.model.vertices.get(id)
    const edge = explorer.model.edges.get(id)
    if (vertex) replace(panel, ...vertexDetails(vertex, explorer, actions, current.signal))
    else if (edge) replace(panel, ...edgeDetails(edge, explorer, actions, current.signal))
    else {
      replace(panel, empty({
        title: 'Nothing is selected',
        text: explorer.model.vertices.size > 0 ? 'Choose a vertex or an edge in the drawing, or a row of the List tab.' : 'Choose a start vertex above, then Draw.',
      }))
    }
  }
  const end = explorer.on('select', show)
  show()
  return () => {
    current?.abort()
    end()
  }
}

// keepFocus gives the focus back to a control that was made anew, also when it comes a little later.
function keepFocus(panel, testid, signal) {
  if (!testid) return
  const find = () => panel.querySelector(`[data-testid="${CSS.escape(testid)}"]`)
  if (find()) {
    find().focus()
    return
  }
  const watch = new MutationObserver(() => {
    if (!find()) return
    watch.disconnect()
    if (document.activeElement === document.body) find().focus()
  })
  watch.observe(panel, { childList: true, subtree: true })
  signal.addEventListener('abort', () => watch.disconnect(), { once: true })
}

const button = (words, testid, onclick, extra = {}) => h('button', { class: ['button', extra.kind], type: 'button', data: { testid }, onclick, ...extra.props }, words)

function head(id, kind, missing) {
  return h('div', { class: 'row graph-head' },
    h('strong', { class: 'mono grow graph-id', title: visible(id), data: { testid: 'graph-selected' } }, h('bdi', null, visible(short(id, 60)))),
    h('span', { class: ['badge', missing && 'warn'] }, missing ? 'not there' : kind))
}

function vertexDetails(vertex, explorer, actions, signal) {
  const { id } = vertex
  const expandable = explorer.source !== null
  return [
    head(id, 'vertex', vertex.attributes === null),
    vertex.attributes === null && h('p', { class: 'muted' }, 'Edges lead here, but no vertex is there: it was removed, or another location has not sent it yet.'),
    h('div', { class: 'row graph-actions' },
      expandable && button('Expand', 'graph-expand', () => actions.expand(id), { kind: 'primary' }),
      vertex.expanded && button('Collapse', 'graph-collapse', () => actions.collapse(id)),
      vertex.pinned && button('Let go', 'graph-unpin', () => actions.unpin(vertex)),
      button('Start here', 'graph-begin', () => actions.begin(id)),
      button('Path from here', 'graph-path-from-here', () => actions.pathFrom(id)),
      button('Path to here', 'graph-path-to-here', () => actions.pathTo(id)),
      button('Add edge', 'graph-add-edge', () => actions.addEdge(id)),
      button('Remove', 'graph-remove', () => actions.remove('vertex', id), { kind: 'danger' })),
    expandable && degreeList(id, explorer, actions, signal),
    neighbourList(vertex, explorer),
    ...documentPart(id, vertex.attributes === null, explorer, actions, signal),
  ].filter(Boolean)
}

function edgeDetails(edge, explorer, actions, signal) {
  const end = (name, id) => [h('dt', {}, name), h('dd', {}, h('button', { class: 'button quiet mono', type: 'button', onclick: () => explorer.select(id) }, h('bdi', null, visible(short(id, 60)))))]
  return [
    head(edge.id, 'edge', false),
    h('dl', { class: 'kv' }, ...end('From', edge.from), ...end('To', edge.to)),
    h('div', { class: 'row graph-actions' },
      button('Remove', 'graph-remove', () => actions.remove('edge', edge.id), { kind: 'danger' })),
    ...documentPart(edge.id, false, explorer, actions, signal),
  ]
}

// degreeList has one row for each edge collection: how many edges there are, and the next page of them.
function degreeList(id, explorer, actions, signal) {
  const node = h('section', { class: 'graph-degrees', aria: { label: 'Edges by collection' } }, busy('Counting edges'))
  explorer.degrees(id, { signal }).then(
    (list) => !signal.aborted && replace(node, h('ul', { class: 'graph-list' }, ...list.map((row) => degreeRow(id, row, explorer, actions)))),
    (error) => !aborted(error) && !signal.aborted && replace(node, failure(error, () => node.replaceWith(degreeList(id, explorer, actions, signal)))),
  )
  return node
}

function degreeRow(id, { collection, count: n }, explorer, actions) {
  const page = explorer.model.expansions.get(id)?.pages.get(`${collection} ${explorer.direction}`)
  const loaded = page?.loaded ?? 0
  const many = n > countMost
  const left = n - loaded
  const words = n === 0 ? 'none' : many ? `${count(countMost)}+` : count(n)
  const more = left > 0 && !page?.done
  return h('li', { class: 'row', data: { testid: `graph-degree-${collection}` } },
    h('span', { class: 'grow' }, h('bdi', null, visible(collection)), ' ', h('span', { class: 'muted' }, words)),
    more && h('button', {
      class: 'button', type: 'button', data: { testid: `graph-more-${collection}` },
      onclick: () => actions.expand(id, { collection }),
    }, loaded > 0 ? `${many ? 'Many' : count(left)} more` : `Show ${count(Math.min(explorer.limit, left))}`))
}

function neighbourList(vertex, explorer) {
  const edges = explorer.model.edgesOf(vertex.id)
  if (edges.length === 0) return null
  const rows = edges.slice(0, drawnMost).map((edge) => {
    const out = edge.from === vertex.id
    const other = explorer.model.vertices.get(out ? edge.to : edge.from)
    return h('li', { class: 'row' },
      h('span', { class: 'graph-way', title: out ? 'outgoing' : 'incoming' }, out ? '→' : '←', h('span', { class: 'sr-only' }, out ? 'to' : 'from')),
      h('button', { class: 'button quiet grow graph-neighbour', type: 'button', onclick: () => explorer.select(other.id) },
        h('bdi', null, visible(short(label(other, explorer.labelBy), 40)))),
      h('button', { class: 'button quiet muted', type: 'button', aria: { label: `Edge ${edge.id}` }, onclick: () => explorer.select(edge.id) }, h('bdi', null, visible(short(edge.collection, 24)))))
  })
  return h('details', { class: 'graph-drawn', open: edges.length <= 12 },
    h('summary', {}, `Drawn edges (${count(edges.length)})`),
    h('ul', { class: 'graph-list' }, ...rows),
    edges.length > drawnMost && h('p', { class: 'muted' }, `The first ${drawnMost} are listed. The List tab has the vertices.`))
}

function documentPart(id, missing, explorer, actions, signal) {
  if (missing) return []
  const node = h('div', { class: 'graph-json', data: { testid: 'graph-document' } }, busy('Loading the document'))
  explorer.document(id, signal).then(
    (text) => !signal.aborted && replace(node, jsonView(text, { label: visible(id), depth: 2, text: true })),
    (error) => !aborted(error) && !signal.aborted && replace(node, failure(error, null)),
  )
  return [
    h('div', { class: 'row' }, h('h3', { class: 'grow' }, 'Document'), h('a', { class: 'button', href: actions.dataLink(id), data: { testid: 'graph-open-data' } }, 'Open in Data')),
    node,
  ]
}
