// Takes JSON text apart without making values of it. Numbers keep their
// digits, nothing is copied that is not looked at, and a document of 5 MiB
// costs a walk over its text. The text must be valid JSON.

const QUOTE = 34, COMMA = 44, COLON = 58, OPEN = 91, BACKSLASH = 92, CLOSE = 93, BRACE = 123, UNBRACE = 125

/** The offset of the first character from `at` on that is no white space. */
export function blank(text, at) {
  for (;;) {
    const c = text.charCodeAt(at)
    if (c !== 32 && c !== 10 && c !== 13 && c !== 9) return at
    at++
  }
}

/** The offset behind the string that begins at `at`. */
function skipString(text, at) {
  for (let end = text.indexOf('"', at + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return end + 1
  }
  throw new SyntaxError('the text ends within a string')
}

/** The offset behind the value that begins at `at`. */
export function skip(text, at) {
  const first = text.charCodeAt(at)
  if (first === QUOTE) return skipString(text, at)
  if (first !== OPEN && first !== BRACE) {
    for (; at < text.length; at++) {
      const c = text.charCodeAt(at)
      if (c === COMMA || c === CLOSE || c === UNBRACE || c <= 32) break
    }
    return at
  }
  let depth = 0
  for (; at < text.length; at++) {
    const c = text.charCodeAt(at)
    if (c === QUOTE) at = skipString(text, at) - 1
    else if (c === OPEN || c === BRACE) depth++
    else if ((c === CLOSE || c === UNBRACE) && --depth === 0) return at + 1
  }
  throw new SyntaxError('the text ends within a value')
}

/** 'object', 'array', 'text', 'number', 'bool' or 'null'. */
export function kind(text) {
  switch (text.charCodeAt(blank(text, 0))) {
    case BRACE: return 'object'
    case OPEN: return 'array'
    case QUOTE: return 'text'
    case 116: case 102: return 'bool'
    case 110: return 'null'
  }
  return 'number'
}

/** The texts of the elements of an array. */
export function elements(text) {
  const out = []
  let at = blank(text, blank(text, 0) + 1)
  while (at < text.length && text.charCodeAt(at) !== CLOSE) {
    const end = skip(text, at)
    out.push(text.slice(at, end))
    at = blank(text, end)
    if (text.charCodeAt(at) === COMMA) at = blank(text, at + 1)
  }
  return out
}

/** The members of an object, in their order: [{name, text}]. */
export function members(text) {
  const out = []
  let at = blank(text, blank(text, 0) + 1)
  while (at < text.length && text.charCodeAt(at) === QUOTE) {
    const behind = skipString(text, at)
    const name = JSON.parse(text.slice(at, behind))
    at = blank(text, behind)
    if (text.charCodeAt(at) !== COLON) throw new SyntaxError('a colon is missing behind a name')
    at = blank(text, at + 1)
    const end = skip(text, at)
    out.push({ name, text: text.slice(at, end) })
    at = blank(text, end)
    if (text.charCodeAt(at) === COMMA) at = blank(text, at + 1)
  }
  return out
}

/** The text of one member of an object, or null. */
export function member(text, name) {
  for (const m of members(text)) if (m.name === name) return m.text
  return null
}

/** The value of a string's text; what is no string gives ''. */
export function string(text) {
  return text && text.charCodeAt(0) === QUOTE ? JSON.parse(text) : ''
}

/** Tells whether a text is one JSON value; fast, as the browser does it. */
export function valid(text) {
  try { JSON.parse(text) } catch { return false }
  return true
}

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/

/** Tells whether a text is a JSON number as it stands. */
export function isNumber(text) { return NUMBER.test(text) }

/**
 * Takes the elements of arrays out of a text that comes in pieces. `push`
 * gives the texts of the elements that are complete by then; `inside` names
 * the member whose array is meant, null for the text itself being one.
 */
export class ElementStream {
  constructor(inside = null) {
    this.inside = inside
    this.rest = ''
    this.state = 'before'
    this.depth = 0 // of the element under way
    this.string = false
    this.at = 0 // how far rest has been looked at
  }

  push(piece) {
    this.rest += piece
    const out = []
    if (this.state === 'before' && !this.begin()) return out
    if (this.state === 'within') this.walk(out)
    return out
  }

  /** Finds the array's opening bracket. */
  begin() {
    let from = 0
    if (this.inside !== null) {
      const found = this.rest.indexOf(`"${this.inside}":`)
      if (found < 0) return false
      from = found + this.inside.length + 3
    }
    from = blank(this.rest, from)
    if (from >= this.rest.length) return false
    if (this.rest.charCodeAt(from) !== OPEN) throw new SyntaxError('an array was expected')
    this.rest = this.rest.slice(from + 1)
    this.state = 'within'
    return true
  }

  walk(out) {
    const text = this.rest
    let start = 0
    for (; this.at < text.length; this.at++) {
      const c = text.charCodeAt(this.at)
      if (this.string) {
        if (c === BACKSLASH) this.at++
        else if (c === QUOTE) this.string = false
        continue
      }
      if (c === QUOTE) this.string = true
      else if (c === OPEN || c === BRACE) this.depth++
      else if (this.depth > 0 && (c === CLOSE || c === UNBRACE)) this.depth--
      else if (this.depth === 0 && (c === COMMA || c === CLOSE)) {
        const element = text.slice(start, this.at).trim()
        if (element !== '' || c === COMMA) out.push(element)
        start = this.at + 1
        if (c === CLOSE) { this.state = 'after'; this.at++; break }
      }
    }
    this.rest = text.slice(start)
    this.at -= start
  }

  /** Throws unless the array has ended. */
  end() {
    if (this.state !== 'after') throw new SyntaxError('the text ends before the array does')
  }
}
