// Making a collection, of any kind, with its options.
import { h, replace } from '../../app/dom.js'
import { button, checkbox, field, formDialog, input, nameInput, select, words } from './parts.js'
import { KINDS } from './store.js'
import { declarationForm } from './declaring.js'

/** A dialog for a new collection; goes there when it is made. */
export function createCollection(store, name = '') {
  const title = nameInput('data-create-name', { value: name })
  const kind = select('data-create-kind', Object.entries(KINDS).map(([id, k]) => [id, k.title]), { onchange: show })
  const about = h('p', { class: 'muted' })
  const local = checkbox('data-create-local', 'Keep it at this location only (local)')
  const asynchronous = checkbox('data-create-async', 'Allow writes that are answered before they are on disk (allowAsync)')
  const expires = checkbox('data-create-expires', 'Entries can end (expiration)', { checked: true })
  const series = seriesFields()
  const declared = declaredFields()
  const places = h('div', { class: 'col' })

  function show() {
    replace(about, KINDS[kind.value].text)
    replace(places,
      kind.value === 'series' ? series.node : null,
      kind.value === 'kv' ? expires.node : null,
      kind.value === 'document' || kind.value === 'edge' ? declared.node : null,
      local.node, kind.value === 'series' ? null : asynchronous.node)
  }
  show()
  formDialog({
    title: 'New collection', testid: 'data-create-dialog', action: 'Make it', wide: true,
    body: h('div', { class: 'col' }, field('Name', title, 'Letters, digits, _ and -, with a letter first. It cannot be changed later.'),
      field('Kind', kind), about, places),
    async run(signal) {
      const made = title.value.trim()
      const options = { isLocal: local.box.checked, allowAsync: asynchronous.box.checked }
      if (kind.value === 'kv') {
        await store.api.call('POST', `/kv/${encodeURIComponent(made)}`, { query: { expiration: expires.box.checked }, body: options, signal })
      } else {
        const body = { name: made, type: kind.value === 'edge' ? 3 : 2, ...options }
        if (kind.value === 'series') body.timeseries = series.value()
        else body.crdt = declared.value()
        await store.api.call('POST', '/collection', { body, signal })
      }
      await store.load()
      store.context.toast('good', `${made} is made`)
      store.go([made])
    },
  })
}

/** The options of a time series. */
function seriesFields() {
  const keys = input('data-create-series', { placeholder: 'machine' })
  const time = input('data-create-time', { value: 'at' })
  const values = input('data-create-values', { placeholder: 'celsius, humidity' })
  const retention = input('data-create-retention', { placeholder: 'for ever' })
  const rollups = input('data-create-rollups', { placeholder: '1m, 1h' })
  const format = select('data-create-format', [['ms', 'milliseconds since 1970'], ['iso', 'ISO 8601 text']])
  return {
    node: h('fieldset', { class: 'col' }, h('legend', null, 'Time series'), h('p', { class: 'muted' }, 'None of this can be changed later.'),
      field('Fields that name a series', keys, 'With commas between; none means one series.'),
      field('Field with the time', time), field('Fields with numbers', values, 'With commas between.'),
      field('Keep points for', retention, 'As 90s, 24h, 30d or 52w, from the time of the point on; nothing means for ever.'),
      field('Sum up by', rollups, 'As 1m, 1h, 1d, 1mo or 1y, with commas between: points are summed up as they come.'),
      field('Times are shown as', format)),
    value() {
      const out = { time: time.value.trim(), values: words(values.value), timeFormat: format.value }
      if (words(keys.value).length > 0) out.series = words(keys.value)
      if (retention.value.trim()) out.retention = retention.value.trim()
      if (words(rollups.value).length > 0) out.rollups = words(rollups.value)
      return out
    },
  }
}

/** Declarations for fields, as many as wanted. */
function declaredFields() {
  const lines = h('div', { class: 'col' })
  const forms = []
  function add() {
    const form = declarationForm(`data-create-crdt-${forms.length}`)
    forms.push(form)
    lines.append(form.node)
  }
  return {
    node: h('details', { class: 'col', data: { testid: 'data-create-merging' } }, h('summary', null, 'Fields that merge in their own way'),
      h('p', { class: 'muted' }, 'Where two locations change a field at the same time the later write wins, unless the field is declared. Declarations can be added later, but never changed.'),
      lines, button('data-create-crdt-add', 'Declare a field', add)),
    value() { return Object.assign({}, ...forms.map(f => f.value()).filter(Boolean)) },
  }
}
