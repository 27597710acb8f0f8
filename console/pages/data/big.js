// Documents that are too large for an editor: shown by field, each field by
// itself and in parts, so that 5 MiB open without a pause.
import { h, replace } from '../../app/dom.js'
import { bytes, count, short, visible } from '../../app/text.js'
import { editor } from '../../app/editor.js'
import { pretty } from '../../app/json.js'
import { button, formDialog, problem } from './parts.js'
import { table } from '../../app/table.js'
import { kind, members, skip } from './scan.js'
import { bare, requireJSON } from './insert.js'
import { documentPath } from './store.js'

const EDITABLE = 512 << 10 // characters that an editor opens
const LONGEST = 100_000 // characters of one string that an editor opens
const PART = 32 << 10 // characters shown at once

/** Tells whether a document is better shown in parts: by its size, or as an editor cannot lay out one very long line. */
export function isBig(text) {
  if (text.length > EDITABLE) return true
  if (text.length <= LONGEST) return false
  for (let at = text.indexOf('"'); at >= 0;) {
    const end = skip(text, at)
    if (end - at > LONGEST) return true
    at = text.indexOf('"', end)
  }
  return false
}

export function bigView(host, { text, rev, key, signal, reload }) {
  const message = h('div')
  const part = h('div', { class: 'col' })
  const fields = members(bare(text))
  const grid = table({
    label: 'Fields', testid: 'data-big-fields', rowId: f => f.name, empty: 'The document has no fields',
    onOpen: f => replace(part, partsOf(f.name, f.text, f.text.length <= EDITABLE ? () => editField(f) : null)),
    columns: [{ name: 'name', title: 'Field', width: '14rem', cell: f => f.name }, { name: 'kind', title: 'Type', width: '6rem', cell: f => kind(f.text) },
      { name: 'size', title: 'Size', width: '7rem', align: 'right', cell: f => bytes(f.text.length) }, { name: 'start', title: 'Begins with', cell: f => short(f.text.slice(0, 200), 160) }],
  })
  grid.setRows(fields)

  async function editField(f) {
    const place = h('div', { class: 'data-editor-small' })
    let edit
    formDialog({
      title: `${visible(short(f.name, 80))} of ${key}`, testid: 'data-big-edit', action: 'Save', wide: true, body: place,
      async run(own) {
        requireJSON(edit.value, { object: false })
        await host.api.call('PATCH', documentPath(host.name, key), { body: `{${JSON.stringify(f.name)}:${edit.value}}`, query: { mergeObjects: false }, headers: { 'If-Match': `"${rev}"` }, signal: own })
        host.context.toast('good', `${visible(short(f.name, 80))} is saved`)
        reload()
      },
    })
    edit = await editor(place, { language: 'json', value: pretty(f.text), label: f.name, testid: 'data-big-text', lines: 20 })
  }

  const file = h('input', { type: 'file', accept: '.json,application/json', class: 'sr-only', tabindex: '-1', aria: { label: 'File that replaces the document' }, data: { testid: 'data-big-file' }, onchange: () => file.files[0] && replaceBy(file.files[0]) })
  async function replaceBy(chosen) {
    replace(message)
    try {
      const content = await chosen.text()
      requireJSON(content)
      await host.api.call('PUT', documentPath(host.name, key), { body: bare(content), headers: { 'If-Match': `"${rev}"` }, timeout: 0, signal })
      host.context.toast('good', `${key} is replaced`)
      reload()
    } catch (error) {
      if (!host.lost(error)) replace(message, problem(error))
    }
    file.value = ''
  }
  return h('div', { class: 'col', data: { testid: 'data-big' } },
    h('p', null, `This document has ${bytes(text.length)} in ${count(fields.length)} fields, so it is shown field by field. Open a field to read it or to change it; or download it, change the file, and bring it back.`),
    h('div', { class: 'row' }, button('data-big-all', 'Show the whole text in parts', () => replace(part, partsOf(key, text, null))), button('data-big-replace', 'Replace from a file', () => file.click()), file),
    message, h('div', { class: 'data-table data-table-low' }, grid.node), part)
}

/** A long text, a part at a time. */
function partsOf(title, text, edit) {
  const parts = Math.max(1, Math.ceil(text.length / PART))
  let at = 0
  const box = h('pre', { class: 'mono data-part', tabindex: '0', aria: { label: `Part of ${title}` }, data: { testid: 'data-part' } })
  const where = h('span', { class: 'muted', role: 'status' })
  const back = button('data-part-back', 'Back', () => show(at - 1)), on = button('data-part-next', 'Next', () => show(at + 1))
  function show(n) {
    at = n
    box.textContent = visible(text.slice(at * PART, (at + 1) * PART), { lines: true })
    where.textContent = `Part ${count(at + 1)} of ${count(parts)}`
    back.disabled = at === 0
    on.disabled = at === parts - 1
  }
  show(0)
  return h('section', { class: 'card col' }, h('div', { class: 'row' }, h('h3', { class: 'grow mono' }, visible(short(title, 80))), edit ? button('data-big-change', 'Change it', edit) : null, back, where, on), box)
}
