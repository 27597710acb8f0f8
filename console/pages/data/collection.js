// One collection: its head, its tabs, and the document that is open.
import { h, replace } from '../../app/dom.js'
import { showTab } from '../../app/tabs.js'
import { count } from '../../app/text.js'
import { aborted, button, formDialog, problem, scope } from './parts.js'
import { KINDS, kindOf, link } from './store.js'
import { follow } from './changes.js'
import { createCollection } from './create.js'
import { declarationsView } from './declarations.js'
import { indexesView } from './indexes.js'
import { conflictsView } from './conflicts.js'
import { importView } from './import.js'
import { exportView } from './export.js'
import { settingsView } from './settings.js'
import { documentsView } from './documents.js'
import { documentView } from './document.js'
import { pointsView } from './points.js'

const TABS = [
  { id: 'documents', kinds: ['document', 'edge', 'kv', 'series'], label: info => KINDS[kindOf(info)].title, view: host => (host.kind === 'series' ? pointsView(host) : documentsView(host)) },
  { id: 'indexes', kinds: ['document', 'edge', 'kv'], label: () => 'Indexes', view: indexesView },
  { id: 'merging', kinds: ['document', 'edge', 'kv'], label: () => 'Merging', view: declarationsView },
  { id: 'conflicts', kinds: ['document', 'edge', 'kv'], label: () => 'Conflicts', view: host => conflictsView(host) },
  { id: 'import', kinds: ['document', 'edge', 'kv', 'series'], label: () => 'Import', view: importView },
  { id: 'export', kinds: ['document', 'edge', 'kv', 'series'], label: () => 'Export', view: exportView },
  { id: 'settings', kinds: ['document', 'edge', 'kv', 'series'], label: () => 'Settings', view: settingsView },
]

/** {node, changed(route), close()} */
export function collectionView(store, name, route) {
  const life = scope(store.context.signal)
  const head = h('header', { class: 'data-head' })
  const body = h('div', { class: 'data-body' })
  const node = h('section', { class: 'col data-collection', aria: { label: `Collection ${name}` } }, head, body)
  const host = { store, api: store.api, context: store.context, name, signal: life.signal, route, kept: {} }
  const children = childSwitcher(host, body)

  /** The collection is not there: everything about it is forgotten, and looked at anew when one of its name comes. */
  function gone() {
    children.close()
    host.feed?.close()
    host.info = undefined
    host.kept = {}
    host.looked = false
    if (store.removed?.collection === name) store.removed = null // it is nothing to put back into another one
    if (store.collections.delete(name)) store.tell()
    replace(head)
    replace(body, goneState(store, name, () => { store.load().catch(() => {}) }))
  }

  /** True when an error means that the collection is gone, and the page says so. */
  host.lost = error => {
    if (aborted(error)) return true
    if (error.code !== 'collection-not-found') return false
    gone()
    return true
  }
  host.showHead = () => { if (host.info) showHead(host, head) }

  function begin() {
    host.info = store.collections.get(name)
    if (!host.info && !host.looked) {
      host.looked = true // it may be younger than the list
      return store.load().then(() => { if (!host.info) begin() }, error => { if (!aborted(error)) replace(body, problem(error, begin)) })
    }
    if (!host.info) return gone()
    host.kind = kindOf(host.info)
    host.feed?.close()
    host.feed = follow(store.api, name, {
      signal: life.signal,
      onState(state, error) { if (state === 'over' && error?.code === 'collection-not-found') gone(); else host.kept.feedState?.(state, error) },
    })
    host.feed.subscribe(changes => { if (changes.some(c => c.type === 'drop')) gone() })
    showHead(host, head)
    children.show(host.route)
  }
  begin()
  const stop = store.subscribe(changed => {
    if (changed === name || changed === undefined) {
      const info = store.collections.get(name)
      if (info && !host.info) { begin(); return }
      if (info) { host.info = info; showHead(host, head) }
    }
  })
  return {
    node,
    changed(next) { host.route = next; if (host.info) { showHead(host, head); children.show(next) } },
    close() { stop(); children.close(); host.feed?.close(); life.close() },
  }
}

/** Shows the tab or document of an address. The list of documents stays behind an open document. */
function childSwitcher(host, body) {
  let current = null
  let behind = null // the list of documents, while one of them is open
  let at = ''
  const closeAll = () => { current?.close(); behind?.close(); current = behind = null; at = '' }
  return {
    show(route) {
      const key = route.path[1]
      const tab = TABS.find(t => t.id === route.query.get('tab') && t.kinds.includes(host.kind)) ?? TABS[0]
      const wanted = key === undefined || host.kind === 'series' ? tab.id : `key ${key}`
      if (wanted === at && current) return current.changed?.(route)
      if (at === 'documents' && wanted.startsWith('key ')) { current.hidden?.(); behind = current }
      else if (current !== behind) current?.close()
      at = wanted
      if (wanted === 'documents' && behind) {
        current = behind
        behind = null
        replace(body, current.node)
        return current.shown?.(route)
      }
      if (!wanted.startsWith('key ') && behind) { behind.close(); behind = null }
      current = wanted.startsWith('key ') ? documentView(host, key) : tab.view(host)
      replace(body, current.node)
    },
    close: closeAll,
  }
}

function showHead(host, head) {
  const { info, kind, store, name, route } = host
  const open = route.path[1]
  const selected = TABS.find(t => t.id === route.query.get('tab')) ?? TABS[0]
  const tabs = h('nav', { class: 'data-tabs', aria: { label: 'Parts of the collection' } },
    TABS.filter(t => t.kinds.includes(kind)).map(t => link(store, [name], t.label(info), {
      query: t.id === 'documents' ? {} : { tab: t.id }, data: { testid: `data-tab-${t.id}` },
      aria: { current: t.id === (open === undefined ? selected.id : 'documents') ? 'page' : null },
    })))
  replace(head,
    h('div', { class: 'row data-title' },
      link(store, [], 'All collections', { class: 'data-back', data: { testid: 'data-back' } }),
      h('h1', { class: 'grow' }, link(store, [name], name, { data: { testid: 'data-collection-name' } })),
      h('span', { class: 'badge', data: { testid: 'data-kind' } }, KINDS[kind].title),
      info.isLocal ? h('span', { class: 'badge', title: 'Never sent to other locations' }, 'local') : null,
      h('span', { class: 'muted', data: { testid: 'data-count' } }, info.count === undefined ? '' : `${count(info.count)} ${info.count === 1 ? KINDS[kind].one : KINDS[kind].word}`),
      button('data-truncate', 'Empty', () => truncate(host), { kind: 'quiet', title: `Remove everything from ${name}` }),
      button('data-drop', 'Drop', () => dropCollection(host), { kind: 'quiet danger', title: `Remove ${name} itself` })),
    tabs)
  const shown = tabs.querySelector('[aria-current]')
  if (shown) showTab(tabs, shown)
}

function truncate({ store, api, name, info, kind, signal, lost, kept }) {
  formDialog({
    title: `Empty ${name}`, testid: 'data-truncate-dialog', action: 'Remove all', danger: true, typed: name,
    body: h('p', null, `This removes ${info.count === undefined ? 'all' : 'all ' + count(info.count)} ${KINDS[kind].word} of ${name}, at every location. Indexes and declarations stay. It cannot be undone; export it first if it may be wanted again.`),
    async run(own) {
      try {
        await api.call('PUT', `/collection/${encodeURIComponent(name)}/truncate`, { signal: own })
      } catch (error) {
        if (!lost(error)) throw error
        return
      }
      store.removed = null
      store.context.toast('good', `${name} is empty`)
      store.count(name, signal).catch(() => {})
      kept.reload?.()
    },
  })
}

function dropCollection({ store, api, name, info, kind }) {
  formDialog({
    title: `Drop ${name}`, testid: 'data-drop-dialog', action: 'Drop', danger: true, typed: name,
    body: h('p', null, `This removes the collection ${name} with ${info.count === undefined ? 'all' : 'all ' + count(info.count)} ${KINDS[kind].word}, its indexes and its declarations, at every location. It cannot be undone.`),
    async run(own) {
      await api.call('DELETE', `/collection/${encodeURIComponent(name)}`, { signal: own })
      if (store.removed?.collection === name) store.removed = null
      store.context.toast('good', `${name} was dropped`)
      store.go([])
      await store.load()
    },
  })
}

function goneState(store, name, reload) {
  return h('div', { class: 'empty', role: 'alert', data: { testid: 'data-gone' } },
    h('h2', null, `There is no collection ${name}`),
    h('p', null, 'It was dropped, perhaps at another location, or it belongs to another fabric. Choose another collection at the side, another fabric at the top, or make it anew, empty.'),
    h('div', { class: 'row' },
      button('data-gone-back', 'Back to the collections', () => { reload(); store.go([]) }, { kind: 'primary' }),
      button('data-gone-again', `Make ${name} again`, () => createCollection(store, name)),
      button('data-gone-look', 'Look again', reload)))
}
