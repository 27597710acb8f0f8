// Named graphs: a list, and making, changing and dropping them.

import { aborted, segment } from '../../app/api.js'
import { confirm, dialog } from '../../app/dialog.js'
import { h, replace } from '../../app/dom.js'
import { busy, empty, failure } from '../../app/states.js'
import { visible } from '../../app/text.js'

const path = (name, ...rest) => ['/graph', name, ...rest].map((part, i) => (i === 0 ? part : segment(part))).join('/')

// manageDialog shows the named graphs. `known()` gives {graphs, edges, documents}, `reload()` reads them anew, onChoose(name)
// opens one in the page.
export function manageDialog({ api, signal, known, reload, onChoose, toast }) {
  const list = h('div', { class: 'col', data: { testid: 'graph-manage-list' } })
  const work = { api, signal, list, toast, known, redraw: null, onChoose: null }
  work.redraw = async () => {
    replace(list, busy('Loading graphs'))
    try {
      await reload()
      replace(list, ...cards(work))
    } catch (error) {
      replace(list, failure(error, work.redraw))
    }
  }
  const shown = dialog({
    title: 'Named graphs',
    wide: true,
    testid: 'graph-manage-dialog',
    body: h('div', { class: 'col' },
      h('p', { class: 'muted' }, 'A named graph says which edge collections belong together and which vertices their edges join.'),
      h('button', { class: 'button primary graph-new', type: 'button', data: { testid: 'graph-new' }, onclick: () => graphDialog(work) }, 'New graph'),
      list),
    actions: [{ label: 'Close', kind: '' }],
  })
  work.onChoose = (name) => {
    shown.close()
    onChoose(name)
  }
  replace(list, ...cards(work))
}

function cards(work) {
  const { graphs } = work.known()
  if (graphs.length === 0) {
    return [empty({ title: 'No named graph', text: 'Edge collections can be explored without one. Make one to keep edges and vertices together.' })]
  }
  return graphs.map((graph) => card(graph, work))
}

const button = (words, testid, onclick, kind = '') => h('button', { class: ['button', kind], type: 'button', data: { testid }, onclick }, words)

function card(graph, work) {
  const { name } = graph
  const definitions = graph.edgeDefinitions.map((d) => h('li', { class: 'row' },
    h('span', { class: 'grow mono' }, h('bdi', null, visible(`${d.collection}: ${d.from.join(', ')} → ${d.to.join(', ')}`))),
    button('Change', `graph-change-${name}-${d.collection}`, () => definitionDialog(work, graph, d)),
    button('Take out', `graph-take-${name}-${d.collection}`, () => takeOut(work, graph, 'edge', d.collection))))
  const orphans = graph.orphanCollections.map((orphan) => h('li', { class: 'row' },
    h('span', { class: 'grow mono' }, h('bdi', null, visible(orphan)), h('span', { class: 'muted' }, ' without edges')),
    button('Take out', `graph-take-${name}-${orphan}`, () => takeOut(work, graph, 'vertex', orphan))))
  return h('section', { class: 'card col', aria: { label: name }, data: { testid: `graph-card-${name}` } },
    h('div', { class: 'row' }, h('h3', { class: 'grow' }, h('bdi', null, visible(name))),
      button('Explore', `graph-explore-${name}`, () => work.onChoose(name)),
      button('Add edges', `graph-add-definition-${name}`, () => definitionDialog(work, graph, null)),
      button('Add vertices', `graph-add-orphan-${name}`, () => orphanDialog(work, graph)),
      button('Drop', `graph-drop-${name}`, () => dropDialog(work, graph), 'danger')),
    h('ul', { class: 'graph-list' }, ...definitions, ...orphans))
}

const input = (words, testid, props = {}) => {
  const node = h('input', { autocomplete: 'off', spellcheck: 'false', data: { testid }, ...props })
  return { node: h('label', { class: 'field' }, h('span', {}, words), node), input: node }
}

const names = (text) => text.split(',').map((name) => name.trim()).filter(Boolean)

// definitionFields are the three fields of an edge definition, with what is there offered.
function definitionFields(known, d, prefix) {
  const collection = input('Edge collection', `${prefix}-collection`, { list: `${prefix}-edges`, required: true, value: d?.collection ?? '', disabled: d !== null })
  const from = input('From these collections', `${prefix}-from`, { list: `${prefix}-documents`, required: true, value: d?.from.join(', ') ?? '', placeholder: 'for example people, places' })
  const to = input('To these collections', `${prefix}-to`, { list: `${prefix}-documents`, required: true, value: d?.to.join(', ') ?? '', placeholder: 'for example places' })
  return {
    nodes: [collection.node, from.node, to.node,
      h('datalist', { id: `${prefix}-edges` }, ...known.edges.map((name) => h('option', { value: name }))),
      h('datalist', { id: `${prefix}-documents` }, ...known.documents.map((name) => h('option', { value: name })))],
    value: () => ({ collection: collection.input.value.trim(), from: names(from.input.value), to: names(to.input.value) }),
  }
}

const made = h('p', { class: 'muted' }, 'Collections that are not there are made.')

function done(work, message) {
  work.toast('good', message)
  work.redraw()
  return true
}

function graphDialog(work) {
  const name = input('Name', 'graph-new-name', { required: true })
  const definition = definitionFields(work.known(), null, 'graph-new')
  const orphans = input('Vertex collections without edges (may stay empty)', 'graph-new-orphans')
  dialog({
    title: 'New graph',
    testid: 'graph-new-dialog',
    body: h('div', { class: 'col' }, name.node, ...definition.nodes, orphans.node, made.cloneNode(true)),
    actions: [{ label: 'Cancel', kind: '' }, {
      label: 'Make graph', kind: 'primary', testid: 'graph-new-save',
      run: async () => {
        const body = { name: name.input.value.trim(), edgeDefinitions: [definition.value()], orphanCollections: names(orphans.input.value) }
        await work.api.call('POST', '/graph', { body, signal: work.signal })
        return done(work, `The graph ${body.name} was made.`)
      },
    }],
  })
}

function definitionDialog(work, graph, d) {
  const fields = definitionFields(work.known(), d, 'graph-definition')
  dialog({
    title: d ? `Edges ${d.collection} of ${graph.name}` : `Add edges to ${graph.name}`,
    testid: 'graph-definition-dialog',
    body: h('div', { class: 'col' }, ...fields.nodes, d ? h('p', { class: 'muted' }, 'All graphs that have this edge collection change with it.') : made.cloneNode(true)),
    actions: [{ label: 'Cancel', kind: '' }, {
      label: 'Save', kind: 'primary', testid: 'graph-definition-save',
      run: async () => {
        const body = fields.value()
        await work.api.call(d ? 'PUT' : 'POST', d ? path(graph.name, 'edge', d.collection) : path(graph.name, 'edge'), { body, signal: work.signal })
        return done(work, `The edges ${body.collection} of ${graph.name} are defined.`)
      },
    }],
  })
}

function orphanDialog(work, graph) {
  const name = input('Vertex collection', 'graph-orphan-name', { required: true, list: 'graph-orphan-documents' })
  dialog({
    title: `Add vertices to ${graph.name}`,
    testid: 'graph-orphan-dialog',
    body: h('div', { class: 'col' }, name.node, h('datalist', { id: 'graph-orphan-documents' }, ...work.known().documents.map((one) => h('option', { value: one }))), made.cloneNode(true)),
    actions: [{ label: 'Cancel', kind: '' }, {
      label: 'Add', kind: 'primary', testid: 'graph-orphan-save',
      run: async () => {
        const collection = name.input.value.trim()
        await work.api.call('POST', path(graph.name, 'vertex'), { body: { collection }, signal: work.signal })
        return done(work, `${collection} belongs to ${graph.name} now.`)
      },
    }],
  })
}

async function takeOut(work, graph, kind, collection) {
  const sure = await confirm({
    title: `Take ${collection} out of ${graph.name}?`,
    body: 'The collection and what is in it stay; only the graph forgets it.',
    action: 'Take out',
  })
  if (!sure) return
  try {
    await work.api.call('DELETE', path(graph.name, kind, collection), { signal: work.signal })
    done(work, `${collection} was taken out of ${graph.name}.`)
  } catch (error) {
    if (!aborted(error)) work.toast('bad', `${error.message}. ${error.next ?? ''}`)
  }
}

function dropDialog(work, graph) {
  const box = h('input', { type: 'checkbox', data: { testid: 'graph-drop-collections' } })
  dialog({
    title: `Drop the graph ${graph.name}?`,
    testid: 'graph-drop-dialog',
    body: h('div', { class: 'col' },
      h('p', {}, 'The graph is forgotten at all locations. Its collections stay unless you say otherwise.'),
      h('label', { class: 'row' }, box, 'Drop the collections too that no other graph uses, with all their documents')),
    actions: [{ label: 'Cancel', kind: '' }, {
      label: 'Drop graph', kind: 'danger', testid: 'graph-drop-save',
      run: async () => {
        await work.api.call('DELETE', path(graph.name), { query: { dropCollections: box.checked }, signal: work.signal })
        return done(work, `The graph ${graph.name} was dropped.`)
      },
    }],
  })
}
