// The indexes of a collection: list, make, drop.
import { h, replace } from '../../app/dom.js'
import { count, ms, visible } from '../../app/text.js'
import { button, checkbox, field, formDialog, input, problem, scope, scroller, select, words } from './parts.js'

const TYPES = {
  persistent: { title: 'Persistent', text: 'Finds and sorts by one field or more; one may go through an array, as lines[*].sku.', fields: 'name, or price, name' },
  ttl: { title: 'Expiry (ttl)', text: 'Lets documents end some seconds after the moment in a field (Unix seconds, or an ISO date).', fields: 'endsAt' },
  geo: { title: 'Geo', text: 'By place: one field with a pair [latitude, longitude], or two fields with latitude and longitude.', fields: 'at, or lat, lon' },
  fulltext: { title: 'Full text', text: 'By the words of one field.', fields: 'description' },
}
const FILLING = '600s' // how long the location may take to fill an index before it answers

export function indexesView(host) {
  const life = scope(host.signal)
  const list = h('div', { class: 'col' })
  const progress = h('div', { class: 'col', role: 'status' })

  async function load() {
    try {
      const { indexes } = await host.api.call('GET', '/index', { query: { collection: host.name }, signal: life.signal })
      show(indexes)
    } catch (error) {
      if (!host.lost(error)) replace(list, problem(error, load))
    }
  }

  function show(indexes) {
    replace(list, scroller('Indexes', h('table', { class: 'data-plain', data: { testid: 'data-indexes' } },
      h('thead', null, h('tr', null, ['Name', 'Type', 'Fields', 'Options', 'Different values', ''].map(t => h('th', { scope: 'col' }, t)))),
      h('tbody', null, indexes.map(x => h('tr', { data: { index: x.name } }, h('td', { class: 'mono' }, visible(x.name)), h('td', null, x.type), h('td', { class: 'mono' }, visible(x.fields.join(', '))),
        h('td', null, optionWords(x)), h('td', null, x.selectivityEstimate === undefined ? '' : `${Math.round(x.selectivityEstimate * 1000) / 10} % of documents`),
        h('td', null, x.type === 'primary' || x.type === 'edge' ? h('span', { class: 'muted' }, 'always there')
          : button(`data-index-drop-${x.name}`, 'Drop', () => drop(x), { kind: 'quiet danger', aria: { label: `Drop the index ${x.name}` } }))))))))
  }

  async function drop(x) {
    const agreed = await host.context.confirm({ title: `Drop the index ${x.name}`, danger: true, action: 'Drop', body: `Queries that filter or sort by ${x.fields.join(', ')} will read more.${x.type === 'ttl' ? ' Documents will not expire by it any more.' : ''} It can be made again.` })
    if (!agreed) return
    try {
      await host.api.call('DELETE', `/index/${encodeURIComponent(host.name)}/${encodeURIComponent(x.name)}`, { signal: life.signal })
      host.context.toast('good', `The index ${x.name} was dropped`)
      load()
    } catch (error) {
      if (!host.lost(error)) host.context.toast('bad', `${error.message}. ${error.next ?? ''}`)
    }
  }

  /** Makes an index while the page can be used; it says how long it takes. */
  async function make(spec) {
    const began = performance.now()
    const took = h('span', { class: 'muted' })
    const line = h('div', { class: 'card row', data: { testid: 'data-index-progress' } }, h('progress', { aria: { label: 'Filling the index' } }),
      h('span', null, `Filling an index of ${spec.fields.join(', ')}${host.info.count === undefined ? '' : ` from ${count(host.info.count)} documents`}. Writes go on meanwhile.`), took)
    progress.append(line)
    const tick = setInterval(() => { took.textContent = ms(performance.now() - began) }, 250)
    try {
      const made = await host.api.call('POST', '/index', { query: { collection: host.name }, body: spec, headers: { 'Selvedge-Deadline': FILLING }, timeout: 0, signal: life.signal })
      host.context.toast('good', made.isNewlyCreated ? `The index ${made.name} is filled here` : `The index ${made.name} was there already`)
      line.remove()
      load()
    } catch (error) {
      if (!host.lost(error)) replace(line, problem(error.code === 'deadline-exceeded' ? Object.assign(error, { next: 'It goes on being filled; look at the list again in a while.' }) : error), button('data-index-dismiss', 'Close', () => line.remove()))
    } finally {
      clearInterval(tick)
    }
  }
  load()
  const { query } = host.route
  if (query.has('index')) indexDialog(host, make, { type: query.get('index'), fields: query.get('fields') ?? '', geoJson: query.get('geoJson') === 'true' })
  return {
    node: h('div', { class: 'col' }, h('div', { class: 'row' }, h('p', { class: 'muted grow' }, 'Each location fills and keeps its indexes by itself.'),
      button('data-index-create', 'New index', () => indexDialog(host, make), { kind: 'primary' })), progress, list),
    close: life.close,
  }
}

function optionWords(x) {
  const out = []
  if (x.unique && x.type !== 'primary') out.push('unique')
  if (x.sparse) out.push('sparse')
  if (x.deduplicate === false) out.push('keeps repeats in arrays')
  if (x.type === 'ttl') out.push(`after ${count(x.expireAfter)} s`)
  if (x.geoJson) out.push('GeoJSON')
  if (x.minLength) out.push(`words from ${x.minLength} letters`)
  return out.join(', ')
}

/** A dialog for a new index; `wanted` fills it, as links of a plan do. */
function indexDialog(host, make, wanted = {}) {
  const type = select('data-index-type', Object.entries(TYPES).map(([id, t]) => [id, t.title]), { onchange: show, value: Object.hasOwn(TYPES, wanted.type) ? wanted.type : 'persistent' })
  const name = input('data-index-name', { placeholder: 'made by the location' })
  const fields = input('data-index-fields', { required: true, value: words(wanted.fields ?? '').join(', ') })
  const about = h('p', { class: 'muted' })
  const sparse = checkbox('data-index-sparse', 'Leave out documents without the field (sparse)')
  const unique = checkbox('data-index-unique', 'No two documents with the same values (unique)', { disabled: !host.info.isLocal })
  const after = h('input', { type: 'number', min: '0', value: '0', data: { testid: 'data-index-after' } })
  const json = checkbox('data-index-geojson', 'The field holds GeoJSON, or [longitude, latitude]', { checked: wanted.geoJson === true })
  const least = h('input', { type: 'number', min: '1', max: '40', value: '2', data: { testid: 'data-index-least' } })
  const options = h('div', { class: 'col' })
  function show() {
    about.textContent = TYPES[type.value].text
    fields.placeholder = TYPES[type.value].fields
    replace(options, {
      persistent: [sparse.node, unique.node, host.info.isLocal ? null : h('small', { class: 'muted' }, 'Unique indexes are for local collections: two locations can take one value at the same moment.')],
      ttl: [field('Seconds after that moment', after)], geo: [json.node], fulltext: [field('Letters of the shortest word', least)],
    }[type.value])
  }
  show()
  formDialog({
    title: `New index of ${host.name}`, testid: 'data-index-dialog', action: 'Make it',
    body: h('div', { class: 'col' }, field('Type', type), about, field('Fields', fields, 'With commas between; a.b for a field within an object.'), options, field('Name', name)),
    async run() {
      const spec = { type: type.value, fields: words(fields.value) }
      if (name.value.trim()) spec.name = name.value.trim()
      if (spec.type === 'persistent') Object.assign(spec, { sparse: sparse.box.checked, unique: unique.box.checked })
      if (spec.type === 'ttl') spec.expireAfter = Number(after.value)
      if (spec.type === 'geo') spec.geoJson = json.box.checked
      if (spec.type === 'fulltext') spec.minLength = Number(least.value)
      make(spec)
    },
  })
}
