// What of the drawn graph is shown, and under which label. Pure.

export const operators = ['==', '!=', '<', '<=', '>', '>=', 'contains', 'is set', 'is not set']

// text gives a value as people read it; numbers that a double cannot hold keep their digits.
export function text(value) {
  if (value === null || value === undefined) return ''
  if (typeof value === 'object' && typeof value.digits === 'string') return value.digits
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

// label is the attribute that was chosen, or the first of those that usually name things, or the key.
export function label(vertex, attribute) {
  const of = vertex.attributes ?? {}
  if (attribute) return text(of[attribute]) || vertex.key
  for (const name of ['name', 'title', 'label', 'code']) {
    if (typeof of[name] === 'string' && of[name] !== '') return of[name]
  }
  return vertex.key
}

// matches tells whether a document fits a condition {attribute, operator, value}. Numbers are compared as numbers when
// both sides are, as text otherwise.
export function matches(attributes, condition) {
  if (!condition || condition.attribute === '') return true
  const value = attributes?.[condition.attribute]
  const set = value !== undefined && value !== null
  if (condition.operator === 'is set') return set
  if (condition.operator === 'is not set') return !set
  if (!set) return condition.operator === '!='
  if (condition.operator === 'contains') return text(value).toLowerCase().includes(condition.value.toLowerCase())
  return compared(order(value, condition.value), condition.operator)
}

function order(value, wanted) {
  const number = wanted.trim() === '' ? NaN : Number(wanted)
  if (typeof value === 'number' && !Number.isNaN(number)) return Math.sign(value - number)
  const own = text(value)
  return own === wanted ? 0 : own < wanted ? -1 : 1
}

function compared(sign, operator) {
  switch (operator) {
    case '==': return sign === 0
    case '!=': return sign !== 0
    case '<': return sign < 0
    case '<=': return sign <= 0
    case '>': return sign > 0
    case '>=': return sign >= 0
  }
  return true
}

// shown gives the vertices and edges that pass the filter {condition, hiddenVertices: Set, hiddenEdges: Set}.
export function shown(model, filter) {
  const vertices = []
  const ids = new Set()
  for (const vertex of model.vertices.values()) {
    if (filter.hiddenVertices.has(vertex.collection) || !matches(vertex.attributes, filter.condition)) continue
    vertices.push(vertex)
    ids.add(vertex.id)
  }
  const edges = []
  for (const edge of model.edges.values()) {
    if (!filter.hiddenEdges.has(edge.collection) && ids.has(edge.from) && ids.has(edge.to)) edges.push(edge)
  }
  return { vertices, edges, ids }
}

// attributeNames lists the attributes of what is drawn, the most common first.
export function attributeNames(model, most = 60) {
  const counts = new Map()
  for (const { attributes } of model.vertices.values()) {
    for (const name of Object.keys(attributes ?? {})) {
      if (name !== '_id' && name !== '_rev') counts.set(name, (counts.get(name) ?? 0) + 1)
    }
  }
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, most).map(([name]) => name)
}

const pairs = [['lon', 'lat'], ['lng', 'lat'], ['longitude', 'latitude']]
const places = ['location', 'position', 'coordinates', 'coordinate', 'geo', 'point', 'at', 'place']

// position gives [longitude, latitude] of a vertex, or null. Objects and GeoJSON points come as arrays from the query.
export function position(attributes) {
  if (!attributes) return null
  for (const [lon, lat] of pairs) {
    const at = sane(attributes[lon], attributes[lat])
    if (at) return at
  }
  for (const name of places) {
    const at = Array.isArray(attributes[name]) && sane(attributes[name][0], attributes[name][1])
    if (at) return at
  }
  return null
}

function sane(lon, lat) {
  const good = typeof lon === 'number' && typeof lat === 'number' && Math.abs(lon) <= 180 && Math.abs(lat) <= 90
  return good ? [lon, lat] : null
}
