// C8QL, word by word.

// c8ql makes the language out of its words, which match in any case.
export function c8ql({ keywords = [], constants = [] } = {}) {
  const words = { keywords: new Set(keywords), constants: new Set(constants) }
  return { ...shape, token: (stream, state) => token(stream, state, words) }
}

const shape = {
  name: 'c8ql',
  startState: () => ({ until: '', depth: 0 }),
  copyState: (state) => ({ ...state }),
  indent(state, after, context) {
    const closes = /^[\])}]/.test(after)
    return context.unit * Math.max(0, state.depth - (closes ? 1 : 0))
  },
  languageData: {
    commentTokens: { line: '//', block: { open: '/*', close: '*/' } },
    closeBrackets: { brackets: ['{', '[', '(', '"', "'"] },
    indentOnInput: /^\s*[\])}]$/,
  },
}

function token(stream, state, words) {
  if (state.until) return rest(stream, state)
  if (stream.eatSpace()) return null
  if (stream.match('//')) {
    stream.skipToEnd()
    return 'comment'
  }
  if (stream.match('/*')) return begin(stream, state, '*/')
  const quote = stream.peek()
  if (quote === '"' || quote === "'" || quote === '`') {
    stream.next()
    return begin(stream, state, quote)
  }
  if (stream.match(/^(?:0[xX][\da-fA-F]+|0[bB][01]+|(?:\d+(?:\.(?!\.)\d*)?|\.\d+)(?:[eE][+-]?\d+)?)/)) return 'number'
  if (stream.match(/^@@?\w+/)) return 'variableName.special'
  if (stream.match(/^[A-Za-z_$][\w$]*/)) return word(stream, words)
  return mark(stream, state)
}

// begin enters what may go on over several lines.
function begin(stream, state, until) {
  state.until = until
  return rest(stream, state)
}

function rest(stream, state) {
  const { until } = state
  const style = until === '*/' ? 'comment' : until === '`' ? 'propertyName' : 'string'
  while (!stream.eol()) {
    if (stream.match(until)) {
      state.until = ''
      return style
    }
    if (stream.next() === '\\' && until !== '*/') stream.next()
  }
  return style
}

function word(stream, { keywords, constants }) {
  const text = stream.current()
  const before = stream.string.slice(0, stream.start)
  if (/\.\s*$/.test(before) && !/\.\.\s*$/.test(before)) return 'propertyName'
  const upper = text.toUpperCase()
  if (constants.has(upper)) return 'atom'
  if (stream.match(/^\s*(?:::\w+)*\s*\(/, false) && !['IN', 'RETURN', 'FILTER', 'AND', 'OR', 'NOT', 'LET', 'INTO'].includes(upper)) return 'variableName.standard'
  if (keywords.has(upper)) return 'keyword'
  return stream.match(/^\s*:(?!:)/, false) ? 'propertyName' : 'variableName'
}

function mark(stream, state) {
  const c = stream.next()
  if (c === '(' || c === '[' || c === '{') state.depth += 1
  else if (c === ')' || c === ']' || c === '}') state.depth = Math.max(0, state.depth - 1)
  else stream.match(/^[=<>!&|~*+\-.]+/)
  return 'operator'
}
