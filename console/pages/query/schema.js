// What completion and the other parts of the page know of the fabric: its collections, the attributes that a few documents
// of a collection have, its graphs, and the functions of the language. Each is asked for when it is first wanted and kept
// for a while. What cannot be had is an empty list: completion is a help and never an error.

import { segment } from '/console/app/api.js'
import { short, visible } from '/console/app/text.js'

const keptMs = 30_000
const sampled = 25
const shownAttributes = 200

// One level of objects within is looked into. Values stay where they are: names alone are sent.
const sampleText = `FOR d IN @@of LIMIT ${sampled}
  RETURN (FOR a IN SLICE(ATTRIBUTES(d), 0, ${shownAttributes})
    RETURN [a, TYPENAME(d[a]), IS_OBJECT(d[a]) ? SLICE(ATTRIBUTES(d[a]), 0, ${shownAttributes}) : []])`

// schema gives what is known of the fabric that an api speaks to. A signal ends what is under way.
export function schema(api, signal) {
  const kept = new Map()
  const keep = (name, load, forMs = keptMs) => {
    const have = kept.get(name)
    if (have && performance.now() - have.at < forMs) return have.value
    const value = load().catch(() => {
      kept.delete(name)
      return []
    })
    kept.set(name, { value, at: performance.now() })
    return value
  }
  const get = (path) => api.call('GET', path, { signal })
  return {
    collections: () => keep('collections', async () => ((await get('/collection')).result ?? []).map(collectionOf).sort(byName)),
    graphs: () => keep('graphs', async () => ((await get('/graph')).graphs ?? []).map((g) => g.name ?? g._key).sort()),
    functions: () => keep('functions', async () => functionsOf(await get('/query/functions')), Infinity),
    limits: () => keep('limits', async () => (await get('/limits')).result ?? [], Infinity),
    attributes: (of) => keep('attributes ' + of, () => attributes(api, of, signal)),
    count: async (of) => (await get(`/collection/${segment(of)}/count`)).count,
    forget: () => kept.clear(),
  }
}

const byName = (a, b) => Number(a.name.startsWith('_')) - Number(b.name.startsWith('_')) || (a.name < b.name ? -1 : 1)

const collectionOf = (c) => ({ name: c.name, edges: c.type === 3, series: !!c.timeseries, local: !!c.isLocal, system: c.name.startsWith('_') })

// functionsOf takes the list as it is, or below result.
function functionsOf(answer) {
  const list = Array.isArray(answer) ? answer : answer.result ?? []
  return list.map((f) => ({ name: f.name, signature: f.signature ?? f.name + '()', summary: f.summary ?? f.doc ?? '', kind: f.kind ?? f.family ?? '' }))
}

// attributes gives [{name, types: [..], inner: [names]}] of a collection, the most frequent ones first.
async function attributes(api, of, signal) {
  const body = { query: sampleText, bindVars: { '@of': of }, batchSize: sampled, options: { maxRuntime: 3 } }
  const { result } = await api.call('POST', '/cursor', { body, signal })
  const found = new Map()
  for (const [name, type, inner] of result.flat()) {
    const have = found.get(name) ?? { name, types: new Set(), inner: new Set(), times: 0 }
    have.times++
    if (type !== 'null') have.types.add(type)
    for (const n of inner) have.inner.add(n)
    found.set(name, have)
  }
  return [...found.values()].sort((a, b) => b.times - a.times || (a.name < b.name ? -1 : 1))
    .map((a) => ({ name: a.name, label: visible(short(a.name, 80)), types: [...a.types], inner: [...a.inner].sort() }))
}
