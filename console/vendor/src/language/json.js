// JSON, word by word: what is a name, what a value, and what neither.

export const json = {
  name: 'json',
  startState: () => ({ name: false, stack: [] }),
  copyState: (state) => ({ name: state.name, stack: [...state.stack] }),
  token(stream, state) {
    if (stream.eatSpace()) return null
    if (stream.match(/^"(?:[^"\\]|\\.)*"?/)) return state.name ? 'propertyName' : 'string'
    if (stream.match(/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])/)) return 'number'
    if (stream.match(/^(?:true|false|null)\b/)) return 'atom'
    return mark(stream.next(), stream, state)
  },
  indent(state, after, context) {
    const closes = /^[\]}]/.test(after)
    return context.unit * Math.max(0, state.stack.length - (closes ? 1 : 0))
  },
  languageData: { closeBrackets: { brackets: ['{', '[', '"'] }, indentOnInput: /^\s*[\]}]$/ },
}

// mark reads a bracket, comma or colon, and notes whether a name comes next.
function mark(c, stream, state) {
  if (c === '{' || c === '[') {
    state.stack.push(c)
    state.name = c === '{'
  } else if (c === '}' || c === ']') {
    state.stack.pop()
    state.name = false
  } else if (c === ',') {
    state.name = state.stack.at(-1) === '{'
  } else if (c === ':') {
    state.name = false
  } else {
    stream.match(/^\w+/)
    return 'invalid'
  }
  return 'punctuation'
}
