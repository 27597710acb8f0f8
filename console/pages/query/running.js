// What runs at a location, with a button that ends it; and what took long there.

import { h, replace, clear } from '/console/app/dom.js'
import { segment } from '/console/app/api.js'
import { dialog } from '/console/app/dialog.js'
import { jsonView } from '/console/app/jsonview.js'
import { failure } from '/console/app/states.js'
import { table } from '/console/app/table.js'
import { bytes, ms, short, time, visible } from '/console/app/text.js'
import { wasStopped } from './errors.js'
import { locationPicker } from './where.js'
import { button, copy } from './format.js'

const everyMs = 2000

const text = (q) => h('span', { class: 'mono' }, h('bdi', { title: visible(short(q.query, 1000), { lines: true }) }, visible(short(q.query.replace(/\s+/g, ' ').trim(), 300))))

const shared = {
  query: { name: 'query', title: 'Query', width: 'minmax(220px, 4fr)', cell: text },
  user: { name: 'user', title: 'User', width: 100, cell: (q) => visible(q.user ?? '') },
  started: { name: 'started', title: 'Started', width: 150, cell: (q) => time(q.started) },
  took: { name: 'runTime', title: 'Time', width: 90, align: 'right', cell: (q) => h('span', { data: { time: q.id } }, ms(q.runTime * 1000)) },
  memory: { name: 'memory', title: 'Memory', width: 100, align: 'right', cell: (q) => bytes(q.peakMemoryUsage) },
  state: { name: 'state', title: 'State', width: 110, cell: (q) => h('span', { class: ['badge', q.state === 'killed' ? 'bad' : ''] }, visible(q.state ?? '')) },
  writes: { name: 'writes', title: '', width: 70, cell: (q) => q.modificationQuery ? h('span', { class: 'badge warn' }, 'writes') : '' },
}

// runningTab fills a panel with what runs, again every two seconds. It answers the function that ends it.
export function runningTab(panel, context, { openInEditor }) {
  const control = new AbortController()
  const signal = AbortSignal.any([control.signal, context.signal])
  const where = locationPicker(context, () => refresh())
  const kill = {
    name: 'kill', title: '', width: 90,
    cell: (q) => h('button', { type: 'button', class: 'button danger small', disabled: q.state === 'killed', data: { testid: 'query-kill' }, onclick: () => end(q) }, 'Kill'),
  }
  const list = table({
    columns: [shared.query, shared.user, shared.took, shared.memory, shared.state, shared.writes, kill], label: 'Running queries', rowId: (q) => q.id,
    onOpen: (q) => details(context, q, openInEditor), testid: 'query-running-list',
    empty: { title: 'Nothing runs here now', text: 'Queries of this fabric at this location appear while they run. Choose another location to see what runs there.' },
  })
  const problem = h('div', {})
  let shown = '', timer = 0, asked = 0

  async function refresh() {
    clearTimeout(timer)
    const mine = ++asked
    try {
      const found = await where.api().call('GET', '/query/current', { signal, timeout: 10_000 })
      if (mine !== asked) return
      clear(problem)
      // Rows that are there stay, so that a button does not go away under the finger.
      const text = JSON.stringify(found.map((q) => [q.id, q.state]))
      if (text !== shown) list.setRows(found)
      else for (const q of found) list.node.querySelector(`[data-time="${CSS.escape(q.id)}"]`)?.replaceChildren(ms(q.runTime * 1000))
      shown = text
    } catch (error) {
      if (signal.aborted || wasStopped(error) || mine !== asked) return
      replace(problem, failure(error, refresh))
    }
    if (!signal.aborted) timer = setTimeout(refresh, everyMs)
  }

  async function end(q) {
    const sure = await context.confirm({ title: 'Kill this query?', body: `${short(q.query, 200)}\n\nWhoever waits for it gets an error; nothing of it is written.`, action: 'Kill', danger: true })
    if (!sure) return
    try {
      await where.api().call('DELETE', `/query/${segment(q.id)}`, { signal })
      context.toast('good', 'The query was ended')
    } catch (error) {
      if (error.num === 1591) context.toast('info', 'It had ended already')
      else context.toast('bad', `${error.message}. ${error.next ?? ''}`)
    }
    refresh()
  }

  panel.append(h('div', { class: 'col', data: { testid: 'query-running' } },
    h('div', { class: 'toolbar' }, where.node, h('span', { class: 'muted grow' }, 'Looked at every two seconds.'), button('running-refresh', 'Refresh', refresh)), problem, list.node))
  refresh()
  return () => { control.abort(); clearTimeout(timer); where.destroy() }
}

function details(context, q, openInEditor) {
  const box = dialog({
    title: `Query ${visible(String(q.id))}`, wide: true, body: jsonView(q, { label: 'Query', depth: 2 }),
    actions: [{ label: 'Copy text', run: () => { copy(context, q.query, 'Query'); return false } },
      { label: 'Open in editor', kind: 'primary', testid: 'query-open-in-editor', run: () => { box.close(); openInEditor(q) } }],
  })
}

// slowTab fills a panel with what took long. It answers the function that ends it.
export function slowTab(panel, context, { openInEditor }) {
  const control = new AbortController()
  const signal = AbortSignal.any([control.signal, context.signal])
  const where = locationPicker(context, () => refresh())
  const open = {
    name: 'open', title: '', width: 150,
    cell: (q) => h('button', { type: 'button', class: 'button small', data: { testid: 'query-slow-open' }, onclick: () => openInEditor(q) }, 'Open in editor'),
  }
  const list = table({
    columns: [shared.query, shared.user, shared.started, shared.took, shared.memory, shared.state, shared.writes, open],
    label: 'Slow queries', testid: 'query-slow-list', rowId: (q) => q.id, onOpen: (q) => details(context, q, openInEditor),
    empty: { title: 'Nothing was slow', text: 'Queries that take longer than the threshold are kept here, the last ones of them, with their parameters.' },
  })
  const problem = h('div', {})
  const limit = h('input', { type: 'number', min: 0, step: 'any', class: 'query-short', aria: { label: 'Threshold in seconds' }, data: { testid: 'query-slow-threshold' } })

  async function refresh() {
    list.setBusy(true)
    try {
      const [found, settings] = await Promise.all([where.api().call('GET', '/query/slow', { signal }), where.api().call('GET', '/query/properties', { signal })])
      clear(problem)
      list.setBusy(false)
      list.setRows(found.reverse())
      if (document.activeElement !== limit) limit.value = String(settings.slowQueryThreshold)
    } catch (error) {
      if (signal.aborted || wasStopped(error)) return
      list.setBusy(false)
      replace(problem, failure(error, refresh))
    }
  }

  const act = async (method, path, body, done) => {
    try {
      await where.api().call(method, path, { body, signal })
      context.toast('good', done)
    } catch (error) {
      context.toast('bad', `${error.message}. ${error.next ?? ''}`)
    }
    refresh()
  }
  const empty = async () => {
    const body = `${where.name()} forgets what took long in this fabric. Queries and data are not touched.`
    const sure = await context.confirm({ title: 'Clear the list of slow queries?', body, action: 'Clear', danger: true })
    if (sure) act('DELETE', '/query/slow', undefined, 'The list is empty')
  }
  const set = () => {
    if (!limit.reportValidity() || limit.value === '') return
    act('PUT', '/query/properties', { slowQueryThreshold: Number(limit.value) }, `Queries that take longer than ${limit.value} s are kept, until ${where.name()} starts anew`)
  }

  panel.append(h('div', { class: 'col', data: { testid: 'query-slow' } },
    h('div', { class: 'toolbar' }, where.node, h('label', { class: 'row' }, 'Slower than', limit, 's'), button('slow-set', 'Set', set), h('span', { class: 'grow' }),
      button('slow-refresh', 'Refresh', refresh), button('slow-clear', 'Clear', empty, { kind: 'danger' })), problem, list.node))
  refresh()
  return () => { control.abort(); where.destroy() }
}
