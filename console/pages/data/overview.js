// All collections of the fabric in one table: kind, count, indexes, declarations.
import { h, replace } from '../../app/dom.js'
import { count, plural } from '../../app/text.js'
import { table } from '../../app/table.js'
import { aborted, button, scope } from './parts.js'
import { KINDS, kindOf, link } from './store.js'
import { createCollection } from './create.js'
import { declarationWords } from './declaring.js'

export function overviewView(host) {
  const { store } = host
  const life = scope(host.signal)
  const indexes = new Map() // name -> words, asked for when a row comes into sight
  const grid = table({
    label: 'Collections', testid: 'data-overview', rowId: c => c.name, onOpen: c => store.go([c.name]),
    empty: { title: 'No collections yet', text: 'A collection holds documents, edges, key-values or points. Make one, then write into it or import a file.', action: button('data-overview-create', 'New collection', () => createCollection(store), { kind: 'primary' }) },
    columns: [
      { name: 'name', title: 'Collection', width: 'minmax(9rem, 1.2fr)', cell: c => link(store, [c.name], c.name) },
      { name: 'kind', title: 'Kind', width: 'minmax(7rem, 0.7fr)', cell: c => KINDS[kindOf(c)].title + (c.isLocal ? ', local' : '') },
      { name: 'count', title: 'Count', width: 'minmax(5rem, 0.5fr)', align: 'right', cell: c => late(counted, c, 'count') },
      { name: 'indexes', title: 'Indexes', width: 'minmax(8rem, 1fr)', cell: c => late(indexed, c, 'indexes') },
      { name: 'crdt', title: 'Declarations', width: 'minmax(8rem, 1.2fr)', cell: c => Object.entries(c.crdt ?? {}).map(([path, d]) => `${path}: ${declarationWords(d)}`).join('; ') },
    ],
  })

  /** A cell that is filled when its words have come. */
  function late(ask, c, what) {
    const node = h('span', { data: { [what]: c.name } })
    ask(c).then(words => { node.textContent = words; node.title = words }, error => { if (!aborted(error)) { node.textContent = 'not known'; node.title = error.message } })
    return node
  }

  async function counted(c) { return count(c.count ?? await store.count(c.name, life.signal)) }

  function indexed(c) {
    if (kindOf(c) === 'series') return Promise.resolve('')
    if (!indexes.has(c.name)) {
      const asked = host.api.call('GET', '/index', { query: { collection: c.name }, signal: life.signal })
        .then(({ indexes: all }) => all.filter(x => x.type !== 'primary' && x.type !== 'edge').map(x => `${x.name} (${x.type})`).join(', '))
      asked.catch(() => indexes.delete(c.name)) // asked again when the row is drawn again
      indexes.set(c.name, asked)
    }
    return indexes.get(c.name)
  }

  const foot = h('p', { class: 'muted', role: 'status' })
  function show() {
    const shown = [...store.collections.values()].filter(c => !c.isSystem && !c.name.startsWith('_'))
    grid.setRows(shown)
    replace(foot, shown.length > 0 ? plural(shown.length, 'collection') : '')
  }
  show()
  const stop = store.subscribe(name => { if (name === undefined) show() })
  return { node: h('div', { class: 'col' }, h('div', { class: 'data-table' }, grid.node), foot), close() { stop(); life.close() } }
}
