// The toolbar of the page: what to explore, from where, in which direction, and how it is laid out.

import { dialog } from '../../app/dialog.js'
import { h } from '../../app/dom.js'
import { icon } from '../../app/icons.js'
import { menu } from '../../app/menu.js'
import { count } from '../../app/text.js'
import { sourcePicker } from './sources.js'
import { vertexField } from './suggest.js'

const directions = [['ANY', 'Both ways'], ['OUTBOUND', 'Outgoing'], ['INBOUND', 'Incoming']]
const limits = [10, 25, 100, 500]

export function createToolbar({ page, explorer, signal }) {
  const source = sourcePicker({ onChoose: (chosen) => page.choose(chosen), onOpened: () => page.look() })
  const start = vertexField({
    label: 'Start', testid: 'graph-start', signal,
    collections: () => explorer.source?.vertices ?? [],
    run: (question, options) => explorer.run(question, options),
    onEnter: (id) => page.draw(id),
  })
  const direction = select('Direction', 'graph-direction', directions, (value) => { explorer.direction = value; explorer.select(explorer.selected) })
  const limit = select('At a time', 'graph-limit', limits.map((n) => [String(n), String(n)]), (value) => { explorer.limit = Number(value); explorer.select(explorer.selected) })
  limit.select.value = String(explorer.limit)
  const busy = h('span', { class: 'graph-busy', role: 'status', data: { testid: 'graph-busy' } })
  const counts = h('span', { class: 'muted graph-counts', data: { testid: 'graph-counts' } })
  const map = layoutSwitch(page)
  const query = button('Open query', 'graph-query', () => page.openQuery(), { disabled: true })
  const more = h('button', { class: 'button icon-only', type: 'button', aria: { label: 'More' }, data: { testid: 'graph-more' } }, icon('more'))
  menu(more, () => [
    { label: 'Add a vertex', run: () => page.addVertex(), testid: 'graph-add-vertex' },
    { label: 'Add an edge', run: () => page.addEdge(explorer.selected ?? ''), testid: 'graph-add-edge-menu' },
    '-',
    { label: 'Named graphs', run: () => page.manage(), testid: 'graph-manage' },
    '-',
    { label: 'Keys and pointer', run: showKeys, testid: 'graph-keys' },
  ])
  explorer.on('query', () => { query.disabled = false })
  explorer.on('busy', (n) => { busy.textContent = n > 0 ? 'Loading' : '' })
  const node = h('div', { class: 'graph-bar' },
    h('div', { class: 'toolbar' }, source.node, start.node,
      button('Draw', 'graph-draw', () => page.draw(start.value), { kind: 'primary' }),
      button('Pick for me', 'graph-pick', () => page.pick()),
      direction.node, limit.node),
    h('div', { class: 'toolbar' }, map.node,
      button('Fit', 'graph-fit', () => page.sight.fit(), { label: 'Show all' }),
      iconButton('add', 'Zoom in', 'graph-zoom-in', () => page.sight.zoom(1.25)),
      iconButton('remove', 'Zoom out', 'graph-zoom-out', () => page.sight.zoom(0.8)),
      button('Clear', 'graph-clear', () => page.clear()), query, more, h('span', { class: 'grow' }), busy, counts))
  return {
    node,
    set(known, chosen) {
      source.set(known, chosen)
      direction.select.value = explorer.direction
      start.set(explorer.start ?? start.value)
    },
    setStart: (id) => start.set(id),
    update({ vertices, edges, places }) {
      counts.textContent = `${count(vertices)} vertices, ${count(edges)} edges`
      map.offer(places)
    },
  }
}

const keys = [
  ['Arrow keys', 'to the neighbour in that direction'], ['Enter', 'expand'], ['Backspace', 'collapse'], ['Home', 'to the start'], ['Escape', 'select nothing'],
  ['+ and -', 'zoom'], ['0', 'show all'], ['Shift and arrows', 'move the picture'],
  ['Drag', 'move a vertex, which stays there, or the picture'], ['Wheel or pinch', 'zoom'], ['Double click', 'expand; with Shift: let a moved vertex go'],
]

function showKeys() {
  dialog({
    title: 'Keys and pointer',
    body: h('div', { class: 'col' },
      h('p', { class: 'muted' }, 'The keys work when the drawing has the focus. The List tab has the same as a table.'),
      h('dl', { class: 'kv' }, ...keys.flatMap(([key, what]) => [h('dt', {}, key), h('dd', {}, what)]))),
    actions: [{ label: 'Close', kind: '' }],
  })
}

function button(words, testid, onclick, { kind = '', disabled = false, label = null } = {}) {
  return h('button', { class: ['button', kind], type: 'button', disabled, title: label, data: { testid }, onclick }, words)
}

function iconButton(name, label, testid, onclick) {
  return h('button', { class: 'button icon-only', type: 'button', title: label, aria: { label }, data: { testid }, onclick }, icon(name))
}

function select(words, testid, options, changed) {
  const node = h('select', { data: { testid }, onchange: (event) => changed(event.target.value) }, ...options.map(([value, text]) => h('option', { value }, text)))
  return { select: node, node: h('label', { class: 'field' }, h('span', {}, words), node) }
}

// layoutSwitch offers the map when vertices have positions.
function layoutSwitch(page) {
  const options = [['force', 'Free'], ['map', 'Map']]
  const buttons = options.map(([kind, words]) => h('button', {
    class: 'button', type: 'button', aria: { pressed: String(kind === 'force') }, data: { testid: `graph-layout-${kind}` },
    onclick: () => {
      page.setLayout(kind)
      mark(kind)
    },
  }, words))
  const mark = (kind) => buttons.forEach((b, i) => b.setAttribute('aria-pressed', String(options[i][0] === kind)))
  const node = h('div', { class: 'graph-layouts', role: 'group', aria: { label: 'Layout' } }, ...buttons)
  return {
    node,
    offer(places) {
      buttons[1].disabled = places === 0
      buttons[1].title = places === 0 ? 'No drawn vertex has a position such as lat and lon' : `${count(places)} vertices have a position`
      if (places === 0 && page.layout === 'map') {
        page.setLayout('force')
        mark('force')
      }
    },
  }
}
