// The panel of one location: what the stream knows of it at once, and what it
// says of itself, asked every two seconds at its own address.

import { h } from '../../app/dom.js'
import { aborted } from '../../app/api.js'
import { ago, bytes, count, ms, visible } from '../../app/text.js'
import { directions } from './bend.js'
import { badgeOfLink } from './linkpanel.js'
import { linkLooks, locationLooks } from './model.js'
import { paged } from './paged.js'
import { ageOf, consoleOf, perSecond, placeName } from './words.js'
import { mark, say, show } from './paint.js'

const everyMs = 2_000
const silentMs = 5_000 // a peer that was silent for longer is worth a word
const badges = { up: 'good', waiting: 'warn', apart: 'warn', joining: 'warn', leaving: 'warn', down: 'bad', outside: '' }

export function badgeOfLocation(look) {
  return badges[look] ?? ''
}

/** A definition list whose values can be written one by one. */
function facts(names) {
  const values = new Map()
  const node = h('dl', { class: 'kv' })
  for (const name of names) {
    const value = h('dd', null, '–')
    values.set(name, value)
    node.append(h('dt', null, name), value)
  }
  return { node, put: (name, text) => say(values.get(name), text) }
}

export class LocationPanel {
  /** tools: {model, bender, context, notables, close, choose}. */
  constructor(location, tools) {
    this.location = location
    this.tools = tools
    this.self = null
    this.stopped = new AbortController()
    tools.context.signal.addEventListener('abort', () => this.stopped.abort(), { signal: this.stopped.signal })
    this.build()
    this.update()
    this.follow()
  }

  build() {
    const { location, tools } = this
    this.badge = h('span', { class: 'badge', data: { testid: 'planet-location-state' } })
    this.heading = h('h2', { tabindex: '-1' }, placeName(location))
    this.problem = h('p', { class: 'error', role: 'status', hidden: true, data: { testid: 'planet-self-error' } })
    this.reasons = h('ul', { class: 'planet-reasons', hidden: true, data: { testid: 'planet-reasons' } })
    this.main = facts(['Writes', 'Arrivals', 'Clock', 'Version', 'Running for', 'Memory'])
    this.storage = facts(['Tables on disk', 'Free', 'In memory tables', 'Cache', 'Tables', 'To be compacted'])
    this.console = h('a', { target: '_blank', rel: 'noopener', data: { testid: 'planet-console-link' } }, 'Open the console at this location')
    this.isolation = h('div', { class: 'toolbar' })
    this.node = h('section', { class: 'planet-panel col', 'aria-label': placeName(location), data: { testid: 'planet-location-panel' } },
      h('header', null, h('button', { class: 'button quiet small planet-back', type: 'button', onclick: tools.close, data: { testid: 'planet-back' } }, '‹ All locations'), h('div', { class: 'row' }, this.heading, this.badge)),
      this.reasons, this.problem, this.main.node, this.console, this.isolation,
      h('h3', null, 'Links'), this.linkTable(),
      h('h3', null, 'What it has of each location'), this.vectorTable(),
      h('h3', null, 'What it waits for'), this.waitList(),
      h('h3', null, 'Storage'), this.storage.node,
      h('h3', null, 'Recent events'), this.eventList())
  }

  linkTable() {
    const rows = h('tbody')
    this.links = paged(rows, {
      size: 12, noun: 'link', testid: 'planet-links', key: (one) => one.name,
      make: (one) => this.linkRow(one),
      update: (row, one) => row.refresh(one),
    })
    return h('div', { class: 'planet-scroll' }, h('table', { class: 'planet-table', data: { testid: 'planet-peers' } },
      h('thead', null, h('tr', null, ...['To', 'State', 'Round trip', 'Lag out', 'Lag in'].map((t) => h('th', { scope: 'col' }, t)))), rows), this.links.nav)
  }

  // The links that this page knows of, and the peers that the location names:
  // on a planet of several machines only it knows most of its links.
  neighbours() {
    const { name } = this.location
    const all = new Map()
    for (const pair of this.tools.model.pairsOf(name)) {
      const other = pair.a === name ? pair.b : pair.a
      all.set(other, { name: other, pair, peer: null })
    }
    for (const peer of this.self?.peers ?? []) {
      const there = all.get(peer.name)
      if (there) there.peer = peer
      else all.set(peer.name, { name: peer.name, pair: null, peer })
    }
    return [...all.values()].sort((p, q) => (p.name < q.name ? -1 : 1))
  }

  linkRow({ name }) {
    const cells = [h('td'), h('td', { class: 'mono' }), h('td', { class: 'mono' }), h('td', { class: 'mono' })]
    const state = h('span', { class: 'badge' })
    cells[0].append(state)
    // Below the round trip: beside it the last column would be pushed out of the panel.
    const trip = h('div')
    const silent = h('div', { class: 'muted' })
    cells[1].append(trip, silent)
    let key = null
    const open = () => this.tools.choose(key ? { link: key } : { location: name })
    const row = h('tr', null, h('td', null, h('button', { class: 'button quiet', type: 'button', data: { testid: `planet-peer-${name}` }, onclick: open }, visible(name))), ...cells)
    row.refresh = ({ pair, peer }) => {
      key = pair?.key ?? null
      const first = pair?.a === this.location.name
      const out = first ? pair?.forward : pair?.back
      const into = first ? pair?.back : pair?.forward
      const look = pair?.look ?? (peer.connected ? 'up' : 'down')
      mark(state, 'class', `badge ${badgeOfLink(look)}`)
      say(state, linkLooks[look] ?? '')
      say(trip, ms(out?.rttMs || peer?.rttMs || into?.rttMs))
      say(silent, peer?.silentMs > silentMs ? `silent for ${ms(peer.silentMs)}` : '')
      say(cells[2], out ? waiting(out.entries, out.lagMs) : waiting(peer?.waitingEntries))
      say(cells[3], waiting(into?.entries, into?.lagMs))
    }
    return row
  }

  vectorTable() {
    const rows = h('tbody')
    this.vector = paged(rows, {
      size: 12, noun: 'location', key: (one) => one.name,
      make: (one) => h('tr', null, h('th', { scope: 'row' }, visible(one.name)), h('td', { class: 'mono' }), h('td', { class: 'mono' })),
      update: (row, one) => {
        say(row.children[1], ms(one.age))
        say(row.children[2], ms(one.stable))
      },
    })
    return h('div', { class: 'planet-scroll' }, h('table', { class: 'planet-table', data: { testid: 'planet-vector' } },
      h('thead', null, h('tr', null, ...['Of', 'Has all up to, ago', 'Everybody has, ago'].map((t) => h('th', { scope: 'col' }, t)))), rows), this.vector.nav)
  }

  waitList() {
    const rows = h('ul', { class: 'planet-list', data: { testid: 'planet-waits' } })
    this.waitsEmpty = h('p', { class: 'muted', hidden: true }, 'Nothing: all that has arrived is applied.')
    this.waits = paged(rows, {
      size: 8, noun: 'wait', key: (one) => `${one.origin} ${one.entry}`,
      make: () => h('li'),
      update: (row, one) => say(row, visible(`${one.origin}: ${one.reason ?? 'waits'} for ${ms(one.forMs)}${one.entries ? `, ${count(one.entries)} entries` : ''}${one.pulling ? ', being fetched' : ''}`)),
    })
    return h('div', null, this.waitsEmpty, rows, this.waits.nav)
  }

  eventList() {
    const rows = h('ul', { class: 'planet-list' })
    this.eventsEmpty = h('p', { class: 'muted' }, 'Nothing notable so far.')
    this.events = paged(rows, {
      size: 6, noun: 'event', key: (one) => one.key, make: () => h('li'),
      update: (row, one) => say(row, visible(`${ago(one.at)}: ${one.text}`)),
    })
    return h('div', null, this.eventsEmpty, rows, this.events.nav)
  }

  update() {
    const one = this.location = this.tools.model.locations.get(this.location.name) ?? this.location
    mark(this.badge, 'class', `badge ${badgeOfLocation(one.look)}`)
    say(this.badge, locationLooks[one.look])
    this.main.put('Writes', perSecond(one.writes))
    this.main.put('Arrivals', perSecond(one.arrivals))
    this.links.set(this.neighbours())
    const events = this.tools.notables.of(one.name)
    show(this.eventsEmpty, events.length === 0)
    this.events.set(events)
    const address = consoleOf(one.url)
    mark(this.console, 'href', address)
    show(this.console, Boolean(address))
    this.offerIsolation()
  }

  offerIsolation() {
    const { model } = this.tools
    const pairs = model.dev ? model.pairsOf(this.location.name) : []
    const cut = pairs.filter((pair) => pair.look === 'cut').length
    const shown = pairs.length === 0 ? 'none' : cut === pairs.length ? 'heal' : cut === 0 ? 'cut' : 'both'
    if (shown === this.offered) return
    this.offered = shown
    const name = placeName(this.location)
    const ends = () => model.pairsOf(this.location.name).flatMap((pair) => directions(pair))
    const button = (label, testid, kind, state, text) => h('button', { class: `button ${kind}`, type: 'button', data: { testid }, onclick: (event) => this.act(event.target, () => this.tools.bender.setState(ends(), state, text)) }, label)
    this.isolation.replaceChildren(
      ...(shown === 'cut' || shown === 'both' ? [button('Cut off from all others', 'planet-cut-off', 'danger', 'cut', `Cut off ${name}`)] : []),
      ...(shown === 'heal' || shown === 'both' ? [button('Heal its links', 'planet-heal-location', 'primary', 'up', `Healed the links of ${name}`)] : []))
  }

  async act(button, run) {
    if (button.disabled) return
    button.disabled = true
    try {
      await run()
    } catch (error) {
      if (!aborted(error)) this.tools.context.toast('bad', visible(`${error.message}. ${error.next ?? ''}`))
    } finally {
      button.disabled = false
    }
  }

  async follow() {
    const { signal } = this.stopped
    while (!signal.aborted) {
      try {
        if (!document.hidden) this.take(await this.api().call('GET', '/mesh/self', { signal, timeout: 10_000 }))
        await this.loadEvents(signal)
      } catch (error) {
        if (signal.aborted) return
        this.fail(error)
      }
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, everyMs)
        signal.addEventListener('abort', () => { clearTimeout(timer); resolve() }, { once: true })
      })
    }
  }

  // On a dev planet every location knows the events of all; elsewhere each has its own.
  async loadEvents(signal) {
    const { model, notables, context } = this.tools
    if (this.loaded || model.dev || this.location.name === context.location) return
    this.loaded = true
    await notables.load(this.api(), this.location.name, signal)
  }

  // A location that is not a member has nothing to say of the fabric, but of itself.
  api() {
    const { api, location } = this.tools.context
    const { name, url, member } = this.location
    if (name === location) return member ? api : api.system
    if (!consoleOf(url)) throw Object.assign(new Error('its address is not known'), { next: 'What the others tell of it is shown.' })
    return api.at(url, member ? api.fabric : '_system')
  }

  fail(error) {
    const late = error.status === 0 ? ' If it joined after this page was opened, load the page anew.' : ''
    say(this.problem, visible(`${placeName(this.location)} does not say how it is: ${error.message}. ${error.next ?? ''}${late}`))
    show(this.problem, true)
    mark(this.node, 'data-stale', 'true')
  }

  take(self) {
    this.self = self
    show(this.problem, false)
    mark(this.node, 'data-stale', null)
    const reasons = [...(self.reasons ?? [])]
    if (self.readOnly && !reasons.includes(self.readOnly)) reasons.push(self.readOnly)
    show(this.reasons, reasons.length > 0)
    this.reasons.replaceChildren(...reasons.map((text) => h('li', null, visible(text))))
    this.main.put('Clock', clockWords(self))
    this.main.put('Version', visible(self.version ?? '–'))
    this.main.put('Running for', ms(self.uptimeMs))
    this.main.put('Memory', bytes(self.memoryBytes))
    const s = self.storage ?? {}
    this.storage.put('Tables on disk', bytes(s.diskBytes))
    this.storage.put('Free', bytes(s.freeBytes))
    this.storage.put('In memory tables', bytes(s.memtableBytes))
    this.storage.put('Cache', bytes(s.cacheBytes))
    this.storage.put('Tables', count(s.tables))
    this.storage.put('To be compacted', bytes(s.debtBytes))
    this.takeVector(self)
    const waits = self.waits ?? []
    show(this.waitsEmpty, waits.length === 0)
    this.waits.set(waits)
    this.links.set(this.neighbours())
  }

  takeVector(self) {
    const stable = self.stable ?? {}
    const rows = Object.entries(self.vector ?? {}).map(([name, time]) => ({ name, age: ageOf(time), stable: ageOf(stable[name]) }))
    this.vector.set(rows.sort((p, q) => (p.name < q.name ? -1 : 1)))
  }

  destroy() {
    this.stopped.abort()
  }
}

// How long the oldest waits; how many wait is in the panel of the link.
function waiting(entries, lagMs) {
  if (typeof entries !== 'number') return '–'
  if (entries === 0) return '0'
  return typeof lagMs === 'number' ? ms(lagMs) : `${count(entries)} wait`
}

function clockWords(self) {
  const offset = self.clockOffsetMs
  const trust = self.clockTrusted === false ? ', not trusted' : ''
  if (typeof offset !== 'number') return `–${trust}`
  if (Math.abs(offset) < 0.5) return `with the others${trust}`
  return `${ms(Math.abs(offset))} ${offset > 0 ? 'ahead' : 'behind'}${trust}`
}
