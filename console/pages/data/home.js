// Where the page begins: the collections and conflicts of this fabric, and all fabrics.
import { h, replace } from '../../app/dom.js'
import { short, visible } from '../../app/text.js'
import { editor } from '../../app/editor.js'
import { aborted, button, checkbox, field, formDialog, nameInput, problem, scope, scroller } from './parts.js'
import { link } from './store.js'
import { conflictsView } from './conflicts.js'
import { overviewView } from './overview.js'
import { elements, member } from './scan.js'
import { pretty } from '../../app/json.js'
import { requireJSON } from './insert.js'
import { href } from '../../app/router.js'

const TABS = {
  collections: { label: 'Collections', view: overviewView },
  fabrics: { label: 'Fabrics', view: fabricsView },
  conflicts: { label: 'Conflicts', view: conflictsView },
}

/** {node, changed(route), close()} */
export function homeView(store, route) {
  const life = scope(store.context.signal)
  const nav = h('nav', { class: 'data-tabs', aria: { label: 'Parts of the page' } })
  const body = h('div', { class: 'data-body' })
  let current
  let at
  function show(next) {
    const tab = Object.hasOwn(TABS, next.query.get('tab')) ? next.query.get('tab') : 'collections'
    replace(nav, Object.entries(TABS).map(([id, { label }]) =>
      link(store, [], label, { query: id === 'collections' ? {} : { tab: id }, data: { testid: `data-tab-${id}` }, aria: { current: id === tab ? 'page' : null } })))
    if (tab === at) return
    at = tab
    current?.close()
    const host = { store, api: store.api, context: store.context, name: null, signal: life.signal, lost: aborted, route: next }
    current = TABS[tab].view(host)
    replace(body, current.node)
  }
  show(route)
  return {
    node: h('section', { class: 'col data-collection' }, h('header', { class: 'data-head' }, h('div', { class: 'row data-title' }, h('h1', { class: 'grow' }, `Fabric ${store.context.fabric}`)), nav), body),
    changed: show,
    close() { current?.close(); life.close() },
  }
}

function fabricsView(host) {
  const life = scope(host.signal)
  const { api, context } = host
  const list = h('div', { class: 'col' })
  let joining = [] // [{name, locations}] that are not there yet

  async function load(made) {
    if (made) joining.push(made)
    try {
      const text = await api.system.call('GET', '/database/user', { raw: true, signal: life.signal })
      const all = elements(member(text, 'result') ?? '[]')
      show(all)
      waitFor(all)
    } catch (error) {
      if (!aborted(error)) replace(list, problem(error, () => load()))
    }
  }

  /** Looks again while locations are still joining a new fabric; a minute at most. */
  function waitFor(all) {
    const lives = new Map(all.map(t => JSON.parse(t)).map(f => [f.name, (f.options?.dcList ?? '').split(',')]))
    joining = joining.filter(j => --j.looks > 0 && lives.has(j.name) && j.locations.some(l => !lives.get(j.name).includes(l)))
    if (joining.length > 0) setTimeout(() => { if (!life.signal.aborted) load() }, 1000)
  }

  function show(texts) {
    replace(list, scroller('Fabrics', h('table', { class: 'data-plain', data: { testid: 'data-fabrics' } },
      h('thead', null, h('tr', null, ['Fabric', 'Locations', 'Metadata', ''].map(t => h('th', { scope: 'col' }, t)))),
      h('tbody', null, texts.map(text => fabricRow(host, text, load))))))
  }
  load()
  return {
    node: h('div', { class: 'col' }, h('div', { class: 'row' }, h('p', { class: 'muted grow' }, 'A fabric is a database: it lives at the locations chosen for it and nowhere else. The Planet page changes where.'),
      button('data-fabric-create', 'New fabric', () => createFabric(host, load), { kind: 'primary' })), list),
    close: life.close,
  }
}

function fabricRow(host, text, again) {
  const { name, options = {}, isSystem } = JSON.parse(text)
  const metadata = member(member(text, 'options') ?? '{}', 'metadata') ?? '{}'
  const here = name === host.context.fabric
  return h('tr', { data: { fabric: visible(name) } },
    h('td', null, here ? h('strong', null, visible(name)) : h('a', { href: href('data', [], {}, name), data: { testid: `data-fabric-open-${name}` } }, visible(name)), here ? h('span', { class: 'badge' }, 'open') : null),
    h('td', null, (options.dcList ?? '').split(',').filter(Boolean).join(', ') || 'everywhere'),
    h('td', { class: 'mono' }, metadata === '{}' ? '' : visible(short(metadata, 80))),
    h('td', null, h('div', { class: 'row' }, button(`data-fabric-metadata-${name}`, 'Metadata', () => editMetadata(host, name, metadata, again), { kind: 'quiet' }),
      isSystem ? null : button(`data-fabric-drop-${name}`, 'Drop', () => dropFabric(host, name, again), { kind: 'quiet danger' }))))
}

async function editMetadata({ context, api }, name, text, again) {
  const place = h('div', { class: 'data-editor-small' })
  let edit
  formDialog({
    title: `Metadata of ${name}`, testid: 'data-fabric-metadata', action: 'Save', body: place,
    async run(signal) {
      requireJSON(edit.value)
      await api.at('', name).call('PUT', '/database/metadata', { body: `{"metadata":${edit.value}}`, signal })
      context.toast('good', 'The metadata is saved')
      again()
    },
  })
  edit = await editor(place, { language: 'json', value: pretty(text), label: 'Metadata', testid: 'data-fabric-metadata-text', lines: 8 })
}

async function createFabric({ context, api, signal: life }, again) {
  const name = nameInput('data-fabric-name')
  const places = h('div', { class: 'data-choices' }, h('span', { class: 'muted' }, 'Loading the locations'))
  const place = h('div', { class: 'data-editor-small' })
  let boxes = []
  let edit
  formDialog({
    title: 'New fabric', testid: 'data-fabric-dialog', action: 'Make it',
    body: h('div', { class: 'col' }, field('Name', name, 'Letters, digits, _ and -, with a letter first. It cannot be changed later.'),
      h('fieldset', null, h('legend', null, 'Lives at'), places), h('div', { class: 'field' }, h('span', { class: 'data-label' }, 'Metadata'), place)),
    async run(signal) {
      const chosen = boxes.filter(b => b.box.checked).map(b => b.name)
      if (boxes.length > 0 && chosen.length === 0) throw Object.assign(new Error('No location is chosen.'), { next: 'Choose one at least.' })
      requireJSON(edit.value)
      await api.system.call('POST', '/database', { body: `{"name":${JSON.stringify(name.value.trim())},"options":{"dcList":${JSON.stringify(chosen.length === boxes.length ? '' : chosen.join(','))},"metadata":${edit.value}}}`, signal })
      context.toast('good', `The fabric ${name.value.trim()} is made`)
      context.fabricsChanged()
      again({ name: name.value.trim(), locations: chosen, looks: 60 })
    },
  })
  edit = await editor(place, { language: 'json', value: '{}', label: 'Metadata', testid: 'data-fabric-text', lines: 4 })
  try {
    const all = await api.system.call('GET', '/datacenter/all', { signal: life })
    boxes = all.map(d => ({ name: d.name, ...checkbox(`data-fabric-at-${d.name}`, d.locationInfo?.city ? `${d.name} (${d.locationInfo.city})` : d.name, { checked: true }) }))
    replace(places, boxes.map(b => b.node))
  } catch (error) {
    if (!aborted(error)) replace(places, problem(error))
  }
}

function dropFabric({ context, api }, name, again) {
  formDialog({
    title: `Drop the fabric ${name}`, testid: 'data-fabric-drop', action: 'Drop', danger: true, typed: name,
    body: h('p', null, `This removes the fabric ${name} with all of its collections, at every location. It cannot be undone; export what may be wanted again.`),
    async run(signal) {
      await api.system.call('DELETE', `/database/${encodeURIComponent(name)}`, { signal })
      context.toast('good', `The fabric ${name} was dropped`)
      context.fabricsChanged()
      again()
    },
  })
}
