// The languages of the editor, their colours and its look. Colours are the
// design tokens of the console, which reach into the shadow root.

import { HighlightStyle, StreamLanguage } from '@codemirror/language'
import { EditorView } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { c8ql } from './c8ql.js'
import { json } from './json.js'

// languageOf gives the extension of a language; a text of another is plain.
// words are {keywords, constants} of C8QL.
export function languageOf(name, words) {
  if (name === 'json') return StreamLanguage.define(json)
  return name === 'c8ql' ? StreamLanguage.define(c8ql(words)) : []
}

export const colours = HighlightStyle.define([
  { tag: tags.keyword, color: 'var(--code-word)', fontWeight: '600' },
  { tag: [tags.atom, tags.bool, tags.null], color: 'var(--code-word)' },
  { tag: tags.number, color: 'var(--code-number)' },
  { tag: tags.string, color: 'var(--code-string)' },
  { tag: tags.propertyName, color: 'var(--code-key)' },
  { tag: tags.standard(tags.variableName), color: 'var(--code-key)' },
  { tag: tags.special(tags.variableName), color: 'var(--code-number)' },
  { tag: tags.comment, color: 'var(--code-comment)', fontStyle: 'italic' },
  { tag: tags.invalid, color: 'var(--bad)' },
])

// look is everything about the editor that is no colour of a word; lines is
// how many it shows at least, before it grows to twice as many.
export function look(lines = 12) {
  return EditorView.theme({
    '&': { color: 'var(--ink)', backgroundColor: 'var(--surface)', fontSize: '13px' },
    '&.cm-focused': { outline: 'none' },
    '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.5', minHeight: `${lines * 1.5 + 0.6}em`, maxHeight: '60vh', overflow: 'auto' },
    '.cm-content': { caretColor: 'var(--ink)', padding: '6px 0' },
    '.cm-cursor, .cm-dropCursor': { borderLeftColor: 'var(--ink)', borderLeftWidth: '2px' },
    '.cm-gutters': { backgroundColor: 'var(--surface)', color: 'var(--muted)', border: 'none' },
    '.cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--surface-2) 55%, transparent)' },
    '.cm-activeLineGutter': { backgroundColor: 'var(--surface-2)', color: 'var(--ink)' },
    '.cm-foldPlaceholder': { backgroundColor: 'var(--surface-2)', border: 'none', color: 'var(--muted)' },
    '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': { backgroundColor: 'var(--accent-soft)' },
    '.cm-selectionMatch': { backgroundColor: 'var(--warn-soft)' },
    '.cm-searchMatch': { backgroundColor: 'var(--warn-soft)', outline: '1px solid var(--warn)' },
    '.cm-searchMatch-selected': { backgroundColor: 'var(--accent-soft)' },
    '&.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--good-soft)', outline: '1px solid var(--good)' },
    '&.cm-focused .cm-nonmatchingBracket': { backgroundColor: 'var(--bad-soft)', outline: '1px solid var(--bad)' },
    '.cm-specialChar': { color: 'var(--bad)' },
    '.cm-panels': { backgroundColor: 'var(--surface-2)', color: 'var(--ink)' },
    '.cm-panels-bottom': { borderTop: '1px solid var(--line)' },
    '.cm-textfield': { backgroundColor: 'var(--surface)', color: 'var(--ink)', border: '1px solid var(--line-strong)', borderRadius: '4px' },
    '.cm-button': { backgroundImage: 'none', backgroundColor: 'var(--surface)', color: 'var(--ink)', border: '1px solid var(--line-strong)', borderRadius: '4px' },
    '.cm-panel.cm-search label': { color: 'var(--ink)' },
    '.cm-panel.cm-search [name=close]': { color: 'var(--ink)' },
    '.cm-tooltip': { backgroundColor: 'var(--surface)', color: 'var(--ink)', border: '1px solid var(--line)', borderRadius: '6px', boxShadow: 'var(--shadow)', overflow: 'hidden' },
    '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)', fontSize: '12.5px', maxHeight: '16em', maxWidth: 'min(480px, 90vw)' },
    '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '3px 8px' },
    '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--accent-soft)', color: 'var(--ink)' },
    '.cm-completionMatchedText': { textDecoration: 'none', color: 'var(--accent)', fontWeight: '600' },
    '.cm-completionDetail': { color: 'var(--muted)', fontStyle: 'normal' },
    '.cm-completionInfo': { padding: '8px 10px', maxWidth: '320px', whiteSpace: 'pre-line', fontFamily: 'var(--font)' },
    '.cm-diagnostic': { padding: '6px 10px', whiteSpace: 'pre-wrap' },
    '.cm-diagnostic-error': { borderLeft: '3px solid var(--bad)' },
    '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy var(--bad)', textUnderlineOffset: '3px' },
  })
}
