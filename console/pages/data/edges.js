// The edges of a document, found in all edge collections of the fabric.
import { h, replace } from '../../app/dom.js'
import { plural, visible } from '../../app/text.js'
import { aborted, button, problem } from './parts.js'
import { kindOf, handleLink, link } from './store.js'
import { rowsOf } from './cursor.js'
import { collectionName } from './filter.js'

const MOST = 50 // of one collection and direction

/** A card that looks when it is asked to; null when there are no edge collections. */
export function edgesOf(host, handle, signal) {
  const names = [...host.store.collections.values()].filter(c => kindOf(c) === 'edge').map(c => c.name).sort()
  if (names.length === 0) return null
  const body = h('div', { class: 'col' })
  async function look() {
    replace(body, h('p', { class: 'muted', role: 'status' }, 'Looking'))
    const found = []
    try {
      for (const name of names) {
        for (const [end, other, arrow] of [['_from', '_to', '→'], ['_to', '_from', '←']]) {
          const rows = await rowsOf(host.api, `FOR e IN ${collectionName(name)} FILTER e.${end} == @handle LIMIT ${MOST + 1} RETURN {key: e._key, other: e.${other}}`, { handle }, signal)
          found.push({ name, arrow, rows: rows.map(t => JSON.parse(t)) })
        }
      }
      const some = found.filter(f => f.rows.length > 0)
      replace(body, some.length === 0 ? h('p', { class: 'muted' }, `No edge of ${plural(names.length, 'edge collection')} begins or ends here.`) : some.map(group))
    } catch (error) {
      if (!aborted(error)) replace(body, problem(error, look))
    }
  }
  function group({ name, arrow, rows }) {
    return h('div', { class: 'col' }, h('h4', null, arrow === '→' ? `${visible(name)}, from here` : `${visible(name)}, to here`),
      h('ul', { class: 'data-edges' }, rows.slice(0, MOST).map(r => h('li', { class: 'row' }, link(host.store, [name, r.key], r.key, { class: 'mono' }), arrow, handleLink(host.store, r.other)))),
      rows.length > MOST ? h('p', { class: 'muted' }, `The first ${MOST}; see the Graph page for all.`) : null)
  }
  replace(body, button('data-edges-look', 'Look for edges', look))
  return h('section', { class: 'card col', data: { testid: 'data-edges' } }, h('div', { class: 'row' }, h('h3', { class: 'grow' }, 'Edges'),
    button('data-open-graph', 'Explore in Graph', () => host.context.navigate('graph', [], { edges: names.slice(0, 5).join(','), start: handle }), { kind: 'quiet' })), body)
}
