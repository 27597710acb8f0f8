// Choosing what to explore: a named graph, one edge collection, or several.

import { h, replace } from '../../app/dom.js'
import { dialog } from '../../app/dialog.js'
import { visible } from '../../app/text.js'

// load reads what there is: {graphs: [{name, edgeDefinitions, orphanCollections}], edges: [names], documents: [names]}.
export async function load(api, signal) {
  const [graphs, collections] = await Promise.all([
    api.call('GET', '/graph', { signal }),
    api.call('GET', '/collection', { query: { excludeSystem: true }, signal }),
  ])
  const names = (type) => collections.result.filter((c) => c.type === type && !c.timeseries).map((c) => c.name).sort()
  return { graphs: [...graphs.graphs].sort((a, b) => (a.name < b.name ? -1 : 1)), edges: names(3), documents: names(2) }
}

// ofGraph is the source of a named graph.
export function ofGraph(graph) {
  const vertices = new Set(graph.orphanCollections)
  for (const d of graph.edgeDefinitions) for (const name of [...d.from, ...d.to]) vertices.add(name)
  return { graph: graph.name, definition: graph, collections: graph.edgeDefinitions.map((d) => d.collection), vertices: [...vertices].sort() }
}

// ofEdges is the source of edge collections; their vertices may be in any collection.
export function ofEdges(names, known) {
  return { graph: null, definition: null, collections: names, vertices: known.documents }
}

// sourceOf reads a source from the address of the page: ?graph=NAME or ?edges=A,B. Null when it names nothing that is there.
export function sourceOf(query, known) {
  const graph = known.graphs.find((g) => g.name === query.get('graph'))
  if (graph) return ofGraph(graph)
  const names = (query.get('edges') ?? '').split(',').filter((name) => known.edges.includes(name))
  return names.length > 0 ? ofEdges(names, known) : null
}

const several = 'several'

// sourcePicker is the select in the toolbar. onChoose gets a source; onOpened is called when it is about to be used.
export function sourcePicker({ onChoose, onOpened }) {
  const select = h('select', { id: 'graph-source', data: { testid: 'graph-source' }, onchange: () => changed(), onfocus: onOpened })
  const node = h('label', { class: 'field' }, h('span', {}, 'Graph'), select)
  let known = { graphs: [], edges: [], documents: [] }
  let current = ''
  let shown = ''
  const changed = () => {
    const value = select.value
    if (value === several) {
      select.value = current
      chooseSeveral(known, (names) => onChoose(ofEdges(names, known)))
      return
    }
    const name = value.slice(2)
    const graph = value.startsWith('g:') && known.graphs.find((g) => g.name === name)
    onChoose(graph ? ofGraph(graph) : ofEdges([name], known))
  }
  return {
    node,
    set(all, source) {
      const now = JSON.stringify([all, source?.graph, source?.collections])
      if (now === shown) return // an open list does not change under the reader
      shown = now
      known = all
      current = !source ? '' : source.graph ? `g:${source.graph}` : source.collections.length === 1 ? `e:${source.collections[0]}` : 'list'
      replace(select, ...options(known, source, current))
      select.value = current
    },
  }
}

function options(known, source, current) {
  const group = (label, prefix, names) =>
    names.length > 0 && h('optgroup', { label }, ...names.map((name) => h('option', { value: `${prefix}:${name}` }, visible(name))))
  return [
    current === '' && h('option', { value: '', disabled: true }, 'Choose a graph'),
    current === 'list' && h('option', { value: 'list' }, visible(source.collections.join(', '))),
    group('Named graphs', 'g', known.graphs.map((g) => g.name)),
    group('Edge collections', 'e', known.edges),
    known.edges.length > 1 && h('option', { value: several }, 'Several edge collections…'),
  ].filter(Boolean)
}

function chooseSeveral(known, onChoose) {
  const boxes = known.edges.map((name) => h('input', { type: 'checkbox', value: name }))
  const body = h('div', { class: 'col graph-boxes' },
    h('p', { class: 'muted' }, 'Edges of all of these are followed.'),
    ...boxes.map((box) => h('label', { class: 'row' }, box, visible(box.value))))
  dialog({
    title: 'Edge collections',
    testid: 'graph-several',
    body,
    actions: [
      { label: 'Cancel', kind: '' },
      {
        label: 'Use these', kind: 'primary', testid: 'graph-several-use', run: () => {
          const names = boxes.filter((box) => box.checked).map((box) => box.value)
          if (names.length === 0) return false
          onChoose(names)
          return true
        },
      },
    ],
  })
}
