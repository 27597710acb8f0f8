// Values of rows as the page shows them: short texts for cells, numbers for charts, texts for files.

import { Exact, stringify } from '/console/app/json.js'
import { visible, short } from '/console/app/text.js'

// isObject tells whether a value is an object, and neither an array nor a number with exact digits.
export const isObject = (v) => v !== null && typeof v === 'object' && !Array.isArray(v) && !(v instanceof Exact)

// number gives a value as a double, null when it is no number.
export function number(v) {
  if (typeof v === 'number') return v
  return v instanceof Exact ? Number(v.digits) : null
}

// cell is one line about a value, of about `most` characters, however large the value is.
export function cell(v, most = 160) {
  if (v === undefined) return ''
  if (typeof v === 'string') return visible(short(v, most))
  return visible(short(write(v, most), most))
}

// write is JSON that ends soon after `left` characters.
function write(v, left) {
  if (v instanceof Exact) return v.digits
  if (typeof v === 'string') return JSON.stringify(short(v, left + 1))
  if (v === null || typeof v !== 'object') return String(v)
  const isList = Array.isArray(v)
  let out = isList ? '[' : '{'
  for (const name in v) {
    if (out.length > left) return out + '\u2026'
    if (out.length > 1) out += ', '
    out += (isList ? '' : short(name, 80) + ': ') + write(v[name], left - out.length)
  }
  return out + (isList ? ']' : '}')
}

// kind names the kind of a value, for the look of a cell.
export function kind(v) {
  if (v === undefined) return 'missing'
  if (v === null) return 'null'
  if (number(v) !== null) return 'number'
  return Array.isArray(v) ? 'array' : typeof v
}

// line writes a row as one line of JSON.
export const line = (row) => stringify(row)

// Texts that a table program would calculate; plain numbers and telephone numbers are none.
const formula = /^(?:[=@\t\r]|[+-](?![\d\s.,()/-]*$))/

// field writes a value as a field of CSV: texts as they are, others as JSON. What a table program would take for a formula
// gets an apostrophe in front, so that opening a file runs nothing.
export function field(v) {
  if (v === undefined || v === null) return ''
  let s = typeof v === 'string' ? v : stringify(v)
  if (typeof v === 'string' && formula.test(s)) s = "'" + s
  return /[",\n\r]/.test(s) ? '"' + s.replaceAll('"', '""') + '"' : s
}
