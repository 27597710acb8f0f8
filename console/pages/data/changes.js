// Follows the changes of one collection as they come.
import { elements, member, members, string } from './scan.js'

/**
 * Follows a collection until close(). Listeners get {type, key, rev, origin,
 * text}: text is the document's, null when it came without one; digits stay as
 * they are. onState gets 'open', 'lost', or 'over' with an error when the feed
 * cannot go on.
 */
export function follow(api, collection, { signal, onState = () => {} }) {
  const listeners = new Set()
  const own = new AbortController()
  const ends = AbortSignal.any([signal, own.signal])
  let state = 'lost'
  const tell = (to, error) => { state = to; onState(to, error) }
  api.stream('/changes', {
    query: { collection, since: 'now' },
    signal: ends,
    onState: to => tell(to),
    onError: error => tell('over', error),
    onEvent(name, data) {
      if (name === 'error') return tell('over', new Error(string(member(data, 'errorMessage')) || 'the feed has ended'))
      if (data === '') return
      const changes = elements(member(data, 'changes') ?? '[]').map(read).filter(c => c.collection === collection || c.type === 'drop')
      if (changes.length > 0) for (const fn of [...listeners]) fn(changes)
    },
  })
  return {
    get state() { return state },
    subscribe(fn) { listeners.add(fn); return () => listeners.delete(fn) },
    close() { own.abort(); listeners.clear() },
  }
}

function read(text) {
  const m = new Map(members(text).map(x => [x.name, x.text]))
  const s = name => string(m.get(name) ?? '')
  return { type: s('type'), collection: s('collection'), key: s('key'), rev: s('rev'), origin: s('origin'), text: m.get('document') ?? null, count: Number(m.get('count') ?? 0) }
}
