// What a page shows when it has nothing to show.

import { h } from './dom.js'
import { icon } from './icons.js'
import { visible, short } from './text.js'

// empty says that there is nothing, and what to do about it. action is {label,
// run} or a node.
export function empty({ title, text = '', action = null, testid = null }) {
  return h('div', { class: 'empty', data: { testid } },
    h('p', { class: 'empty-title' }, title),
    text ? h('p', { class: 'muted' }, text) : null,
    buttonOf(action))
}

function buttonOf(action) {
  if (!action || action instanceof Node) return action
  return h('button', { class: 'button', type: 'button', onclick: action.run }, action.label)
}

// failure shows an error with what to do next; retry, when given, is offered.
export function failure(error, retry = null) {
  return h('div', { class: 'error', role: 'alert', data: { testid: 'failure' } },
    icon('warning'),
    h('div', { class: 'col grow' },
      h('p', { class: 'error-message' }, h('bdi', null, visible(short(error?.message ?? String(error), 2000), { lines: true }))),
      error?.next ? h('p', { class: 'muted' }, error.next) : null,
      error?.code ? h('p', { class: 'muted mono error-code' }, visible(`${error.code}${error.num ? ' ' + error.num : ''}`)) : null),
    retry ? h('button', { class: 'button', type: 'button', data: { testid: 'retry' }, onclick: retry }, 'Try again') : null)
}

// busy says that something is under way.
export function busy(text = 'Loading') {
  return h('div', { class: 'busy', role: 'status' }, h('span', { class: 'spinner', aria: { hidden: true } }), text)
}
