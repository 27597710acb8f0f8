// What is different for key-values: an end in place of nothing, and a value in
// place of a document.
import { h } from '../../app/dom.js'
import { select } from './parts.js'
import { members } from './scan.js'

/** A control for when an entry ends: {node, value() in Unix seconds, raw() as chosen, restore(raw)}. */
export function endControl(testid, text, onChange = () => {}) {
  const at = h('input', { type: 'datetime-local', step: '1', data: { testid: `${testid}-at` }, aria: { label: 'Ends at' }, oninput: onChange })
  const mode = select(testid, [['never', 'never'], ['at', 'at a time'], ['60', 'in a minute'], ['3600', 'in an hour'], ['86400', 'in a day']], {
    label: 'Ends', onchange() { show(); onChange() },
  })
  const show = () => { at.hidden = mode.value !== 'at' }
  function set(seconds) {
    const n = Number(seconds)
    mode.value = n > 0 ? 'at' : 'never'
    at.value = n > 0 ? local(n) : local(Math.floor(Date.now() / 1000) + 3600)
    show()
  }
  set(text)
  const raw = () => ({ mode: mode.value, at: mode.value === 'at' ? at.value : '' })
  return {
    node: h('div', { class: 'row', role: 'group', aria: { label: 'End of the entry' } }, h('span', { class: 'data-label' }, 'Ends'), mode, at),
    raw,
    value: () => endSeconds(raw()),
    restore(kept) {
      mode.value = kept.mode
      if (kept.mode === 'at') at.value = kept.at
      show()
    },
  }
}

/** What was chosen in Unix seconds; it throws when that is no time. */
export function endSeconds({ mode, at }) {
  if (mode === 'never') return -1
  if (mode !== 'at') return Math.floor(Date.now() / 1000) + Number(mode)
  const t = new Date(at).getTime()
  if (Number.isNaN(t)) throw Object.assign(new Error('The end is no time.'), { next: 'Choose a day and a time, or never.' })
  return Math.floor(t / 1000)
}

/** Unix seconds as the browser's control has them, in the reader's time zone. */
function local(seconds) {
  const d = new Date(seconds * 1000)
  const two = n => String(n).padStart(2, '0')
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}T${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`
}

const OWN = ['_id', '_key', '_rev', 'value', 'expireAt']

/** The document of an entry with another value, and another end unless that is undefined; its other members stay as they are. */
export function entryText(before, value, end) {
  const had = members(before)
  const at = end === undefined ? had.find(m => m.name === 'expireAt')?.text : String(end)
  const rest = had.filter(m => !OWN.includes(m.name)).map(m => `,${JSON.stringify(m.name)}:${m.text}`).join('')
  return `{"value":${value}${at === undefined ? '' : ',"expireAt":' + at}${rest}}`
}
