// Adding and removing vertices and edges. With a named graph the paths of the graph are used, which keep it whole: an edge
// needs both of its ends, and a vertex takes its edges with it. Without one they are plain documents.

import { segment } from '../../app/api.js'
import { dialog } from '../../app/dialog.js'
import { h } from '../../app/dom.js'
import { check } from '../../app/json.js'
import { splitId } from './model.js'
import { vertexField } from './suggest.js'

// write answers the reply's _id.
async function create(api, source, kind, collection, body, signal) {
  if (source.graph) {
    const reply = await api.call('POST', `/graph/${segment(source.graph)}/${kind}/${segment(collection)}`, { body, signal })
    return reply[kind]._id
  }
  return (await api.call('POST', `/document/${segment(collection)}`, { body, signal }))._id
}

// remove removes a vertex or an edge in the fabric, if it still has the revision rev.
export async function remove(api, source, kind, id, rev, signal) {
  const { collection, key } = splitId(id)
  const inGraph = source?.graph && (kind === 'vertex' ? source.vertices : source.collections).includes(collection)
  const path = inGraph ? `/graph/${segment(source.graph)}/${kind}/${segment(collection)}/${segment(key)}` : `/document/${segment(collection)}/${segment(key)}`
  await api.call('DELETE', path, { headers: rev ? { 'If-Match': `"${rev}"` } : {}, signal })
  return Boolean(inGraph)
}

const select = (words, testid, names) => {
  const node = h('select', { data: { testid } }, ...names.map((name) => h('option', { value: name }, name)))
  return { node: h('label', { class: 'field' }, h('span', {}, words), node), select: node }
}

function jsonField(testid) {
  const area = h('textarea', { rows: 6, class: 'mono', spellcheck: 'false', value: '{}', data: { testid } })
  const wrong = h('p', { class: 'graph-wrong', role: 'alert' })
  area.addEventListener('input', () => { wrong.textContent = '' })
  return {
    node: h('div', { class: 'col' }, h('label', { class: 'field' }, h('span', {}, 'Attributes (JSON)'), area), wrong),
    // object answers the text of a JSON object, or null when it is none.
    object() {
      const text = area.value.trim() || '{}'
      const error = check(text)
      const trouble = error ? `Line ${error.line}, column ${error.column}: ${error.message}` : text.startsWith('{') ? '' : 'Attributes are an object: it begins with {'
      wrong.textContent = trouble
      if (trouble) area.focus()
      return trouble ? null : text
    },
  }
}

// withMembers puts members in front of those of an object, without touching the digits of its numbers.
export function withMembers(text, members) {
  const more = Object.entries(members).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')
  const rest = text.trim().slice(1).trim()
  if (more === '') return text
  return rest === '}' ? `{${more}}` : `{${more},${rest}`
}

// vertexDialog asks for a new vertex; onDone gets its id.
export function vertexDialog({ api, source, signal, onDone }) {
  const collection = select('Collection', 'graph-new-vertex-collection', source.vertices)
  const key = h('input', { placeholder: 'made by the database when empty', autocomplete: 'off', data: { testid: 'graph-new-vertex-key' } })
  const attributes = jsonField('graph-new-vertex-json')
  dialog({
    title: 'Add a vertex',
    testid: 'graph-vertex-dialog',
    body: h('div', { class: 'col' }, collection.node, h('label', { class: 'field' }, h('span', {}, 'Key'), key), attributes.node),
    actions: [{ label: 'Cancel', kind: '' }, {
      label: 'Add', kind: 'primary', testid: 'graph-new-vertex-save',
      run: async () => {
        const text = attributes.object()
        if (text === null) return false
        const body = withMembers(text, key.value.trim() ? { _key: key.value.trim() } : {})
        onDone(await create(api, source, 'vertex', collection.select.value, body, signal))
        return true
      },
    }],
  })
}

// edgeDialog asks for a new edge from a vertex; onDone gets {id, from, to}.
export function edgeDialog({ api, source, from, vertexCollections, run, signal, onDone }) {
  const ends = new AbortController()
  const collection = select('Edge collection', 'graph-new-edge-collection', source.collections)
  const first = vertexField({ label: 'From', testid: 'graph-new-edge-from', collections: vertexCollections, run, signal: ends.signal })
  const last = vertexField({ label: 'To', testid: 'graph-new-edge-to', collections: vertexCollections, run, signal: ends.signal })
  first.set(from)
  const attributes = jsonField('graph-new-edge-json')
  const wrong = h('p', { class: 'graph-wrong', role: 'alert' })
  dialog({
    title: 'Add an edge',
    testid: 'graph-edge-dialog',
    onClose: () => ends.abort(),
    body: h('div', { class: 'col' }, collection.node, first.node, last.node, wrong, attributes.node),
    actions: [{ label: 'Cancel', kind: '' }, {
      label: 'Add', kind: 'primary', testid: 'graph-new-edge-save',
      run: async () => {
        wrong.textContent = first.value && last.value ? '' : 'An edge joins two vertices: write both ids, as collection/key.'
        const text = attributes.object()
        if (text === null || wrong.textContent) return false
        const id = await create(api, source, 'edge', collection.select.value, withMembers(text, { _from: first.value, _to: last.value }), signal)
        onDone({ id, from: first.value, to: last.value })
        return true
      },
    }],
  })
}
