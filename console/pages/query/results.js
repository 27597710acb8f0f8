// The result of a run: the views that its shape allows, what it cost, its warnings, and files of it.

import { h, clear, replace } from '/console/app/dom.js'
import { dialog } from '/console/app/dialog.js'
import { menu } from '/console/app/menu.js'
import { jsonView } from '/console/app/jsonview.js'
import { empty } from '/console/app/states.js'
import { bytes, count, ms, visible } from '/console/app/text.js'
import { button } from './format.js'
import { pictured, shape } from './shape.js'
import { walks } from './c8ql.js'
import { tableView } from './tableview.js'
import { graphView } from './graphview.js'
import { mapView } from './mapview.js'
import { chartView } from './chartview.js'
import { profileView } from './profile.js'
import { trouble } from './trouble.js'
import { saveRows } from './files.js'

const titles = { table: 'Table', json: 'JSON', graph: 'Graph', map: 'Map', chart: 'Chart', profile: 'Profile' }

// results gives {node, show(run), update(), destroy()}. again() runs the query once more.
export function results(context, { again }) {
  const head = h('div', { class: 'toolbar query-result-head' })
  const stats = h('p', { class: 'muted query-stats', role: 'status', data: { testid: 'query-stats' } })
  const warnings = h('div', {})
  const problem = h('div', {})
  const body = h('div', { class: 'query-result-body' })
  const foot = h('div', { class: 'row query-more' })
  const node = h('section', { class: 'query-result', aria: { label: 'Result' }, data: { testid: 'query-result' }, hidden: true }, head, problem, stats, warnings, body, foot)
  const picked = new Map() // text -> the view that was picked for it
  let run = null, found = null, view = null, viewName = '', headOf = ''

  const open = (row, n) => dialog({ title: typeof n === 'number' ? `Row ${count(n)}` : visible(n), body: jsonView(row, { label: 'Row', depth: 3 }), actions: [{ label: 'Close' }], wide: true })

  function make(name) {
    const onMore = () => run.next()
    switch (name) {
      case 'table': return tableView({ onOpen: open, onMore })
      case 'graph': return graphView({ onOpen: open, explore: (to) => context.href('graph', [], to), signal: context.signal })
      case 'map': return mapView({ onOpen: open, signal: context.signal })
      case 'chart': return chartView()
      case 'profile': return profileView()
    }
    return plainView()
  }

  function pick(name) {
    if (name === viewName && view) return
    view?.destroy?.()
    viewName = name
    view = make(name)
    clear(body).append(view.node)
    view.update(run, found)
    if (run.state === 'done') queueMicrotask(update) // which fetches what a picture needs
  }

  function update() {
    node.hidden = !run
    if (!run) return
    replace(problem, trouble(run, { again, next: () => run.next() }))
    stats.textContent = statsLine(run, context)
    replace(warnings, warningList(run.warnings))
    replace(foot, more(run))
    if (run.state === 'new' || (run.state !== 'done' && run.rows.length === 0)) {
      if (view) { view.destroy?.(); view = null; viewName = '' }
      clear(body)
      return drawHead()
    }
    if (run.rows.length === 0) {
      view = null
      viewName = ''
      replace(body, run.profileText && viewName !== 'none' ? profileOf(run) : nothing(run))
      return drawHead()
    }
    found ??= withProfile(shape(run.rows, { walks: walks(run.text ?? '') }), run)
    if (!view) pick(firstView())
    else view.update(run, found)
    drawHead()
    const isPicture = ['graph', 'map', 'chart'].includes(viewName)
    if (isPicture && run.state === 'done' && run.more && run.rows.length < pictured) run.next()
  }

  function firstView() {
    const before = picked.get(run.text)
    if (run.wantsProfile && found.views.includes('profile')) return 'profile'
    return found.views.includes(before) ? before : found.first
  }

  function drawHead() {
    const views = run.rows.length > 0 && found ? found.views : []
    const key = JSON.stringify([views, viewName, run.rows.length > 0])
    if (key === headOf) return
    headOf = key
    const buttons = views.map((name) => h('button', {
      type: 'button', class: 'button quiet', aria: { pressed: String(name === viewName) }, data: { testid: 'query-view-' + name },
      onclick: () => { picked.set(run.text, name); pick(name); drawHead(); head.querySelector(`[data-testid="query-view-${name}"]`)?.focus() },
    }, titles[name]))
    const files = h('button', { type: 'button', class: 'button', data: { testid: 'query-download' } }, 'Download')
    menu(files, [{ label: 'JSON lines', run: () => saveRows(context, run, 'jsonl'), testid: 'query-download-jsonl' }, { label: 'CSV', run: () => saveRows(context, run, 'csv'), testid: 'query-download-csv' }])
    replace(head, h('div', { class: 'query-views', role: 'group', aria: { label: 'View' } }, buttons), h('span', { class: 'grow' }), run.rows.length > 0 ? files : null)
  }

  return {
    node,
    show(next) {
      run = next
      found = null
      view?.destroy?.()
      view = null
      viewName = headOf = ''
      clear(body)
      update()
    },
    update,
    destroy: () => view?.destroy?.(),
  }
}

function withProfile(found, run) {
  return run.profileText ? { ...found, views: [...found.views, 'profile'] } : found
}

function profileOf(run) {
  const view = profileView()
  view.update(run)
  return view.node
}

// plainView shows rows as JSON; one row alone without the array around it.
function plainView() {
  const node = h('div', { class: 'query-json', data: { testid: 'query-json' } })
  let taken = -1
  return {
    node,
    update(run) {
      if (run.rows.length === taken) return
      taken = run.rows.length
      const one = run.rows.length === 1 && !run.more
      replace(node, jsonView(one ? run.rows[0] : run.rows.slice(), { label: 'Result', depth: one ? 3 : 2 }))
    },
  }
}

function nothing(run) {
  const wrote = run.stats?.writesExecuted ?? 0
  if (wrote > 0) return empty({ title: `${count(wrote)} ${wrote === 1 ? 'document' : 'documents'} written`, text: 'The query returns no rows. RETURN NEW behind the modification shows what was written.', testid: 'query-empty' })
  return empty({ title: 'No rows', text: 'Nothing fits. Loosen a FILTER, or see with Explain what is read.', testid: 'query-empty' })
}

function more(run) {
  if (run.capped) return h('p', { class: 'muted', role: 'status' }, `The first ${count(run.rows.length)} rows are here, as many as a page can hold. Narrow the query with FILTER or LIMIT, or write all rows to a file with "selvedge query --output json".`)
  if (!run.more || run.state === 'failed') return null
  const waiting = run.state === 'fetching'
  const of = run.count === null ? 'There are more.' : `of ${count(run.count)}`
  return [h('span', { class: 'muted' }, `${count(run.rows.length)} rows ${run.count === null ? 'so far.' : of}`),
    button('next', waiting ? 'Loading' : 'Load more', () => run.next(), { disabled: waiting })]
}

function warningList(list) {
  if (!list || list.length === 0) return null
  return h('details', { class: 'query-warnings', open: list.length < 4, data: { testid: 'query-warnings' } },
    h('summary', {}, h('span', { class: 'badge warn' }, count(list.length)), list.length === 1 ? ' warning' : ' warnings'),
    h('ul', {}, list.map((w) => h('li', {}, h('span', { class: 'mono muted' }, String(w.code)), ' ', h('bdi', null, visible(w.message))))))
}

// statsLine says how much came and what it cost.
function statsLine(run, context) {
  if (!run.stats) return ''
  const s = run.stats, rows = run.count ?? run.rows.length
  const parts = [`${count(rows)} ${rows === 1 ? 'row' : 'rows'}${run.more && run.count === null ? ' so far' : ''}`]
  if (s.fullCount !== undefined) parts.push(`${count(s.fullCount)} without LIMIT`)
  parts.push(`${ms(s.executionTime * 1000)} at ${context.location || 'the location'}${run.tookMs ? `, ${ms(run.tookMs)} in all` : ''}`)
  parts.push(`scanned ${count(s.scannedFull)} documents, ${count(s.scannedIndex)} index entries`)
  if (s.filtered > 0) parts.push(`${count(s.filtered)} filtered out`)
  if (s.writesExecuted > 0) parts.push(`wrote ${count(s.writesExecuted)}`)
  if (s.writesIgnored > 0) parts.push(`passed over ${count(s.writesIgnored)} writes`)
  parts.push(`memory ${bytes(s.peakMemoryUsage)}`)
  return parts.join(' \u00b7 ')
}
