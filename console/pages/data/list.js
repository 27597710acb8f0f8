// The collections of the fabric, at the side of the page.
import { h, replace } from '../../app/dom.js'
import { count } from '../../app/text.js'
import { aborted, button, input, problem } from './parts.js'
import { KINDS, kindOf, link } from './store.js'
import { createCollection } from './create.js'

const SHOWN = 200 // at first; the rest on demand

/** {node, select(name), close()} */
export function collectionList(store) {
  const state = { selected: null, wanted: '', system: false, shown: SHOWN }
  const items = h('ul', { class: 'data-collections', data: { testid: 'data-collection-list' }, aria: { label: 'Collections' } })
  const rest = h('div', { class: 'col' })
  const counts = countWhenSeen(store)
  const find = input('data-collection-find', {
    type: 'search', placeholder: 'Find a collection', aria: { label: 'Find a collection' },
    oninput() { state.wanted = find.value.trim().toLowerCase(); state.shown = SHOWN; show() },
  })
  const system = h('input', { type: 'checkbox', data: { testid: 'data-system' }, onchange() { state.system = system.checked; show() } })
  const home = link(store, [], 'Fabric, all collections', { class: 'data-home', data: { testid: 'data-home' } })
  const node = h('aside', { class: 'data-side', aria: { label: 'Collections' } },
    h('div', { class: 'row' }, h('h2', { class: 'grow' }, 'Collections'),
      button('data-collections-reload', 'Load anew', () => store.load().catch(error => { if (!aborted(error)) store.context.toast('bad', `${error.message}. ${error.next ?? ''}`) }), { kind: 'quiet small' }),
      button('data-create', 'New', () => createCollection(store), { kind: 'primary', title: 'Make a collection' })),
    find, items, rest, h('label', { class: 'check muted' }, system, ' System collections'), home)

  function wanted() {
    return [...store.collections.values()].filter(c => (state.system || !(c.isSystem || c.name.startsWith('_'))) && c.name.toLowerCase().includes(state.wanted))
  }

  function show() {
    const all = wanted()
    counts.forget()
    replace(items, all.slice(0, state.shown).map(info => item(store, info, info.name === state.selected, counts)))
    replace(rest, all.length > state.shown
      ? button('data-collections-more', `Show ${count(Math.min(SHOWN, all.length - state.shown))} more of ${count(all.length)}`, () => { state.shown += SHOWN; show() })
      : null, all.length === 0 ? h('p', { class: 'muted', data: { testid: 'data-collections-empty' } },
      state.wanted ? 'No collection has that in its name.' : 'No collections yet. Make one with New, or import a file into a new one.') : null)
    home.toggleAttribute('aria-current', state.selected === null)
  }

  const stop = store.subscribe(name => {
    if (name === undefined) show()
    else counts.show(name)
  })
  return {
    node,
    select(name) { state.selected = name; show() },
    failed(error, retry) { replace(items); replace(rest, problem(error, retry)) },
    close() { stop(); counts.close() },
  }
}

function item(store, info, selected, counts) {
  const kind = kindOf(info)
  const number = h('span', { class: 'data-count muted', data: { count: info.name } }, info.count === undefined ? '' : count(info.count))
  const anchor = link(store, [info.name], h('span', { class: 'row' },
    h('span', { class: 'grow data-name' }, info.name),
    info.isLocal ? h('span', { class: 'badge', title: 'Kept at this location only' }, 'local') : null,
    kind === 'document' ? null : h('span', { class: 'badge' }, { edge: 'edges', kv: 'key-value', series: 'series' }[kind]), number),
  { data: { testid: `data-collection-${info.name}` }, title: `${info.name}: ${KINDS[kind].title}`, aria: { current: selected ? 'page' : null } })
  counts.watch(anchor, info)
  return h('li', null, anchor)
}

/** Counts collections when their line comes into view, a few at a time. */
function countWhenSeen(store) {
  const waiting = []
  let running = 0
  const nodes = new Map()
  const seen = new IntersectionObserver(entries => {
    for (const e of entries) if (e.isIntersecting) { waiting.push(e.target.dataset.name); seen.unobserve(e.target) }
    work()
  })
  async function work() {
    while (running < 3 && waiting.length > 0) {
      const name = waiting.shift()
      running++
      store.count(name).catch(error => { if (!aborted(error)) nodes.get(name)?.setAttribute('title', error.message) })
        .finally(() => { running--; work() })
    }
  }
  return {
    watch(node, info) {
      nodes.set(info.name, node)
      node.dataset.name = info.name
      if (info.count === undefined) seen.observe(node)
    },
    show(name) {
      const at = nodes.get(name)?.querySelector('[data-count]')
      if (at) replace(at, count(store.collections.get(name)?.count))
    },
    forget() { seen.disconnect(); nodes.clear(); waiting.length = 0 },
    close() { seen.disconnect(); waiting.length = 0 },
  }
}
