// The side of the page when nothing is selected: all locations as a list, the
// other way to reach what the map shows, and the links in trouble.

import { h } from '../../app/dom.js'
import { ms, plural, visible } from '../../app/text.js'
import { badgeOfLink } from './linkpanel.js'
import { linkLooks, locationLooks } from './model.js'
import { shapeOf, sign } from './marks.js'
import { paged } from './paged.js'
import { perSecond, placeName } from './words.js'
import { mark, say, show } from './paint.js'

const filterFrom = 15
const trouble = { down: 0, waiting: 1, apart: 2, leaving: 3, joining: 4, up: 5, outside: 6 }

export class Overview {
  /** tools: {model, choose}. */
  constructor(tools) {
    this.tools = tools
    this.filter = h('input', { type: 'search', placeholder: 'Find a location', 'aria-label': 'Find a location', data: { testid: 'planet-filter' }, oninput: () => this.update() })
    this.order = h('select', { 'aria-label': 'Order', data: { testid: 'planet-order' }, onchange: () => this.update() },
      h('option', { value: 'planet' }, 'by joining'), h('option', { value: 'name' }, 'by name'), h('option', { value: 'trouble' }, 'trouble first'), h('option', { value: 'writes' }, 'most writes first'))
    const rows = h('ul', { class: 'planet-locations', data: { testid: 'planet-locations' } })
    this.none = h('p', { class: 'empty', hidden: true }, 'No location has such a name. Clear the field to see all.')
    this.list = paged(rows, { size: 20, noun: 'location', testid: 'planet-locations', key: (one) => one.name, make: (one) => this.row(one), update: (row, one) => row.refresh(one) })
    const troubled = h('ul', { class: 'planet-locations', data: { testid: 'planet-trouble' } })
    this.troubleTitle = h('h3', null, 'Links in trouble')
    this.trouble = paged(troubled, { size: 8, noun: 'link', testid: 'planet-trouble', key: (pair) => pair.key, make: (pair) => this.troubleRow(pair), update: (row, pair) => row.refresh(pair) })
    this.tools_ = h('div', { class: 'row' }, this.filter, this.order)
    this.node = h('section', { class: 'planet-panel col', 'aria-label': 'Locations', data: { testid: 'planet-overview' } },
      h('header', { class: 'row' }, this.heading = h('h2', { tabindex: '-1', class: 'grow' }, 'Locations')), this.tools_, this.none, rows, this.list.nav,
      this.troubleTitle, troubled, this.trouble.nav)
    this.update()
  }

  row(one) {
    const picture = sign(one.look)
    const shape = picture.firstChild
    const state = h('span', { class: 'sr-only' })
    const rate = h('span', { class: 'mono' })
    const into = h('span', { class: 'mono muted' })
    const name = h('span', { class: 'grow planet-row-name' }, placeName(one))
    const button = h('button', { type: 'button', class: 'planet-row', data: { testid: `planet-row-${one.name}` }, onclick: () => this.tools.choose({ location: one.name }) },
      picture, name, state, rate, into)
    const row = h('li', null, button)
    row.refresh = (now) => {
      mark(picture, 'data-look', now.look)
      mark(shape, 'd', shapeOf(now.look))
      say(state, `, ${locationLooks[now.look]}, `)
      say(rate, now.member ? `${perSecond(now.writes)} out` : locationLooks.outside)
      say(into, now.member ? `${perSecond(now.arrivals)} in` : '')
    }
    return row
  }

  troubleRow(pair) {
    const badge = h('span', { class: 'badge' })
    const lag = h('span', { class: 'mono muted' })
    const button = h('button', { type: 'button', class: 'planet-row', data: { testid: `planet-trouble-${pair.a}-${pair.b}` }, onclick: () => this.tools.choose({ link: pair.key }) },
      h('span', { class: 'grow' }, visible(`${pair.a} – ${pair.b}`)), badge, lag)
    const row = h('li', null, button)
    row.refresh = (now) => {
      mark(badge, 'class', `badge ${badgeOfLink(now.look)}`)
      say(badge, linkLooks[now.look] ?? '')
      say(lag, now.lagMs > 0 ? ms(now.lagMs) : '')
    }
    return row
  }

  update() {
    const { model } = this.tools
    const all = [...model.locations.values()]
    show(this.tools_, all.length >= filterFrom)
    const wanted = this.filter.value.trim().toLowerCase()
    const found = wanted && all.length >= filterFrom
      ? all.filter((one) => `${one.name} ${one.city} ${one.country}`.toLowerCase().includes(wanted)) : all
    if (all.length >= filterFrom) this.sort(found)
    say(this.heading, plural(model.totals.members, 'location'))
    show(this.none, found.length === 0 && all.length > 0)
    this.list.set(found)
    const troubled = model.troubled()
    show(this.troubleTitle, troubled.length > 0)
    this.trouble.set(troubled)
  }

  sort(list) {
    const by = {
      name: (p, q) => (p.name < q.name ? -1 : 1),
      trouble: (p, q) => trouble[p.look] - trouble[q.look],
      writes: (p, q) => (q.writes || 0) - (p.writes || 0),
    }[this.order.value]
    if (by) list.sort(by)
  }

  /** Puts the keyboard on the row of a location that was looked at. */
  focus(name) {
    const row = name ? this.list.reveal(name) : null
    const target = row?.firstChild ?? this.heading
    target.focus()
  }

  destroy() {}
}
