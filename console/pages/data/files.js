// Files of rows for import: guesses what a file is, and reads it bit by bit as
// rows of JSON text. Rows: {number, text} or {number, error}; numbers count
// rows from 1. Numbers in a file keep their digits. A row of more than
// LONGEST characters is an error; the file may have any size.
import { pace, slices } from './pace.js'
import { ElementStream, isNumber, kind, valid } from './scan.js'

export const LONGEST = 16 << 20

/** Guesses the format from name and beginning: 'csv', 'lines' or 'array'. */
export function guess(name, head) {
  const first = head.replace(/^\uFEFF/, '').trimStart()
  if (/\.(csv|tsv|tab)$/i.test(name)) return 'csv'
  if (first.startsWith('[') && !/^\[[^\n]*\]\s*\n\s*\[/.test(first)) return 'array'
  if (first.startsWith('{')) return 'lines'
  return /\.(jsonl|ndjson)$/i.test(name) ? 'lines' : 'csv'
}

/** Guesses what stands between the values of a table. */
export function guessDelimiter(head) {
  const line = head.split('\n', 1)[0]
  const counts = [',', ';', '\t', '|'].map(d => [line.split(d).length, d])
  return counts.sort((a, b) => b[0] - a[0])[0][1]
}

/** The text of a file in pieces, with how many bytes have been read; a file that is not UTF-8 is an error that has `next`. */
export async function* pieces(file, signal) {
  const reader = file.stream().getReader()
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    for (let read = 0; ;) {
      signal?.throwIfAborted()
      const { done, value } = await reader.read()
      if (done) { yield { text: textOf(decoder), read }; return }
      read += value.byteLength
      yield { text: textOf(decoder, value, { stream: true }), read }
    }
  } finally {
    reader.cancel().catch(() => {}) // the file is let go of, whatever became of the reading
  }
}

// The decoder's own words would be those of the browser, and no help.
function textOf(decoder, ...more) {
  try {
    return decoder.decode(...more)
  } catch (cause) {
    throw Object.assign(new TypeError('The file is not UTF-8.', { cause }), { next: 'Save it as UTF-8 and choose it again.' })
  }
}

/** Makes rows of pieces of text; one for each format. */
export function rowReader(options) {
  return { csv: () => new TableRows(options), lines: () => new LineRows(), array: () => new ArrayRows() }[options.format]()
}

/** All rows of a file: yields {rows, read} for each piece. */
export async function* fileRows(file, options, signal) {
  const reader = rowReader(options)
  const breathe = pace()
  let read = 0
  for await (const piece of pieces(file, signal)) {
    for (const slice of slices(piece.text)) {
      await breathe()
      yield { rows: reader.push(slice), read }
    }
    read = piece.read
  }
  yield { rows: reader.end(), read }
}

function rowOf(number, text) {
  if (!valid(text)) return { number, error: 'no valid JSON: ' + text.slice(0, 80) }
  if (kind(text) !== 'object') return { number, error: `a ${kind(text)}, not an object` }
  return { number, text }
}

class LineRows {
  rest = ''
  line = 0

  push(piece) {
    const lines = (this.rest + piece).split('\n')
    this.rest = lines.pop()
    if (this.rest.length > LONGEST) throw new RangeError(`line ${this.line + lines.length + 1} is longer than 16 Mi characters; is the file an array?`)
    return lines.flatMap(line => this.row(line))
  }

  row(line) {
    this.line++
    const text = line.replace(/^\uFEFF/, '').trim()
    return text === '' ? [] : [rowOf(this.line, text)]
  }

  end() { return this.rest.trim() === '' ? [] : this.row(this.rest) }
}

class ArrayRows {
  stream = new ElementStream()
  number = 0
  first = true

  push(piece) {
    if (this.first && piece !== '') { piece = piece.replace(/^\uFEFF/, ''); this.first = false }
    const rows = this.stream.push(piece).map(text => rowOf(++this.number, text))
    if (this.stream.rest.length > LONGEST) throw new RangeError(`row ${this.number + 1} is longer than 16 Mi characters`)
    return rows
  }

  end() { this.stream.end(); return [] }
}

const ALWAYS_TEXT = ['_key', '_from', '_to']

/**
 * Comma-separated values as of RFC 4180, with any delimiter, read as the
 * command line reads them: a row has as many values as there are names, a
 * column without a name is left out, a value without quotes is a number if it
 * is one in JSON, and all else is text. Options: values 'numbers', 'text' or
 * 'guess' (true, false and null, too); empty 'text', 'null' or 'leave'.
 */
class TableRows {
  fields = []
  field = ''
  quoted = false // within quotes
  wasQuoted = false // this field had quotes
  pending = false // a quote at the end of a piece: its end, or the first of two
  carriage = false
  number = 0
  names = null
  first = true
  trouble = '' // of this row

  constructor(options) { this.options = options }

  push(piece) {
    if (this.first && piece !== '') { piece = piece.replace(/^\uFEFF/, ''); this.first = false }
    const out = []
    for (let at = 0; at < piece.length;) at = this.quoted || this.pending ? this.within(piece, at) : this.outside(piece, at, out)
    if (this.field.length > LONGEST) throw new RangeError(`row ${this.number + 1} does not end; look for a quote that is not closed`)
    return out
  }

  within(piece, at) {
    if (this.pending) {
      this.pending = false
      if (piece[at] === '"') { this.field += '"'; return at + 1 }
      this.quoted = false
      return at
    }
    const quote = piece.indexOf('"', at)
    if (quote < 0) { this.field += piece.slice(at); return piece.length }
    this.field += piece.slice(at, quote)
    this.pending = true
    return quote + 1
  }

  outside(piece, at, out) {
    const c = piece[at]
    const swallow = c === '\n' && this.carriage
    this.carriage = c === '\r'
    if (swallow) return at + 1
    if (c === '\n' || c === '\r') this.endRow(out)
    else if (c === this.options.delimiter) this.endField()
    else if (c === '"' && this.field === '' && !this.wasQuoted && !this.trouble) this.quoted = this.wasQuoted = true
    else {
      if (this.wasQuoted) this.trouble ||= 'text after a closing quote; a quote within quotes is doubled'
      let end = at + 1
      while (end < piece.length && piece[end] !== '\n' && piece[end] !== '\r' && piece[end] !== this.options.delimiter) end++
      this.field += piece.slice(at, end)
      return end
    }
    return at + 1
  }

  endField() {
    this.fields.push({ text: this.field, quoted: this.wasQuoted })
    this.field = ''
    this.wasQuoted = false
  }

  endRow(out) {
    this.endField()
    const { fields, trouble } = this
    this.fields = []
    this.trouble = ''
    const nothing = fields.length === 1 && fields[0].text === '' && !fields[0].quoted
    if (nothing && this.names?.length !== 1) return
    if (!this.names) {
      if (trouble) throw new SyntaxError(`the names of the columns: ${trouble}`)
      this.takeNames(fields)
      if (this.options.header) return
    }
    const { length } = this.names
    const error = trouble || (fields.length === length ? '' : `${fields.length} ${fields.length === 1 ? 'value' : 'values'} for ${length} columns`)
    this.number++
    out.push(error ? { number: this.number, error } : { number: this.number, text: this.document(fields) })
  }

  takeNames(fields) {
    this.names = fields.map((f, i) => (this.options.header ? f.text : `column${i + 1}`))
    const named = this.names.filter(name => name !== '')
    if (new Set(named).size < named.length) throw new SyntaxError('two columns have the same name; rename one, or import without a header')
  }

  document(fields) {
    const members = []
    fields.forEach((field, i) => {
      const name = this.names[i]
      const value = name === '' ? undefined : this.value(field, name)
      if (value !== undefined) members.push(JSON.stringify(name) + ':' + value)
    })
    return '{' + members.join(',') + '}'
  }

  value({ text, quoted }, name) {
    const { values = 'numbers', empty = 'text' } = this.options
    if (text === '' && !quoted) return { leave: undefined, null: 'null', text: '""' }[empty]
    if (quoted || values === 'text' || ALWAYS_TEXT.includes(name)) return JSON.stringify(text)
    if (isNumber(text)) return text
    const bare = text.trim()
    return values === 'guess' && (isNumber(bare) || ['true', 'false', 'null'].includes(bare)) ? bare : JSON.stringify(text)
  }

  end() {
    if (this.pending) { this.pending = this.quoted = false }
    if (this.quoted) throw new SyntaxError(`row ${this.number + 1} ends within quotes`)
    const out = []
    if (this.field !== '' || this.fields.length > 0 || this.wasQuoted) this.endRow(out)
    return out
  }
}
