// PROFILE: what each step of a query did: rows, time and memory, as bars.

import { h, replace } from '/console/app/dom.js'
import { bytes, count, ms, visible, short } from '/console/app/text.js'
import { nested } from './plan.js'
import { bar, kindBadge } from './planview.js'

const names = ['id', 'node', 'calls', 'expected', 'rows', 'filtered', 'ms', 'KiB', 'what it does']

// profileLines reads the table of a profile's text. Columns of figures end where their titles end.
export function profileLines(text) {
  const [head, ...lines] = text.split('\n').filter((l) => l.trim() !== '')
  if (!head) return []
  const ends = names.slice(0, -1).map((n) => head.indexOf(n) + n.length)
  const last = head.indexOf(names.at(-1))
  const wide = Math.max(4, ...lines.map((l) => /^\s*\d+\s+(\S+)/.exec(l)?.[1].length ?? 0))
  const first = head.indexOf('node') + wide
  return lines.map((line) => {
    const cells = names.slice(2, -1).map((_, i) => line.slice(i === 0 ? first : ends[i + 1], ends[i + 2]).trim())
    const m = /^\s*(\d+)\s+(\S+)/.exec(line)
    const what = line.slice(last)
    const figure = (i) => cells[i] === '' || cells[i] === undefined ? null : Number(cells[i])
    return {
      id: Number(m?.[1]), kind: m?.[2] ?? '', depth: /^ */.exec(what)[0].length / 2, what: what.trim(), calls: figure(0), expected: figure(1),
      rows: figure(2), filtered: figure(3), ms: figure(4), kib: figure(5),
    }
  })
}

// withFigures puts the exact figures of the answer in the place of those of the text, and tells each step's own time, without
// that of the steps that it draws from.
export function withFigures(lines, nodes = []) {
  const by = new Map(nodes.map((n) => [n.id, n]))
  let before = null
  return lines.map((l) => {
    const n = by.get(l.id)
    const did = n && n.calls > 0 ? { rows: n.items, filtered: n.filtered, ms: n.runtime * 1000, kib: n.memory / 1024, calls: n.calls } : {}
    const step = { ...l, ...did }
    step.own = step.ms === null ? null : Math.max(0, step.ms - (before?.ms ?? 0))
    if (step.ms !== null) before = step
    return step
  })
}

// profileView gives {node, update(run)}.
export function profileView() {
  const node = h('div', { class: 'query-profile', role: 'group', tabindex: 0, aria: { label: 'Steps of the query' }, data: { testid: 'query-profile-tree' } })
  return {
    node,
    update(run) {
      const steps = withFigures(profileLines(run.profileText), run.stats?.nodes)
      const greatest = (member) => Math.max(...steps.map((s) => s[member] ?? 0), 0.001)
      const most = { own: greatest('own'), rows: greatest('rows'), kib: greatest('kib') }
      const head = h('div', { class: 'query-profile-step query-step-head', aria: { hidden: true } }, ['Step', 'Rows', 'Time', 'Memory'].map((t) => h('span', {}, t)))
      const note = 'Time is what a step took by itself; memory is the most that the query held after it. A step without figures was done in one go with the one before it.'
      replace(node, phases(run.phases), head, branch(nested(steps), most), h('p', { class: 'muted' }, note))
    },
  }
}

function phases(list) {
  if (!list) return null
  return h('p', { class: 'muted' }, Object.entries(list).map(([name, seconds]) => `${visible(name)} ${ms(seconds * 1000)}`).join(' \u00b7 '))
}

function branch(list, most) {
  return h('ul', {}, list.map((s) => h('li', {}, stepRow(s, most), s.children.length > 0 ? branch(s.children, most) : null)))
}

function stepRow(s, most) {
  return h('div', { class: 'query-profile-step', data: { testid: 'query-profile-node', kind: s.kind } },
    h('span', {}, kindBadge(s), ' ', h('span', { class: 'mono query-what' }, h('bdi', null, visible(short(s.what, 600)))), remarks(s)),
    figure(s.rows === null ? '' : count(s.rows), s.rows === null ? null : s.rows / most.rows, s.expected === null ? '' : `${count(s.expected)} expected`),
    figure(s.own === null ? '' : ms(s.own), s.own === null ? null : s.own / most.own),
    figure(s.kib === null ? '' : bytes(s.kib * 1024), s.kib === null ? null : s.kib / most.kib))
}

function figure(text, share, more = '') {
  return h('span', { class: 'query-figure' }, h('span', {}, text, more ? h('small', { class: 'muted' }, ' ' + more) : null), share === null ? null : bar(share))
}

// remarks says where a step did much for little, or where the planner was far off.
function remarks(s) {
  const out = []
  if (s.filtered > 1000 && s.filtered > 10 * (s.rows ?? 0)) out.push(`turned ${count(s.filtered)} away: an index would help`)
  if (s.rows !== null && s.expected !== null && s.rows > 1000 && (s.rows > 20 * s.expected || s.expected > 20 * s.rows)) out.push('far from what was expected')
  return out.map((r) => h('span', { class: 'badge warn' }, r))
}
