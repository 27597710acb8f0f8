// What could stand at a place of a query: words, functions, collections, variables, parameters, and behind a dot the
// attributes of what stands before it. It reads tokens, not grammar, so that it works on half a query too; it knows
// variables of the whole text up to the place, whether or not they are in scope there.

import { keywords, constants, tokens, nameOf, is, isOperation, written, parameters } from './c8ql.js'

// completer gives the function that the editor asks. schema: see schema.js; text() is the whole query, binds() the values
// of its parameters as JSON texts.
export function completer({ schema, text, binds }) {
  return async function complete({ before, position }) {
    const all = text()
    const to = typeof position === 'number' ? position : before.length
    const list = tokens(all.slice(0, to))
    const last = list.at(-1)
    if (last && inside(last, to)) return []
    const typing = last && last.to === to && (last.kind === 'name' || last.kind === 'parameter') ? list.pop() : null
    if (typing?.kind === 'parameter') return parameterItems(all.slice(0, typing.from) + ' ' + all.slice(to), typing.text)
    if (is(list.at(-1), '.')) return attributeItems(list.slice(0, -1), { schema, binds })
    return wordItems(list, typing?.text ?? '', schema)
  }
}

// inside tells whether a place is in a string, a comment or a number that the text before it has begun.
function inside(token, to) {
  if (token.kind === 'number') return token.to === to
  if (token.kind === 'comment') return !token.closed && token.to === to
  return !token.closed
}

// parameterItems gives the parameters of the text that what is typed may become. The signs that are typed stay.
function parameterItems(text, typed) {
  const signs = /^@+/.exec(typed)[0].length
  return parameters(text).map((name) => '@' + name).filter((whole) => signs < 2 || whole.startsWith('@@'))
    .map((whole) => ({ label: whole.slice(signs), apply: whole.slice(signs), detail: whole.startsWith('@@') ? 'collection' : 'parameter', type: 'variable' }))
}

async function wordItems(list, word, schema) {
  const place = placeOf(list)
  if (place === 'name') return []
  const [collections, functions] = await Promise.all([schema.collections(), schema.functions()])
  const out = []
  if (place !== 'collection') out.push(...variableItems(list))
  const boost = place === 'collection' ? 2 : place === 'source' ? 1 : -1
  const wanted = collections.filter((c) => !c.system || word.startsWith('_'))
  out.push(...wanted.map((c) => ({ label: c.name, apply: written(c.name), detail: kindOf(c), type: 'class', boost })))
  if (place === 'graph') out.push(...(await schema.graphs()).map((g) => ({ label: g, apply: JSON.stringify(g), detail: 'graph', type: 'class', boost: 2 })))
  if (place === 'collection') return out
  out.push(...keywords.map((k) => ({ label: k, type: 'keyword', boost: place === 'operation' && isOperation(k) ? 2 : 0 })))
  out.push(...constants.map((k) => ({ label: k.toLowerCase(), type: 'constant' })))
  out.push(...functions.map((f) => ({ label: f.name, detail: argumentsOf(f), info: f.signature + '\n\n' + f.summary, type: 'function', apply: f.name + '(' })))
  return out
}

const kindOf = (c) => c.series ? 'time series' : c.edges ? 'edges' : 'collection'

const argumentsOf = (f) => f.signature.startsWith(f.name) ? f.signature.slice(f.name.length) : f.signature

// placeOf says what is expected behind some tokens: 'operation', 'source' (a collection or an expression), 'collection',
// 'graph', 'name' (a new name) or 'expression'.
function placeOf(list) {
  const last = list.at(-1)
  if (!last || is(last, '(')) return 'operation'
  if (is(last, 'LET') || is(last, 'FOR')) return 'name'
  if (is(last, 'INTO')) return modifies(list) ? 'collection' : 'name'
  if (is(last, 'GRAPH')) return 'graph'
  if (is(last, 'IN')) return modifies(list) ? 'collection' : 'source'
  const ends = last.kind === 'name' ? !isWord(last) : ['string', 'number', 'quoted', 'parameter'].includes(last.kind) || [')', ']', '}'].includes(last.text)
  return ends ? 'operation' : 'expression'
}

const words = new Set(keywords)
const isWord = (token) => words.has(token.text.toUpperCase())

// modifies tells whether the operation that the list ends in changes data, so that IN and INTO name a collection.
function modifies(list) {
  for (let at = list.length - 2; at >= 0; at--) {
    const t = list[at]
    if (t.kind !== 'name' || is(list[at - 1], '.') || !isOperation(t.text)) continue
    return /^(insert|update|replace|remove|upsert)$/i.test(t.text)
  }
  return false
}

function variableItems(list) {
  const of = { collection: 'document', edge: 'edge', path: 'path', alias: 'variable', other: 'variable', written: 'document' }
  return [...variables(list)].map(([name, v]) => ({ label: name, apply: written(name), detail: v.collection ? v.collection.text : of[v.kind], type: 'variable', boost: 3 }))
}

// variables finds what FOR, LET, COLLECT and INTO declare: name -> {kind, collection?: token, path?: [names], edges?: token}.
export function variables(list) {
  const found = new Map()
  list.forEach((t, at) => {
    if (t.kind !== 'name' || is(list[at - 1], '.')) return
    switch (t.text.toUpperCase()) {
      case 'FOR': return forVariables(list, at, found)
      case 'LET': return letVariable(list, at, found)
      case 'COLLECT': case 'AGGREGATE': return groupVariables(list, at, found)
      case 'INTO': return intoVariable(list, at, found)
    }
  })
  return found
}

function forVariables(list, at, found) {
  const names = []
  let next = at + 1
  while (nameOf(list[next]) && !is(list[next], 'IN')) {
    names.push(nameOf(list[next]))
    next += is(list[next + 1], ',') ? 2 : 1
  }
  if (!is(list[next], 'IN')) return names.forEach((n) => found.set(n, { kind: 'other' }))
  const source = list[next + 1]
  const walk = walkOf(list, next + 1)
  if (walk) {
    const [vertex, edge, path] = names
    if (vertex) found.set(vertex, { kind: 'collection', collection: walk.vertices })
    if (edge) found.set(edge, { kind: 'edge', collection: walk.edges })
    if (path) found.set(path, { kind: 'path', walk })
    return
  }
  const isCollection = source && (nameOf(source) || source.text.startsWith('@@')) && !is(list[next + 2], '(') && !is(list[next + 2], '.')
  if (names[0]) found.set(names[0], isCollection ? { kind: 'collection', collection: source } : { kind: 'other' })
}

// walkOf reads a traversal up to the next operation: the token of its edge collection, if it names one, and of the
// collection of its start, if that is a text such as 'places/fra'.
function walkOf(list, from) {
  let edges = null, vertices = null, found = false
  for (let at = from; at < list.length; at++) {
    const t = list[at]
    if (t.kind === 'name' && isOperation(t.text)) break
    if (t.kind === 'string' && !vertices) vertices = startOf(t)
    if (t.kind === 'name' && /^(outbound|inbound|any|graph|shortest_path|k_paths|k_shortest_paths|all_shortest_paths)$/i.test(t.text)) found = true
    else if (found && (nameOf(t) || t.text.startsWith('@@')) && !isWord(t) && !is(list[at - 1], '.') && !is(list[at + 1], '.')) edges = t
  }
  return found ? { edges, vertices } : null
}

function startOf(token) {
  const name = /^["']([^/"']+)\//.exec(token.text)
  return name && { kind: 'name', text: name[1] }
}

function letVariable(list, at, found) {
  const name = nameOf(list[at + 1])
  if (!name || !is(list[at + 2], '=')) return
  const path = []
  let next = at + 3
  while (nameOf(list[next])) {
    path.push(nameOf(list[next]))
    if (!is(list[next + 1], '.')) break
    next += 2
  }
  const simple = path.length > 0 && !is(list[next + 1], '(') && !is(list[next + 1], '[')
  found.set(name, simple ? { kind: 'alias', path } : { kind: 'other' })
}

// groupVariables reads a = x, b = y behind COLLECT or AGGREGATE, up to the next operation.
function groupVariables(list, at, found) {
  let depth = 0
  for (let next = at + 1; next < list.length; next++) {
    const t = list[next]
    if ('([{'.includes(t.text)) depth++
    if (')]}'.includes(t.text)) depth--
    if (depth < 0 || t.kind === 'name' && depth === 0 && (isOperation(t.text) || /^(into|with|aggregate)$/i.test(t.text))) return
    const begins = next === at + 1 || depth === 0 && is(list[next - 1], ',')
    if (begins && nameOf(t) && is(list[next + 1], '=')) found.set(nameOf(t), { kind: 'other' })
  }
}

function intoVariable(list, at, found) {
  const name = nameOf(list[at + 1])
  if (!name) return
  if (modifies(list.slice(0, at + 1))) return
  found.set(name, { kind: 'other' })
}

// attributeItems gives what stands behind the dot of the chain that the tokens end in.
async function attributeItems(list, { schema, binds }) {
  const chain = []
  let at = list.length - 1
  for (;;) {
    while (is(list[at], ']')) at = opening(list, at) - 1
    const name = nameOf(list[at])
    if (!name) return []
    chain.unshift(name)
    if (!is(list[at - 1], '.')) break
    at -= 2
  }
  const known = variables(list)
  const source = resolve(chain, known, list, 0)
  if (!source) return []
  if (source.fixed) return source.fixed.map((label) => ({ label, type: 'property' }))
  const collection = collectionName(source.collection, binds)
  const have = collection ? await schema.attributes(collection) : []
  if (source.path.length === 0) {
    return have.map((a) => ({ label: a.label ?? a.name, apply: written(a.name), detail: a.types.join(', '), type: 'property' }))
  }
  if (source.path.length > 1) return []
  const inner = have.find((a) => a.name === source.path[0])?.inner ?? []
  return inner.map((name) => ({ label: name, apply: written(name), type: 'property' }))
}

function opening(list, at) {
  let depth = 0
  for (; at >= 0; at--) {
    if (is(list[at], ']')) depth++
    if (is(list[at], '[') && --depth === 0) return at
  }
  return 0
}

// resolve follows a chain of names to a collection and a path in its documents.
function resolve(chain, known, list, depth) {
  const [first, ...rest] = chain
  if (/^(old|new)$/i.test(first) && !known.has(first)) return { collection: writtenTo(list), path: rest }
  const v = known.get(first)
  if (!v || depth > 8) return null
  switch (v.kind) {
    case 'collection': return { collection: v.collection, path: rest }
    case 'edge': return { collection: v.collection, path: rest }
    case 'alias': return v.path[0] === first ? null : resolve([...v.path, ...rest], known, list, depth + 1)
    case 'path':
      if (rest.length === 0) return { fixed: ['vertices', 'edges', 'weights'] }
      return { collection: rest[0] === 'edges' ? v.walk.edges : v.walk.vertices, path: rest.slice(1) }
  }
  return null
}

// writtenTo is the collection that the last modification names.
function writtenTo(list) {
  for (let at = list.length - 1; at > 0; at--) {
    if ((is(list[at - 1], 'INTO') || is(list[at - 1], 'IN')) && modifies(list.slice(0, at))) return list[at]
  }
  return null
}

function collectionName(token, binds) {
  if (!token) return ''
  if (token.kind !== 'parameter') return nameOf(token)
  try {
    const value = JSON.parse(binds()[token.text.slice(1)] ?? 'null')
    return typeof value === 'string' ? value : ''
  } catch {
    return ''
  }
}
