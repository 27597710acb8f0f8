// A text field for the id of a vertex, with completion from the collection: a combobox as WAI-ARIA has it. Before the
// slash collections are offered, behind it keys that begin with what is written.

import { h, replace, uniqueId } from '../../app/dom.js'
import { visible } from '../../app/text.js'
import { keys } from './queries.js'

const waitMs = 150

// vertexField: collections() names those that may be offered, run(query, {signal}) answers rows. onEnter gets the id.
export function vertexField({ label, testid, collections, run, onEnter = () => {}, signal }) {
  const listId = uniqueId('vertices')
  const input = h('input', {
    type: 'text', role: 'combobox', autocomplete: 'off', spellcheck: 'false', placeholder: 'collection/key',
    aria: { label, autocomplete: 'list', expanded: 'false', controls: listId }, data: { testid },
  })
  const list = h('ul', { class: 'graph-suggestions', role: 'listbox', id: listId, aria: { label: `${label}: suggestions` }, hidden: true })
  const node = h('div', { class: 'field graph-vertex-field' }, h('span', { aria: { hidden: 'true' } }, label), input, list)
  const state = { timer: 0, abort: null, items: [], at: -1 }
  const parts = { input, list, state, node }
  const close = () => show(parts, [])
  const take = (item) => {
    input.value = item
    input.focus()
    if (item.endsWith('/')) input.dispatchEvent(new Event('input'))
    else close()
  }
  const ask = async () => {
    state.abort?.abort()
    state.abort = new AbortController()
    const stop = state.abort.signal
    try {
      const items = await suggestions(input.value, collections(), (q) => run(q, { signal: stop, remember: false }))
      if (!stop.aborted && document.activeElement === input) show(parts, items, take)
    } catch {
      if (!stop.aborted) close() // no suggestions: what is typed still counts
    }
  }
  input.addEventListener('input', () => {
    clearTimeout(state.timer)
    state.timer = setTimeout(ask, waitMs)
  })
  input.addEventListener('focus', () => input.value === '' && ask())
  input.addEventListener('blur', () => setTimeout(close, 120))
  input.addEventListener('keydown', (event) => {
    if (keydown(event, parts, { take, close, onEnter })) event.preventDefault()
  })
  signal.addEventListener('abort', () => state.abort?.abort(), { once: true })
  return {
    node, input,
    get value() {
      return input.value.trim()
    },
    set(id) {
      input.value = id ?? ''
    },
  }
}

// suggestions are ids; a collection ends with its slash.
async function suggestions(text, collections, run) {
  const slash = text.indexOf('/')
  if (slash < 0) return collections.filter((name) => name.startsWith(text)).slice(0, 12).map((name) => `${name}/`)
  const collection = text.slice(0, slash)
  if (!collections.includes(collection)) return []
  const rows = await run(keys(collection, text.slice(slash + 1)))
  return rows.map((key) => `${collection}/${key}`)
}

function show({ input, list, state }, items, take) {
  state.items = items
  state.at = -1
  list.hidden = items.length === 0
  input.setAttribute('aria-expanded', String(items.length > 0))
  input.removeAttribute('aria-activedescendant')
  replace(list, ...items.map((item, i) => h('li', {
    id: `${list.id}-${i}`, role: 'option', aria: { selected: 'false' },
    onmousedown: (event) => {
      event.preventDefault()
      take(item)
    },
  }, visible(item))))
}

function mark({ input, list, state }, at) {
  list.children[state.at]?.setAttribute('aria-selected', 'false')
  state.at = (at + state.items.length) % state.items.length
  const chosen = list.children[state.at]
  chosen.setAttribute('aria-selected', 'true')
  chosen.scrollIntoView({ block: 'nearest' })
  input.setAttribute('aria-activedescendant', chosen.id)
}

function keydown(event, parts, { take, close, onEnter }) {
  const { state, input } = parts
  const open = state.items.length > 0
  switch (event.key) {
    case 'ArrowDown': if (open) mark(parts, state.at + 1); return open
    case 'ArrowUp': if (open) mark(parts, state.at - 1); return open
    case 'Escape': if (open) close(); return open
    case 'Enter':
      if (open && state.at >= 0) take(state.items[state.at])
      else {
        close()
        onEnter(input.value.trim())
      }
      return true
  }
  return false
}
