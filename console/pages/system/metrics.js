// The Metrics tab: groups of lines over time, and a table of everything that the location counts.

import { chart } from '../../app/chart.js'
import { h, replace } from '../../app/dom.js'
import { busy, failure } from '../../app/states.js'
import { table } from '../../app/table.js'
import { bytes, count, short, visible } from '../../app/text.js'
import { groups } from './gauges.js'
import { labelText } from './prometheus.js'

export function metricsTab(panel, { source, signal }) {
  const trouble = h('div')
  const grid = h('div', { class: 'system-charts', data: { testid: 'system-metrics' } })
  const all = allMetrics(source)
  replace(panel, trouble, grid, all.node)
  const charts = new Map()
  const state = { gone: false }
  for (const group of groups) drawGroup({ group, grid, charts, source, state, signal })
  const refill = () => {
    replace(trouble)
    for (const [id, drawn] of charts) drawn.set(source.history().data.get(id))
    all.fill()
  }
  const ends = [
    source.on('reading', ({ reading, point }) => {
      replace(trouble)
      for (const [id, drawn] of charts) drawn.add(reading.at, point.get(id))
      all.first()
    }),
    source.on('failed', (error) => replace(trouble, failure(error, () => source.read()))),
    source.on('location', refill),
  ]
  if (source.failure) replace(trouble, failure(source.failure, () => source.read()))
  return () => {
    state.gone = true
    ends.forEach((end) => end())
    for (const drawn of charts.values()) drawn.destroy()
  }
}

function drawGroup({ group, grid, charts, source, state, signal }) {
  const waiting = busy('Loading')
  const now = h('p', { class: 'system-now' })
  const card = h('section', { class: 'card system-chart', aria: { label: group.title }, data: { testid: `system-chart-${group.id}` } }, h('h2', {}, group.title), now, waiting)
  grid.append(card)
  const write = writer(group)
  const tell = (values) => {
    replace(now, ...(values ?? []).map((value, i) => h('span', { class: 'system-line' }, mark(group.lines[i].color), `${group.lines[i].label} `, h('strong', {}, write(value)))))
  }
  const perSecond = group.unit === 'bytes/s' ? '/s' : ''
  const options = {
    label: group.title, unit: group.unit, height: 130, series: group.lines.map(({ label, color }) => ({ label, color })),
    format: group.bytes ? (v) => (v === null || v === undefined ? '–' : bytes(v) + perSecond) : null,
  }
  chart(card, options).then(
    (drawn) => {
      waiting.remove()
      if (state.gone || signal.aborted) {
        drawn.destroy()
        return
      }
      const set = (data) => {
        drawn.set(data)
        tell(data.slice(1).map((column) => column.at(-1)))
      }
      charts.set(group.id, {
        set, destroy: () => drawn.destroy(),
        add: (at, values) => {
          drawn.push(at, values)
          tell(values)
        },
      })
      set(source.history().data.get(group.id))
    },
    (error) => !state.gone && replace(waiting, failure(error, null)),
  )
}

// mark shows the colour of a line; the colour is a token, so that it follows the theme.
function mark(color) {
  return h('span', { class: 'system-mark', aria: { hidden: 'true' }, style: { backgroundColor: `var(${color})` } })
}

function writer(group) {
  const rest = group.unit === 'bytes/s' ? '/s' : ''
  return (value) => {
    if (value === null || value === undefined) return '–'
    if (group.bytes) return bytes(value) + rest
    const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
    return `${Number(value.toFixed(digits))}${group.unit === '/s' ? '/s' : group.unit ? ` ${group.unit}` : ''}`
  }
}

// allMetrics is the table of all samples. It is filled once and when asked for, so that it does not move under the reader.
function allMetrics(source) {
  const search = h('input', { type: 'search', placeholder: 'name, label or meaning', data: { testid: 'system-metrics-search' }, oninput: () => fill() })
  const told = h('span', { class: 'muted', role: 'status', data: { testid: 'system-metrics-count' } })
  const rows = table({
    label: 'All metrics',
    testid: 'system-metrics-table',
    empty: 'No metric fits. Change the search.',
    columns: [
      { name: 'name', title: 'Metric', width: 'minmax(220px, 1.2fr)', cell: (r) => h('span', { class: 'mono', title: r.name }, r.name) },
      { name: 'labels', title: 'Labels', width: 'minmax(140px, 1fr)', cell: (r) => visible(short(r.labels, 120)) },
      { name: 'value', title: 'Value', width: 110, align: 'right', cell: (r) => valueText(r) },
      { name: 'help', title: 'Meaning', width: 'minmax(260px, 2fr)', cell: (r) => h('span', { title: visible(r.help) }, visible(r.help)) },
    ],
  })
  let filled = false
  const fill = () => {
    const list = samples(source.latest?.families)
    const words = search.value.trim().toLowerCase()
    const shown = words === '' ? list : list.filter((r) => `${r.name} ${r.labels} ${r.help}`.toLowerCase().includes(words))
    told.textContent = `${count(shown.length)} of ${count(list.length)}`
    rows.setRows(shown)
    filled = list.length > 0
  }
  const node = h('section', { class: 'col', aria: { label: 'All metrics' } },
    h('div', { class: 'toolbar' }, h('h2', {}, 'All metrics'), h('label', { class: 'row grow' }, h('span', { class: 'sr-only' }, 'Search metrics'), search), told,
      h('button', { class: 'button', type: 'button', data: { testid: 'system-metrics-refresh' }, onclick: () => fill() }, 'Refresh')),
    rows.node)
  if (source.latest) fill()
  return { node, fill, first: () => !filled && fill() }
}

function samples(families) {
  const out = []
  for (const family of families?.values() ?? []) {
    for (const { name, labels, value } of family.samples) out.push({ name, labels: labelText(labels), value, help: family.help, type: family.type })
  }
  return out
}

function valueText({ name, value }) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '-∞'
  if (/_bytes(_total)?$/.test(name)) return bytes(value)
  return Number.isInteger(value) ? count(value) : String(Number(value.toPrecision(5)))
}
