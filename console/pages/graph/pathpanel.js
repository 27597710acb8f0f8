// The path finder: between two vertices, the shortest path or the first few, by edges or by a weight.

import { h, replace } from '../../app/dom.js'
import { aborted } from '../../app/api.js'
import { busy, empty, failure } from '../../app/states.js'
import { count, short, visible } from '../../app/text.js'
import { label } from './filter.js'
import { fieldsOfEdges } from './queries.js'
import { vertexField } from './suggest.js'

const mostPaths = 50

// pathPanel fills a panel. `wanted` is kept by the page, so that it outlives the panel: {from, to, kind, count, weight, direction}.
export function pathPanel(panel, explorer, wanted, { vertexCollections, highlight, openQuery, announce, signal }) {
  const stop = new AbortController()
  const ends = AbortSignal.any([signal, stop.signal])
  const fields = formFields(explorer, wanted, vertexCollections, ends, () => run())
  const result = h('div', { class: 'col', aria: { live: 'polite' }, data: { testid: 'graph-path-result' } })
  const run = async () => {
    fields.read()
    if (!explorer.source || !wanted.from || !wanted.to) {
      replace(result, empty({ title: 'Two vertices are needed', text: 'Write the ids of the first and the last vertex, as collection/key.' }))
      return
    }
    const own = new AbortController()
    const waiting = busy('Searching')
    replace(result, h('div', { class: 'row' }, waiting, h('button', { class: 'button', type: 'button', data: { testid: 'graph-path-stop' }, onclick: () => own.abort() }, 'Stop')))
    try {
      const paths = await explorer.findPaths({ ...wanted }, AbortSignal.any([ends, own.signal]))
      announce(paths.length === 0 ? 'No path' : `${paths.length} ${paths.length === 1 ? 'path' : 'paths'} found`)
      if (paths.length > 0) choose(explorer, 0, highlight)
      list()
    } catch (error) {
      if (ends.aborted) return
      replace(result, aborted(error) ? h('p', { class: 'muted' }, 'The search was stopped.') : failure(error, run))
    }
  }
  const list = () => replace(result, ...results(explorer, { highlight, openQuery, redraw: list, cleared: () => replace(result) }))
  replace(panel,
    h('form', { class: 'col graph-path', onsubmit: (event) => { event.preventDefault(); run() } },
      ...fields.nodes, h('button', { class: 'button primary', type: 'submit', data: { testid: 'graph-path-find' } }, 'Find path')),
    result)
  if (explorer.found) list()
  const end = explorer.on('source', () => replace(result))
  return Object.assign(() => {
    stop.abort()
    fields.read()
    end()
  }, { run })
}

function formFields(explorer, wanted, vertexCollections, signal, onEnter) {
  const run = (question, options) => explorer.run(question, options)
  const from = vertexField({ label: 'From', testid: 'graph-path-from', collections: vertexCollections, run, onEnter, signal })
  const to = vertexField({ label: 'To', testid: 'graph-path-to', collections: vertexCollections, run, onEnter, signal })
  from.set(wanted.from)
  to.set(wanted.to)
  const kind = select('graph-path-kind', 'Search', wanted.kind, [['shortest', 'Shortest path'], ['k', 'Several shortest paths']])
  const direction = select('graph-path-direction', 'Direction', wanted.direction, [['ANY', 'Both ways'], ['OUTBOUND', 'Along the edges'], ['INBOUND', 'Against the edges']])
  const many = h('input', { type: 'number', min: 1, max: mostPaths, value: wanted.count, data: { testid: 'graph-path-count' } })
  const manyField = h('label', { class: 'field', hidden: wanted.kind !== 'k' }, h('span', {}, 'How many'), many)
  kind.select.addEventListener('change', () => { manyField.hidden = kind.select.value !== 'k' })
  const names = h('datalist', { id: 'graph-weights' })
  const weight = h('input', {
    list: 'graph-weights', value: wanted.weight, placeholder: 'number of edges', autocomplete: 'off', data: { testid: 'graph-path-weight' },
    onfocus: () => suggestWeights(explorer, names, signal),
  })
  return {
    nodes: [from.node, to.node, kind.node, manyField, direction.node, h('label', { class: 'field' }, h('span', {}, 'Weight attribute'), weight), names],
    read() {
      const n = Math.round(Number(many.value))
      Object.assign(wanted, {
        from: from.value, to: to.value, kind: kind.select.value, direction: direction.select.value,
        weight: weight.value.trim(), count: Math.min(mostPaths, Math.max(1, n || 1)),
      })
    },
  }
}

function select(testid, words, value, options) {
  const node = h('select', { data: { testid }, value }, ...options.map(([id, text]) => h('option', { value: id }, text)))
  return { select: node, node: h('label', { class: 'field' }, h('span', {}, words), node) }
}

async function suggestWeights(explorer, names, signal) {
  if (names.children.length > 0 || !explorer.source) return
  try {
    const lists = await Promise.all(explorer.edgeCollections().slice(0, 4).map((edges) => explorer.run(fieldsOfEdges(edges), { signal, remember: false })))
    replace(names, ...[...new Set(lists.flat())].map((name) => h('option', { value: name })))
  } catch {
    // Without suggestions the name can still be typed.
  }
}

// choose highlights one of the paths that were found.
export function choose(explorer, at, highlight) {
  const { found } = explorer
  if (!found) return
  found.at = at
  highlight(found.ids[at], found.paths[at].edges.map((e) => e._id))
}

function results(explorer, { highlight, openQuery, redraw, cleared }) {
  const { found } = explorer
  if (!found) {
    return [empty({ title: 'No path', text: 'No path joins these vertices here. Try both ways, other edge collections in the Filter tab, or another graph.' }), queryButton(openQuery)]
  }
  const rows = found.paths.map((path, i) => {
    const steps = found.ids[i].map((id) => explorer.model.vertices.get(id)).map((vertex) => (vertex ? label(vertex, explorer.labelBy) : '…'))
    return h('li', {}, h('button', {
      class: 'graph-path-row', type: 'button', aria: { pressed: String(found.at === i) }, data: { testid: `graph-path-${i}` },
      onclick: () => {
        choose(explorer, i, highlight)
        redraw()
      },
    }, h('span', { class: 'badge' }, weightText(path.weight)), h('span', { class: 'grow' }, h('bdi', null, visible(short(steps.join(' → '), 400))))))
  })
  return [
    h('p', { class: 'muted' }, found.paths.length === 1 ? '1 path.' : `${count(found.paths.length)} paths, lightest first.`),
    h('ol', { class: 'graph-list' }, ...rows),
    h('div', { class: 'row' }, queryButton(openQuery),
      h('button', { class: 'button', type: 'button', data: { testid: 'graph-path-clear' }, onclick: () => {
        explorer.found = null
        highlight([], [])
        cleared()
      } }, 'Clear highlight')),
  ]
}

function weightText(weight) {
  return typeof weight === 'number' ? String(Math.round(weight * 100) / 100) : visible(weight)
}

function queryButton(openQuery) {
  return h('button', { class: 'button', type: 'button', data: { testid: 'graph-path-query' }, onclick: openQuery }, 'Open query')
}
