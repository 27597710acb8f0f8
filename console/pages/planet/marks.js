// The marks on the map as SVG elements: a location's shape and label, a
// link's arc with the sign of its trouble. Each knows how to change itself;
// where they go and which there are is the map view's.

import { svg } from '../../app/dom.js'
import { visible, short } from '../../app/text.js'
import { locationLooks, linkLooks } from './model.js'
import { perSecond } from './words.js'
import { mark, say, flag } from './paint.js'

// A shape for each look, so that colour is never the only sign; around 0, 0.
const shapes = {
  up: 'M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0Z',
  waiting: 'M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0ZM-2 0a2 2 0 1 1 4 0a2 2 0 1 1 -4 0Z',
  apart: 'M-5.5 0a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0 -11 0ZM-3.2 -1.2L3.2 -1.2L3.2 1.2L-3.2 1.2Z',
  joining: 'M0 -6.5L6.5 0L0 6.5L-6.5 0Z',
  leaving: 'M0 6L6 -5L-6 -5Z',
  down: 'M-5 -5L5 5M5 -5L-5 5',
  outside: 'M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0Z',
}

const leastReach = 4
const mostReach = 14

export function shapeOf(look) {
  return shapes[look] ?? shapes.outside
}

/** A small picture of a look, for lists and the legend. */
export function sign(look) {
  return svg('svg', { class: 'planet-sign', viewBox: '-8 -8 16 16', 'aria-hidden': 'true', data: { look } }, svg('path', { d: shapeOf(look) }))
}

export class LocationMark {
  constructor(location) {
    this.location = location
    this.x = 0
    this.y = 0
    this.shape = svg('path', { class: 'planet-shape' })
    this.node = svg('g', { class: 'planet-place', role: 'button', tabindex: '-1', 'data-testid': `planet-location-${location.name}`, 'data-name': location.name },
      this.hit = svg('circle', { class: 'planet-hit', r: mostReach }), svg('circle', { class: 'planet-halo', r: 10 }), this.shape)
    this.name = svg('text', { class: 'planet-name', y: 11 }, short(visible(location.name), 14))
    this.rate = svg('text', { class: 'planet-rate', y: 22 }, '')
    this.label = svg('g', { class: 'planet-label', 'aria-hidden': 'true' }, this.name, this.rate)
    for (const [event, on] of [['pointerenter', true], ['pointerleave', false], ['focus', true], ['blur', false]]) {
      this.node.addEventListener(event, () => flag(this.label, 'planet-looked-at', on))
    }
    this.update()
  }

  update(choice) {
    const one = this.location
    const look = choice ?? one.look
    if (look !== this.look) {
      this.look = look
      mark(this.node, 'data-look', look)
      mark(this.shape, 'd', shapeOf(look))
    }
    const place = one.city ? `${one.city}, ${one.name}` : one.name
    mark(this.node, 'aria-label', visible(`${place}: ${locationLooks[one.look]}`))
    say(this.rate, one.member && one.writes >= 0.5 ? perSecond(one.writes) : '')
  }

  move(x, y) {
    if (x === this.x && y === this.y) return
    this.x = x
    this.y = y
    mark(this.node, 'transform', `translate(${x.toFixed(1)} ${y.toFixed(1)})`)
  }

  /** How far from its middle a marker takes the pointer. */
  reach(radius) {
    mark(this.hit, 'r', Math.max(leastReach, Math.min(mostReach, Math.floor(radius * 10) / 10)))
  }

  /** place as placeLabels gives it with the width of the label; nothing hides the label. */
  putLabel(place, width) {
    flag(this.label, 'planet-nowhere', !place)
    const at = place ?? { x: this.x + 9, y: this.y - 12, anchor: 'start' }
    const x = at.anchor === 'start' ? at.x : at.anchor === 'end' ? at.x + width : at.x + width / 2
    mark(this.label, 'transform', `translate(${x.toFixed(1)} ${at.y.toFixed(1)})`)
    mark(this.label, 'text-anchor', at.anchor)
  }

  emphasise(selected, related) {
    flag(this.node, 'planet-selected', selected)
    flag(this.label, 'planet-selected', selected)
    flag(this.label, 'planet-related', related)
    mark(this.node, 'aria-pressed', selected ? 'true' : 'false')
  }

  remove() {
    this.node.remove()
    this.label.remove()
  }
}

// The sign in the middle of a link in trouble: a cross where it is cut, an
// arrow against a bar where one way is cut, a square where it is down.
const crosses = {
  cut: 'M-5 -5L5 5M5 -5L-5 5',
  forward: 'M-6 0L2 0M-1 -3.5L2.5 0L-1 3.5M5 -5L5 5',
  back: 'M-6 0L2 0M-1 -3.5L2.5 0L-1 3.5M5 -5L5 5',
  down: 'M-4 -4L4 -4L4 4L-4 4Z',
  late: 'M0 -5L5 4L-5 4Z',
}

export class LinkMark {
  constructor(pair) {
    this.pair = pair
    this.line = svg('path', { class: 'planet-line' })
    this.hit = svg('path', { class: 'planet-line-hit', 'data-testid': `planet-link-${pair.a}-${pair.b}`, 'data-pair': pair.key })
    this.title = svg('title', null, '')
    this.hit.append(this.title)
    this.cross = svg('path', { class: 'planet-cross' })
    this.node = svg('g', { class: 'planet-link' }, this.line, this.hit, this.cross)
    this.hit.addEventListener('pointerenter', () => say(this.title, this.words()))
    this.update()
  }

  words() {
    return visible(`${this.pair.a} to ${this.pair.b}: ${linkLooks[this.pair.look] ?? ''}`)
  }

  update() {
    const look = this.pair.look
    mark(this.node, 'data-look', look === 'forward' || look === 'back' ? 'oneway' : look)
    mark(this.cross, 'd', crosses[look] ?? null)
    this.turn()
  }

  /** points of the arc as arcPoints gives them, on the page; jump is how far apart two points are where the arc leaves the map. */
  draw(points, jump) {
    const d = lineOf(points, jump)
    mark(this.line, 'd', d)
    mark(this.hit, 'd', d)
    const middle = Math.floor(points.length / 4)
    this.middle = { x: points[2 * middle], y: points[2 * middle + 1], dx: points[2 * middle + 2] - points[2 * middle - 2], dy: points[2 * middle + 3] - points[2 * middle - 1] }
    this.turn()
  }

  turn() {
    if (!this.middle) return
    const { x, y, dx, dy } = this.middle
    let degrees = 0
    if (this.pair.look === 'forward' || this.pair.look === 'back') {
      degrees = Math.atan2(dy, dx) * 180 / Math.PI + (this.pair.look === 'back' ? 180 : 0)
    }
    mark(this.cross, 'transform', `translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${degrees.toFixed(0)})`)
  }

  emphasise(selected, related) {
    flag(this.node, 'planet-selected', selected)
    flag(this.node, 'planet-related', related)
  }

  remove() {
    this.node.remove()
  }
}

function lineOf(points, jump) {
  let d = ''
  let pen = 'M'
  for (let i = 0; i < points.length; i += 2) {
    if (Number.isNaN(points[i])) {
      pen = 'M'
      continue
    }
    if (i > 0 && Math.abs(points[i] - points[i - 2]) > jump) pen = 'M'
    d += `${pen}${points[i].toFixed(1)} ${points[i + 1].toFixed(1)}`
    pen = 'L'
  }
  return d
}
