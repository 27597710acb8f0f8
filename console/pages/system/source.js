// The location that is looked at, and readings of its metrics while the page is open: every two seconds, and not while the
// page is in the background. Locations that were looked at before keep their lines.

import { aborted } from '../../app/api.js'
import { History } from './gauges.js'
import { parse } from './prometheus.js'

const everyMs = 2000

// Events: 'location' (another one was chosen), 'locations' (the list changed), 'reading' ({reading, point}), 'failed' (error).
export class Source {
  constructor({ api, live, signal, location }) {
    this.home = api
    this.live = live
    this.signal = signal
    this.own = location
    this.name = null // null: the location that serves the page
    this.list = []
    this.listeners = new Map()
    this.histories = new Map()
    this.latest = null
    this.failure = null
    this.timer = 0
    this.round = 0
    const end = live.subscribe('state', (state) => this.heard(state))
    signal.addEventListener('abort', () => {
      end()
      clearTimeout(this.timer)
    }, { once: true })
    document.addEventListener('visibilitychange', () => this.visibility(), { signal })
  }

  on(event, fn) {
    if (!this.listeners.has(event)) this.listeners.set(event, new Set())
    this.listeners.get(event).add(fn)
    return () => this.listeners.get(event).delete(fn)
  }

  emit(event, value) {
    for (const fn of [...(this.listeners.get(event) ?? [])]) fn(value)
  }

  heard(state) {
    this.own = state.location ?? this.own
    const list = (state.locations ?? []).filter((l) => l.url || l.name === this.own).map(({ name, url, city, ready }) => ({ name, url, city, ready }))
    const same = list.length === this.list.length && list.every((l, i) => l.name === this.list[i].name && l.ready === this.list[i].ready)
    this.list = list
    if (!same) this.emit('locations', list)
  }

  // api is that of the location that is looked at.
  get api() {
    const chosen = this.elsewhere ? this.list.find((l) => l.name === this.name) : null
    return chosen ? this.home.at(chosen.url) : this.home
  }

  get elsewhere() {
    return this.name !== null && this.name !== this.own
  }

  get shown() {
    return this.name ?? this.own ?? ''
  }

  history() {
    if (!this.histories.has(this.shown)) this.histories.set(this.shown, new History())
    return this.histories.get(this.shown)
  }

  choose(name) {
    this.name = name === this.own ? null : name
    this.latest = null
    this.failure = null
    this.history().gap(Date.now() / 1000)
    this.emit('location', this.shown)
    this.read()
  }

  visibility() {
    if (document.visibilityState === 'visible') {
      this.history().gap(Date.now() / 1000)
      this.read()
    } else clearTimeout(this.timer)
  }

  // read takes one reading and plans the next.
  async read() {
    clearTimeout(this.timer)
    const round = ++this.round
    try {
      const text = await this.api.call('GET', '/metrics', { raw: true, signal: this.signal, timeout: 10_000 })
      if (round !== this.round) return
      this.latest = { at: Date.now() / 1000, families: parse(text) }
      this.failure = null
      this.emit('reading', { reading: this.latest, point: this.history().add(this.latest) })
    } catch (error) {
      if (this.signal.aborted || round !== this.round || aborted(error)) return
      this.failure = error
      this.emit('failed', error)
    }
    if (document.visibilityState === 'visible') this.timer = setTimeout(() => this.read(), everyMs)
  }
}
