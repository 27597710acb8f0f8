// Rows as a table: one column for each member, the rows windowed by the frame's table, the next ones fetched as the end
// comes near.

import { h } from '/console/app/dom.js'
import { table } from '/console/app/table.js'
import { visible, short } from '/console/app/text.js'
import { cell, isObject, kind } from './value.js'
import { returned } from './c8ql.js'
import { columnsOf } from './shape.js'

const mostColumns = 60

// tableView gives {node, update(run)}. onOpen(row) opens one row.
export function tableView({ onOpen, onMore }) {
  const node = h('div', { class: 'query-table', data: { testid: 'query-table' } })
  const note = h('p', { class: 'muted', hidden: true })
  node.append(note)
  let grid = null, names = null, taken = 0, wanted = []

  function build(rows) {
    const all = namesOf(rows, wanted)
    names = new Set(all)
    const shown = all.slice(0, mostColumns)
    note.hidden = shown.length === all.length
    note.textContent = `${shown.length} of ${all.length} columns are shown. Name those you want in RETURN, or open a row.`
    const next = table({ columns: [counter, ...shown.map(column)], label: 'Rows of the result', rowId: (r) => String(r.n), onOpen: (r) => onOpen(r.row, r.n), empty: 'No rows' })
    if (grid) grid.node.replaceWith(next.node)
    else node.append(next.node)
    grid = next
    grid.setRows(rows.map(numbered(0)))
    taken = rows.length
  }

  // extend takes the rows that are new; a new member makes the columns anew.
  function extend(rows) {
    const fresh = rows.slice(taken)
    const isNew = !names.has(null) && fresh.some((r) => !isObject(r) || Object.keys(r).some((n) => !names.has(n)))
    if (isNew && names.size < 4 * mostColumns) return build(rows)
    grid.append(fresh.map(numbered(taken)))
    taken = rows.length
  }

  return {
    node,
    update(run) {
      wanted = returned(run.text ?? '')
      if (!grid || run.rows.length < taken) build(run.rows)
      else if (run.rows.length > taken) extend(run.rows)
      grid.setMore(run.more && run.state === 'done' && !run.capped ? onMore : null)
      grid.setBusy(run.state === 'fetching')
    },
    destroy: () => grid?.destroy?.(),
  }
}

const numbered = (from) => (row, i) => ({ n: from + i + 1, row })

function namesOf(rows, wanted) {
  const names = columnsOf(rows, wanted)
  return names.length > 0 ? names : [null]
}

const counter = { name: '#', title: '#', width: 56, align: 'right', cell: (r) => h('span', { class: 'muted' }, String(r.n)) }

function column(name, at) {
  const read = name === null ? (r) => r.row : (r) => r.row?.[name]
  return {
    name: 'c' + at,
    title: name === null ? 'value' : visible(short(name, 60)) || '(empty name)',
    cell: (r) => {
      const v = read(r)
      return h('span', { class: ['query-cell', 'query-cell-' + kind(v)] }, h('bdi', null, cell(v)))
    },
  }
}
