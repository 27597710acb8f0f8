// What the declared types mean, and a form for one declaration.
import { h, replace } from '../../app/dom.js'
import { input, select } from './parts.js'
import { parsePath, pathText } from './tree.js'

export const TYPES = [
  { id: 'counter', title: 'Counter', shows: 'a number', means: 'Changes add up: +1 here and +3 there make +4. The value of an insert is the base.', takes: 'Numbers; with a scale, decimals of that many digits.' },
  { id: 'set', title: 'Set', shows: 'an array without repeats, in value order', means: 'Elements come and go one by one; an addition wins over a removal made at the same time.', takes: 'Arrays.' },
  { id: 'max', title: 'Maximum', shows: 'the largest value that was written', means: 'Each write is a candidate; the largest wins, of equals the earlier.', takes: 'Only what is larger than what shows; with "by", objects that have that member.' },
  { id: 'min', title: 'Minimum', shows: 'the smallest value that was written', means: 'Each write is a candidate; the smallest wins, of equals the earlier.', takes: 'Only what is smaller than what shows; with "by", objects that have that member.' },
  { id: 'multi', title: 'Multi-value', shows: 'one value, or an array of those written at the same time', means: 'Keeps all values until somebody writes one, who has seen them.', takes: 'Anything; scalars and objects are best.' },
]

export const typeOf = id => TYPES.find(t => t.id === id)

/** A declaration as words: 'counter, 2 digits', 'max by amount'. */
export function declarationWords(d) {
  return [typeOf(d.type)?.title ?? d.type, d.scale ? `${d.scale} digits behind the point` : '', d.by ? `by ${d.by}` : ''].filter(Boolean).join(', ')
}

/** {node, value()}: {PATH: declaration}, or null when nothing was typed. */
export function declarationForm(testid) {
  const path = input(`${testid}-path`, { placeholder: 'visits, or stats.views', aria: { label: 'Field' } })
  const type = select(`${testid}-type`, TYPES.map(t => [t.id, t.title]), { label: 'Type', onchange: show })
  const scale = h('input', { type: 'number', min: '0', max: '15', value: '0', data: { testid: `${testid}-scale` } })
  const by = input(`${testid}-by`, { placeholder: 'the value itself' })
  const options = h('span', { class: 'row' })
  const about = h('small', { class: 'muted' })
  function show() {
    const t = typeOf(type.value)
    replace(options,
      type.value === 'counter' ? h('label', { class: 'row' }, 'Digits behind the point', scale) : null,
      type.value === 'max' || type.value === 'min' ? h('label', { class: 'row' }, 'Compare by', by) : null)
    replace(about, `Shows ${t.shows}. ${t.means} Takes: ${t.takes}`)
  }
  show()
  return {
    node: h('div', { class: 'col data-declaration' }, h('div', { class: 'row' }, path, type, options), about),
    value() {
      const text = path.value.trim()
      if (text === '') return null
      const d = { type: type.value }
      if (type.value === 'counter' && Number(scale.value) > 0) d.scale = Number(scale.value)
      if ((type.value === 'max' || type.value === 'min') && by.value.trim()) d.by = by.value.trim()
      return { [pathText(parsePath(text))]: d }
    },
    clear() { path.value = ''; by.value = ''; scale.value = '0' },
  }
}
