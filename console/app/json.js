// JSON that keeps what it is given: digits that a double cannot hold, and the
// place of what is wrong. The grammar is that of the server: one value, no
// member twice in an object, at most 100 levels.

const mostLevels = 100

// Exact is a number that a double would change.
export class Exact {
  constructor(digits) {
    this.digits = digits
  }

  toString() {
    return this.digits
  }
}

// JSONError says what is wrong, and where: line and column from 1.
export class JSONError extends SyntaxError {
  constructor(text, at, message) {
    super(message)
    this.at = at
    this.line = 1
    let begin = 0
    for (let i = text.indexOf('\n'); i >= 0 && i < at; i = text.indexOf('\n', i + 1)) {
      this.line += 1
      begin = i + 1
    }
    this.column = at - begin + 1
  }
}

// check gives null for a text that is right, else {line, column, message}.
export function check(text) {
  try {
    parse(text)
    return null
  } catch (error) {
    if (!(error instanceof JSONError)) throw error
    return { line: error.line, column: error.column, message: error.message }
  }
}

// parse gives the value; numbers that a double would change become Exact.
export function parse(text) {
  const reader = new Reader(text)
  const value = reader.value(0)
  reader.space()
  if (reader.at < text.length) reader.fail('there is more after the value; remove it, or put all of it into an array')
  return value
}

// stringify writes a value of parse, with an indent of so many spaces.
export function stringify(value, indent = 0) {
  return write(value, indent, '')
}

function write(value, indent, margin) {
  if (value instanceof Exact) return value.digits
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  const list = Array.isArray(value)
  const inner = indent > 0 ? margin + ' '.repeat(indent) : ''
  const parts = list
    ? value.map((one) => write(one, indent, inner))
    : Object.entries(value).map(([name, one]) => JSON.stringify(name) + (indent > 0 ? ': ' : ':') + write(one, indent, inner))
  const [open, close] = list ? '[]' : '{}'
  if (parts.length === 0) return open + close
  if (indent === 0) return open + parts.join(',') + close
  return `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${margin}${close}`
}

const token = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/gs

// compact takes the white space out and changes nothing else; the text must be
// right.
export function compact(text) {
  return (text.match(token) ?? []).join('')
}

// pretty lays the text out with two spaces a level and changes nothing else;
// the text must be right.
export function pretty(text) {
  const out = []
  let margin = '\n'
  let before = ''
  for (const one of text.match(token) ?? []) {
    if (one === '}' || one === ']') {
      margin = margin.slice(0, -2)
      if (before !== '{' && before !== '[') out.push(margin)
    } else if (before === '{' || before === '[') {
      out.push(margin)
    }
    out.push(one === ':' ? ': ' : one)
    if (one === '{' || one === '[') margin += '  '
    if (one === ',') out.push(margin)
    before = one
  }
  return out.join('')
}

const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const plain = /[^"\\\u0000-\u001f]*/y
const spaces = /[ \t\n\r]*/y
const escapes = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

class Reader {
  constructor(text) {
    this.text = text
    this.at = 0
  }

  fail(message, at = this.at) {
    throw new JSONError(this.text, at, message)
  }

  space() {
    spaces.lastIndex = this.at
    spaces.exec(this.text)
    this.at = spaces.lastIndex
  }

  value(level) {
    this.space()
    const c = this.text[this.at]
    if (c === '{') return this.object(level + 1)
    if (c === '[') return this.array(level + 1)
    if (c === '"') return this.string()
    if (c === '-' || (c >= '0' && c <= '9')) return this.number()
    for (const [word, value] of [['true', true], ['false', false], ['null', null]]) {
      if (this.text.startsWith(word, this.at) && !/\w/.test(this.text[this.at + word.length] ?? '')) {
        this.at += word.length
        return value
      }
    }
    if (c === undefined) this.fail('the text ends where a value should stand')
    if (c === "'") this.fail('strings stand in double quotes')
    if (c === '}' || c === ']' || c === ',') this.fail(`a value is missing before ${c}`)
    return this.fail('this is no value: want a string in double quotes, a number, true, false, null, { or [')
  }

  enter(level) {
    if (level > mostLevels) this.fail(`more than ${mostLevels} levels`)
    this.at += 1
    this.space()
  }

  array(level) {
    this.enter(level)
    const out = []
    if (this.text[this.at] === ']') {
      this.at += 1
      return out
    }
    for (;;) {
      out.push(this.value(level))
      if (this.more(']', 'array')) continue
      return out
    }
  }

  object(level) {
    this.enter(level)
    const out = {}
    if (this.text[this.at] === '}') {
      this.at += 1
      return out
    }
    for (;;) {
      this.space()
      const begin = this.at
      if (this.text[begin] !== '"') this.fail(this.text[begin] === undefined ? 'the object is not closed; } is missing' : 'the name of a member stands in double quotes')
      const name = this.string()
      if (Object.hasOwn(out, name)) this.fail(`the member "${name.slice(0, 40)}" is there twice`, begin)
      this.space()
      if (this.text[this.at] !== ':') this.fail('a colon is missing after the name of the member')
      this.at += 1
      const value = this.value(level)
      // A member called __proto__ is a member like any.
      if (name === '__proto__') Object.defineProperty(out, name, { value, enumerable: true, writable: true, configurable: true })
      else out[name] = value
      if (this.more('}', 'object')) continue
      return out
    }
  }

  // more reads what stands behind an item: a comma, or the end.
  more(close, what) {
    this.space()
    const c = this.text[this.at]
    if (c === close) {
      this.at += 1
      return false
    }
    if (c !== ',') this.fail(c === undefined ? `the ${what} is not closed; ${close} is missing` : `want a comma or ${close} here`)
    const comma = this.at
    this.at += 1
    this.space()
    if (this.text[this.at] === close) this.fail(`there is no comma before ${close}`, comma)
    return true
  }

  string() {
    const begin = this.at
    this.at += 1
    let out = ''
    for (;;) {
      plain.lastIndex = this.at
      out += plain.exec(this.text)[0]
      this.at = plain.lastIndex
      const c = this.text[this.at]
      if (c === '"') {
        this.at += 1
        return out
      }
      if (c === undefined) this.fail('the string is not closed; " is missing', begin)
      if (c !== '\\') this.fail('a control character stands in the string; write it as an escape such as \\n')
      out += this.escape()
    }
  }

  escape() {
    const c = this.text[this.at + 1]
    if (c !== undefined && Object.hasOwn(escapes, c)) {
      this.at += 2
      return escapes[c]
    }
    const hex = this.text.slice(this.at + 2, this.at + 6)
    if (c !== 'u' || !/^[0-9a-fA-F]{4}$/.test(hex)) this.fail('this escape is not known; want one of \\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX')
    this.at += 6
    return String.fromCharCode(parseInt(hex, 16))
  }

  number() {
    number.lastIndex = this.at
    const found = number.exec(this.text)
    const end = found ? number.lastIndex : this.at
    if (!found || /[\w.+-]/.test(this.text[end] ?? '')) this.fail('this is no number as JSON has them')
    this.at = end
    return exactly(found[0])
  }
}

// exactly gives a number when a double holds these digits, else Exact. A
// double holds any 15 figures, so that only longer ones are compared.
function exactly(digits) {
  const n = Number(digits)
  if (digits.length <= 15 && Number.isFinite(n) && !/[eE]/.test(digits)) return n
  return Number.isFinite(n) && figures(digits) === figures(String(n)) ? n : new Exact(digits)
}

// figures is the number as sign, figures without zeros at either end, and the
// power of ten of the first: equal for equal numbers.
function figures(text) {
  const [, sign, whole, part = '', power = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text)
  const all = whole + part
  const first = all.search(/[1-9]/)
  if (first < 0) return '0'
  return `${sign}${all.slice(first).replace(/0+$/, '')}e${whole.length - first + Number(power)}`
}
