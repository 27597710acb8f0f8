// Bringing a file in: what it is, a look at its first rows, options, and the
// upload in chunks with progress, cancel, and a report of what was refused.
import { h, replace } from '../../app/dom.js'
import { bytes, count, ms, plural, short, visible } from '../../app/text.js'
import { button, checkbox, field, formDialog, input, problem, save, scope, scroller, select } from './parts.js'
import { guess, guessDelimiter, fileRows } from './files.js'
import { kind, members } from './scan.js'
import { Upload } from './upload.js'

const LOOK = 256 << 10 // bytes that are read for the preview
const PREVIEW = 20 // rows

export function importView(host) {
  const life = scope(host.signal)
  const view = new Import(host, life)
  return { node: view.node, close: () => { view.upload?.cancel(); life.close() } }
}

class Import {
  constructor(host, life) {
    Object.assign(this, { host, life, file: null, upload: null })
    this.chooser = h('input', { type: 'file', accept: '.csv,.tsv,.json,.jsonl,.ndjson,text/csv,application/json', class: 'sr-only', tabindex: '-1', data: { testid: 'data-import-file' }, aria: { label: 'File to import' }, onchange: () => this.choose(this.chooser.files[0]) })
    this.drop = h('div', { class: 'data-drop', ondragover: e => { e.preventDefault(); this.drop.classList.add('over') }, ondragleave: () => this.drop.classList.remove('over'), ondrop: e => { e.preventDefault(); this.drop.classList.remove('over'); this.choose(e.dataTransfer.files[0]) } },
      h('p', null, 'CSV, JSON (an array of objects) or JSON lines, of any size. Drop a file here, or'), button('data-import-choose', 'Choose a file', () => this.chooser.click(), { kind: 'primary' }), this.chooser)
    this.options = h('div', { class: 'col' })
    this.preview = h('div', { class: 'col' })
    this.report = h('div', { class: 'col' })
    this.node = h('div', { class: 'col', data: { testid: 'data-import' } }, this.drop, this.options, this.report, this.preview)
  }

  async choose(file) {
    if (!file || this.upload?.running) return
    this.file = file
    replace(this.report)
    try {
      const head = await file.slice(0, LOOK).text()
      this.showOptions(file, guess(file.name, head), guessDelimiter(head))
      await this.look()
    } catch (error) {
      replace(this.preview, problem({ message: `The file cannot be read: ${error.message}.`, next: 'Choose it again.' }))
    }
  }

  showOptions(file, format, delimiter) {
    const look = () => this.look()
    const c = this.controls = {
      format: select('data-import-format', [['csv', 'CSV'], ['lines', 'JSON lines'], ['array', 'JSON array']], { value: format, onchange: () => { table.hidden = c.format.value !== 'csv'; look() } }),
      delimiter: select('data-import-delimiter', [[',', 'comma'], [';', 'semicolon'], ['\t', 'tab'], ['|', 'bar']], { value: delimiter, onchange: look }),
      header: checkbox('data-import-header', 'The first line has the names', { checked: true, onchange: look }),
      values: select('data-import-values', [['numbers', 'a number if it is one, else text'], ['guess', 'guessed: numbers, true, false and null'], ['text', 'text']], { onchange: look }),
      empty: select('data-import-empty', [['text', 'an empty text'], ['null', 'null'], ['leave', 'left out']], { onchange: look }),
      key: select('data-import-key', [['', 'made by the location, or _key of the row']], {}),
      duplicate: select('data-import-duplicate', [['error', 'is refused'], ['update', 'is merged into it'], ['replace', 'replaces it'], ['ignore', 'is passed over']], {}),
      first: checkbox('data-import-overwrite', 'Empty the collection first', {}),
      from: input('data-import-from', { placeholder: 'places' }), to: input('data-import-to', { placeholder: 'places' }),
      rows: h('input', { type: 'number', min: '1', max: '10000', value: '1000', data: { testid: 'data-import-rows' } }),
      stop: checkbox('data-import-stop', 'Stop at the first row that is refused', {}),
    }
    const table = h('div', { class: 'data-grid', hidden: format !== 'csv' }, field('Between values stands a', c.delimiter), field('A value without quotes is', c.values), field('Nothing between delimiters is', c.empty), c.header.node)
    const series = this.host.kind === 'series'
    replace(this.options, h('section', { class: 'card col' }, h('h3', null, `${visible(file.name)}, ${bytes(file.size)}`), field('Format', c.format), table,
      h('div', { class: 'data-grid' }, series ? null : field('Key', c.key, this.host.kind === 'kv' ? 'Rows are entries: a key, value, and expireAt if they end.' : 'The member of each row that becomes its key.'), series ? null : field('A row whose key is there already', c.duplicate),
        this.host.kind === 'edge' ? [field('Collection of _from, where only a key stands', c.from), field('Collection of _to, where only a key stands', c.to)] : null,
        field('Rows in one request', c.rows)), c.first.node, c.stop.node,
      h('div', { class: 'row' }, button('data-import-start', 'Import', () => this.start(), { kind: 'primary' }))))
  }

  fileOptions() {
    const c = this.controls
    return { format: c.format.value, delimiter: c.delimiter.value, header: c.header.box.checked, values: c.values.value, empty: c.empty.value }
  }

  /** Reads the beginning of the file with the present options. */
  async look() {
    const turn = this.turn = {}
    const own = scope(this.life.signal)
    const rows = []
    try {
      for await (const piece of fileRows(this.file, this.fileOptions(), own.signal)) {
        rows.push(...piece.rows)
        if (rows.length >= PREVIEW || piece.read >= LOOK) break
      }
      if (turn === this.turn) this.showPreview(rows.slice(0, PREVIEW))
    } catch (error) {
      const told = error.next ? error : { message: `This is not what the format says: ${error.message}.`, next: 'Choose another format or delimiter, or mend the file.' }
      if (turn === this.turn && !this.life.signal.aborted) replace(this.preview, problem(told))
    } finally {
      own.close()
    }
  }

  showPreview(rows) {
    const good = rows.filter(r => r.text !== undefined).map(r => new Map(members(r.text).map(m => [m.name, m.text])))
    const names = [...new Set(good.flatMap(r => [...r.keys()]))].slice(0, 30)
    const { key } = this.controls
    const was = key.value
    replace(key, h('option', { value: '' }, 'made by the location, or _key of the row'), names.filter(n => n !== '_key').map(n => h('option', { value: n }, visible(n))))
    key.value = names.includes(was) ? was : names.find(n => n.toLowerCase() === 'id' || n.toLowerCase() === 'key') ?? ''
    if (names.includes('_key')) key.value = ''
    replace(this.preview, h('section', { class: 'card col' }, h('h3', null, `The first ${plural(rows.length, 'row')}`), rows.length === 0 ? h('p', { class: 'muted' }, 'The file has no rows.') : null,
      rows.filter(r => r.error).slice(0, 5).map(r => h('p', { class: 'data-bad' }, `Row ${r.number}: ${visible(short(r.error, 200))}`)),
      good.length === 0 ? null : scroller('The first rows', h('table', { class: 'data-plain', data: { testid: 'data-import-preview' } }, h('thead', null, h('tr', null, names.map(n => h('th', { scope: 'col' }, visible(short(n, 40)))))),
        h('tbody', null, good.map(r => h('tr', null, names.map(n => h('td', null, r.has(n) ? visible(short(kind(r.get(n)) === 'text' ? JSON.parse(r.get(n)) : r.get(n), 60)) : '')))))))))
  }

  start() {
    const c = this.controls
    if (!c.first.box.checked) return this.run(false)
    formDialog({ title: `Empty ${this.host.name} first`, testid: 'data-import-empty-dialog', action: 'Empty and import', danger: true, typed: this.host.name,
      body: h('p', null, `Everything in ${this.host.name} is removed, at every location, before the rows of the file are written. It cannot be undone.`), run: async () => { this.run(true) } })
  }

  async run(emptyFirst) {
    const c = this.controls
    const { host, file } = this
    const query = { collection: host.name, type: 'documents', details: true }
    if (host.kind !== 'series') Object.assign(query, { onDuplicate: c.duplicate.value, primaryKey: c.key.value || undefined })
    if (host.kind === 'edge') Object.assign(query, { fromPrefix: c.from.value.trim() || undefined, toPrefix: c.to.value.trim() || undefined })
    const bar = h('progress', { max: String(file.size || 1), value: '0', aria: { label: 'Import' }, data: { testid: 'data-import-progress' } })
    const line = h('span', { data: { testid: 'data-import-line' } })
    const cancel = button('data-import-cancel', 'Cancel', () => this.upload.cancel())
    const failed = h('div', { class: 'col' })
    replace(this.report, h('section', { class: 'card col' }, h('div', { class: 'row' }, bar, cancel), line, failed))
    this.report.scrollIntoView({ block: 'nearest' })
    this.options.inert = true
    const began = performance.now()
    const upload = this.upload = new Upload(host.api, { query, rows: Number(c.rows.value) || 1000, stop: c.stop.box.checked, signal: this.life.signal, onProgress: s => {
      bar.value = s.read
      line.textContent = words(s, performance.now() - began)
    } })
    let error = null
    try {
      if (emptyFirst) await host.api.call('PUT', `/collection/${encodeURIComponent(host.name)}/truncate`, { signal: this.life.signal })
      await upload.run(fileRows(file, this.fileOptions(), upload.signal))
    } catch (e) {
      error = e
    }
    this.options.inert = false
    cancel.remove()
    this.ended(upload, error, failed, performance.now() - began, line)
  }

  ended(upload, error, failed, took, line) {
    const { host } = this
    const s = upload.state
    if (this.life.signal.aborted) return
    line.textContent = words(s, took)
    host.store.count(host.name).catch(() => {}) // only the figure at the side is old then
    host.kept.reload?.()
    const cancelled = upload.cancelled
    host.context.announce(error ? 'The import has ended before the end of the file' : 'The import is done')
    if (error && host.lost(error) && !cancelled) return
    replace(failed,
      cancelled ? h('p', { data: { testid: 'data-import-cancelled' } }, `Cancelled after ${plural(s.rows, 'row')}. What was written stays; import the file again with "is passed over" to go on.`) : null,
      error && !cancelled ? problem(Object.assign(error, { message: `It ended after ${plural(s.rows, 'row')}: ${error.message}` })) : null,
      !error ? h('p', { class: 'data-good', data: { testid: 'data-import-done' } }, `Done in ${ms(took)}.`) : null,
      s.errors > 0 ? [h('h4', null, `${plural(s.errors, 'row')} refused`), h('ul', { class: 'data-failed', data: { testid: 'data-import-failed' } }, s.failed.slice(0, 100).map(f => h('li', null, `Row ${f.number}: ${visible(short(f.error, 300))}`))),
        s.failed.length > 100 ? h('p', { class: 'muted' }, `The first 100 of ${count(s.failed.length)} are shown.`) : null,
        button('data-import-report', 'Save the report', () => save(new Blob([s.failed.map(f => JSON.stringify({ row: f.number, error: f.error, text: f.text })).join('\n') + '\n'], { type: 'application/x-ndjson' }), `${host.name}-refused.jsonl`))] : null)
  }
}

function words(s, took) {
  const per = took > 500 ? `, ${count(Math.round(s.rows / took * 1000))} rows/s` : ''
  return `${plural(s.rows, 'row')}: ${count(s.created)} new, ${count(s.updated)} changed, ${count(s.ignored)} passed over, ${count(s.errors)} refused${per}`
}
