// A text editor for queries and documents. The library comes with the first
// editor. It lives in a shadow root: there its style sheets are made by
// script, which the content security policy allows, while style elements in the
// page are not.

import { append, h } from './dom.js'

let library = null

function load() {
  library ??= import('../vendor/codemirror.js').catch((error) => {
    library = null
    throw error
  })
  return library
}

// wordsOf gives what the colours of a language are made from. Those of C8QL
// belong to the page of queries; an editor works without them.
async function wordsOf(language) {
  if (language !== 'c8ql') return {}
  try {
    const { keywords, constants } = await import('../pages/query/c8ql.js')
    return { keywords, constants }
  } catch {
    return {}
  }
}

const largest = 2_000_000 // characters up to which a text is coloured

// editor makes one in parent: {value, set, focus, mark, destroy, node, insert}.
// value is the text (a property). onRun is called with Ctrl or Cmd and Enter.
// complete({word, before, position}) answers [{label, detail, info, type, apply}].
// mark(line, column, message) shows a mistake there, mark(null) none.
// Tab indents; Escape, then Tab, leaves it.
export async function editor(parent, { language = 'json', value = '', label, onChange = () => {}, onRun = null, complete = null, testid = null, readOnly = false, lines = 12 }) {
  const [code, words] = await Promise.all([load(), wordsOf(language)])
  const host = h('div', { class: ['editor', readOnly && 'read-only'], data: { testid, language } })
  append(parent, host)
  const root = host.attachShadow({ mode: 'open', delegatesFocus: true })
  let silent = false
  const view = code.create({
    root,
    language: value.length > largest ? 'plain' : language,
    words,
    value,
    label,
    readOnly,
    lines,
    onChange: (text) => {
      if (silent) return
      onChange(text())
      host.dispatchEvent(new Event('input', { bubbles: true })) // as of any other field
    },
    onRun,
    complete,
  })
  return {
    node: host,
    get value() {
      return view.text()
    },
    set(text) {
      silent = true
      view.replace(String(text))
      silent = false
    },
    insert: (text) => view.insert(String(text)),
    focus: () => view.focus(),
    mark: (line, column, message) => view.mark(line, column, message),
    destroy() {
      view.destroy()
      host.remove()
    },
  }
}
