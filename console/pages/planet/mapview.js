// The map of the planet: markers, arcs and labels over the base map, and the
// canvas on which entries travel. It is told what changed and touches only
// that; everything is laid out anew only when locations come, go or move, or
// when the map has another size.

import { h, svg } from '../../app/dom.js'
import { angle, arcPoints } from './arc.js'
import { LinkMark, LocationMark } from './marks.js'
import { placeLabels } from './labels.js'
import { Traffic } from './traffic.js'
import { watchMotion, watchTheme } from './motion.js'
import { pairKey } from './model.js'
import { flag, mark } from './paint.js'

const drawAllUpTo = 120 // links; beyond, those of what is selected and those in trouble
const mostArcs = 400
const rateLabelsUpTo = 40 // locations; beyond, labels are names alone
const arcSteps = 33
const mostPaths = 4_000 // of traffic; then it begins anew
const markerRadius = 7

export class MapView {
  /** choose({location} | {link} | null) is called when something is picked. */
  constructor(parent, map, { choose }) {
    this.map = map
    this.choose = choose
    this.model = null
    this.places = new Map()
    this.links = new Map()
    this.routes = new Map()
    this.selection = null
    this.choices = null // name -> look, while locations of a fabric are edited
    this.build(parent)
    this.traffic = new Traffic(this.canvas)
    this.stopTheme = watchTheme((colours) => this.traffic.paint(colours))
    this.stopMotion = watchMotion((on) => this.setMotion(on))
    this.stopSizes = map.onResize(() => this.layout())
  }

  build(parent) {
    this.linkLayer = svg('g', { class: 'planet-links' })
    this.placeLayer = svg('g', { class: 'planet-places' })
    this.labelLayer = svg('g', { class: 'planet-labels' })
    this.canvas = h('canvas', { class: 'planet-traffic', 'aria-hidden': 'true' })
    // What travels passes over the arcs and below the locations and their names.
    this.below = svg('svg', { class: 'planet-overlay', 'aria-hidden': 'true' }, this.linkLayer)
    this.above = svg('svg', { class: 'planet-overlay planet-above', role: 'group', 'aria-label': 'Locations on the map. Arrow keys move between them, Enter selects.' },
      this.labelLayer, this.placeLayer)
    this.stage = parent
    parent.append(this.below, this.canvas, this.above)
    for (const one of [this.below, this.above]) one.addEventListener('click', (event) => this.clicked(event))
    this.above.addEventListener('keydown', (event) => this.pressed(event))
  }

  destroy() {
    this.stopSizes()
    this.stopTheme()
    this.stopMotion()
    this.traffic.stop()
  }

  /** Takes a model, with the change that apply gave, or with null to draw all. */
  update(model, change) {
    this.model = model
    if (!change || change.shape || !this.width) {
      this.layout()
      return
    }
    for (const one of change.locations) this.places.get(one.name)?.update(this.choices?.get(one.name))
    let anew = change.links
    for (const pair of change.pairs) {
      const link = this.links.get(pair.key)
      if (link) link.update()
      if (Boolean(link) !== this.isDrawn(pair)) anew = true
    }
    if (anew) this.drawLinks()
    if (this.still) this.showBusy()
  }

  /** Reads the sizes once, then writes all places. */
  layout() {
    if (!this.model) return
    const box = this.map.svg.getBoundingClientRect()
    if (box.width < 10 || box.height < 10) return
    this.measure(box)
    this.drawPlaces()
    this.drawLinks(true)
    this.drawLabels()
    this.traffic.reset()
    this.routes.clear()
    this.traffic.resize(this.width, this.height, Math.min(2, globalThis.devicePixelRatio || 1))
  }

  // The base map may draw in units of its own; the marks over it are in pixels.
  measure(box) {
    const view = this.map.svg.viewBox?.baseVal
    const own = view && view.width > 0 ? view : { x: 0, y: 0, width: box.width, height: box.height }
    const scale = Math.min(box.width / own.width, box.height / own.height)
    const left = (box.width - own.width * scale) / 2 - own.x * scale
    const top = (box.height - own.height * scale) / 2 - own.y * scale
    this.width = box.width
    this.height = box.height
    for (const one of [this.below, this.above]) mark(one, 'viewBox', `0 0 ${box.width} ${box.height}`)
    this.project = (longitude, latitude) => {
      const at = this.map.project(longitude, latitude)
      return at ? [at[0] * scale + left, at[1] * scale + top] : null
    }
  }

  drawPlaces() {
    for (const [name, place] of this.places) {
      if (this.model.locations.get(name) === place.location) continue
      place.remove()
      this.places.delete(name)
    }
    let slot = 0
    for (const one of this.model.locations.values()) {
      const at = this.project(one.longitude ?? 0, one.latitude ?? 0)
      let place = this.places.get(one.name)
      if (!place) {
        place = new LocationMark(one)
        this.places.set(one.name, place)
        this.placeLayer.append(place.node)
        this.labelLayer.append(place.label)
      }
      place.slot = slot++
      place.update(this.choices?.get(one.name))
      if (at) place.move(at[0], at[1])
    }
    this.parted()
    this.keepTabStop()
  }

  // Of two markers that lie close together each takes the half next to it.
  parted() {
    const all = [...this.places.values()]
    for (const place of all) {
      let least = Infinity
      for (const other of all) {
        if (other !== place) least = Math.min(least, Math.hypot(other.x - place.x, other.y - place.y))
      }
      place.reach(least / 2)
    }
  }

  isDrawn(pair) {
    if (this.model.pairs.size <= drawAllUpTo || pair.trouble) return true
    const s = this.selection
    return Boolean(s) && (s.link === pair.key || s.location === pair.a || s.location === pair.b)
  }

  drawLinks(moved = false) {
    for (const [key, link] of this.links) {
      if (this.model.pairs.get(key) === link.pair && this.isDrawn(link.pair)) continue
      link.remove()
      this.links.delete(key)
    }
    for (const pair of this.model.pairs.values()) {
      if (!this.isDrawn(pair)) continue
      let link = this.links.get(pair.key)
      const fresh = !link
      if (fresh) {
        if (this.links.size >= mostArcs && this.selection?.link !== pair.key) continue
        link = new LinkMark(pair)
        this.links.set(pair.key, link)
        this.linkLayer.append(link.node)
      }
      link.update()
      if (fresh || moved) link.draw(this.pointsOf(pair), this.width / 3)
    }
    flag(this.stage, 'planet-many', this.links.size > 20)
    this.emphasise()
  }

  pointsOf(pair) {
    return arcPoints(pair.ends[0], pair.ends[1], this.project, arcSteps)
  }

  drawLabels() {
    const rates = this.places.size <= rateLabelsUpTo
    flag(this.labelLayer, 'planet-names-only', !rates)
    const context = this.traffic.context
    context.font = '600 11px system-ui, sans-serif'
    const items = []
    for (const place of this.places.values()) {
      const name = context.measureText(place.name.textContent).width
      items.push({ owner: place, x: place.x, y: place.y, gap: 9, width: rates ? Math.max(name, 34) + 2 : name + 2, height: rates ? 25 : 13 })
    }
    items.sort((p, q) => weight(q.owner) - weight(p.owner))
    const placed = placeLabels(items, { width: this.width, height: this.height }, markerRadius)
    for (const item of items) item.owner.putLabel(placed.get(item.owner), item.width)
  }

  /** selection: {location: name} or {link: key} or null. */
  select(selection) {
    this.selection = selection
    if (!this.model || !this.width) return
    if (this.model.pairs.size > drawAllUpTo) this.drawLinks()
    else this.emphasise()
    this.keepTabStop()
  }

  emphasise() {
    const s = this.selection
    const pair = s?.link ? this.model.pairs.get(s.link) : null
    for (const place of this.places.values()) {
      const name = place.location.name
      place.emphasise(s?.location === name, pair ? pair.a === name || pair.b === name : false)
    }
    for (const link of this.links.values()) {
      link.emphasise(link.pair === pair, Boolean(s?.location) && (link.pair.a === s.location || link.pair.b === s.location))
    }
    flag(this.stage, 'planet-has-selection', Boolean(s))
  }

  /** choices: name -> look, while the locations of a fabric are edited; null ends it. */
  edit(choices) {
    this.choices = choices
    flag(this.stage, 'planet-editing', Boolean(choices))
    for (const place of this.places.values()) place.update(choices?.get(place.location.name))
  }

  // Moves as a `travel` event gives them.
  travel(moves) {
    if (!this.width || document.hidden) return
    const now = performance.now()
    for (const move of moves) {
      const route = this.routeOf(move.from, move.to)
      if (!route) continue
      if (this.still) {
        route.pair.moves = (route.pair.moves ?? 0) + move.entries
        continue
      }
      const late = move.lagMs > 1_000 + 3 * (route.pair.forward?.rttMs ?? route.pair.back?.rttMs ?? 0)
      this.traffic.launch(route.number, route.back, move.entries, late, now)
      this.traffic.ring(route.from.slot, route.from.x, route.from.y, false)
    }
  }

  routeOf(from, to) {
    let ends = this.routes.get(from)
    if (!ends) {
      ends = new Map()
      this.routes.set(from, ends)
    }
    let route = ends.get(to)
    if (route === undefined) {
      route = this.makeRoute(from, to)
      ends.set(to, route)
    }
    return route
  }

  makeRoute(from, to) {
    const pair = this.model.pairs.get(pairKey(from, to))
    const ends = [this.places.get(from), this.places.get(to)]
    if (!ends[0] || !ends[1] || from === to) return null
    if (this.traffic.paths.length >= mostPaths) {
      this.traffic.reset()
      this.routes.clear()
    }
    const back = from > to
    const [a, b] = back ? [ends[1], ends[0]] : ends
    const other = this.routes.get(to)?.get(from)
    const number = other ? other.number
      : this.traffic.addPath(arcPoints(a.location, b.location, this.project, arcSteps), angle(a.location, b.location), [a.slot, b.slot])
    return { number, back, from: ends[0], pair: pair ?? {} }
  }

  setMotion(on) {
    this.still = !on
    if (on) {
      this.traffic.start()
      for (const link of this.links.values()) mark(link.node, 'data-busy', null)
    } else {
      this.traffic.stop()
      this.traffic.reset()
      this.routes.clear()
    }
    flag(this.stage, 'planet-still', !on)
  }

  // Without motion, a busy link is drawn stronger, in three steps.
  showBusy() {
    for (const link of this.links.values()) {
      const moves = link.pair.moves ?? 0
      link.pair.moves = 0
      mark(link.node, 'data-busy', moves === 0 ? null : moves < 10 ? 1 : moves < 100 ? 2 : 3)
    }
  }

  clicked(event) {
    const place = event.target.closest?.('.planet-place')
    if (place) {
      this.choose({ location: place.dataset.name })
      return
    }
    const pair = event.target.dataset?.pair
    this.choose(pair ? { link: pair } : null)
  }

  pressed(event) {
    const name = event.target.closest?.('.planet-place')?.dataset.name
    if (!name) return
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault()
      this.choose({ location: name })
      return
    }
    const way = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key]
    if (!way) return
    event.preventDefault()
    const next = this.nearest(this.places.get(name), way)
    if (next) this.focus(next.location.name)
  }

  // The nearest in a direction; what is off to the side counts as farther.
  nearest(from, [dx, dy]) {
    let best = null
    let least = Infinity
    for (const place of this.places.values()) {
      const x = place.x - from.x
      const y = place.y - from.y
      const ahead = x * dx + y * dy
      if (place === from || ahead <= 0) continue
      const cost = ahead + 2.5 * Math.abs(x * dy + y * dx)
      if (cost < least) [best, least] = [place, cost]
    }
    return best
  }

  focus(name) {
    const place = this.places.get(name)
    if (!place) return
    this.keepTabStop(name)
    place.node.focus()
  }

  // Of all markers one is reached with Tab, the others from it with arrows.
  keepTabStop(name = this.selection?.location ?? this.stop) {
    if (!this.places.has(name)) name = this.places.keys().next().value
    this.stop = name
    for (const [other, place] of this.places) mark(place.node, 'tabindex', other === name ? '0' : '-1')
  }
}

// Whose label goes first: members before others, those in trouble before all.
function weight(place) {
  const one = place.location
  return (one.member ? 2 : 0) + (one.look !== 'up' && one.look !== 'outside' ? 1 : 0)
}
