// A table of which only the rows in sight are in the page, so that ten
// thousand cost no more than fifty.

import { h, append, clear, replace, uniqueId } from './dom.js'
import { empty as emptyState, failure, busy } from './states.js'
import { short, visible } from './text.js'

const rowHeight = 32 // pixels; style.css has the same
const spare = 8 // rows above and below what is in sight
const tallest = 8_000_000 // pixels that a browser lays out without loss

// table makes {node, setRows, append, setMore, setBusy, setError, rows, select}.
// columns are {name, title, width, align ('left' | 'right'), cell(row)}: width is a
// number of pixels or a track of CSS grid. rowId gives what tells a row apart (for
// select and data-row). onOpen is called with Enter or a click on a row. empty is
// what states.empty takes, a node, or a text.
export function table({ columns, label, rowId = null, onOpen = null, empty = 'Nothing here', testid = null }) {
  return new Table({ columns, label, rowId, onOpen, empty, testid }).control()
}

class Table {
  constructor(options) {
    Object.assign(this, options)
    this.id = uniqueId('table')
    this.rows = []
    this.active = -1
    this.chosen = null
    this.more = null
    this.pending = false // more() is under way
    this.waiting = false // it was called and nothing came of it yet
    this.shown = new Map() // number of the row: its node
    this.build()
  }

  control() {
    return {
      node: this.node,
      setRows: (rows) => this.setRows(rows),
      append: (rows) => this.append(rows),
      setMore: (fn) => this.setMore(fn),
      setBusy: (on) => this.setBusy(on),
      setError: (error, retry) => this.setError(error, retry),
      select: (id) => this.choose(id),
      get rows() { return this.table.rows },
      table: this,
    }
  }

  build() {
    const tracks = this.columns.map(track).join(' ')
    this.head = h('div', { class: 'table-row table-head', role: 'row', aria: { rowindex: 1 }, style: { gridTemplateColumns: tracks } },
      this.columns.map((column) => h('div', { class: ['table-cell', column.align], role: 'columnheader' }, column.title ?? column.name)))
    this.body = h('div', { class: 'table-body', role: 'rowgroup' })
    this.tracks = tracks
    const sheet = h('div', { class: 'table-sheet' }, h('div', { class: 'table-top', role: 'rowgroup' }, this.head), this.body)
    this.grid = h('div', {
      class: 'table', role: 'grid', tabindex: 0, aria: { label: this.label, readonly: true, rowcount: 1 },
      onkeydown: (event) => this.key(event), onscroll: () => this.later(),
      onfocus: () => this.focusFirst(),
    }, sheet)
    this.note = h('div', { class: 'table-note' })
    this.node = h('div', { class: 'table-frame', data: { testid: this.testid } }, this.grid, this.note)
    this.watch = new ResizeObserver(() => this.later())
    this.watch.observe(this.grid)
    this.body.addEventListener('click', (event) => this.click(event))
  }

  setRows(rows) {
    this.rows = [...rows]
    this.active = -1
    this.waiting = false
    this.forget()
    this.grid.scrollTop = 0
    this.changed()
  }

  append(rows) {
    for (const row of rows) this.rows.push(row)
    this.waiting = false
    this.changed()
  }

  forget() {
    for (const node of this.shown.values()) node.remove()
    this.shown.clear()
  }

  setMore(fn) {
    this.more = fn
    this.waiting = false
    this.changed()
  }

  setBusy(on) {
    this.grid.setAttribute('aria-busy', String(Boolean(on)))
    if (on) replace(this.note, busy(this.rows.length > 0 ? 'Loading more' : 'Loading'))
    else this.changed()
  }

  setError(error, retry = null) {
    this.grid.setAttribute('aria-busy', 'false')
    if (error) replace(this.note, failure(error, retry))
    else this.changed()
    this.waiting = Boolean(error)
  }

  // changed fits the height to the rows and says when there are none.
  changed() {
    clear(this.note)
    const some = this.rows.length > 0
    if (!some) append(this.note, this.nothing())
    this.grid.classList.toggle('table-hollow', !some)
    // The last count is not known while there is more.
    this.grid.setAttribute('aria-rowcount', String(this.more ? -1 : this.rows.length + 1))
    this.body.style.height = `${Math.min(tallest, this.rows.length * rowHeight)}px`
    this.draw()
    this.later() // and then sees whether more is wanted, when the page has said so
  }

  nothing() {
    if (this.empty instanceof Node) return this.empty
    return emptyState(typeof this.empty === 'string' ? { title: this.empty } : this.empty)
  }

  later() {
    if (this.drawing) return
    this.drawing = requestAnimationFrame(() => {
      this.drawing = 0
      this.draw()
      this.ask()
    })
  }

  // scale is how many pixels of rows one pixel of the page stands for; above one
  // only when there are so many rows that no page is that tall.
  scale() {
    return Math.max(1, (this.rows.length * rowHeight) / tallest)
  }

  draw() {
    const height = this.grid.clientHeight || 400
    const top = this.grid.scrollTop * this.scale()
    const first = Math.max(0, Math.floor(top / rowHeight) - spare)
    const last = Math.min(this.rows.length, Math.ceil((top + height) / rowHeight) + spare)
    for (const [n, node] of this.shown) {
      if (n >= first && n < last) continue
      node.remove()
      this.shown.delete(n)
    }
    const shift = this.grid.scrollTop - top
    for (let n = first; n < last; n++) {
      let node = this.shown.get(n)
      if (!node) {
        node = this.row(n)
        this.shown.set(n, node)
        this.place(n, node)
      }
      node.style.transform = `translateY(${n * rowHeight + shift}px)`
    }
    this.last = last
  }

  // ask calls for more rows when the end is near, once until some came.
  ask() {
    if (!this.more || this.pending || this.waiting || this.last < this.rows.length - spare || !this.grid.isConnected) return
    this.pending = true
    this.waiting = true
    const { more } = this
    Promise.resolve().then(more).catch((error) => {
      if (error?.name !== 'AbortError') this.setError(error, () => this.setMore(more))
    }).finally(() => {
      this.pending = false
      this.later()
    })
  }

  // place keeps rows in the page in their order, for those who listen to it.
  place(n, node) {
    let after = null
    for (const [other, one] of this.shown) if (other > n && (!after || other < after[0])) after = [other, one]
    this.body.insertBefore(node, after?.[1] ?? null)
  }

  row(n) {
    const row = this.rows[n]
    const id = this.rowId?.(row)
    const node = h('div', {
      class: ['table-row', n === this.active && 'active', this.onOpen && 'openable'], role: 'row', id: `${this.id}-${n}`,
      aria: { rowindex: n + 2, selected: this.rowId ? id === this.chosen : null },
      data: { n, row: id === undefined ? null : visible(id) }, style: { gridTemplateColumns: this.tracks },
    })
    for (const column of this.columns) append(node, cell(column, row))
    return node
  }

  click(event) {
    const node = event.target.closest('.table-row')
    if (!node) return
    this.activate(Number(node.dataset.n), false)
    const within = event.target.closest('a, button, input, select, label, summary')
    if (!within && String(getSelection()) === '') this.open()
  }

  focusFirst() {
    if (this.active < 0 && this.rows.length > 0) this.activate(Math.floor((this.grid.scrollTop * this.scale()) / rowHeight), false)
  }

  key(event) {
    if (event.target !== this.grid || event.ctrlKey || event.metaKey || event.altKey) return
    const page = Math.max(1, Math.floor(this.grid.clientHeight / rowHeight) - 2)
    const end = this.rows.length - 1
    const to = { ArrowDown: this.active + 1, ArrowUp: this.active - 1, PageDown: this.active + page, PageUp: this.active - page, Home: 0, End: end }[event.key]
    if (to !== undefined && end >= 0) {
      event.preventDefault()
      this.activate(Math.min(end, Math.max(0, to)), true)
    } else if ((event.key === 'Enter' || event.key === ' ') && this.active >= 0) {
      event.preventDefault()
      this.open()
    }
  }

  open() {
    if (this.onOpen && this.rows[this.active] !== undefined) this.onOpen(this.rows[this.active])
  }

  // activate moves the place of the keyboard, and scrolls to it when asked.
  activate(n, scroll) {
    this.shown.get(this.active)?.classList.remove('active')
    this.active = n
    if (scroll) this.reveal(n)
    this.draw()
    this.shown.get(n)?.classList.add('active')
    if (this.shown.has(n)) this.grid.setAttribute('aria-activedescendant', `${this.id}-${n}`)
  }

  reveal(n) {
    const scale = this.scale()
    const top = (n * rowHeight) / scale
    const room = this.grid.clientHeight - this.head.offsetHeight - rowHeight
    if (top < this.grid.scrollTop) this.grid.scrollTop = top
    else if (top > this.grid.scrollTop + room) this.grid.scrollTop = top - room
  }

  choose(id) {
    this.chosen = id
    for (const [n, node] of this.shown) {
      if (this.rowId) node.setAttribute('aria-selected', String(this.rowId(this.rows[n]) === id))
    }
  }
}

function track(column) {
  if (typeof column.width === 'number') return `${column.width}px`
  return column.width ?? 'minmax(100px, 1fr)'
}

// cell makes one; a page's mistake in one cell does not take the table down.
function cell(column, row) {
  let content = ''
  try {
    content = column.cell ? column.cell(row) : row?.[column.name]
  } catch (error) {
    reportError(error)
  }
  if (content === null || content === undefined) content = ''
  if (!(content instanceof Node)) {
    const whole = String(content)
    content = h('bdi', { title: whole.length > 24 ? visible(short(whole, 1000)) : null }, visible(short(whole, 300)))
  }
  return h('div', { class: ['table-cell', column.align], role: 'gridcell' }, content)
}
