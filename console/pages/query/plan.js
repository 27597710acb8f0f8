// Plans as the page shows them: a tree with estimates, the indexes that are used, the rules that were applied, and hints
// about what would make it cheaper. It reads the JSON of a plan for figures and its text for the words.

// steps gives the lines of a plan as a tree: [{id, node, kind, what, rows, cost, children}].
export function steps(explanation) {
  const nodes = new Map(flat(explanation.plan?.nodes ?? []).map((n) => [n.id, n]))
  return nested(linesOf(explanation.text ?? '').map((l) => {
    const node = nodes.get(l.id) ?? {}
    return { ...l, node, rows: node.estimatedNrItems ?? null, cost: node.estimatedCost ?? null }
  }))
}

// flat gives the nodes of a plan and of all plans within it.
export function flat(nodes) {
  return nodes.flatMap((n) => [n, ...flat(n.subquery?.nodes ?? []), ...flat(n.build?.nodes ?? []), ...flat(n.lookup?.nodes ?? [])])
}

// linesOf reads the table of the text: id, kind, depth and what a step does.
function linesOf(text) {
  const out = []
  for (const line of text.split('\n').slice(1)) {
    const m = /^\s*(\d+)  (\S+)\s+(\S+)\s+(\S+)(?:  ( *)(\S.*))?$/.exec(line)
    if (!m) break
    out.push({ id: Number(m[1]), kind: m[2], depth: (m[5] ?? '').length / 2, what: m[6] ?? '' })
  }
  return out
}

// nested makes a tree of lines: what stands deeper belongs to the line above it.
export function nested(lines) {
  const root = { children: [], depth: -1 }
  const open = [root]
  for (const line of lines) {
    while (open.at(-1).depth >= line.depth) open.pop()
    const step = { ...line, children: [] }
    open.at(-1).children.push(step)
    open.push(step)
  }
  return root.children
}

// indexesOf names the indexes that a plan uses.
export const indexesOf = (plan) => flat(plan?.nodes ?? []).filter((n) => n.type === 'IndexNode').flatMap((n) => (n.indexes ?? []).map((i) => ({ collection: n.collection, ...i })))

const few = 1000

// hints says what would help: [{text, collection?, index?: {type, fields}}]. counts: collection -> number of documents.
export function hints(explanation, counts) {
  const nodes = flat(explanation.plan?.nodes ?? [])
  const words = new Map(linesOf(explanation.text ?? '').map((l) => [l.id, l.what]))
  const out = []
  for (const [at, n] of nodes.entries()) {
    if (n.type !== 'EnumerateCollectionNode' || n.count) continue
    const name = /^FOR (\S+) IN /.exec(words.get(n.id) ?? '')?.[1] ?? ''
    out.push(...hintsOfScan(n, name, nodes.slice(at + 1), counts[n.collection]))
  }
  return out
}

function hintsOfScan(n, name, later, documents) {
  const scan = `${n.limit ? 'Scan of up to' : 'Full scan of'} ${documents === undefined ? 'all' : documents.toLocaleString('en')} ${documents === 1 ? 'document' : 'documents'} of ${n.collection}`
  const conditions = [n.filter, ...later.filter((x) => x.type === 'FilterNode').map((x) => x.condition)].filter((c) => typeof c === 'string').join(' && ')
  const found = attributesIn(conditions, name)
  const sorts = later.find((x) => x.type === 'SortNode')?.elements ?? []
  const computed = later.filter((x) => x.type === 'CalculationNode').map((x) => x.expression)
  const place = placeIn([conditions, ...sorts.map((s) => s.inVariable), ...computed].join(' '), name)
  const fields = found.fields.length > 0 ? found.fields : sortFields(sorts, name, later)
  const weight = documents !== undefined && documents < few ? ' It matters when there are more.' : ''
  const hint = (text, type, on) => ({ text: `${scan}: ${text}${weight}`, collection: n.collection, index: { type, fields: on, geoJson: type === 'geo' && on.length === 1 ? true : undefined } })
  if (place) return [hint(`a geo index on ${place.join(' and ')} would help.`, 'geo', place)]
  if (found.either) return fields.map((f) => hint(`an index on ${f} would help with one side of OR; each side needs one.`, 'persistent', [f]))
  if (fields.length > 0) return [hint(`an index on ${fields.join(', ')} would help.`, 'persistent', fields)]
  if (!found.computed) return []
  return [{ text: `${scan}: the condition is computed from ${found.computed}, which no index has. Store it as an attribute of its own, with an index.`, collection: n.collection }]
}

const path = (name) => `${name.replace(/[$]/g, '\\$&')}((?:\\.(?:[A-Za-z_$][\\w$]*|\`[^\`]+\`))+)`
const dots = (p) => p.slice(1).replaceAll('`', '')

// attributesIn finds the attributes that conditions ask for: those that must be equal first, then one with a range; either says
// that they are sides of an OR, computed what a condition is computed from when nothing else is asked for.
export function attributesIn(text, name) {
  if (!name || !text) return { fields: [], computed: '', either: false }
  const clean = text.replace(/"(?:[^"\\]|\\.)*"/g, '""')
  const equal = new Set(), range = new Set()
  for (const m of clean.matchAll(new RegExp(`(?<![\\w.])${path(name)}\\s*(==|<=|>=|<|>|IN\\b)`, 'g'))) (m[2] === '==' || m[2] === 'IN' ? equal : range).add(dots(m[1]))
  for (const m of clean.matchAll(new RegExp(`(==|<=|>=|<|>|IN)\\s*${path(name)}(?![\\w(])`, 'g'))) {
    if (m[1] === 'IN') equal.add(dots(m[2]) + '[*]')
    else (m[1] === '==' ? equal : range).add(dots(m[2]))
  }
  const usable = (f) => f !== '_key' && f !== '_id' && f !== '_rev'
  const fields = [...[...equal].filter(usable), ...[...range].filter((f) => usable(f) && !equal.has(f)).slice(0, 1)]
  const computed = fields.length === 0 ? new RegExp(`[A-Z_]+\\([^()]*(?<![\\w.])${path(name)}`).exec(clean) : null
  return { fields: fields.slice(0, 4), computed: computed ? name + computed[1] : '', either: clean.includes('||') }
}

// sortFields are the attributes of a sort with a limit behind it, if an index could give that order.
function sortFields(sorts, name, later) {
  const isLimited = later.some((x) => x.type === 'LimitNode') || later.some((x) => x.type === 'SortNode' && x.limit)
  if (!isLimited || sorts.length === 0 || !name || new Set(sorts.map((s) => s.ascending)).size > 1) return []
  const fields = sorts.map((s) => new RegExp(`^${path(name)}$`).exec(s.inVariable ?? '')?.[1])
  return fields.every(Boolean) ? fields.map(dots).filter((f) => !f.startsWith('_')) : []
}

// placeIn finds the fields of a place whose distance is asked for.
function placeIn(text, name) {
  if (!name) return null
  const two = new RegExp(`\\bDISTANCE\\(\\s*${path(name)}\\s*,\\s*${path(name)}`).exec(text) ?? new RegExp(`\\bDISTANCE\\([^()]*,\\s*${path(name)}\\s*,\\s*${path(name)}\\s*\\)`).exec(text)
  if (two) return [dots(two[1]), dots(two[2])]
  const pair = new RegExp(`\\bGEO_\\w+\\([^()]*\\[\\s*${path(name)}\\s*,\\s*${path(name)}`).exec(text)
  if (pair) return [dots(pair[2]), dots(pair[1])] // written longitude first, indexed latitude first
  const one = new RegExp(`\\bGEO_(?:DISTANCE|CONTAINS|INTERSECTS|IN_RANGE)\\([^()]*(?<![\\w.])${path(name)}`).exec(text)
  return one ? [dots(one[1])] : null
}
