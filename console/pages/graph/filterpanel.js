// The panel that says what of the drawing is shown: by collection, by an attribute, and which attribute names vertices.

import { h, replace } from '../../app/dom.js'
import { count, visible } from '../../app/text.js'
import { attributeNames, operators } from './filter.js'

export function filterPanel(panel, explorer, palette) {
  const { filter } = explorer
  const edges = h('div', { class: 'col' })
  const vertices = h('div', { class: 'col' })
  const names = h('datalist', { id: 'graph-attributes' })
  const told = h('p', { class: 'muted', role: 'status', data: { testid: 'graph-filter-count' } })
  const condition = filter.condition ?? { attribute: '', operator: '==', value: '' }
  const changed = () => {
    filter.condition = condition.attribute === '' ? null : { ...condition }
    value.disabled = condition.operator.startsWith('is ')
    explorer.emit('shown')
  }
  const attribute = h('input', {
    id: 'graph-filter-attribute', list: 'graph-attributes', value: condition.attribute, autocomplete: 'off', data: { testid: 'graph-filter-attribute' },
    oninput: (event) => { condition.attribute = event.target.value.trim(); changed() },
  })
  const operator = h('select', {
    aria: { label: 'Comparison' }, data: { testid: 'graph-filter-operator' }, value: condition.operator,
    onchange: (event) => { condition.operator = event.target.value; changed() },
  }, ...operators.map((name) => h('option', { value: name }, name)))
  const value = h('input', {
    aria: { label: 'Value' }, value: condition.value, placeholder: 'value', data: { testid: 'graph-filter-value' },
    oninput: (event) => { condition.value = event.target.value; changed() },
  })
  const labelBy = h('select', {
    id: 'graph-label', data: { testid: 'graph-label' },
    onchange: (event) => { explorer.labelBy = event.target.value; explorer.emit('shown') },
  })
  replace(panel,
    h('section', { class: 'col' }, h('h3', {}, 'Vertices where'), h('div', { class: 'row graph-condition' }, h('label', { class: 'sr-only', for: 'graph-filter-attribute' }, 'Attribute'), attribute, operator, value), names, told),
    h('section', { class: 'col' }, h('label', { class: 'field', for: 'graph-label' }, h('span', {}, 'Label'), labelBy)),
    h('section', { class: 'col' }, h('h3', {}, 'Edge collections'), edges),
    h('section', { class: 'col' }, h('h3', {}, 'Vertex collections'), vertices))
  const fill = () => {
    fillParts({ explorer, palette, edges, vertices, names, labelBy })
    tell(told, explorer)
  }
  const ends = [explorer.on('graph', fill), explorer.on('source', fill), explorer.on('shown', () => tell(told, explorer))]
  fill()
  return () => ends.forEach((end) => end())
}

function tell(node, explorer) {
  const all = explorer.model.vertices.size
  const seen = explorer.shown().vertices.length
  node.textContent = seen === all ? `All ${count(all)} drawn vertices are shown.` : `${count(seen)} of ${count(all)} drawn vertices are shown.`
}

function fillParts({ explorer, palette, edges, vertices, names, labelBy }) {
  const { model, filter, source } = explorer
  const attributes = attributeNames(model)
  replace(names, ...attributes.map((name) => h('option', { value: name })))
  replace(labelBy, h('option', { value: '' }, 'Name, title or key'), ...[...new Set([...attributes, explorer.labelBy])].filter(Boolean).map((name) => h('option', { value: name }, visible(name))))
  labelBy.value = explorer.labelBy
  const drawnEdges = new Map(model.collections(model.edges).map((c) => [c.name, c.count]))
  replace(edges, ...(source?.collections ?? []).map((name) =>
    choice({ name, count: drawnEdges.get(name) ?? 0, hidden: filter.hiddenEdges, explorer, testid: `graph-edges-${name}`, sign: edgeSign(palette, name) })))
  const drawn = model.collections(model.vertices)
  replace(vertices, ...(drawn.length > 0
    ? drawn.map((c) => choice({ ...c, hidden: filter.hiddenVertices, explorer, testid: `graph-vertices-${c.name}`, sign: vertexSign(palette, c.name) }))
    : [h('p', { class: 'muted' }, 'Nothing is drawn yet.')]))
}

function choice({ name, count: n, hidden, explorer, testid, sign }) {
  const box = h('input', {
    type: 'checkbox', checked: !hidden.has(name), data: { testid },
    onchange: () => {
      if (box.checked) hidden.delete(name)
      else hidden.add(name)
      explorer.emit('shown')
    },
  })
  return h('label', { class: 'row' }, box, sign, h('bdi', { class: 'grow' }, visible(name)), h('span', { class: 'muted' }, count(n)))
}

// The signs of the legend: the shape of a vertex, the dash of an edge, in their colours.
export function vertexSign(palette, name) {
  const node = h('span', { class: `graph-sign graph-sign-${palette.shape(name)}`, aria: { hidden: 'true' } })
  node.style.backgroundColor = palette.vertex(name)
  return node
}

export function edgeSign(palette, name) {
  const node = h('span', { class: 'graph-sign graph-sign-edge', aria: { hidden: 'true' } })
  node.style.borderTopColor = palette.edge(name)
  node.style.borderTopStyle = palette.dash(name).length > 0 ? 'dashed' : 'solid'
  return node
}
