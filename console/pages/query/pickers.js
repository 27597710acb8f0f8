// Dialogs to pick a text from: what was run before, and examples.

import { append, h, clear } from '/console/app/dom.js'
import { dialog } from '/console/app/dialog.js'
import { empty } from '/console/app/states.js'
import { ago, count, ms, short, visible } from '/console/app/text.js'
import { examples } from './examples.js'
import { button } from './format.js'

// showHistory lists what was run in this browser; use(entry) gets the one that is picked.
export function showHistory(context, history, use) {
  const search = h('input', { type: 'search', placeholder: 'Search', aria: { label: 'Search the history' }, data: { testid: 'query-history-search' } })
  const list = h('ul', { class: 'query-picks', data: { testid: 'query-history-list' } })
  const all = history.list()
  const box = dialog({
    title: 'History', body: h('div', { class: 'col' }, search, list), wide: true,
    actions: [{ label: 'Clear the history', kind: 'quiet', run: () => forget() }, { label: 'Close' }],
  })
  const pick = (entry) => { box.close(); use(entry) }
  async function forget() {
    if (!await context.confirm({ title: 'Clear the history?', body: 'The texts that this browser remembers for this fabric are forgotten. Data is not touched.', action: 'Clear' })) return false
    history.clear()
  }
  const show = () => {
    const wanted = search.value.toLowerCase()
    const found = all.filter((e) => e.text.toLowerCase().includes(wanted)).slice(0, 100)
    clear(list).append(...found.map((e) => item(e.text, pastOf(e), () => pick(e))))
    if (found.length === 0) list.append(h('li', {}, empty(all.length > 0 ? nothingFits : nothingYet)))
  }
  search.addEventListener('input', show)
  show()
}

const nothingFits = { title: 'Nothing fits', text: 'Search for another word.' }
const nothingYet = { title: 'Nothing was run yet', text: 'What you run appears here, in this browser alone.' }

const pastOf = (e) => [ago(e.at), e.draft ? 'not run' : e.failed ? 'did not end well' : `${count(e.rows ?? 0)} rows`, e.ms === undefined ? '' : ms(e.ms)].filter(Boolean).join(' \u00b7 ')

// showExamples lists examples; those whose collections are here come first.
export async function showExamples(context, schema, use) {
  const list = h('div', { class: 'col', data: { testid: 'query-examples-list' } })
  const box = dialog({ title: 'Examples', body: list, wide: true, actions: [{ label: 'Close' }] })
  const here = new Set((await schema.collections()).map((c) => c.name))
  const isHere = (group) => group.needs.every((c) => here.has(c))
  for (const group of [...examples.filter(isHere), ...examples.filter((g) => !isHere(g))]) {
    append(list, h('h3', {}, group.title), isHere(group) ? null : h('p', { class: 'muted' }, group.how),
      h('ul', { class: 'query-picks' }, group.queries.map((q) => item(q.text, q.title, () => { box.close(); use(q) }))))
  }
}

function item(text, about, pick) {
  return h('li', {}, h('pre', { class: 'mono' }, h('bdi', null, visible(short(text.trim().split('\n').slice(0, 8).join('\n'), 400), { lines: true }))),
    h('span', { class: 'row' }, h('span', { class: 'muted grow' }, about), button('pick', 'Use', pick)))
}
