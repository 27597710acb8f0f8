// JSON as a tree whose leaves are texts: what is compared and merged field by
// field here keeps every digit. Objects are Maps, everything else (arrays too,
// as the database merges them whole) is its compact text.
import { elements, kind, members } from './scan.js'

/** The compact text of a value with the members of its objects by name, so that equal values have equal texts. */
export function canonical(text) {
  switch (kind(text)) {
    case 'object': return writeMembers(members(text).map(m => [m.name, canonical(m.text)]))
    case 'array': return '[' + elements(text).map(canonical).join(',') + ']'
    case 'text': return JSON.stringify(JSON.parse(text))
  }
  return text.trim()
}

function writeMembers(list) {
  list.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0))
  return '{' + list.map(([name, text]) => JSON.stringify(name) + ':' + text).join(',') + '}'
}

export function read(text) {
  if (kind(text) !== 'object') return canonical(text)
  return new Map(members(text).map(m => [m.name, read(m.text)]))
}

export function write(tree) {
  if (typeof tree === 'string') return tree
  return writeMembers([...tree].map(([name, below]) => [name, write(below)]))
}

const isObject = t => t instanceof Map

/** What stands at a path, or undefined. */
export function at(tree, path) {
  for (const name of path) {
    if (!isObject(tree)) return undefined
    tree = tree.get(name)
  }
  return tree
}

/** The tree with another value at a path; undefined removes what is there. */
export function put(tree, path, value) {
  if (path.length === 0) return value
  const out = new Map(isObject(tree) ? tree : [])
  const [name, ...below] = path
  const next = below.length === 0 ? value : put(out.get(name), below, value)
  if (next === undefined || (value === undefined && below.length > 0 && !isObject(out.get(name)))) out.delete(name)
  else out.set(name, next)
  return out
}

const same = (a, b) => a === b || (a !== undefined && b !== undefined && write(a) === write(b))

/**
 * Compares two trees with the one that both came from. Gives the places that
 * differ: [{path, base, mine, theirs, side}] with side 'mine' or 'theirs' when
 * only one of them changed it, 'both' when somebody has to choose.
 */
export function differences(base, mine, theirs, path = []) {
  if (same(mine, theirs)) return []
  if (isObject(mine) && isObject(theirs)) {
    const names = [...new Set([...mine.keys(), ...theirs.keys()])].sort()
    return names.flatMap(name =>
      differences(isObject(base) ? base.get(name) : undefined, mine.get(name), theirs.get(name), [...path, name]))
  }
  const side = same(base, theirs) ? 'mine' : same(base, mine) ? 'theirs' : 'both'
  return [{ path, base, mine, theirs, side }]
}

/** Theirs, with mine at the places that were chosen so. */
export function merged(theirs, list, choices) {
  let out = theirs
  list.forEach((d, i) => { if (choices[i] === 'mine') out = put(out, d.path, d.mine) })
  return out
}

/** A path as the database writes it: names with dots, odd names between backticks. */
export function pathText(path) {
  return path.map(name => (name !== '' && !/[.`]/.test(name) ? name : '`' + name.replaceAll('`', '``') + '`')).join('.')
}

/** Reads what pathText writes. Throws when it is none. */
export function parsePath(text) {
  const out = []
  const part = /`((?:[^`]|``)*)`|([^.`]+)/y
  for (let from = 0; text !== '';) {
    part.lastIndex = from
    const found = part.exec(text)
    if (!found) throw new SyntaxError(`a name is missing at character ${from + 1}`)
    out.push(found[2] ?? found[1].replaceAll('``', '`'))
    if (part.lastIndex === text.length) break
    if (text[part.lastIndex] !== '.') throw new SyntaxError(`a dot is missing at character ${part.lastIndex + 1}`)
    from = part.lastIndex + 1
  }
  return out
}
