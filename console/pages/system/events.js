// The Events tab: notable events of a location, newest first, as they come.

import { aborted } from '../../app/api.js'
import { dialog } from '../../app/dialog.js'
import { h, replace } from '../../app/dom.js'
import { failure } from '../../app/states.js'
import { table } from '../../app/table.js'
import { count, time, visible } from '../../app/text.js'

const page = 200
const keptMost = 2000
const everyMs = 2000
const badges = { info: '', warn: 'warn', error: 'bad' }

// EventLog keeps the events of one location in order, each once.
export class EventLog {
  constructor() {
    this.events = new Map() // number -> event
    this.next = 0
  }

  add(list) {
    let added = 0
    for (const event of list) {
      if (this.events.has(event.number)) continue
      this.events.set(event.number, event)
      added++
    }
    while (this.events.size > keptMost) this.events.delete(Math.min(...this.events.keys()))
    return added
  }

  newest(filter = {}) {
    const words = (filter.words ?? '').trim().toLowerCase()
    return [...this.events.values()].sort((a, b) => b.number - a.number).filter((e) =>
      (!filter.level || e.level === filter.level) && (!filter.kind || e.kind === filter.kind) && (!filter.location || e.location === filter.location) &&
      (words === '' || `${e.kind} ${e.location} ${e.text}`.toLowerCase().includes(words)))
  }

  values(name) {
    return [...new Set([...this.events.values()].map((e) => e[name]).filter(Boolean))].sort()
  }
}

// readNew asks for what came since the last time, page by page. It answers how many were new.
export async function readNew(api, log, signal) {
  let added = 0
  for (let rounds = 0; rounds < keptMost / page + 1; rounds++) {
    const reply = await api.call('GET', '/mesh/events', { query: { since: log.next, limit: page }, signal, timeout: 10_000 })
    const list = reply.result ?? []
    added += log.add(list)
    const last = list.reduce((most, e) => Math.max(most, e.number), log.next)
    const next = Number(reply.next)
    const forward = Number.isFinite(next) && next > log.next ? next : last
    if (list.length < page || forward <= log.next) {
      log.next = Math.max(log.next, last, Number.isFinite(next) ? next : 0)
      break
    }
    log.next = forward
  }
  return added
}

export function eventsTab(panel, { source, signal }) {
  const state = { log: new EventLog(), timer: 0, stop: new AbortController(), paused: false, filter: { level: '', kind: '', location: '', words: '' }, unseen: 0 }
  const view = buildView(state, () => show(true))
  replace(panel, view.node)
  const show = (force) => {
    if (!force && (state.paused || view.scrolled())) {
      view.tellUnseen(state.unseen)
      return
    }
    state.unseen = 0
    view.show(state)
  }
  const follow = async () => {
    clearTimeout(state.timer)
    const stop = AbortSignal.any([state.stop.signal, signal])
    try {
      const first = state.log.events.size === 0
      state.unseen += await readNew(source.api, state.log, stop)
      if (stop.aborted) return
      replace(view.trouble)
      if (first || state.unseen > 0) show(first)
    } catch (error) {
      if (stop.aborted || aborted(error)) return
      replace(view.trouble, failure(error, follow))
    }
    if (!stop.aborted) state.timer = setTimeout(follow, everyMs)
  }
  const restart = () => {
    state.stop.abort()
    state.stop = new AbortController()
    state.log = new EventLog()
    show(true)
    follow()
  }
  const ends = [
    source.on('location', restart),
    source.live.subscribe('notable', (event) => {
      if (source.elsewhere || typeof event?.number !== 'number') return
      state.unseen += state.log.add([event])
      if (state.unseen > 0) show(false)
    }),
  ]
  restart()
  return () => {
    ends.forEach((end) => end())
    clearTimeout(state.timer)
    state.stop.abort()
  }
}

function buildView(state, changed) {
  const choice = (name, words) => {
    const node = h('select', { data: { testid: `system-events-${name}` }, onchange: () => { state.filter[name] = node.value; changed() } })
    return { node: h('label', { class: 'field' }, h('span', {}, words), node), select: node, name }
  }
  const choices = [choice('level', 'Level'), choice('kind', 'Kind'), choice('location', 'Location')]
  const words = h('input', { type: 'search', data: { testid: 'system-events-search' }, oninput: () => { state.filter.words = words.value; changed() } })
  const pause = h('button', { class: 'button', type: 'button', aria: { pressed: 'false' }, data: { testid: 'system-events-pause' }, onclick: () => {
    state.paused = !state.paused
    pause.setAttribute('aria-pressed', String(state.paused))
    if (!state.paused) changed()
  } }, 'Pause')
  const unseen = h('button', { class: 'button', type: 'button', hidden: true, data: { testid: 'system-events-unseen' }, onclick: () => changed() })
  const told = h('span', { class: 'muted', role: 'status', data: { testid: 'system-events-count' } })
  const trouble = h('div')
  const rows = table({
    label: 'Notable events',
    testid: 'system-events',
    rowId: (e) => e.number,
    onOpen: openEvent,
    empty: { title: 'No event', text: 'Joins, cuts, healed links and trouble with clocks and disks show up here. Change the filter if it hides them.' },
    columns: [
      { name: 'at', title: 'Time', width: 110, cell: (e) => h('span', { title: String(e.at) }, time(e.at)) },
      { name: 'level', title: 'Level', width: 80, cell: (e) => h('span', { class: ['badge', badges[e.level]] }, visible(e.level)) },
      { name: 'kind', title: 'Kind', width: 90 },
      { name: 'location', title: 'Location', width: 100 },
      { name: 'text', title: 'What happened', width: 'minmax(280px, 1fr)' },
    ],
  })
  return {
    trouble,
    node: h('div', { class: 'col' },
      h('div', { class: 'toolbar system-filter' }, ...choices.map((c) => c.node), h('label', { class: 'field' }, h('span', {}, 'Search'), words), pause, unseen, told),
      trouble, rows.node),
    scrolled: () => (rows.node.querySelector('.table')?.scrollTop ?? 0) > 0,
    tellUnseen(n) {
      unseen.hidden = n === 0
      unseen.textContent = `Show ${count(n)} new`
    },
    show({ log, filter }) {
      for (const { select, name } of choices) {
        const values = log.values(name)
        if (filter[name] && !values.includes(filter[name])) values.push(filter[name])
        replace(select, h('option', { value: '' }, 'All'), ...values.map((v) => h('option', { value: v }, visible(v))))
        select.value = filter[name]
      }
      const list = log.newest(filter)
      told.textContent = `${count(list.length)} of ${count(log.events.size)}`
      unseen.hidden = true
      rows.setRows(list)
    },
  }
}

function openEvent(event) {
  dialog({
    title: `Event ${event.number}`,
    body: h('dl', { class: 'kv' }, ...[['Time', `${time(event.at)} (${event.at})`], ['Level', event.level], ['Kind', event.kind], ['Location', event.location], ['What happened', event.text]]
      .flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, h('bdi', null, visible(value ?? '–', { lines: true })))])),
    actions: [{ label: 'Close', kind: '' }],
  })
}
