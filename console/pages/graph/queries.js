// The queries behind the page, as pure functions.
//
// Each gives {query, bindVars, shown}: `query` is what runs here, `shown` is the same question as a person would write it,
// which the Query page opens with the same parameters. What runs here asks for less: of each vertex and edge only what can
// be drawn, labelled or filtered by, so that a document of several megabytes costs a few hundred bytes.

export const directions = ['OUTBOUND', 'INBOUND', 'ANY']

// The most edges of one vertex that are counted; beyond it there are "10,000+".
export const countMost = 10000

const attributesMost = 100

// What must not be missing, of documents with more attributes than are asked for.
const first = ['_id', '_key', '_rev', '_from', '_to', 'name', 'title', 'label', 'code', 'lat', 'lon', 'lng', 'latitude', 'longitude', 'location', 'position']
const textMost = 200

// brief is an expression that gives the small attributes of a document as pairs, null for a document that is not there:
// numbers, booleans, the beginning of texts, and positions. (The subquery is carried out for null, too.)
function brief(of, ...more) {
  const names = JSON.stringify([...first, ...more])
  return `(${of} == null ? null : (
    FOR a IN APPEND(${names}, ATTRIBUTES(${of} || {}), true) LIMIT ${attributesMost}
      LET x = ${of}[a]
      LET y = IS_STRING(x) ? LEFT(x, ${textMost})
        : (IS_NUMBER(x) || IS_BOOL(x)) ? x
        : (IS_OBJECT(x) && x.type == "Point" && LENGTH(x.coordinates) <= 3) ? [TO_NUMBER(x.coordinates[0]), TO_NUMBER(x.coordinates[1])]
        : (IS_OBJECT(x) && IS_NUMBER(x.lat)) ? [TO_NUMBER(x.lon != null ? x.lon : x.lng), x.lat]
        : (IS_OBJECT(x) && IS_NUMBER(x.latitude)) ? [TO_NUMBER(x.longitude), x.latitude]
        : (IS_ARRAY(x) && LENGTH(x) == 2 && IS_NUMBER(x[0]) && IS_NUMBER(x[1])) ? x
        : null
      FILTER y != null
      RETURN [a, y]))`
}

// unpack turns the pairs of a brief document back into an object.
export function unpack(pairs) {
  return Array.isArray(pairs) ? Object.fromEntries(pairs) : null
}

function direction(name) {
  return directions.includes(name) ? name : 'ANY'
}

// neighbours are the next so many edges of a vertex in one edge collection, with the vertices at their other ends.
export function neighbours({ start, edges, direction: d, skip, limit }) {
  const walk = `FOR v, e IN 1..1 ${direction(d)} @start @@edges\n  LIMIT @skip, @limit`
  return {
    query: `${walk}\n  RETURN {v: ${brief('v')}, e: ${brief('e')}}`,
    shown: `${walk}\n  RETURN {vertex: v, edge: e}`,
    bindVars: { start, '@edges': edges, skip, limit },
  }
}

// degrees counts the edges of a vertex in each of the edge collections, up to countMost. The reply is an array.
export function degrees({ start, collections, direction: d }) {
  const bindVars = { start }
  const parts = collections.map((name, i) => {
    bindVars[`@e${i}`] = name
    return `LENGTH((FOR v IN 1..1 ${direction(d)} @start @@e${i} LIMIT ${countMost + 1} RETURN 1))`
  })
  const query = `RETURN [\n  ${parts.join(',\n  ')}\n]`
  return { query, shown: query, bindVars }
}

// edgeSet writes where a search walks: a named graph, or edge collections.
function edgeSet({ graph, collections }, bindVars) {
  if (graph) {
    bindVars.graph = graph
    return 'GRAPH @graph'
  }
  return collections.map((name, i) => {
    bindVars[`@e${i}`] = name
    return `@@e${i}`
  }).join(', ')
}

// paths are the shortest path between two vertices, or the first `count` ones. Both answer rows {weight, vertices, edges}.
export function paths({ from, to, direction: d, kind, count, weight, graph, collections }) {
  const bindVars = { from, to }
  const set = edgeSet({ graph, collections }, bindVars)
  const edge = brief('e', ...(weight ? [weight] : []))
  let options = ''
  if (weight) {
    options = '\n  OPTIONS {weightAttribute: @weight}'
    bindVars.weight = weight
  }
  if (kind !== 'k') {
    const walk = `FOR v, e IN ${direction(d)} SHORTEST_PATH @from TO @to ${set}${options}`
    return {
      query: `${walk}\n  RETURN {v: ${brief('v')}, e: ${edge}}`,
      shown: `${walk}\n  RETURN {vertex: v, edge: e}`,
      bindVars,
    }
  }
  bindVars.count = count
  const walk = `FOR p IN ${direction(d)} K_SHORTEST_PATHS @from TO @to ${set}${options}\n  LIMIT @count`
  return {
    query: `${walk}\n  RETURN {weight: p.weight, vertices: (FOR v IN p.vertices RETURN ${brief('v')}), edges: (FOR e IN p.edges RETURN ${edge})}`,
    shown: `${walk}\n  RETURN p`,
    bindVars,
  }
}

// pathsOf brings the rows of both kinds of search into one shape: [{weight, vertices: [{..}|null], edges: [{..}]}].
export function pathsOf(kind, rows, weight) {
  if (kind === 'k') {
    return rows.map((row) => ({ weight: row.weight, vertices: row.vertices.map(unpack), edges: row.edges.map(unpack) }))
  }
  if (rows.length === 0) return []
  const edges = rows.map((row) => unpack(row.e)).filter((e) => e !== null)
  const total = weight ? edges.reduce((sum, e) => sum + (typeof e[weight] === 'number' ? e[weight] : 1), 0) : edges.length
  return [{ weight: total, vertices: rows.map((row) => unpack(row.v)), edges }]
}

// pick finds the vertex with the most outgoing edges among the first 1,000 of a collection.
export function pick(edges) {
  const query = 'FOR e IN @@edges\n  LIMIT 1000\n  COLLECT id = e._from WITH COUNT INTO n\n  SORT n DESC, id\n  LIMIT 1\n  RETURN id'
  return { query, shown: query, bindVars: { '@edges': edges } }
}

// keys completes the key of a document: the first ones that begin with a prefix.
export function keys(collection, prefix, limit = 12) {
  const range = prefix === '' ? '' : '\n  FILTER d._key >= @prefix AND d._key < @end'
  const query = `FOR d IN @@collection${range}\n  SORT d._key\n  LIMIT @limit\n  RETURN d._key`
  const bindVars = { '@collection': collection, limit }
  if (prefix !== '') Object.assign(bindVars, { prefix, end: prefix + '\u{10FFFF}' })
  return { query, shown: query, bindVars }
}

// oneVertex reads what is drawn of a vertex. The reply has one row, null when it is not there.
export function oneVertex(id) {
  return {
    query: `LET v = DOCUMENT(@id)\nRETURN ${brief('v')}`,
    shown: 'RETURN DOCUMENT(@id)',
    bindVars: { id },
  }
}

// fieldsOfEdges gives names of attributes of the first edges, for the choice of a weight.
export function fieldsOfEdges(edges) {
  const query = 'FOR e IN @@edges\n  LIMIT 20\n  FOR a IN ATTRIBUTES(e, true)\n    FILTER IS_NUMBER(e[a])\n    RETURN DISTINCT a'
  return { query, shown: query, bindVars: { '@edges': edges } }
}
