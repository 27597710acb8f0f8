// The result of a run: the views that its shape allows, what it cost, its warnings, and files of it.

import { h, clear, replace } from '/console/app/dom.js'
import { dialog } from '/console/app/dialog.js'
import { menu } from '/console/app/menu.js'
import { jsonView } from '/console/app/jsonview.js'
import { empty } from '/console/app/states.js'
import { bytes, count, ms, visible } from '/console/app/text.js'
import { button } from './format.js'
import { pictured, shape } from './shape.js'
import { returned, walks } from './c8ql.js'
import { tableView } from './tableview.js'
import { graphView } from './graphview.js'
import { mapView } from './mapview.js'
import { chartView } from './chartview.js'
import { profileView } from './profile.js'
import { problem, trouble } from './trouble.js'
import { saveRows } from './files.js'

const titles = { table: 'Table', json: 'JSON', graph: 'Graph', map: 'Map', chart: 'Chart', profile: 'Profile' }

// results gives {node, show(run), update(), destroy()}. again() runs the query once more.
export const results = (context, { again }) => new Results(context, again)

class Results {
  constructor(context, again) {
    Object.assign(this, { context, again, run: null, found: null, view: null, viewName: '', headOf: '' })
    this.picked = new Map() // text -> the view that was picked for it
    this.head = h('div', { class: 'toolbar query-result-head' })
    this.stats = h('p', { class: 'muted query-stats', role: 'status', data: { testid: 'query-stats' } })
    this.warnings = h('div', {})
    this.problem = h('div', {})
    this.body = h('div', { class: 'query-result-body' })
    this.foot = h('div', { class: 'row query-more' })
    this.node = h('section', { class: 'query-result', aria: { label: 'Result' }, data: { testid: 'query-result' }, hidden: true },
      this.head, this.problem, this.stats, this.warnings, this.body, this.foot)
  }

  // show takes another run.
  show(run) {
    this.run = run
    this.found = null
    this.headOf = ''
    this.leave()
    this.update()
  }

  // refuse says why a run was not begun, in place of what was wrong with the one before.
  refuse(message) {
    this.node.hidden = false
    replace(this.problem, problem({ message, next: 'Then run it again.' }))
  }

  // leave takes the present view away.
  leave() {
    this.view?.destroy?.()
    this.view = null
    this.viewName = ''
    clear(this.body)
  }

  update() {
    const { run } = this
    this.node.hidden = !run
    if (!run) return
    replace(this.problem, trouble(run, { again: this.again, next: () => run.next() }))
    this.stats.textContent = statsLine(run, this.context)
    replace(this.warnings, warningList(run.warnings))
    replace(this.foot, more(run))
    if (run.rows.length > 0) this.updateView()
    else {
      this.leave()
      if (run.state === 'done') replace(this.body, run.profileText ? profileOf(run) : nothing(run))
    }
    this.drawHead()
  }

  updateView() {
    const { run } = this
    this.found ??= withProfile(shape(run.rows, { walks: walks(run.text ?? ''), names: returned(run.text ?? '') }), run)
    if (!this.view) return this.pick(this.firstView())
    this.view.update(run, this.found)
    const isPicture = ['graph', 'map', 'chart'].includes(this.viewName)
    if (isPicture && run.state === 'done' && run.more && run.rows.length < pictured) run.next()
  }

  firstView() {
    const { run, found } = this
    const before = this.picked.get(run.text)
    if (run.wantsProfile && found.views.includes('profile')) return 'profile'
    return found.views.includes(before) ? before : found.first
  }

  pick(name) {
    if (name === this.viewName && this.view) return
    this.leave()
    this.viewName = name
    this.view = this.make(name)
    this.body.append(this.view.node)
    this.view.update(this.run, this.found)
    if (this.run.state === 'done') queueMicrotask(() => this.update()) // which fetches what a picture needs
  }

  make(name) {
    const { context, run } = this
    const onOpen = (row, n) => openRow(row, n)
    switch (name) {
      case 'table': return tableView({ onOpen, onMore: () => run.next() })
      case 'graph': return graphView({ onOpen, explore: (to) => context.href('graph', [], to), signal: context.signal })
      case 'map': return mapView({ onOpen, signal: context.signal })
      case 'chart': return chartView()
      case 'profile': return profileView()
    }
    return plainView()
  }

  drawHead() {
    const { run } = this
    const views = run.rows.length > 0 && this.found ? this.found.views : []
    const key = JSON.stringify([views, this.viewName])
    if (key === this.headOf) return
    this.headOf = key
    replace(this.head, h('div', { class: 'query-views', role: 'group', aria: { label: 'View' } }, views.map((name) => this.viewButton(name))),
      h('span', { class: 'grow' }), views.length > 0 ? this.files() : null)
  }

  viewButton(name) {
    const choose = () => {
      this.picked.set(this.run.text, name)
      this.pick(name)
      this.drawHead()
      this.head.querySelector(`[data-testid="query-view-${name}"]`)?.focus()
    }
    return h('button', {
      type: 'button', class: 'button quiet', aria: { pressed: String(name === this.viewName) }, data: { testid: 'query-view-' + name }, onclick: choose,
    }, titles[name])
  }

  files() {
    const { context } = this
    const node = h('button', { type: 'button', class: 'button', data: { testid: 'query-download' } }, 'Download')
    menu(node, [
      { label: 'JSON lines', run: () => saveRows(context, this.run, 'jsonl'), testid: 'query-download-jsonl' },
      { label: 'CSV', run: () => saveRows(context, this.run, 'csv'), testid: 'query-download-csv' },
    ])
    return node
  }

  destroy() {
    this.view?.destroy?.()
  }
}

function openRow(row, n) {
  const title = typeof n === 'number' ? `Row ${count(n)}` : visible(n)
  dialog({ title, body: jsonView(row, { label: 'Row', depth: 3 }), actions: [{ label: 'Close' }], wide: true })
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
  if (wrote > 0) {
    const title = `${count(wrote)} ${wrote === 1 ? 'document' : 'documents'} written`
    return empty({ title, text: 'The query returns no rows. RETURN NEW behind the modification shows what was written.', testid: 'query-empty' })
  }
  return empty({ title: 'No rows', text: 'Nothing fits. Loosen a FILTER, or see with Explain what is read.', testid: 'query-empty' })
}

function more(run) {
  if (run.capped) {
    return h('p', { class: 'muted', role: 'status' }, `The first ${count(run.rows.length)} rows are here, as many as a page can hold. ` +
      'Narrow the query with FILTER or LIMIT, or run it with "selvedge query" at a terminal.')
  }
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
