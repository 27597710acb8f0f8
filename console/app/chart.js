// A line chart over time. The library comes when the first chart does.

import { colour, onTheme } from './appearance.js'
import { append, h } from './dom.js'
import { count } from './text.js'

const most = 1200 // points that a chart keeps; 20 minutes at one a second

let library = null

function load() {
  library ??= Promise.all([import('../vendor/uplot.js'), sheet('/console/vendor/uplot.css')]).then(([module]) => module.default, (error) => {
    library = null
    throw error
  })
  return library
}

function sheet(href) {
  return new Promise((resolve, reject) => {
    const link = h('link', { rel: 'stylesheet', href, onload: resolve, onerror: () => reject(new Error(`${href} did not come`)) })
    document.head.append(link)
  })
}

// chart draws into parent: series are {label, color} (a token such as '--accent'
// or any colour), unit stands at the values. push adds one point: the
// time in seconds, and a value, or null, for each series; set takes all,
// [times, values...]. With x 'number' the first are plain numbers. format writes a
// value.
export async function chart(parent, { label, series, unit = '', height = 160, format = null, x = 'time' }) {
  const Plot = await load()
  const write = format ?? ((v) => (v === null || v === undefined ? '\u2013' : `${Math.abs(v) >= 10 || Number.isInteger(v) ? count(v) : v.toFixed(2)}${unit ? ' ' + unit : ''}`))
  const box = h('div', { class: 'chart', role: 'img', aria: { label } })
  append(parent, box)
  let data = [[], ...series.map(() => [])]
  let plot = null
  let due = 0

  function make() {
    plot?.destroy()
    plot = new Plot(options({ series, height, write, x, width: Math.max(120, box.clientWidth || 320) }), data, box)
  }

  function draw() {
    due = 0
    if (!plot) return
    plot.setData(data)
    if (plot.cursor.idx === null || plot.cursor.idx === undefined) plot.setLegend({ idx: data[0].length - 1 }, false)
    const latest = series.map((one, i) => `${one.label} ${write(data[i + 1].at(-1))}`).join(', ')
    box.setAttribute('aria-label', data[0].length > 0 ? `${label}: ${latest}` : `${label}: no values yet`)
  }

  // Many points of one moment are drawn once.
  const later = () => {
    due ||= requestAnimationFrame(draw)
  }
  make()
  const watch = new ResizeObserver(() => {
    const width = Math.max(120, box.clientWidth)
    if (plot && width !== plot.width) plot.setSize({ width, height })
  })
  watch.observe(box)
  const forget = onTheme(make)
  return {
    node: box,
    push(seconds, values) {
      data[0].push(seconds)
      series.forEach((_, i) => data[i + 1].push(values[i] ?? null))
      if (data[0].length > most) data = data.map((one) => one.slice(-most + most / 10))
      later()
    },
    set(all) {
      data = all.map((one) => [...one])
      later()
    },
    destroy() {
      cancelAnimationFrame(due)
      watch.disconnect()
      forget()
      plot?.destroy()
      plot = null
      box.remove()
    },
  }
}

// Steps of time in seconds that people count in; a scale has no finer one.
const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 43_200, 86_400, 172_800, 604_800]

function options({ series, width, height, write, x }) {
  const first = x === 'number' ? (v) => String(v) : clock
  const axis = { stroke: colour('--muted'), grid: { stroke: colour('--line'), width: 1 }, ticks: { stroke: colour('--line'), width: 1 }, font: '11px system-ui, sans-serif' }
  return {
    width,
    height,
    legend: { live: true },
    cursor: { points: { size: 6 }, drag: { x: false, y: false } },
    scales: { x: { time: false }, y: { range: (plot, low, high) => [Math.min(0, low ?? 0), high > 0 ? high * 1.1 : 1] } },
    axes: [
      { ...axis, size: 28, ...(x === 'number' ? {} : { incrs: steps, space: 72 }), values: (plot, ticks) => ticks.map(first) },
      { ...axis, size: 62, values: (plot, ticks) => ticks.map((v) => write(v)) },
    ],
    series: [
      { label: x === 'number' ? 'x' : 'Time', value: (plot, v) => (v === null || v === undefined ? '\u2013' : first(v)) },
      ...series.map((one) => ({ label: one.label, stroke: colour(one.color), width: 1.5, spanGaps: false, points: { show: false }, value: (plot, v) => write(v) })),
    ],
  }
}

function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString('en-GB')
}
