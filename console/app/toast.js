// Short messages at the edge of the page. Good news go by themselves, bad news
// stay until somebody closes them.

import { h } from './dom.js'
import { icon } from './icons.js'
import { visible, short } from './text.js'

const stays = 6000 // milliseconds
const most = 5

let place = null
let voice = null

function region() {
  if (!place) {
    place = h('div', { class: 'toasts', role: 'region', aria: { label: 'Messages' } })
    document.body.append(place)
  }
  return place
}

// toast shows a message; kind is 'info', 'good' or 'bad'.
export function toast(kind, message) {
  const text = visible(short(message, 500), { lines: true })
  const close = h('button', { class: 'button quiet icon-only', type: 'button', aria: { label: 'Close this message' } }, icon('close'))
  const node = h('div', { class: ['toast', kind], role: kind === 'bad' ? 'alert' : 'status', data: { testid: 'toast' } },
    h('span', { class: 'grow' }, h('bdi', null, text)), close)
  const remove = () => node.remove()
  close.addEventListener('click', remove)
  if (kind !== 'bad') setTimeout(remove, stays)
  const all = region()
  // Above a dialog nothing else can be seen or reached.
  const top = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body
  if (all.parentNode !== top) top.append(all)
  all.append(node)
  while (all.children.length > most) all.firstChild.remove()
}

// forget takes bad news away: what went wrong on a page is of no matter on another.
// The others go by themselves, and may be of what led to the next page.
export function forget() {
  for (const node of place?.querySelectorAll('.toast.bad') ?? []) node.remove()
}

// announce tells those who listen to the page, and shows nothing.
export function announce(text) {
  if (!voice) {
    voice = h('div', { class: 'sr-only', role: 'status', data: { testid: 'announcer' } })
    document.body.append(voice)
  }
  voice.textContent = ''
  // The same words twice are only said twice when they went in between.
  requestAnimationFrame(() => {
    voice.textContent = visible(text)
  })
}

// settle brings the messages back to the page when a dialog goes.
export function settle(dialog) {
  if (place && dialog.contains(place)) document.body.append(place)
}
