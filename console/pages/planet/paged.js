// A list of which one page is in the document. Rows are kept from one set to
// the next by their key, so that what is focused stays so.

import { h } from '../../app/dom.js'
import { plural } from '../../app/text.js'
import { say, show } from './paint.js'

/**
 * rows: the element that holds them (ul, ol or tbody). Gives {nav, set, page,
 * reveal}: nav are the buttons between pages, hidden when one page is enough.
 */
export function paged(rows, { size, key, make, update = () => {}, noun = 'row', testid }) {
  const kept = new Map()
  const where = h('span', { class: 'muted', 'aria-live': 'polite' })
  const before = h('button', { class: 'button quiet', type: 'button', data: { testid: testid && `${testid}-before` }, onclick: () => turn(-1) }, 'Before')
  const after = h('button', { class: 'button quiet', type: 'button', data: { testid: testid && `${testid}-after` }, onclick: () => turn(1) }, 'Next')
  const nav = h('div', { class: 'planet-pager row', role: 'group', 'aria-label': `Pages of ${noun}s` }, before, where, after)
  let items = []
  let page = 0

  function turn(by) {
    page += by
    draw()
  }

  function set(next) {
    items = next
    draw()
  }

  /** Turns to the page that has the item with this key. */
  function reveal(wanted) {
    const at = items.findIndex((item) => key(item) === wanted)
    if (at < 0) return null
    page = Math.floor(at / size)
    draw()
    return kept.get(wanted) ?? null
  }

  function draw() {
    const pages = Math.max(1, Math.ceil(items.length / size))
    page = Math.min(Math.max(page, 0), pages - 1)
    const shown = items.slice(page * size, (page + 1) * size)
    const keys = new Set(shown.map(key))
    for (const [name, node] of kept) {
      if (keys.has(name)) continue
      node.remove()
      kept.delete(name)
    }
    let place = rows.firstChild
    for (const item of shown) {
      let node = kept.get(key(item))
      if (!node) kept.set(key(item), node = make(item))
      update(node, item)
      if (node === place) place = place.nextSibling
      else rows.insertBefore(node, place)
    }
    show(nav, pages > 1)
    before.disabled = page === 0
    after.disabled = page === pages - 1
    say(where, `${page + 1} of ${pages}, ${plural(items.length, noun)}`)
  }

  return { nav, set, reveal }
}
