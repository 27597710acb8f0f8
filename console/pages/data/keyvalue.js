// What is different for key-values: an end in place of nothing, and a value in
// place of a document.
import { h } from '../../app/dom.js'
import { select } from './parts.js'
import { member } from './scan.js'

/** A control for when an entry ends: {node, value() in Unix seconds, raw() as chosen, set(text)}. */
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
  return {
    node: h('div', { class: 'row', role: 'group', aria: { label: 'End of the entry' } }, h('span', { class: 'data-label' }, 'Ends'), mode, at),
    set,
    raw: () => (mode.value === 'at' ? at.value : mode.value),
    value() {
      if (mode.value === 'never') return -1
      if (mode.value !== 'at') return Math.floor(Date.now() / 1000) + Number(mode.value)
      const t = new Date(at.value).getTime()
      if (Number.isNaN(t)) throw Object.assign(new Error('The end is no time.'), { next: 'Choose a day and a time, or never.' })
      return Math.floor(t / 1000)
    },
  }
}

/** Unix seconds as the browser's control has them, in the reader's time zone. */
function local(seconds) {
  const d = new Date(seconds * 1000)
  const two = n => String(n).padStart(2, '0')
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}T${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`
}

/** The document of an entry, without what is the database's own. */
export function entryText(before, value, end) {
  const had = member(before, 'expireAt')
  const at = end === undefined ? had : String(end)
  return `{"value":${value}${at === null ? '' : ',"expireAt":' + at}}`
}
