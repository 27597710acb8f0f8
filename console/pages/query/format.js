// Small pieces of the page that several of its parts show.

import { h } from '/console/app/dom.js'

// button makes a button. name is the end of its test id.
export function button(name, label, onclick, { kind = '', title, disabled } = {}) {
  return h('button', { type: 'button', class: 'button ' + kind, title, disabled, onclick, data: { testid: 'query-' + name } }, label)
}

// field puts a label on a control.
export function field(label, control, hint) {
  return h('label', { class: 'field' }, h('span', {}, label), control, hint ? h('small', { class: 'muted' }, hint) : null)
}

// check makes a box to tick, with its label.
export function check(name, label, checked, onchange, hint) {
  const box = h('input', { type: 'checkbox', checked, data: { testid: 'query-' + name }, onchange: () => onchange(box.checked) })
  return h('label', { class: 'query-check', title: hint }, box, ' ', label)
}

// copy puts a text on the clipboard, and says so.
export async function copy(context, text, what) {
  try {
    await navigator.clipboard.writeText(text)
    context.toast('good', `${what} copied`)
  } catch {
    context.toast('bad', 'The browser does not allow copying here. Select the text and copy it.')
  }
}

// soon gives a function that calls another one when it was not called for a while; cancel() forgets the call.
export function soon(fn, ms) {
  let timer = 0
  const call = (...args) => {
    clearTimeout(timer)
    timer = setTimeout(() => fn(...args), ms)
  }
  call.cancel = () => clearTimeout(timer)
  return call
}
