// Dialogs: the browser's own, which keeps the keyboard inside, closes with
// Escape and gives the focus back.

import { h, append, uniqueId } from './dom.js'
import { aborted } from './errors.js'
import { icon } from './icons.js'
import { settle, toast } from './toast.js'
import { hold } from './unload.js'

const open = new Set() // how to close each that the page brought up

// closeAll closes the dialogs of a page that goes, but not those that say `stays`.
export function closeAll() {
  for (const close of [...open]) close()
}

// dialog opens one. actions are {label, kind ('primary' | 'danger' | ''), run,
// testid}: run may answer false, or a promise of it, to keep it open; without run it
// closes. The first of kind 'primary' or 'danger' also runs with Enter in a
// field. With closable false only an action closes it. One that stays is the
// frame's own: it outlives the page.
export function dialog({ title, body, actions = [], onClose = () => {}, closable = true, testid = null, wide = false, stays = false }) {
  const id = uniqueId('dialog')
  const form = h('form', { method: 'dialog', class: 'dialog-form' })
  const node = h('dialog', { class: ['dialog', wide && 'wide'], aria: { labelledby: id }, data: { testid } }, form)
  let closed = false

  function close() {
    if (closed) return
    closed = true
    open.delete(close)
    hold(node, false)
    settle(node)
    if (node.open) node.close()
    node.remove()
    onClose()
  }

  async function run(action, button) {
    if (!action.run) return close()
    button.disabled = true
    node.setAttribute('aria-busy', 'true')
    try {
      if ((await action.run()) !== false) close()
    } catch (error) {
      if (closed && aborted(error)) return // it ended with its page
      toast('bad', error.next ? `${error.message}. ${error.next}` : String(error.message ?? error))
    } finally {
      button.disabled = false
      node.removeAttribute('aria-busy')
    }
  }

  const buttons = actions.map((action) => {
    const main = action.kind === 'primary' || action.kind === 'danger'
    const button = h('button', { class: ['button', action.kind], type: main ? 'submit' : 'button', data: { testid: action.testid } }, action.label)
    button.addEventListener('click', (event) => {
      event.preventDefault()
      if (main && !form.reportValidity()) return
      run(action, button)
    })
    return button
  })
  const cross = closable ? h('button', { class: 'button quiet icon-only', type: 'button', aria: { label: 'Close' }, onclick: close }, icon('close')) : null
  append(form,
    h('header', { class: 'dialog-head' }, h('h2', { id, class: 'grow' }, title), cross),
    h('div', { class: 'dialog-body' }, body),
    buttons.length > 0 ? h('footer', { class: 'dialog-foot' }, buttons) : null)
  form.addEventListener('submit', (event) => event.preventDefault())
  node.addEventListener('cancel', (event) => {
    event.preventDefault()
    if (closable && event.target === node) close()
  })
  node.addEventListener('input', () => hold(node, !closed)) // what is typed is not to go with the tab unseen
  node.addEventListener('close', close) // the browser may close one by itself
  document.body.append(node)
  node.showModal()
  if (!stays) open.add(close)
  const first = node.querySelector('[autofocus], .dialog-body :is(input, select, textarea, button):not([disabled], [role="tab"])') ?? node.querySelector('.dialog-foot button')
  first?.focus()
  return { close, node }
}

// confirm asks and answers whether it was agreed.
export function confirm({ title, body, action = 'Go on', danger = false }) {
  return new Promise((resolve) => {
    let agreed = false
    const content = body instanceof Node ? body : h('p', null, body)
    dialog({
      title,
      body: content,
      testid: 'confirm',
      onClose: () => resolve(agreed),
      actions: [
        { label: 'Cancel', kind: '', testid: 'confirm-cancel' },
        { label: action, kind: danger ? 'danger' : 'primary', testid: 'confirm-action', run: () => { agreed = true } },
      ],
    })
  })
}
