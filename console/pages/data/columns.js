// The columns of a table of documents, taken from the documents themselves.
import { h } from '../../app/dom.js'
import { short, time, visible } from '../../app/text.js'
import { kind, members, string } from './scan.js'
import { parsePath } from './tree.js'
import { words } from './parts.js'
import { handleLink, link } from './store.js'

const MOST = 8 // columns of the data's own, at first
const SYSTEM = new Set(['_id', '_key', '_rev', '_from', '_to'])

export class Columns {
  constructor(host) {
    this.host = host
    this.seen = new Map() // name -> {n, numbers}
    this.shown = { kv: ['value', 'expireAt'] }[host.kind] ?? []
    this.chosen = host.kind === 'kv'
  }

  /** A row of a document's text. */
  row(text) {
    const cells = new Map(members(text).map(m => [m.name, m.text]))
    return { key: string(cells.get('_key') ?? ''), rev: string(cells.get('_rev') ?? ''), cells, mark: '' }
  }

  /** Takes a change into a row that is shown. */
  update(row, change) {
    row.cells = new Map(members(change.text).map(m => [m.name, m.text]))
    row.cells.set('_key', JSON.stringify(change.key)).set('_rev', JSON.stringify(change.rev))
    Object.assign(row, { rev: change.rev, mark: 'changed', by: change.origin })
  }

  /** Looks at rows for their fields; true when the table is to be made anew. */
  learn(rows) {
    this.seen.clear()
    for (const row of rows.slice(0, 500)) {
      for (const [name, text] of row.cells) {
        if (SYSTEM.has(name)) continue
        const was = this.seen.get(name) ?? { n: 0, numbers: 0 }
        was.n++
        if (kind(text) === 'number') was.numbers++
        this.seen.set(name, was)
      }
    }
    if (this.chosen) return true

    this.shown = [...this.seen].sort((a, b) => b[1].n - a[1].n).slice(0, MOST).map(([name]) => name).sort()
    return true
  }

  known() { return [...new Set([...this.seen.keys(), ...this.shown])].sort() }

  choose(names, more) {
    this.chosen = true
    this.shown = [...new Set([...names, ...words(more)])]
  }

  /** The columns as the table takes them. */
  list() {
    const { store, name, kind: of } = this.host
    const key = {
      name: '_key', title: 'Key', width: 'minmax(9rem, 1.2fr)',
      cell: row => h('span', { class: ['row', row.mark && `data-mark-${row.mark}`] },
        link(store, [name, row.key], short(row.key, 80), { class: 'mono data-key-link', title: markTitle(row) }),
        row.mark ? h('span', { class: 'badge' }, row.mark) : null),
    }
    const ends = of === 'edge' ? ['_from', '_to'].map(end => ({
      name: end, title: end === '_from' ? 'From' : 'To', width: 'minmax(9rem, 1fr)',
      cell: row => handleLink(store, string(row.cells.get(end) ?? '')),
    })) : []
    return [key, ...ends, ...this.shown.map(field => this.column(field))]
  }

  column(field) {
    let path
    try { path = parsePath(field) } catch { path = [field] }
    const seen = this.seen.get(field)
    const numbers = seen && seen.numbers * 2 > seen.n
    const end = this.host.kind === 'kv' && field === 'expireAt'
    return {
      name: field, title: end ? 'Ends' : visible(short(field, 40)), align: numbers && !end ? 'right' : undefined, width: numbers ? 'minmax(6rem, 0.7fr)' : 'minmax(8rem, 1fr)',
      cell: row => (end ? ends(row.cells.get(field)) : valueCell(pick(row.cells, field, path))),
    }
  }
}

const markTitle = row => ({ changed: `Changed${row.by ? ' at ' + row.by : ''} since the list was loaded`, removed: 'Removed since the list was loaded' }[row.mark] ?? null)

function pick(cells, field, path) {
  if (cells.has(field)) return cells.get(field)
  let text = cells.get(path[0])
  for (const name of path.slice(1)) {
    if (text === undefined || kind(text) !== 'object') return undefined
    text = members(text).find(m => m.name === name)?.text
  }
  return text
}

/** When an entry ends: Unix seconds as a time, never as a word. */
export function ends(text) {
  const seconds = Number(text)
  if (text === undefined || !(seconds > 0)) return h('span', { class: 'muted' }, 'never')
  return h('span', { title: `${text} in Unix seconds` }, time(seconds * 1000))
}

/** A value as it fits into a cell; hostile characters are shown, long texts cut. */
export function valueCell(text) {
  if (text === undefined) return ''
  if (text.length > 2000) return h('span', { class: 'mono muted' }, visible(short(text.slice(0, 200), 120)))
  switch (kind(text)) {
    case 'text': return short(JSON.parse(text), 200)
    case 'number': return h('span', { class: 'mono', title: text.length > 8 ? short(text, 300) : null }, short(text, 60))
    case 'bool': case 'null': return h('span', { class: 'mono muted' }, text)
  }
  return h('span', { class: 'mono', title: visible(short(text, 500)) }, visible(short(text, 120)))
}
