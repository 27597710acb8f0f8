// The documents of a collection: filter, table, live changes.
import { h, replace } from '../../app/dom.js'
import { count, short, visible } from '../../app/text.js'
import { table } from '../../app/table.js'
import { button, checkbox, field, formDialog, input, problem, scope } from './parts.js'
import { KINDS } from './store.js'
import { Rows } from './cursor.js'
import { fromQuery, queryText } from './filter.js'
import { filterForm } from './filterform.js'
import { Columns } from './columns.js'
import { insertDialog, undoBar } from './insert.js'

const COUNTED = 100_000 // new keys that are told apart

/** {node, changed(route), shown(route), hidden(), close()} */
export function documentsView(host) {
  const life = scope(host.signal)
  const view = new DocumentList(host, life)
  return { node: view.node, changed: r => view.changed(r), shown: r => view.shown(r), hidden: () => view.hidden(), close: () => view.close() }
}

class DocumentList {
  constructor(host, life) {
    Object.assign(this, { host, life, rows: [], byKey: new Map(), reader: null, fresh: new Set(), stale: new Set(), applied: null })
    this.columns = new Columns(host)
    this.empty = h('div', { class: 'empty', data: { testid: 'data-empty' } })
    this.form = filterForm(host, () => this.reload())
    this.notes = h('div', { class: 'col' })
    this.place = h('div', { class: 'data-table' })
    this.foot = h('div', { class: 'row data-foot muted', role: 'status', data: { testid: 'data-foot' } })
    this.news = h('div', { class: 'row' })
    this.live = checkbox('data-live', 'Live', { checked: true, title: 'Show changes as they come; rows stay where they are', onchange: () => this.showNews() })
    this.node = h('div', { class: 'col data-documents' }, this.toolbar(), this.form.node, undoBar(host, life.signal, () => this.reload()), this.notes, this.news, this.place, this.foot)
    host.kept.reload = () => this.reload()
    host.kept.feedState = () => this.showNews()
    this.stop = host.feed.subscribe(changes => this.take(changes))
    this.make()
    this.reload()
  }

  toolbar() {
    const key = input('data-key', { placeholder: 'Key', aria: { label: 'Open by key' } })
    const open = h('form', { class: 'row', data: { testid: 'data-key-form' }, onsubmit: event => {
      event.preventDefault()
      const typed = key.value.trim().replace(this.host.name + '/', '')
      if (typed) this.host.store.go([this.host.name, typed])
    } }, key, h('button', { type: 'submit', class: 'button', data: { testid: 'data-key-open' } }, 'Open'))
    return h('div', { class: 'toolbar row' },
      button('data-insert', `New ${KINDS[this.host.kind].one}`, () => insertDialog(this.host, { done: key2 => this.inserted(key2) }), { kind: 'primary' }),
      open, h('span', { class: 'grow' }), this.live.node,
      button('data-columns', 'Columns', () => this.chooseColumns()),
      button('data-reload', 'Load anew', () => this.reload()))
  }

  inserted(key) {
    this.host.store.count(this.host.name).catch(() => {})
    this.host.store.go([this.host.name, key])
  }

  make() {
    this.grid = table({
      label: `${KINDS[this.host.kind].title} of ${this.host.name}`, columns: this.columns.list(), rowId: row => row.key,
      onOpen: row => this.host.store.go([this.host.name, row.key]),
      empty: this.empty, testid: 'data-table',
    })
    replace(this.place, this.grid.node)
    if (this.rows.length > 0) this.grid.setRows(this.rows)
    this.grid.setMore(this.reader && !this.reader.done ? () => this.more() : null)
  }

  /** Says why there is nothing. */
  explain() {
    const filtered = this.applied?.conditions.some(c => c.field.trim() !== '')
    const { word, one } = KINDS[this.host.kind]
    replace(this.empty, h('p', null, filtered ? `No ${word} fit the filter. Change a condition above, or clear the filter.`
      : `No ${word} yet. Write one with "New ${one}", or bring in a file on the Import tab.`))
  }

  changed(route) {
    this.form.set(fromQuery(route.query))
    if (JSON.stringify(fromQuery(route.query)) !== JSON.stringify(this.applied)) this.reload()
  }

  /** What the page forgets of a list that it takes away for a while. */
  hidden() { this.scrolled = this.grid.table.grid.scrollTop }

  shown(route) {
    this.grid.table.grid.scrollTop = this.scrolled ?? 0
    this.host.kept.reload = () => this.reload()
    this.changed(route)
    this.showFoot()
  }

  reload() {
    this.reader?.close()
    this.rows = []
    this.byKey.clear()
    this.fresh.clear()
    this.applied = this.host.kept.filter = fromQuery(this.host.route.query)
    replace(this.notes)
    let text
    try {
      text = queryText(this.host.name, this.applied)
    } catch (error) {
      replace(this.notes, problem({ message: `The filter cannot be read: ${error.message}.`, next: 'A field is a name, or names with dots between; odd names stand between backticks.' }))
      return
    }
    this.reader = new Rows(this.host.api, text, { signal: this.life.signal })
    replace(this.empty)
    this.grid.setRows([])
    this.showNews()
    this.host.store.count(this.host.name, this.life.signal).catch(error => this.host.lost(error))
    return this.more()
  }

  /** Reads the next batch into the table. */
  async more() {
    const reader = this.reader
    if (reader.reading || reader.done) return
    reader.reading = true
    this.grid.setBusy(true)
    this.grid.setMore(null)
    try {
      const { rows } = await reader.next()
      if (reader !== this.reader) return
      const added = rows.map(text => this.columns.row(text))
      for (const row of added) this.byKey.set(row.key, row)
      const first = this.rows.length === 0
      this.rows.push(...added)
      if (first && this.columns.learn(this.rows)) this.make()
      else if (first) this.grid.setRows(this.rows)
      else this.grid.append(added)
      reader.reading = false
      this.grid.setMore(reader.done ? null : () => this.more())
      if (reader.again > 0) replace(this.notes, h('p', { class: 'muted' }, 'The list was read on after a pause; rows that were written meanwhile may be missing or stand twice. Load it anew to see one state.'))
    } catch (error) {
      if (reader === this.reader && !this.host.lost(error)) this.failed(error, reader)
    } finally {
      reader.reading = false
      if (reader === this.reader) { if (reader.done) this.explain(); this.grid.setBusy(false); this.showFoot() }
    }
  }

  failed(error, reader) {
    replace(this.notes, problem(error, () => { replace(this.notes); if (reader.read === 0) this.reload(); else this.more() }))
  }

  showFoot() {
    const { word, one } = KINDS[this.host.kind]
    const n = this.rows.length
    replace(this.foot, `${count(n)} ${n === 1 ? one : word} shown`, this.reader?.done ? ', that is all' : ', more as you scroll')
  }

  /** Takes changes in: rows that are shown change in place, others are only counted. */
  take(changes) {
    if (!this.live.box.checked) return
    for (const c of changes) {
      const row = this.byKey.get(c.key)
      if (!row) { if (c.type === 'write' && this.fresh.size < COUNTED) this.fresh.add(c.key); else this.fresh.delete(c.key); continue }
      if (c.type === 'write' && c.text) this.columns.update(row, c)
      else row.mark = c.type === 'write' ? 'changed' : 'removed'
      this.stale.add(row)
    }
    this.draw()
  }

  /** Draws changed rows anew where they stand, once per frame however many changes come. */
  draw() {
    if (this.drawing) return
    this.drawing = requestAnimationFrame(() => {
      this.drawing = 0
      if (this.life.signal.aborted) return
      const { shown } = this.grid.table
      for (const [n, node] of shown) {
        if (!this.stale.has(this.grid.rows[n]) || node.contains(document.activeElement)) continue
        node.remove()
        shown.delete(n)
      }
      this.stale.clear()
      this.grid.table.draw()
      this.showNews()
    })
  }

  showNews() {
    const state = this.host.feed.state
    const n = this.fresh.size
    replace(this.news,
      this.live.box.checked && state === 'lost' ? h('span', { class: 'muted' }, 'Waiting for the feed of changes') : null,
      this.live.box.checked && state === 'over' ? h('span', { class: 'badge warn' }, 'The feed of changes has ended; load anew to follow again') : null,
      n > 0 ? h('span', { class: 'badge', role: 'status', data: { testid: 'data-news' } }, `${count(n)} written since, not in this list`) : null,
      n > 0 ? button('data-news-show', 'Show', () => this.reload()) : null)
  }

  chooseColumns() {
    const boxes = this.columns.known().map(name => ({ name, ...checkbox(`data-column-${name}`, visible(short(name, 60)), { checked: this.columns.shown.includes(name) }) }))
    const more = input('data-column-more', { placeholder: 'at.lat, at.lon' })
    formDialog({
      title: 'Columns', testid: 'data-columns-dialog', action: 'Show',
      body: h('div', { class: 'col' }, h('div', { class: 'data-choices' }, boxes.map(b => b.node)), field('Other fields', more, 'Names with dots, commas between.')),
      run: async () => { this.columns.choose(boxes.filter(b => b.box.checked).map(b => b.name), more.value); this.make() },
    })
  }

  close() {
    this.stop()
    this.reader?.close()
    this.life.close()
  }
}
