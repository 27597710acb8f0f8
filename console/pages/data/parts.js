// Small pieces of forms that several parts of the page use.
import { h, replace, uniqueId } from '../../app/dom.js'
import { dialog } from '../../app/dialog.js'
import { failure } from '../../app/states.js'

export { aborted, save } from '../../app/api.js'

/** A labelled control with a hint below it. */
export function field(label, control, hint) {
  control.id ||= uniqueId('data-field')
  const note = hint ? h('small', { class: 'muted', id: control.id + '-hint' }, hint) : null
  if (note) control.setAttribute('aria-describedby', note.id)
  return h('div', { class: 'field' }, h('label', { for: control.id }, label), control, note)
}

export function input(testid, props = {}) {
  return h('input', { type: 'text', autocomplete: 'off', spellcheck: 'false', data: { testid }, ...props })
}

/** A field for a new name; what the browser says of a wrong one is the rule itself. */
export function nameInput(testid, props = {}) {
  const node = input(testid, { required: true, maxlength: '64', pattern: '[A-Za-z][A-Za-z0-9_\\-]*', ...props })
  node.addEventListener('input', () => {
    node.setCustomValidity('')
    if (node.validity.patternMismatch) node.setCustomValidity('Begin with a letter; then letters, digits, _ and - may follow.')
  })
  return node
}

export function select(testid, options, props = {}) {
  const node = h('select', { data: { testid } }, options.map(o => {
    const [value, title] = typeof o === 'string' ? [o, o] : o
    return h('option', { value }, title)
  }))
  if (props.value !== undefined) node.value = props.value
  if (props.label) node.setAttribute('aria-label', props.label)
  if (props.onchange) node.addEventListener('change', props.onchange)
  return node
}

export function checkbox(testid, label, props = {}) {
  const box = h('input', { type: 'checkbox', data: { testid }, ...props })
  return { box, node: h('label', { class: 'check' }, box, label) }
}

export function button(testid, label, onclick, props = {}) {
  const { kind, ...rest } = props
  return h('button', { type: 'button', class: ['button', kind], data: { testid }, onclick, ...rest }, label)
}

/** Says what went wrong and what to do; with a way to try again. */
export function problem(error, retry = null) {
  const node = failure(error, retry)
  node.dataset.testid = 'data-error'
  return node
}

/** A controller that ends with another signal, too. */
export function scope(signal) {
  const own = new AbortController()
  if (signal.aborted) own.abort()
  signal.addEventListener('abort', () => own.abort(), { once: true, signal: own.signal })
  return { signal: own.signal, close: () => own.abort() }
}

/**
 * A dialog with a form. run(signal) does it: when it throws, the dialog says
 * why and stays. With `typed` the action waits until that word is written.
 */
export function formDialog({ title, body, action, danger = false, typed, testid, wide = false, run }) {
  const life = new AbortController()
  const message = h('div')
  const word = typed === undefined ? null : input(`${testid}-typed`, { oninput: () => { act.disabled = word.value !== typed } })
  const shown = dialog({
    title, testid, wide, onClose: () => life.abort(),
    body: h('div', { class: 'col' }, body, word ? field(`Type ${typed} to confirm`, word) : null, message),
    actions: [
      { label: 'Cancel', kind: '', testid: `${testid}-cancel` },
      { label: action, kind: danger ? 'danger' : 'primary', testid: `${testid}-do`, run: go },
    ],
  })
  const act = shown.node.querySelector(`[data-testid="${testid}-do"]`)
  act.disabled = word !== null
  async function go() {
    if (word && word.value !== typed) return false
    replace(message)
    try {
      await run(life.signal)
      return true
    } catch (error) {
      if (!life.signal.aborted) replace(message, problem(error))
      return false
    }
  }
  return shown
}

/** Room for a table that is wider than the page, which the arrow keys move. */
export function scroller(label, ...children) {
  return h('div', { class: 'data-scroll', tabindex: '0', role: 'group', aria: { label } }, children)
}

/** Splits a list typed with commas. */
export const words = text => text.split(',').map(s => s.trim()).filter(Boolean)
