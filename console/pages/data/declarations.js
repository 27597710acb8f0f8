// How the fields of a collection merge: what is declared, and adding to it.
import { h, replace } from '../../app/dom.js'
import { visible } from '../../app/text.js'
import { button, problem, scope, scroller } from './parts.js'
import { TYPES, declarationForm, declarationWords, typeOf } from './declaring.js'

export function declarationsView(host) {
  const life = scope(host.signal)
  const list = h('div', { class: 'col' })
  const message = h('div')
  const form = declarationForm('data-declare')
  const act = button('data-declare-add', 'Declare', add, { kind: 'primary' })
  const path = `/collection/${encodeURIComponent(host.name)}/properties`

  async function load() {
    try {
      const { crdt } = await host.api.call('GET', path, { signal: life.signal })
      host.info.crdt = crdt
      show(crdt ?? {})
    } catch (error) {
      if (!host.lost(error)) replace(list, problem(error, load))
    }
  }

  async function add() {
    replace(message)
    act.disabled = true
    try {
      const declared = form.value()
      if (!declared) throw Object.assign(new Error('The field is missing.'), { next: 'Write its name, or names with dots between.' })
      const [name] = Object.keys(declared)
      const agreed = await host.context.confirm({
        title: `Declare ${name}`, action: 'Declare',
        body: `${name} of ${host.name} becomes: ${declarationWords(declared[name])}. A value that is there already becomes the base. This cannot be changed or taken back.`,
      })
      if (!agreed) return
      const { crdt } = await host.api.call('PUT', path, { body: { crdt: declared }, signal: life.signal })
      host.info.crdt = crdt
      form.clear()
      show(crdt)
      host.context.toast('good', `${name} is declared`)
    } catch (error) {
      if (!host.lost(error)) replace(message, problem(error))
    } finally {
      act.disabled = false
    }
  }

  function show(crdt) {
    const paths = Object.keys(crdt).sort()
    replace(list, paths.length === 0
      ? h('div', { class: 'empty', data: { testid: 'data-declarations-empty' } }, h('p', null, 'No field is declared. Where two locations change one field at the same time the later write wins, and the other one stands in the conflicts. Declare fields that should merge in another way.'))
      : scroller('Declared fields', h('table', { class: 'data-plain', data: { testid: 'data-declarations' } },
        h('thead', null, h('tr', null, ['Field', 'Type', 'Shows', 'A change means'].map(t => h('th', { scope: 'col' }, t)))),
        h('tbody', null, paths.map(p => h('tr', null, h('td', { class: 'mono' }, visible(p)),
          h('td', null, declarationWords(crdt[p]), crdt[p].disputed ? h('span', { class: 'badge warn', title: 'Locations declared it differently at the same time. It is written whole now, and the later write wins. Declare a new field to count on.' }, 'disputed') : null),
          h('td', null, typeOf(crdt[p].type)?.shows ?? ''), h('td', null, typeOf(crdt[p].type)?.means ?? '')))))))
  }
  load()
  return {
    node: h('div', { class: 'col' }, list,
      h('section', { class: 'card col' }, h('h2', null, 'Declare a field'), form.node, message, h('div', { class: 'row' }, act)),
      h('details', { class: 'card' }, h('summary', null, 'Which one to take'), h('dl', { class: 'kv' }, TYPES.flatMap(t => [h('dt', null, t.title), h('dd', null, `${t.means} Takes: ${t.takes}`)]), h('dt', null, 'Nothing'), h('dd', null, 'Anything else: the later write wins.')))),
    close: life.close,
  }
}
