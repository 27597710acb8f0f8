// What the parts of the data page share: the collections of the fabric, the
// undo of the last removal, and the way to addresses.
import { visible } from '../../app/text.js'
import { h } from '../../app/dom.js'
import { segment } from '../../app/api.js'
import { href } from '../../app/router.js'
import { draftsOf } from './drafts.js'

export const KINDS = {
  document: { word: 'documents', one: 'document', title: 'Documents', text: 'JSON objects under a key.' },
  edge: { word: 'edges', one: 'edge', title: 'Edges', text: 'Documents with _from and _to: what joins two documents.' },
  kv: { word: 'entries', one: 'entry', title: 'Key-values', text: 'One value under each key, with an end if wanted.' },
  series: { word: 'points', one: 'point', title: 'Time series', text: 'A time and some numbers, within a series. Points are written, never changed.' },
}

/** 'document', 'edge', 'kv' or 'series'. */
export function kindOf(info) {
  if (info.timeseries) return 'series'
  if (info.collectionModel === 'KV') return 'kv'
  return info.type === 3 ? 'edge' : 'document'
}

export class Store {
  constructor(context) {
    this.context = context
    this.api = context.api
    this.collections = new Map()
    this.listeners = new Set()
    this.drafts = draftsOf(context) // what was typed and not saved
    this.removed = null // {collection, key, text}: what can be put back
  }

  /** Reads the collections; system ones come last and are marked. */
  async load(signal = this.context.signal) {
    const [all, kv] = await Promise.all([
      this.api.call('GET', '/collection', { signal }),
      this.api.call('GET', '/kv', { signal }),
    ])
    const expires = new Map(kv.result.map(k => [k.name, k.expiration]))
    const before = this.collections
    this.collections = new Map(all.result.map(info => {
      info.expiration = expires.get(info.name) ?? false
      info.count = before.get(info.name)?.count
      return [info.name, info]
    }))
    this.tell()
  }

  async count(name, signal = this.context.signal) {
    const { count } = await this.api.call('GET', `/collection/${segment(name)}/count`, { signal })
    const info = this.collections.get(name)
    if (info) info.count = count
    this.tell(name)
    return count
  }

  /** Calls fn whenever the collections, or one of them, changed. */
  subscribe(fn) {
    this.listeners.add(fn)
    return () => this.listeners.delete(fn)
  }

  tell(name) { for (const fn of this.listeners) fn(name) }

  /** Goes to an address of the page; says so when there cannot be one. */
  go(path, query = {}, how = {}) {
    try {
      path.forEach(segment)
    } catch (error) {
      this.context.toast('bad', `${error.message}. ${error.next}`)
      return
    }
    this.context.navigate('data', path, query, how)
  }
}

/** A link within the page; a click with a key pressed opens it elsewhere, as links do. */
export function link(store, path, label, { query = {}, ...props } = {}) {
  return h('a', {
    href: href('data', path, query, store.context.fabric),
    ...props,
    onclick(event) {
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0) return
      event.preventDefault()
      event.stopPropagation() // a row of a table would open itself, too
      store.go(path, query)
    },
  }, typeof label === 'string' ? visible(label) : label)
}

/** A link to the document of a handle such as places/fra; text when it is no handle. */
export function handleLink(store, handle) {
  const slash = handle.indexOf('/')
  if (slash <= 0 || slash === handle.length - 1) return visible(handle)
  return link(store, [handle.slice(0, slash), handle.slice(slash + 1)], handle, { class: 'mono data-handle' })
}

/** The path of a document below F. */
export const documentPath = (collection, key) => `/document/${segment(collection)}/${segment(key)}`
