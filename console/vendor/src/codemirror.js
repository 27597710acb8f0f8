// The editor of the console: CodeMirror with C8QL and JSON. app/editor.js is
// the only one that uses it.

import { autocompletion, closeCompletion, snippetCompletion } from '@codemirror/autocomplete'
import { indentWithTab } from '@codemirror/commands'
import { indentUnit, syntaxHighlighting } from '@codemirror/language'
import { setDiagnostics } from '@codemirror/lint'
import { EditorState, Prec } from '@codemirror/state'
import { EditorView, highlightSpecialChars, keymap } from '@codemirror/view'
import { basicSetup } from 'codemirror'
import { colours, languageOf, look } from './language/index.js'

// Characters that cannot be seen or that turn the direction of text around.
const special = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffc]/g

// create makes an editor in a shadow root.
export function create({ root, language, words, value, label, readOnly, lines, onChange, onRun, complete }) {
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: value,
      extensions: [
        Prec.highest(keymap.of(running(onRun))),
        basics(),
        EditorView.domEventHandlers({ beforeinput: typed }),
        languageOf(language, words),
        look(lines),
        complete ? autocompletion({ override: [completing(complete)], icons: false, activateOnTypingDelay: 80 }) : autocompletion(),
        locked(readOnly),
        EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false', autocapitalize: 'off' }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onChange(() => update.state.doc.toString())
        }),
      ],
    }),
  })
  return {
    text: () => view.state.doc.toString(),
    replace(text) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, selection: { anchor: 0 } })
    },
    insert(text) {
      view.dispatch(view.state.replaceSelection(text))
      view.focus()
    },
    focus: () => view.focus(),
    mark: (line, column, message) => mark(view, line, column, message),
    destroy: () => view.destroy(),
  }
}

function locked(readOnly) {
  return [EditorState.readOnly.of(Boolean(readOnly)), EditorView.editable.of(!readOnly), readOnly ? EditorView.contentAttributes.of({ tabindex: '0' }) : []]
}

function running(onRun) {
  if (!onRun) return []
  const run = (view) => {
    closeCompletion(view)
    onRun()
    return true
  }
  return [{ key: 'Mod-Enter', run }, { key: 'Ctrl-Enter', run }]
}

function basics() {
  return [
    syntaxHighlighting(colours),
    basicSetup,
    highlightSpecialChars({ specialChars: special }),
    EditorState.tabSize.of(2),
    indentUnit.of('  '),
    EditorView.lineWrapping,
    keymap.of([indentWithTab]),
  ]
}

// typed puts text in place of a selection by itself: left to it, Chromium
// keeps the looks of what it replaces in a style attribute, which the content
// security policy refuses.
function typed(event, view) {
  const { state } = view
  if (event.inputType !== 'insertText' || !event.data || event.isComposing || state.readOnly || state.selection.ranges.every((one) => one.empty)) return false
  event.preventDefault()
  const { from, to } = state.selection.main
  const insert = () => state.update(state.replaceSelection(event.data), { userEvent: 'input.type', scrollIntoView: true })
  if (!state.facet(EditorView.inputHandler).some((handle) => handle(view, from, to, event.data, insert))) view.dispatch(insert())
  return true
}

// completing asks the page what could stand at the cursor.
function completing(complete) {
  return async (context) => {
    const word = context.matchBefore(/\w+/)
    const before = context.state.sliceDoc(0, context.pos)
    const dot = before.endsWith('.') || before.endsWith('@')
    if (!word && !context.explicit && !dot) return null
    const found = await complete({ word: word?.text ?? '', before, position: context.pos, explicit: context.explicit })
    if (context.aborted || !found || found.length === 0) return null
    return { from: word ? word.from : context.pos, options: found.map(option), validFor: /^\w*$/ }
  }
}

function option(one) {
  const plain = { label: one.label, detail: one.detail, info: one.info || undefined, type: one.type, boost: one.boost }
  if (one.snippet) return snippetCompletion(one.snippet, plain)
  return one.apply ? { ...plain, apply: one.apply } : plain
}

// mark shows one mistake, or none.
function mark(view, line, column, message) {
  if (line === null || line === undefined) {
    view.dispatch(setDiagnostics(view.state, []))
    return
  }
  const { doc } = view.state
  const at = doc.line(Math.min(doc.lines, Math.max(1, line)))
  const from = Math.min(at.to, at.from + Math.max(0, (column || 1) - 1))
  const word = /^[\w@]+/.exec(doc.sliceString(from, Math.min(at.to, from + 80)))
  const to = Math.min(doc.length, from + (word ? word[0].length : from < at.to ? 1 : 0))
  view.dispatch(setDiagnostics(view.state, [{ from, to, severity: 'error', message: String(message) }]), { effects: EditorView.scrollIntoView(from, { y: 'nearest' }) })
}
