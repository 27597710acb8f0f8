// What the editor and the completion know of C8QL: its words, and how a text is cut into tokens. It reads no schema and
// checks no grammar; whether a text is a query is for the server to say.

// keywords match in any case. Those of the second line mean something in their places only and are names elsewhere.
export const keywords = [
  ...('ALL AND ANY ASC COLLECT DESC DISTINCT FILTER FOR GRAPH IN INBOUND INSERT INTO LET LIKE LIMIT NONE NOT OR OUTBOUND REMOVE ' +
    'REPLACE RETURN SHORTEST_PATH SORT UPDATE UPSERT WITH').split(' '),
  ...'AGGREGATE ALL_SHORTEST_PATHS AT COUNT CURRENT K_PATHS K_SHORTEST_PATHS KEEP LEAST NEW OLD OPTIONS PRUNE SEARCH TO WINDOW'.split(' '),
]

export const constants = ['NULL', 'TRUE', 'FALSE']

const operations = new Set(['FOR', 'FILTER', 'SORT', 'LIMIT', 'LET', 'COLLECT', 'WINDOW', 'RETURN', 'INSERT', 'UPDATE', 'REPLACE',
  'REMOVE', 'UPSERT', 'PRUNE', 'SEARCH', 'OPTIONS'])

// isOperation tells whether a word begins an operation.
export const isOperation = (word) => operations.has(word.toUpperCase())

const cut = new RegExp([
  '(?<comment>//[^\\n]*|/\\*[\\s\\S]*?(?:\\*/|$))',
  '(?<string>"(?:[^"\\\\]|\\\\[\\s\\S])*(?:"|$)|\'(?:[^\'\\\\]|\\\\[\\s\\S])*(?:\'|$))',
  '(?<quoted>`[^`]*(?:`|$))',
  '(?<parameter>@@?[A-Za-z0-9_$]*)',
  '(?<name>[A-Za-z_$][A-Za-z0-9_$]*)',
  '(?<number>0[xX][0-9a-fA-F]+|0[bB][01]+|(?:\\d+(?:\\.(?!\\.)\\d*)?|\\.\\d+)(?:[eE][+-]?\\d+)?)',
  '(?<sign>==|!=|<=|>=|=~|!~|&&|\\|\\||\\.\\.|::|[^\\s])',
].join('|'), 'g')

// tokens cuts a text: [{kind, text, from, to, closed}]; closed is false for a string or comment that the text ends within.
export function tokens(text) {
  const out = []
  for (const m of text.matchAll(cut)) {
    const kind = Object.keys(m.groups).find((k) => m.groups[k] !== undefined)
    out.push({ kind, text: m[0], from: m.index, to: m.index + m[0].length, closed: isClosed(kind, m[0]) })
  }
  return out
}

function isClosed(kind, s) {
  switch (kind) {
    case 'comment': return s.startsWith('/*') && s.length > 3 && s.endsWith('*/')
    case 'string': return s.length > 1 && s.at(-1) === s[0] && !endsEscaped(s)
    case 'quoted': return s.length > 1 && s.endsWith('`')
  }
  return true
}

// endsEscaped tells whether the last quotation mark stands behind a backslash that is not itself escaped.
function endsEscaped(s) {
  let slashes = 0
  for (let at = s.length - 2; at > 0 && s[at] === '\\'; at--) slashes++
  return slashes % 2 === 1
}

// nameOf gives the name that a token stands for, without backticks; '' when it is none.
export function nameOf(token) {
  if (!token) return ''
  if (token.kind === 'name') return token.text
  if (token.kind === 'quoted' && token.closed) return token.text.slice(1, -1)
  return ''
}

// is tells whether a token is that word or sign.
export const is = (token, word) => !!token && (token.kind === 'name' ? token.text.toUpperCase() === word : token.kind === 'sign' && token.text === word)

// written gives a name as a query takes it: between backticks when it needs them.
export function written(name) {
  const plain = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !reserved.has(name.toUpperCase())
  return plain ? name : '`' + name.replaceAll('`', '') + '`'
}

const reserved = new Set([...keywords, ...constants])

// parameters gives the names of the parameters of a text in the order of their first place; those of collections begin with @.
export function parameters(text) {
  const names = new Set()
  for (const t of tokens(text)) if (t.kind === 'parameter' && t.text.replaceAll('@', '')) names.add(t.text.slice(1))
  return [...names]
}

// writes tells whether a text looks as if it changed data.
export const writes = (text) => tokens(text).some((t, i, all) => t.kind === 'name' && /^(insert|update|replace|remove|upsert)$/i.test(t.text) &&
  !is(all[i - 1], '.') && !is(all[i + 1], '('))

// walks tells whether a text walks a graph.
export const walks = (text) => tokens(text).some((t, i, all) =>
  t.kind === 'name' && /^(outbound|inbound|any|graph|shortest_path|k_paths|k_shortest_paths|all_shortest_paths)$/i.test(t.text) && !is(all[i - 1], '.'))

// returned gives the names that stand behind the last RETURN, in their order: rows come with their members sorted by name, people
// expect them as they wrote them.
export function returned(text) {
  const list = tokens(text)
  const from = list.findLastIndex((t) => is(t, 'RETURN'))
  const names = list.slice(from + 1).map((t) => t.kind === 'string' && t.closed ? t.text.slice(1, -1) : nameOf(t)).filter(Boolean)
  return from < 0 ? [] : [...new Set(names)]
}

// offsetOf gives the offset of a line and a column, both from 1, where a column counts code points.
export function offsetOf(text, line, column) {
  let at = 0
  for (let l = 1; l < line; l++) {
    const end = text.indexOf('\n', at)
    if (end < 0) return text.length
    at = end + 1
  }
  for (let c = 1; c < column && at < text.length && text[at] !== '\n'; c++) at += text.codePointAt(at) > 0xffff ? 2 : 1
  return at
}
