// A JSON value as a tree that is made as it is opened.

import { h, append } from './dom.js'
import { Exact, parse } from './json.js'
import { bytes, count, short, visible } from './text.js'

const chunk = 100 // items that are shown at once
const piece = 4096 // characters of a long string that are shown at once

// jsonView shows a value, or a text that is parsed so that numbers keep their
// digits (with `text: true`; a string is otherwise a value like any). depth is
// how many levels are open at first.
export function jsonView(value, { label = 'JSON', depth = 2, text = false } = {}) {
  let shown = value
  if (text) {
    try {
      shown = parse(value)
    } catch {
      return h('pre', { class: 'json', tabindex: 0, aria: { label } }, visible(short(value, 100_000), { lines: true }))
    }
  }
  return h('div', { class: 'json', role: 'group', tabindex: 0, aria: { label } }, entry(null, shown, depth))
}

// entry is one line: a name, when there is one, and a value.
function entry(name, value, depth) {
  if (value === null || typeof value !== 'object' || value instanceof Exact) {
    return h('div', { class: 'json-line' }, title(name), leaf(value))
  }
  const list = Array.isArray(value)
  const names = list ? null : Object.keys(value)
  const size = list ? value.length : names.length
  if (size === 0) return h('div', { class: 'json-line' }, title(name), h('span', { class: 'json-mark' }, list ? '[ ]' : '{ }'))
  const at = list ? (i) => entry(String(i), value[i], depth - 1) : (i) => entry(names[i], value[names[i]], depth - 1)
  const summary = [title(name), h('span', { class: 'json-mark' }, list ? `[${count(size)}]` : `{${count(size)}}`), list ? null : preview(names)]
  return fold(summary, depth > 0, (inside) => items(inside, 0, size, at))
}

function title(name) {
  return name === null ? null : [h('bdi', { class: 'json-name' }, visible(short(name, 200))), h('span', { class: 'json-mark' }, ': ')]
}

function preview(names) {
  return h('span', { class: 'json-preview' }, ' ', visible(short(names.slice(0, 8).join(', '), 80)))
}

// fold is a part that is filled when it is opened for the first time.
function fold(summary, open, fill) {
  const inside = h('div', { class: 'json-inside' })
  const node = h('details', { class: 'json-fold' }, h('summary', null, summary), inside)
  let filled = false
  const make = () => {
    if (filled) return
    filled = true
    fill(inside)
  }
  node.addEventListener('toggle', () => {
    if (node.open) make()
  })
  if (open) {
    make()
    node.open = true
  }
  return node
}

// items shows a range; a long one in parts, and parts of parts.
function items(inside, from, to, at) {
  if (to - from <= chunk) {
    for (let i = from; i < to; i++) append(inside, at(i))
    return
  }
  let step = chunk
  while ((to - from) / step > chunk) step *= chunk
  for (let i = from; i < to; i += step) {
    const end = Math.min(to, i + step)
    append(inside, fold([h('span', { class: 'json-mark' }, `${i} \u2013 ${end - 1}`)], i === from, (part) => items(part, i, end, at)))
  }
}

function leaf(value) {
  if (typeof value === 'string') return string(value)
  const kind = value === null ? 'null' : value instanceof Exact ? 'number' : typeof value
  return h('span', { class: `json-${kind}` }, String(value))
}

function string(value) {
  const node = h('bdi', { class: 'json-string' }, quote(value.slice(0, piece)))
  if (value.length <= piece) return node
  let shown = piece
  const more = h('button', { class: 'button quiet small', type: 'button' })
  const say = () => {
    more.textContent = `Show more (${bytes(value.length - shown)} left)`
  }
  more.addEventListener('click', () => {
    const next = Math.min(value.length, shown * 4)
    append(node, quote(value.slice(shown, next)))
    shown = next
    if (shown === value.length) more.remove()
    else say()
  })
  say()
  return h('span', null, node, ' ', more)
}

// quote shows a string between quotes, with what cannot be seen made visible.
function quote(s) {
  return `"${visible(s)}"`
}
