// The conflicts feed: writes of one field that lost to a concurrent one, with
// both values, and a way to take the other one.
import { h, replace } from '../../app/dom.js'
import { ago, count, short, time, visible } from '../../app/text.js'
import { jsonView } from '../../app/jsonview.js'
import { table } from '../../app/table.js'
import { button, formDialog, problem, scope, select } from './parts.js'
import { elements, member, members, string } from './scan.js'
import { at, parsePath, put, read, write } from './tree.js'
import { documentPath, link } from './store.js'
import { valueCell } from './columns.js'
import { bare } from './insert.js'

const PAGE = 100
const LATEST = { pages: 20, limit: 500, kept: 500 } // the location lists the oldest first: how far is read for the latest

export function conflictsView(host) {
  const life = scope(host.signal)
  let collection = host.name
  let next = ''
  let rows = 0
  let turn = {} // of the list; what was asked for an earlier one is not shown
  const note = h('div')
  const empty = h('div', { class: 'empty', data: { testid: 'data-conflicts-empty' } })
  const grid = table({ label: 'Conflicts', testid: 'data-conflicts', columns: columns(host), empty, onOpen: c => showConflict(host, c, life.signal) })

  const ask = (since, limit) => pageOf(host.api, { collection: collection || undefined, since: since || undefined, limit }, life.signal)

  function put(page) {
    rows += page.length
    if (rows === 0) replace(empty, h('p', null, 'No conflicts. A write that loses to one made at the same time elsewhere stands here for a day, with both values.'))
    grid.append(page)
  }

  async function more() {
    const mine = turn
    grid.setBusy(true)
    grid.setMore(null)
    try {
      if (order.value === 'latest') {
        const end = await latest(ask, () => mine === turn)
        if (mine !== turn) return
        if (end && end.read > end.found.length) replace(note, h('p', { class: 'muted' }, `The latest ${count(end.found.length)} of ${count(end.read)}. "Oldest first" shows all.`))
        if (end) return put(end.found)
        order.value = 'oldest'
        replace(note, h('p', { class: 'muted' }, `There are more than ${count(LATEST.pages * LATEST.limit)}, so they stand here with the oldest first. Choose a collection to see its latest.`))
      }
      const { page, next: following } = await ask(next, PAGE)
      if (mine !== turn) return
      const on = following !== '' && following !== next && page.length > 0
      next = following
      put(page)
      grid.setMore(on ? more : null)
    } catch (error) {
      if (mine === turn && !host.lost(error)) replace(note, problem(error, reload))
    } finally {
      if (mine === turn) grid.setBusy(false)
    }
  }

  function reload() {
    turn = {}
    next = ''
    rows = 0
    replace(note)
    replace(empty)
    grid.setRows([])
    return more()
  }

  const pick = host.name ? null : select('data-conflicts-collection', [['', 'All collections'], ...[...host.store.collections.keys()].sort()], {
    label: 'Collection', onchange() { collection = pick.value; reload() },
  })
  const order = select('data-conflicts-order', [['latest', 'latest first'], ['oldest', 'oldest first']], { label: 'Order', onchange: reload })
  reload()
  return {
    node: h('div', { class: 'col' }, h('div', { class: 'toolbar row' }, h('p', { class: 'muted grow' }, 'Writes that lost to a concurrent one, as this location has seen them. Open one to compare, or to use the other value.'), pick, order,
      button('data-conflicts-reload', 'Load anew', reload)), note, h('div', { class: 'data-table' }, grid.node)),
    close: life.close,
  }
}

async function pageOf(api, query, signal) {
  const text = await api.call('GET', '/conflicts', { query, raw: true, signal })
  return { page: elements(member(text, 'result') ?? '[]').map(readConflict), next: string(member(text, 'next') ?? '') }
}

/** {found: the latest ones, the last first; read: how many there are}; null when the end is too far away. */
async function latest(ask, wanted) {
  let found = []
  let read = 0
  let since = ''
  for (let n = 0; n < LATEST.pages && wanted(); n++) {
    const { page, next } = await ask(since, LATEST.limit)
    read += page.length
    found = [...found, ...page].slice(-LATEST.kept)
    if (next === '' || next === since) return { found: found.reverse(), read }
    since = next
  }
  return null
}

function readConflict(text) {
  const m = new Map(members(text).map(x => [x.name, x.text]))
  const side = name => ({ value: member(m.get(name), 'value') ?? undefined, location: string(member(m.get(name), 'location')), rev: string(member(m.get(name), 'rev')) })
  return { collection: string(m.get('collection')), key: string(m.get('key')), path: string(m.get('path')), reason: string(m.get('reason')), at: Number(m.get('at')), kept: side('kept'), lost: side('lost') }
}

const sideCell = s => h('span', { class: 'row' }, h('span', { class: 'badge' }, visible(s.location)), s.value === undefined ? h('em', { class: 'muted' }, 'removed') : h('bdi', { class: 'data-clip' }, visible(valueText(s.value))))

function valueText(text) {
  const cell = valueCell(text)
  return cell instanceof Node ? cell.textContent : cell
}

function columns(host) {
  return [
    { name: 'document', title: 'Document', width: 'minmax(9rem, 1.2fr)', cell: c => link(host.store, [c.collection, c.key], `${c.collection}/${c.key}`, { class: 'mono' }) },
    { name: 'path', title: 'Field', width: 'minmax(6rem, 0.8fr)', cell: c => (c.path === '' ? h('em', null, 'whole document') : short(c.path, 60)) },
    { name: 'kept', title: 'Kept', width: 'minmax(10rem, 1.4fr)', cell: c => sideCell(c.kept) },
    { name: 'lost', title: 'Lost', width: 'minmax(10rem, 1.4fr)', cell: c => sideCell(c.lost) },
    { name: 'reason', title: 'Reason', width: '7rem', cell: c => c.reason },
    { name: 'at', title: 'Found', width: '8rem', cell: c => h('span', { title: time(c.at) }, ago(c.at)) },
  ]
}

const REASONS = {
  concurrent: 'Two locations wrote this field without knowing of each other; the later write was kept.',
  dropped: 'The collection was dropped elsewhere by somebody who did not know of this write.',
}

async function showConflict(host, c, signal) {
  let seen // the text that is shown as what it is now; null when it is not there
  const now = h('div', { class: 'col' }, 'Reading what it is now')
  const side = (title, s, kind) => h('section', { class: 'card col grow' }, h('h3', null, title, ' ', h('span', { class: ['badge', kind] }, visible(s.location))),
    s.value === undefined ? h('p', { class: 'muted' }, c.path === '' ? 'Removed the document.' : 'Removed the field.') : jsonView(s.value, { label: title, text: true }), h('small', { class: 'muted mono' }, s.rev))
  const dialog = formDialog({
    title: `${c.collection}/${c.key}${c.path ? ', ' + visible(short(c.path, 200)) : ''}`, testid: 'data-conflict', wide: true, action: 'Use the lost value',
    body: h('div', { class: 'col' }, h('p', { class: 'muted' }, `${REASONS[c.reason] ?? c.reason} Found ${time(c.at)}.`), h('div', { class: 'data-sides' }, side('Kept', c.kept, 'good'), side('Lost', c.lost, 'warn')), h('h3', null, 'Now'), now),
    async run(own) {
      try {
        await takeOther(host, c, seen, own)
      } catch (error) {
        if (error.status !== 412 && error.code !== 'document-not-found') throw error
        await look()
        throw Object.assign(error, { message: 'Somebody changed it meanwhile; nothing was written.', next: 'Look at what it is now, then use the lost value again.' })
      }
      host.context.toast('good', `${c.collection}/${c.key} has the other value now`)
    },
  })
  const act = dialog.node.querySelector('[data-testid="data-conflict-do"]')
  async function look() {
    act.disabled = true
    try {
      seen = await host.api.call('GET', documentPath(c.collection, c.key), { raw: true, signal })
      const value = at(read(seen), parsePath(c.path))
      replace(now, value === undefined ? 'The field is not there.' : jsonView(write(value), { label: 'The value now', text: true }))
      act.disabled = c.reason === 'dropped'
    } catch (error) {
      seen = null
      const whole = c.path === '' && c.lost.value !== undefined
      replace(now, problem(error.status === 404 ? Object.assign(new Error('The document or its collection is not there now.'), { next: whole ? 'Using the lost value inserts the document again.' : 'There is nothing to put the value into.' }) : error))
      act.disabled = c.reason === 'dropped' || error.status !== 404 || !whole
    }
  }
  await look()
}

/** Writes the value that had lost, over what was shown as being there now; refused when that has changed. */
async function takeOther(host, c, now, signal) {
  const path = documentPath(c.collection, c.key)
  if (now === null) {
    const tree = put(read(bare(c.lost.value)), ['_key'], JSON.stringify(c.key))
    return host.api.call('POST', `/document/${encodeURIComponent(c.collection)}`, { body: write(tree), headers: { 'If-None-Match': '*' }, signal })
  }
  const headers = { 'If-Match': `"${string(member(now, '_rev'))}"` }
  if (c.path === '' && c.lost.value === undefined) return host.api.call('DELETE', path, { headers, signal })
  const value = c.lost.value === undefined ? undefined : read(c.lost.value)
  const tree = c.path === '' ? value : put(read(bare(now)), parsePath(c.path), value)
  return host.api.call('PUT', path, { body: write(tree), headers, signal })
}
