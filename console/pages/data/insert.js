// Writing something new, and putting back what was removed.
import { h, replace } from '../../app/dom.js'
import { visible } from '../../app/text.js'
import { editor } from '../../app/editor.js'
import { check, pretty } from '../../app/json.js'
import { button, field, formDialog, input, problem } from './parts.js'
import { KINDS } from './store.js'
import { members, string, member } from './scan.js'
import { endControl } from './keyvalue.js'

/** A JSON text without the members that are the database's own. */
export function bare(text, names = ['_id', '_key', '_rev']) {
  return '{' + members(text).filter(m => !names.includes(m.name)).map(m => JSON.stringify(m.name) + ':' + m.text).join(',') + '}'
}

/** Throws with line and column unless the text is JSON; an object when it must be. */
export function requireJSON(text, { object = true } = {}) {
  const wrong = check(text)
  if (wrong) throw Object.assign(new SyntaxError(`Line ${wrong.line}, column ${wrong.column}: ${wrong.message}.`), { place: wrong, next: 'Correct the text there.' })
  if (object && !text.trimStart().startsWith('{')) throw Object.assign(new SyntaxError('A document is an object.'), { next: 'Write { "name": value, ... }.' })
}

const START = { document: '{\n  \n}', edge: '{\n  "_from": "collection/key",\n  "_to": "collection/key"\n}', kv: '""' }

/** A dialog for a new document, edge or entry; `from` is the text to begin with. done(key) follows. */
export async function insertDialog(host, { from, key: given = '', done, title }) {
  const { kind, name, api } = host
  const key = input('data-insert-key', { value: given, placeholder: kind === 'kv' ? '' : 'made by the location', required: kind === 'kv' })
  const place = h('div', { class: 'data-editor-small' })
  const end = kind === 'kv' && host.info.expiration ? endControl('data-insert-end') : null
  let text
  formDialog({
    title: title ?? `New ${KINDS[kind].one} in ${name}`, testid: 'data-insert-dialog', action: 'Insert',
    body: h('div', { class: 'col' }, field('Key', key, "1 to 254 letters, digits and _ - : . @ ( ) + , = ; $ ! * ' %"),
      h('div', { class: 'field' }, h('span', { class: 'data-label' }, kind === 'kv' ? 'Value, as JSON' : 'Content, as JSON'), place), end?.node),
    async run(signal) {
      const content = text.value
      requireJSON(content, { object: kind !== 'kv' })
      done(kind === 'kv' ? await insertEntry(api, name, key.value.trim(), content, end?.value(), signal) : await insertDocument(api, name, key.value.trim(), content, signal))
    },
  })
  text = await editor(place, { language: 'json', value: from ? pretty(from) : START[kind], label: 'Content', testid: 'data-insert-text' })
}

async function insertDocument(api, name, key, content, signal) {
  const body = key === '' ? content : withKey(content, key)
  const { _key } = await api.call('POST', `/document/${encodeURIComponent(name)}`, { body, signal })
  return _key
}

/** An entry is inserted, not set: one that is there is not overwritten unseen. */
async function insertEntry(api, name, key, value, end, signal) {
  if (key === '') throw Object.assign(new Error('An entry needs a key.'), { next: 'Write one above.' })
  const body = `{"_key":${JSON.stringify(key)},"value":${value}${end === undefined ? '' : ',"expireAt":' + end}}`
  await api.call('POST', `/document/${encodeURIComponent(name)}`, { body, signal })
  return key
}

function withKey(text, key) {
  const rest = bare(text)
  return `{"_key":${JSON.stringify(key)}${rest === '{}' ? '' : ',' + rest.slice(1, -1)}}`
}

/** Removes a document and remembers it, so that undoBar can put it back. */
export async function remove(host, text, rev) {
  const key = string(member(text, '_key'))
  await host.api.call('DELETE', `/document/${encodeURIComponent(host.name)}/${encodeURIComponent(key)}`, { headers: { 'If-Match': `"${rev}"` }, signal: host.signal })
  host.store.removed = { collection: host.name, id: host.info.id, key, text }
  host.store.tell(host.name)
}

/** A line that offers to put the last removed document of this collection back. */
export function undoBar(host, signal, done) {
  const node = h('div', { class: 'col' })
  const stop = host.store.subscribe(show)
  signal.addEventListener('abort', stop, { once: true })
  async function undo({ key, text }) {
    try {
      await host.api.call('POST', `/document/${encodeURIComponent(host.name)}`, { body: withKey(text, key), headers: { 'If-None-Match': '*' }, signal: host.signal })
      host.store.removed = null
      host.context.toast('good', `${key} is back`)
      show()
      done()
    } catch (error) {
      if (!host.lost(error)) replace(node, problem(error.status === 412 ? Object.assign(new Error(`Somebody has written ${key} again meanwhile.`), { next: 'Open it to see what it is now.' }) : error))
    }
  }
  function show() {
    const last = host.store.removed
    replace(node, last?.collection === host.name && last.id === host.info?.id
      ? h('div', { class: 'row data-undo', role: 'status', data: { testid: 'data-undo-bar' } }, h('span', null, `Removed ${visible(last.key)}.`),
        button('data-undo', 'Put it back', () => undo(last)), button('data-undo-leave', 'Leave it', () => { host.store.removed = null; show() }, { kind: 'quiet' }))
      : null)
  }
  show()
  return node
}
