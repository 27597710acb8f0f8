// The filter above the documents: field, operator and value become a query
// that is shown and can be opened on the query page.
import { h, replace } from '../../app/dom.js'
import { button, input, select } from './parts.js'
import { OPERATORS, fromQuery, isEmpty, queryText, toQuery } from './filter.js'

const narrow = matchMedia('(max-width: 720px)') // there the form is folded; style.css has the same

/** {node, set(filter)}. A filter that is applied becomes part of the address; `again` loads when it is the same. */
export function filterForm(host, again) {
  let filter = fromQuery(host.route.query)
  const lines = h('div', { class: 'col' })
  const shown = h('pre', { class: 'mono data-query', data: { testid: 'data-filter-query' }, tabindex: '0', aria: { label: 'The query of the filter' } })
  const sort = input('data-filter-sort', { placeholder: 'key', aria: { label: 'Sort by field' }, oninput: () => { filter.sort = sort.value; showQuery() } })
  const down = h('input', { type: 'checkbox', data: { testid: 'data-filter-descending' }, onchange: () => { filter.descending = down.checked; showQuery() } })
  const node = h('form', { class: 'card col data-filter', data: { testid: 'data-filter' }, aria: { label: 'Filter' }, onsubmit: apply }, lines,
    h('div', { class: 'row' },
      button('data-filter-add', 'Add a condition', () => { filter.conditions.push(blank()); showLines(); lines.lastChild.querySelector('input')?.focus() }, { kind: 'quiet' }),
      h('label', { class: 'row' }, h('span', { class: 'muted' }, 'Sort by'), sort),
      h('label', { class: 'check' }, down, ' descending'), h('span', { class: 'grow' }),
      button('data-filter-clear', 'Clear', () => { filter = { conditions: [blank()], sort: '', descending: false }; showAll(); apply() }, { kind: 'quiet' }),
      h('button', { type: 'submit', class: 'button primary', data: { testid: 'data-filter-apply' } }, 'Filter')),
    h('details', { class: 'data-query-box', open: !isEmpty(filter) }, h('summary', null, 'As a query'), shown,
      button('data-open-query', 'Open in Query', () => host.context.navigate('query', [], { text: shown.textContent }), { kind: 'quiet' })))

  function apply(event) {
    event?.preventDefault()
    const query = toQuery(filter)
    const now = toQuery(fromQuery(host.route.query))
    if (JSON.stringify(query) === JSON.stringify(now)) again()
    else host.store.go([host.name], query)
  }

  function showQuery() {
    try {
      shown.textContent = queryText(host.name, filter)
      node.classList.remove('data-invalid')
    } catch (error) {
      shown.textContent = `// ${error.message}`
      node.classList.add('data-invalid')
    }
  }

  function showLines() {
    replace(lines, filter.conditions.map((c, i) => line(c, i, showQuery, () => { filter.conditions.splice(i, 1); showAll() }, filter.conditions.length > 1)))
    showQuery()
  }

  function showAll() {
    if (filter.conditions.length === 0) filter.conditions.push(blank())
    sort.value = filter.sort
    down.checked = filter.descending
    showLines()
  }
  showAll()
  const fold = h('details', { class: 'data-filter-fold', open: !narrow.matches || !isEmpty(filter) }, h('summary', { data: { testid: 'data-filter-fold' } }, 'Filter'), node)
  narrow.addEventListener('change', () => { if (!narrow.matches) fold.open = true }, { signal: host.signal })
  return { node: fold, set(next) { filter = next; showAll() } }
}

const blank = () => ({ field: '', operator: '==', value: '' })

function line(c, i, changed, remove, removable) {
  const field = input(`data-filter-field-${i}`, { value: c.field, placeholder: 'field, or a.b', aria: { label: 'Field' }, oninput: () => { c.field = field.value; changed() } })
  const value = input(`data-filter-value-${i}`, { value: c.value, placeholder: 'value', aria: { label: 'Value' }, title: 'A number, true, null or other JSON is taken as that, the rest as text; put digits between quotes to mean text.', oninput: () => { c.value = value.value; changed() } })
  const operator = select(`data-filter-operator-${i}`, OPERATORS.map(o => [o.id, o.title]), {
    value: c.operator, label: 'Operator',
    onchange: () => { c.operator = operator.value; bare(); changed() },
  })
  const bare = () => { value.hidden = OPERATORS.find(o => o.id === operator.value)?.bare === true }
  bare()
  return h('div', { class: 'row data-condition' }, field, operator, value,
    removable ? button(`data-filter-remove-${i}`, 'Remove', remove, { kind: 'quiet', aria: { label: 'Remove this condition' } }) : null)
}
