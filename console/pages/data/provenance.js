// Where the fields of a document came from: as a table, and as marks beside
// the text.
import { h, replace } from '../../app/dom.js'
import { ago, plural, short, time, visible } from '../../app/text.js'
import { button, problem, scroller } from './parts.js'
import { elements, kind, member, members, string } from './scan.js'
import { canonical, pathText } from './tree.js'
import { bare } from './insert.js'

const KIND = {
  value: 'a value, the later write wins', counter: 'a counter, changes add up', set: 'a set, elements merge', max: 'a maximum', min: 'a minimum',
  multi: 'multi-value, all concurrent ones are kept', removed: 'removed here; kept until every location knows',
}
const SHOWN = 200 // lines of the table at first
const PARTS = 10 // of a counter or set
const LINES = 2000 // lines of the marked text

/** {node, marked(text), list}: the table, and the text with marks; ready() is called when it has come. */
export function provenance(host, key, signal, ready) {
  const body = h('div', { class: 'col' }, h('p', { class: 'muted' }, 'Loading'))
  const state = { list: null, error: null }
  const path = `/provenance/${encodeURIComponent(host.name)}/${encodeURIComponent(key)}`

  async function load() {
    try {
      const text = await host.api.call('GET', path, { raw: true, signal })
      state.list = elements(member(text, 'fields') ?? '[]').map(readField)
      state.truncated = member(text, 'truncated') === 'true'
      state.error = null
      show(SHOWN)
    } catch (error) {
      if (host.lost(error)) return
      state.error = error
      replace(body, problem(error, load))
    }
    ready()
  }

  function show(most) {
    const { list } = state
    replace(body, list.length === 0 ? h('p', { class: 'muted' }, 'Nothing is noted.') : scroller('Where the fields came from', h('table', { class: 'data-plain', data: { testid: 'data-provenance' } },
      h('thead', null, h('tr', null, ['Field', 'Kind', 'Location', 'When'].map(t => h('th', { scope: 'col' }, t)))),
      h('tbody', null, list.slice(0, most).map(f => h('tr', { data: { field: visible(f.name) } },
        h('td', { class: 'mono' }, f.path.length === 0 ? h('em', null, 'document') : visible(short(f.name, 80))), h('td', { title: KIND[f.kind] ?? '' }, f.kind),
        h('td', null, who(f)), h('td', null, when(f), f.parts.slice(0, PARTS).map(partLine))))))),
    list.some(f => f.settled) ? h('p', { class: 'muted' }, `Settled: ${SETTLED.toLowerCase()}.`) : null,
    state.truncated ? h('p', { class: 'muted' }, 'The document has more fields than are listed.') : null,
    list.length > most ? button('data-provenance-more', `Show all ${plural(list.length, 'field')}`, () => show(list.length)) : null)
  }
  load()
  return {
    node: h('section', { class: 'card col' }, h('h3', null, 'Where the fields came from'), body),
    marked: text => markedText(host, text, state),
  }
}

function readField(text) {
  const m = new Map(members(text).map(x => [x.name, x.text]))
  const path = elements(m.get('path') ?? '[]').map(t => string(t))
  const s = name => string(m.get(name) ?? '')
  const parts = elements(m.get('parts') ?? '[]').map(t => ({ ...readField(t), value: member(t, 'value') ?? '' }))
  return { path, name: pathText(path), kind: s('kind'), at: s('at'), location: s('location'), stamp: s('stamp'), settled: m.get('settled') === 'true', parts }
}

const SETTLED = 'Every location has it, and it is older than the history that tells who wrote it'

const who = f => (f.settled ? h('span', { class: 'muted', title: SETTLED }, 'settled') : h('span', { class: 'badge', style: colour(f.location) }, visible(f.location)))

const when = f => (f.settled ? '' : h('time', { class: 'nowrap', datetime: f.at, title: `${ago(f.at)}, ${f.at}, ${f.stamp}` }, time(f.at)))

const partLine = p => h('div', { class: 'row data-part-line' }, h('code', null, visible(short(p.value, 60))), who(p))

const origin = f => (f.settled ? 'settled' : `${visible(f.location)}, ${ago(f.at)}`)

/** A colour of its own for each location, by its name. */
export function colour(location) {
  let n = 0
  for (const c of location) n = (n * 31 + c.codePointAt(0)) % 360
  return { '--data-hue': String(n) }
}

/** The text, line by line, each with who wrote the field that begins there. */
function markedText(host, text, { list, error }) {
  if (error) return problem(error)
  if (!list) return h('p', { class: 'muted', role: 'status' }, 'Loading')
  const noted = new Map(list.map(f => [JSON.stringify(f.path), f]))
  const lines = []
  const whole = host.kind === 'kv' ? bare(text) : bare(text, ['_id', '_rev'])
  layOut(canonical(whole), [], '', '', lines)
  const of = path => {
    for (let n = path.length; n > 0; n--) {
      const f = noted.get(JSON.stringify(path.slice(0, n)))
      if (f) return { f, own: n === path.length }
    }
    return path.length === 0 && noted.has('[]') ? { f: noted.get('[]'), own: true } : null
  }
  const rows = lines.slice(0, LINES).map(({ text: t, path }) => {
    const found = path ? of(path) : null
    return h('div', { class: 'data-marked-line', role: 'listitem' }, h('code', null, visible(short(t, 2000))),
      found ? h('span', { class: ['data-origin', !found.own && 'muted'], style: found.f.settled ? null : colour(found.f.location), title: `${found.f.name || 'document'}: ${KIND[found.f.kind] ?? found.f.kind}${found.f.settled ? '. ' + SETTLED : ', ' + found.f.at}`, data: { field: visible(pathText(path)) } },
        `${origin(found.f)}${found.f.kind === 'value' ? '' : ', ' + found.f.kind}`) : null)
  })
  const removed = list.filter(f => f.kind === 'removed')
  return h('div', { class: 'col' }, h('div', { class: 'data-marked', role: 'list', tabindex: '0', aria: { label: 'The document with its origins' }, data: { testid: 'data-marked' } }, rows),
    lines.length > LINES ? h('p', { class: 'muted' }, `The first ${LINES} lines are shown; the table beside has all fields.`) : null,
    removed.length > 0 ? h('p', { class: 'muted' }, `Removed: ${removed.map(f => visible(short(f.name || 'document', 60))).slice(0, 20).join(', ')}`) : null)
}

/** Lines of pretty JSON; `path` on the line where a field begins. Arrays are one value, on one line. */
function layOut(text, path, head, tail, out) {
  const margin = '  '.repeat(path.length)
  if (kind(text) !== 'object') { out.push({ text: margin + head + text + tail, path }); return }
  const inside = members(text)
  if (inside.length === 0) { out.push({ text: margin + head + '{}' + tail, path }); return }
  out.push({ text: margin + head + '{', path })
  inside.forEach((m, i) => layOut(m.text, [...path, m.name], JSON.stringify(m.name) + ': ', i < inside.length - 1 ? ',' : '', out))
  out.push({ text: margin + '}' + tail, path: null })
}
