// The notable events: the last ones as the location tells them when asked, and
// each new one as it happens.

import { h } from '../../app/dom.js'
import { aborted } from '../../app/api.js'
import { ago, time, visible } from '../../app/text.js'
import { paged } from './paged.js'
import { mark, say, show } from './paint.js'

const most = 1_000
const levels = { info: '', warn: 'warn', error: 'bad' }

function stamp(at) {
  if (typeof at === 'number') return at
  const parsed = Date.parse(at)
  return Number.isNaN(parsed) ? Date.now() : parsed
}

export class Notables {
  constructor() {
    this.events = []
    this.known = new Set()
    this.watchers = new Set()
  }

  /** source: the location that numbers the events; newest first afterwards. */
  add(list, source) {
    let fresh = false
    for (const one of list) {
      const key = `${source}:${one.number}`
      if (this.known.has(key)) continue
      this.known.add(key)
      fresh = true
      this.events.push({ key, at: stamp(one.at), level: one.level ?? 'info', kind: one.kind ?? '', location: one.location ?? '', text: String(one.text ?? '') })
    }
    if (!fresh) return
    this.events.sort((p, q) => q.at - p.at)
    for (const old of this.events.splice(most)) this.known.delete(old.key)
    for (const watcher of this.watchers) watcher()
  }

  async load(api, source, signal) {
    const answer = await api.call('GET', '/mesh/events', { query: { since: 0, limit: most }, signal })
    this.add(answer?.result ?? [], source)
  }

  of(name) {
    return this.events.filter((one) => one.location === name)
  }
}

/** The list of all, newest first, with a choice of what to see. */
export class NotableList {
  constructor(notables, { choose, retry }) {
    this.notables = notables
    this.choose = choose
    this.rows = h('ol', { class: 'planet-events', data: { testid: 'planet-events' } })
    this.empty = h('p', { class: 'empty' }, 'Nothing notable so far. Joins, cuts, clock trouble and full disks show here.')
    this.problem = h('div', { hidden: true, class: 'error', role: 'status' })
    this.retry = h('button', { class: 'button', type: 'button', onclick: retry }, 'Try again')
    this.level = h('select', { 'aria-label': 'Which events', data: { testid: 'planet-events-level' }, onchange: () => this.update() },
      h('option', { value: 'info' }, 'all'), h('option', { value: 'warn' }, 'warnings and errors'), h('option', { value: 'error' }, 'errors'))
    this.list = paged(this.rows, {
      size: 20, noun: 'event', testid: 'planet-events', key: (one) => one.key,
      make: (one) => this.row(one),
      update: (row, one) => say(row.firstChild, ago(one.at)),
    })
    this.node = h('section', { class: 'card col planet-notables', 'aria-label': 'Notable events' },
      h('header', { class: 'row' }, h('h2', { class: 'grow' }, 'Notable events'), this.level), this.problem, this.empty, this.rows, this.list.nav)
    this.stop = () => notables.watchers.delete(this.watcher)
    this.watcher = () => this.update()
    notables.watchers.add(this.watcher)
    this.update()
  }

  row(one) {
    const place = one.location
      ? h('button', { class: 'button quiet', type: 'button', onclick: () => this.choose({ location: one.location }) }, visible(one.location)) : h('span')
    const when = h('time', { class: 'muted', datetime: new Date(one.at).toISOString(), title: time(one.at) }, ago(one.at))
    const kind = h('span', { class: `badge ${levels[one.level] ?? ''}` }, visible(one.kind || one.level))
    return h('li', { 'data-level': one.level }, when, kind, place, h('span', { class: 'grow' }, visible(one.text)))
  }

  update() {
    const wanted = { info: ['info', 'warn', 'error'], warn: ['warn', 'error'], error: ['error'] }[this.level.value]
    const events = this.notables.events.filter((one) => wanted.includes(one.level) || this.level.value === 'info')
    show(this.empty, events.length === 0)
    this.list.set(events)
  }

  fail(error) {
    if (aborted(error)) return
    this.problem.replaceChildren(h('p', null, visible(`The events could not be read: ${error.message}. ${error.next ?? ''}`)), this.retry)
    show(this.problem, true)
  }

  well() {
    show(this.problem, false)
    mark(this.node, 'aria-busy', null)
  }
}
