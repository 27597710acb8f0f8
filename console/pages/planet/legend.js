// What the shapes and lines of the map mean.

import { h, svg } from '../../app/dom.js'
import { locationLooks } from './model.js'
import { sign } from './marks.js'
import { meanings } from './words.js'

const lines = [['up', 'link up'], ['behind', 'behind'], ['late', 'far behind'], ['cut', 'cut'], ['down', 'down']]

function line(look) {
  return svg('svg', { class: 'planet-sign planet-sign-line', viewBox: '0 0 24 16', 'aria-hidden': 'true' },
    svg('g', { class: 'planet-link', data: { look } }, svg('path', { class: 'planet-line', d: 'M1 8L23 8' })))
}

export function legend() {
  return h('figcaption', { class: 'planet-legend' },
    h('details', null, h('summary', null, 'Legend'),
      h('ul', null,
        ...Object.entries(locationLooks).map(([look, words]) => h('li', null, sign(look), words)),
        ...lines.map(([look, words]) => h('li', null, line(look), words))),
      h('p', null, `Writes: ${meanings.writes}`), h('p', null, `Arrivals: ${meanings.arrivals}`)))
}
