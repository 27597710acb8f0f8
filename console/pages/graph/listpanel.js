// The drawing as a table, for those who read rather than look: every shown vertex with its collection and number of drawn edges.

import { h, replace } from '../../app/dom.js'
import { table } from '../../app/table.js'
import { count, short, visible } from '../../app/text.js'
import { label } from './filter.js'

export function listPanel(panel, explorer, { onOpen }) {
  const told = h('p', { class: 'muted', role: 'status' })
  const rows = table({
    label: 'Vertices that are drawn',
    rowId: (vertex) => vertex.id,
    onOpen: (vertex) => onOpen(vertex.id),
    empty: 'No vertex is shown. Choose a start vertex above, or widen the filter.',
    columns: [
      { name: 'label', title: 'Label', cell: (v) => visible(short(label(v, explorer.labelBy), 60)) },
      { name: 'id', title: 'Vertex', cell: (v) => h('span', { class: 'mono' }, h('bdi', null, visible(short(v.id, 60)))) },
      { name: 'edges', title: 'Edges', width: 70, align: 'right', cell: (v) => count(explorer.model.edgesOf(v.id).length) },
    ],
  })
  replace(panel, told, h('div', { class: 'graph-table', data: { testid: 'graph-list' } }, rows.node))
  const order = new Intl.Collator('en', { numeric: true })
  const byLabel = (a, b) => order.compare(label(a, explorer.labelBy), label(b, explorer.labelBy))
  const fill = () => {
    const { vertices, edges } = explorer.shown()
    told.textContent = `${count(vertices.length)} vertices and ${count(edges.length)} edges are shown. Enter selects a row.`
    rows.setRows([...vertices].sort(byLabel))
  }
  const ends = [explorer.on('graph', fill), explorer.on('shown', fill)]
  fill()
  return () => ends.forEach((end) => end())
}
