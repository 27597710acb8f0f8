// Taking data out: a collection, or what a filter finds, as JSON lines, JSON
// or CSV. It is taken as it comes. A browser that can writes it to a
// file at once, so its size costs no memory; else the browser keeps it first.
import { h, replace } from '../../app/dom.js'
import { bytes, count, ms, plural } from '../../app/text.js'
import { button, checkbox, field, problem, save, scope, select } from './parts.js'
import { KINDS } from './store.js'
import { pace, slices } from './pace.js'
import { ElementStream, kind, members } from './scan.js'
import { fromQuery, isEmpty, queryText } from './filter.js'

const FORMATS = {
  lines: { title: 'JSON lines', ending: 'jsonl', type: 'application/x-ndjson' },
  array: { title: 'JSON array', ending: 'json', type: 'application/json' },
  csv: { title: 'CSV', ending: 'csv', type: 'text/csv' },
}
const PIECE = 1 << 20 // characters that are written at once
const LEARN = 1000 // rows that say which columns a table has

export function exportView(host) {
  const life = scope(host.signal)
  let own = null
  const filter = host.kept.filter ?? fromQuery(host.route.query)
  const format = select('data-export-format', Object.entries(FORMATS).map(([id, f]) => [id, f.title]))
  const what = select('data-export-what', [['all', `the whole collection`], ['query', 'what a query finds']], { value: isEmpty(filter) ? 'all' : 'query', onchange: () => { text.parentElement.hidden = what.value === 'all' } })
  const text = h('textarea', { rows: '6', class: 'mono', spellcheck: 'false', value: safeQuery(host, filter), data: { testid: 'data-export-query' } })
  const direct = checkbox('data-export-direct', 'Write to the file as it comes, for exports of gigabytes; the browser asks where', { disabled: !window.showSaveFilePicker })
  const report = h('div', { class: 'col', role: 'status' })
  const start = button('data-export-start', 'Export', run, { kind: 'primary' })
  const cancel = button('data-export-cancel', 'Cancel', () => own?.close(), { disabled: true })

  async function run() {
    own = scope(life.signal)
    const f = FORMATS[format.value]
    const name = `${host.name}.${f.ending}`
    const bar = h('progress', { aria: { label: 'Export' }, data: { testid: 'data-export-progress' } })
    const line = h('span', { data: { testid: 'data-export-line' } })
    let out
    try {
      out = await target(name, f.type, direct.box.checked)
    } catch (error) {
      if (error.name !== 'AbortError') replace(report, problem(error))
      return
    }
    replace(report, bar, line)
    start.disabled = true
    cancel.disabled = false
    const began = performance.now()
    const state = { rows: 0, size: 0 }
    try {
      const total = what.value === 'all' ? await host.store.count(host.name, own.signal) : null
      if (total) bar.max = total
      const writer = rowWriter(format.value, out)
      await readRows(host, what.value === 'all' ? null : text.value, own.signal, async rows => {
        await writer.rows(rows)
        state.rows += rows.length
        if (total) bar.value = Math.min(total, state.rows)
        line.textContent = `${plural(state.rows, KINDS[host.kind].one, KINDS[host.kind].word)}${total ? ' of ' + count(total) : ''}, ${bytes(out.size)}`
      })
      await writer.end()
      await out.close()
      replace(report, h('p', { class: 'data-good', data: { testid: 'data-export-done' } }, `${plural(state.rows, KINDS[host.kind].one, KINDS[host.kind].word)}, ${bytes(out.size)} in ${ms(performance.now() - began)}, as ${name}.`),
        writer.left?.size > 0 ? h('p', null, `Fields that appeared only behind the first ${count(LEARN)} rows are not in the table: ${[...writer.left].slice(0, 20).join(', ')}. JSON lines have all.`) : null)
    } catch (error) {
      await out.abort()
      if (life.signal.aborted) return
      if (own.signal.aborted) replace(report, h('p', { data: { testid: 'data-export-cancelled' } }, `Cancelled after ${plural(state.rows, 'row')}; no file was made.`))
      else if (!host.lost(error)) replace(report, problem(error, run))
    } finally {
      start.disabled = false
      cancel.disabled = true
      own.close()
    }
  }
  const box = field('Query', text, 'It must only read. _id and _rev are left out of what it gives.')
  box.hidden = what.value === 'all'
  return {
    node: h('section', { class: 'card col', data: { testid: 'data-export' } }, h('p', { class: 'muted' }, 'An export shows one moment, whatever is written meanwhile. _id and _rev are left out; keys stay.'),
      h('div', { class: 'data-grid' }, field('What', what), field('Format', format)), box, direct.node, h('div', { class: 'row' }, start, cancel), report),
    close() { own?.close(); life.close() },
  }
}

function safeQuery(host, filter) {
  try { return queryText(host.name, filter, { keyed: host.kind !== 'series' }) } catch { return queryText(host.name, { conditions: [], sort: '', descending: false }) }
}

/** Reads the rows of an export as they come; take(texts) is waited for, so that a slow disk slows the reading. */
async function readRows(host, query, signal, take) {
  const response = query === null
    ? await host.api.response('GET', `/export/${encodeURIComponent(host.name)}`, { query: { limit: 0 }, timeout: 0, signal })
    : await host.api.response('POST', '/export', { body: { query }, timeout: 0, signal })
  const stream = new ElementStream('result')
  const breathe = pace()
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      for (const slice of slices(part.value)) {
        await breathe()
        const rows = stream.push(slice)
        if (rows.length > 0) await take(rows)
      }
    }
    stream.end()
  } catch (error) {
    if (error.name === 'AbortError' || error.status !== undefined) throw error
    throw Object.assign(new Error('The answer broke off before its end.'), { next: 'Try again; nothing was saved.' })
  } finally {
    reader.cancel().catch(() => {}) // it may have failed; that was told
  }
}

/** Where the file goes: to disk as it comes when that was chosen, else into the browser's keeping first. */
async function target(name, type, direct) {
  if (direct) {
    const handle = await window.showSaveFilePicker({ suggestedName: name })
    const file = await handle.createWritable()
    return buffered(text => file.write(text), () => file.close(), () => file.abort().catch(() => {}))
  }
  const parts = []
  return buffered(text => { parts.push(new Blob([text])) }, () => save(new Blob(parts, { type }), name), () => { parts.length = 0 })
}

/** Gathers texts and writes them in larger pieces. */
function buffered(put, close, abort) {
  let waiting = []
  let size = 0
  const out = {
    size: 0,
    async write(text) {
      waiting.push(text)
      size += text.length
      out.size += text.length
      if (size >= PIECE) await flush()
    },
    async close() { await flush(); await close() },
    abort,
  }
  async function flush() {
    const text = waiting.join('')
    waiting = []
    size = 0
    if (text !== '') await put(text)
  }
  return out
}

function rowWriter(format, out) {
  if (format === 'csv') return new TableWriter(out)
  if (format === 'lines') return { rows: rows => out.write(rows.join('\n') + '\n'), end() {} }
  let first = true
  return {
    async rows(rows) { await out.write((first ? '[\n' : ',\n') + rows.join(',\n')); first = false },
    end: () => out.write(first ? '[]\n' : '\n]\n'),
  }
}

/** A table whose columns are those of its first rows. */
class TableWriter {
  held = []
  names = null
  left = new Set()

  constructor(out) { this.out = out }

  async rows(rows) {
    if (this.names) return this.put(rows)
    this.held.push(...rows)
    if (this.held.length >= LEARN) await this.begin()
  }

  async begin() {
    const seen = new Set()
    for (const row of this.held.slice(0, LEARN)) if (kind(row) === 'object') for (const m of members(row)) seen.add(m.name)
    this.names = seen.size > 0 ? [...seen] : ['value']
    await this.out.write(this.names.map(quoted).join(',') + '\r\n')
    await this.put(this.held)
    this.held = []
  }

  async put(rows) {
    const lines = rows.map(row => {
      const cells = kind(row) === 'object' ? new Map(members(row).map(m => [m.name, m.text])) : new Map([['value', row]])
      for (const name of cells.keys()) if (!this.names.includes(name)) this.left.add(name)
      return this.names.map(name => cellText(cells.get(name))).join(',') + '\r\n'
    })
    await this.out.write(lines.join(''))
  }

  end() { return this.names ? undefined : this.begin() }
}

/** Texts as they are, nothing for what is not there, JSON for arrays and objects. */
function cellText(text) {
  if (text === undefined || text === 'null') return ''
  return quoted(kind(text) === 'text' ? JSON.parse(text) : text)
}

function quoted(text) { return /[",\r\n]|^\s|\s$/.test(text) || text === '' ? '"' + text.replaceAll('"', '""') + '"' : text }
