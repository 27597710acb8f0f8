// The filter form's conditions as a C8QL text. The text is complete in itself
// (values stand in it as literals), so that it can be read, copied and opened
// on the query page.
import { isNumber, valid } from './scan.js'
import { parsePath } from './tree.js'

export const OPERATORS = [
  { id: '==', title: 'is' },
  { id: '!=', title: 'is not' },
  { id: '<', title: 'less than' },
  { id: '<=', title: 'at most' },
  { id: '>', title: 'greater than' },
  { id: '>=', title: 'at least' },
  { id: 'contains', title: 'contains' },
  { id: 'starts', title: 'starts with' },
  { id: '=~', title: 'matches (regular expression)' },
  { id: 'in', title: 'is one of' },
  { id: 'has', title: 'holds the element' },
  { id: 'there', title: 'is there', bare: true },
  { id: 'missing', title: 'is missing or null', bare: true },
]

const KEYWORDS = new Set(('AGGREGATE ALL AND ANY ASC COLLECT DESC DISTINCT FALSE FILTER FOR GRAPH IN INBOUND INSERT INTO KEEP LET LIKE ' +
  'LIMIT NONE NOT NULL OR OUTBOUND REMOVE REPLACE RETURN SHORTEST_PATH SORT TRUE UPDATE UPSERT WINDOW WITH COUNT OPTIONS PRUNE SEARCH').split(' '))

const plain = name => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !KEYWORDS.has(name.toUpperCase())

/** A collection's name as C8QL writes it. */
export function collectionName(name) { return plain(name) ? name : '`' + name + '`' }

/** A place in the document d as C8QL writes it. */
export function access(path) {
  return 'd' + path.map(name => (plain(name) ? '.' + name : '[' + JSON.stringify(name) + ']')).join('')
}

/**
 * What a typed value is as a literal: JSON where it is valid JSON, else text.
 * A text of digits is written between quotes.
 */
export function literal(typed) {
  const text = typed.trim()
  return text !== '' && (isNumber(text) || valid(text)) ? text : JSON.stringify(typed)
}

function list(typed) {
  const text = typed.trim()
  if (text.startsWith('[') && valid(text)) return text
  return '[' + text.split(',').map(s => literal(s.trim())).join(', ') + ']'
}

function condition({ field, operator, value }) {
  const place = access(parsePath(field.trim()))
  switch (operator) {
    case 'contains': return `CONTAINS(TO_STRING(${place}), ${JSON.stringify(value)})`
    case 'starts': return `STARTS_WITH(${place}, ${JSON.stringify(value)})`
    case '=~': return `${place} =~ ${JSON.stringify(value)}`
    case 'in': return `${place} IN ${list(value)}`
    case 'has': return `${literal(value)} IN ${place}`
    case 'there': return `${place} != null`
    case 'missing': return `${place} == null`
  }
  return `${place} ${operator} ${literal(value)}`
}

/**
 * The query of a filter {conditions, sort, descending}. Conditions without a
 * field are passed over. Throws when a field is no path.
 */
export function queryText(collection, filter, { keyed = true } = {}) {
  const lines = [`FOR d IN ${collectionName(collection)}`]
  for (const c of filter.conditions) if (c.field.trim() !== '') lines.push('  FILTER ' + condition(c))
  const sort = filter.sort.trim()
  const by = sort ? access(parsePath(sort)) + (filter.descending ? ' DESC' : '') : ''
  if (by && keyed && sort !== '_key') lines.push(`  SORT ${by}, d._key`)
  else if (by) lines.push(`  SORT ${by}`)
  else if (keyed) lines.push('  SORT d._key' + (filter.descending ? ' DESC' : ''))
  lines.push('  RETURN d')
  return lines.join('\n')
}

/** The same query from a row on. */
export function queryFrom(text, offset) {
  return offset === 0 ? text : text.replace(/\n {2}RETURN d$/, `\n  LIMIT ${offset}, 1000000000\n  RETURN d`)
}

/** A filter from the query part of an address, and back. */
export function fromQuery(query) {
  let read = {}
  try { read = JSON.parse(query.get('filter') ?? '{}') ?? {} } catch { /* an address typed by hand: no filter */ }
  const conditions = Array.isArray(read.conditions) ? read.conditions : []
  return {
    conditions: conditions.slice(0, 20).map(c => ({ field: String(c?.field ?? ''), operator: known(c?.operator), value: String(c?.value ?? '') })),
    sort: String(read.sort ?? ''), descending: read.descending === true,
  }
}

const known = id => (OPERATORS.some(o => o.id === id) ? id : '==')

export function toQuery(filter) {
  if (isEmpty(filter)) return {}
  const conditions = filter.conditions.filter(c => c.field.trim() !== '')
  return { filter: JSON.stringify({ conditions, sort: filter.sort, descending: filter.descending }) }
}

export function isEmpty(filter) {
  return !filter.sort && !filter.descending && filter.conditions.every(c => c.field.trim() === '')
}
