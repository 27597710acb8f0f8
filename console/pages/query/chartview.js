// Rows as lines over time or over numbers.

import { h, clear } from '/console/app/dom.js'
import { chart } from '/console/app/chart.js'
import { failure } from '/console/app/states.js'
import { visible, short, count } from '/console/app/text.js'
import { number } from './value.js'
import { time } from './shape.js'

const mostLines = 8 // as many colours as style.css has
const mostPoints = 20_000

// chartView gives {node, update(run, shape)}.
export function chartView() {
  const node = h('div', { class: 'query-chart', data: { testid: 'query-chart' } })
  let drawn = null, drawing = ''

  async function make(what) {
    const series = what.ys.slice(0, mostLines).map((name, i) => ({ label: visible(short(String(name), 40)), color: `--query-${i + 1}` }))
    const host = h('div', { class: 'query-chart-host' })
    node.append(h('p', { class: 'muted', data: { testid: 'query-chart-note' } }), host)
    return chart(host, { label: `${series.map((s) => s.label).join(', ')} by ${visible(short(String(what.x), 40))}`, series, x: what.time ? 'time' : 'number', height: 280 })
  }

  return {
    node,
    async update(run, { chart: what }) {
      if (!what) return
      const key = JSON.stringify([what.x, what.ys, what.time])
      try {
        if (key !== drawing) {
          drawing = key
          drawn?.destroy()
          drawn = null
          clear(node)
          drawn = await make(what)
        }
        if (!drawn || key !== drawing) return
        const { data, left } = columns(run.rows, what)
        node.firstChild.textContent = left > 0 ? `${count(data[0].length)} points are drawn; ${count(left)} rows are not.` : ''
        node.firstChild.hidden = left === 0
        drawn.set(data)
      } catch (error) {
        clear(node).append(failure(error))
      }
    },
    destroy: () => drawn?.destroy(),
  }
}

// columns gives the data in columns, sorted along x: [xs, ys...].
export function columns(rows, what) {
  const at = what.time ? time : number
  const points = []
  for (const row of rows) {
    const x = at(row?.[what.x])
    if (x !== null && x !== undefined) points.push([x, row])
    if (points.length >= mostPoints) break
  }
  points.sort((a, b) => a[0] - b[0])
  const ys = what.ys.slice(0, mostLines).map((name) => points.map(([, row]) => number(row[name])))
  return { data: [points.map(([x]) => x), ...ys], left: rows.length - points.length }
}
