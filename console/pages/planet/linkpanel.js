// The panel of one link: its figures both ways and, on a dev planet, what can
// be done to it.

import { h } from '../../app/dom.js'
import { aborted } from '../../app/api.js'
import { bytes, count, ms, visible } from '../../app/text.js'
import { directions, settingsOf } from './bend.js'
import { kilometres } from './arc.js'
import { linkLooks } from './model.js'
import { perSecond } from './words.js'
import { mark, say, show } from './paint.js'

const percent = (n) => (typeof n === 'number' ? `${Number(n.toFixed(2))} %` : '–')

const figures = [
  ['State', (way) => way.state ?? '–'],
  ['Delay, one way', (way) => ms(way.oneWayMs)],
  ['Jitter', (way) => ms(way.jitterMs)],
  ['Loss', (way) => percent(way.lossPercent)],
  ['Round trip', (way) => ms(way.rttMs)],
  ['Entries waiting', (way) => count(way.entries)],
  ['Bytes waiting', (way) => bytes(way.bytes)],
  ['Oldest waits for', (way) => ms(way.lagMs)],
  ['Delivered', (way) => perSecond(way.rate)],
]

const badges = { up: 'good', behind: 'warn', late: 'bad' }

export function badgeOfLink(look) {
  return badges[look] ?? 'bad'
}

export class LinkPanel {
  /** tools: {model, bender, context, close, choose}. */
  constructor(pair, tools) {
    this.pair = pair
    this.tools = tools
    this.badge = h('span', { class: 'badge', data: { testid: 'planet-link-state' } })
    this.heading = h('h2', { tabindex: '-1' }, visible(`${pair.a} – ${pair.b}`))
    this.cells = []
    this.problem = h('p', { class: 'error', role: 'alert', hidden: true })
    this.actions = []
    this.controls = h('div', { class: 'col' })
    this.node = h('section', { class: 'planet-panel col', 'aria-label': visible(`Link between ${pair.a} and ${pair.b}`), data: { testid: 'planet-link-panel' } },
      h('header', null, h('button', { class: 'button quiet small planet-back', type: 'button', onclick: tools.close, data: { testid: 'planet-back' } }, '‹ All locations'), h('div', { class: 'row' }, this.heading, this.badge)),
      this.distance = h('p', { class: 'muted' }),
      this.table(), this.problem, this.controls)
    this.update()
  }

  table() {
    const head = h('tr', null, h('td', null), ...directions(this.pair).map(({ from, to }) => h('th', { scope: 'col' }, visible(`${from} → ${to}`))))
    const body = figures.map(([name]) => {
      const cells = [h('td', { class: 'mono' }, '–'), h('td', { class: 'mono' }, '–')]
      this.cells.push(cells)
      return h('tr', null, h('th', { scope: 'row' }, name), ...cells)
    })
    return h('div', { class: 'planet-scroll' }, h('table', { class: 'planet-table', data: { testid: 'planet-link-figures' } }, h('thead', null, head), h('tbody', null, ...body)))
  }

  update() {
    const { model } = this.tools
    const pair = this.pair = model.pairs.get(this.pair.key) ?? this.pair
    mark(this.badge, 'class', `badge ${badgeOfLink(pair.look)}`)
    say(this.badge, linkLooks[pair.look] ?? pair.look)
    say(this.distance, visible(`${pair.ends[0].city || pair.a} to ${pair.ends[1].city || pair.b}, ${count(Math.round(kilometres(...pair.ends)))} km`))
    const ways = [pair.forward, pair.back]
    figures.forEach(([, words], row) => {
      for (const side of [0, 1]) say(this.cells[row][side], ways[side] ? visible(words(ways[side])) : '–')
    })
    this.offerControls(model.dev)
    if (model.dev) this.updateControls()
  }

  offerControls(dev) {
    if (this.offered === dev) return
    this.offered = dev
    this.actions = []
    if (!dev) {
      this.controls.replaceChildren(h('p', { class: 'muted', data: { testid: 'planet-no-dev' } },
        'Links of this planet are real, so they cannot be cut or bent here. On a planet of selvedge dev they can.'))
      return
    }
    this.controls.replaceChildren(this.cutButtons(), this.bendForm())
  }

  button(label, testid, kind, run) {
    const b = h('button', { class: `button ${kind}`, type: 'button', data: { testid }, onclick: () => this.act(run) }, label)
    this.actions.push(b)
    return b
  }

  cutButtons() {
    const { a, b } = this.pair
    const name = visible(`${a} – ${b}`)
    const { bender } = this.tools
    const state = (which, value, text) => () => bender.setState(directions(this.pair, which), value, text)
    this.cut = this.button('Cut', 'planet-cut', 'danger', state('both', 'cut', `Cut ${name}`))
    this.cutForward = this.button(visible(`Cut ${a} → ${b}`), 'planet-cut-forward', '', state('forward', 'cut', visible(`Cut ${a} → ${b}`)))
    this.cutBack = this.button(visible(`Cut ${b} → ${a}`), 'planet-cut-back', '', state('back', 'cut', visible(`Cut ${b} → ${a}`)))
    this.heal = this.button('Heal', 'planet-heal', 'primary', state('both', 'up', `Healed ${name}`))
    return h('div', { class: 'col' },
      h('div', { class: 'toolbar', role: 'group', 'aria-label': 'Cut and heal' }, this.cut, this.heal, this.cutForward, this.cutBack),
      h('p', { class: 'muted' }, 'Each end still hears of the other through third locations, later by the detour. Cut off a whole location in its own panel.'))
  }

  bendForm() {
    const now = settingsOf(this.pair.forward)
    const field = (label, testid, value, max, unit) => {
      const input = h('input', { type: 'number', min: '0', max: String(max), step: 'any', value: String(value), required: true, inputmode: 'decimal', data: { testid } })
      return [input, h('label', { class: 'field' }, h('span', null, `${label}, ${unit}`), input)]
    }
    const [delay, delayLabel] = field('Delay', 'planet-delay', round(now.oneWayMs), 60_000, 'ms')
    const [jitter, jitterLabel] = field('Jitter', 'planet-jitter', round(now.jitterMs), 60_000, 'ms')
    const [loss, lossLabel] = field('Loss', 'planet-loss', round(now.lossPercent), 90, '%')
    const which = h('select', { data: { testid: 'planet-direction' }, onchange: () => {
      const chosen = settingsOf(which.value === 'back' ? this.pair.back : this.pair.forward)
      delay.value = String(round(chosen.oneWayMs))
      jitter.value = String(round(chosen.jitterMs))
      loss.value = String(round(chosen.lossPercent))
    } }, h('option', { value: 'both' }, 'both ways'), h('option', { value: 'forward' }, visible(`${this.pair.a} → ${this.pair.b}`)), h('option', { value: 'back' }, visible(`${this.pair.b} → ${this.pair.a}`)))
    const set = h('button', { class: 'button', type: 'submit', data: { testid: 'planet-bend' } }, 'Set')
    this.actions.push(set)
    return h('form', { class: 'planet-bend', 'aria-label': 'Delay, jitter and loss', onsubmit: (event) => {
      event.preventDefault()
      const patch = { oneWayMs: Number(delay.value), jitterMs: Number(jitter.value), lossPercent: Number(loss.value) }
      const text = visible(`Set ${this.pair.a} – ${this.pair.b} to ${patch.oneWayMs} ms, jitter ${patch.jitterMs} ms, loss ${patch.lossPercent} %`)
      this.act(() => this.tools.bender.bend(directions(this.pair, which.value), patch, text))
    } }, h('label', { class: 'field' }, h('span', null, 'Direction'), which), delayLabel, jitterLabel, lossLabel, set)
  }

  updateControls() {
    if (this.acting) return
    const cut = [this.pair.forward?.state === 'cut', this.pair.back?.state === 'cut']
    this.cut.disabled = cut[0] && cut[1]
    this.cutForward.disabled = cut[0]
    this.cutBack.disabled = cut[1]
    this.heal.disabled = !cut[0] && !cut[1]
  }

  async act(run) {
    if (this.acting) return
    this.acting = true
    const focused = document.activeElement
    for (const one of this.actions) one.disabled = true
    show(this.problem, false)
    try {
      await run()
    } catch (error) {
      if (aborted(error)) return
      say(this.problem, visible(`${error.message}. ${error.next ?? ''}`))
      show(this.problem, true)
    } finally {
      this.acting = false
      for (const one of this.actions) one.disabled = false
      this.updateControls()
      if (this.node.contains(focused) && !focused.disabled) focused.focus()
    }
  }

  destroy() {}
}

function round(n) {
  return Number(n.toFixed(2))
}
