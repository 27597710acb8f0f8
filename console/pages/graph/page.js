// The Graph page: choose a graph, draw from a vertex, expand, filter, find paths, edit.

import { aborted } from '../../app/api.js'
import { onTheme } from '../../app/appearance.js'
import { h, replace } from '../../app/dom.js'
import { empty, failure } from '../../app/states.js'
import { tabs } from '../../app/tabs.js'
import { count, visible } from '../../app/text.js'
import { createPalette } from './colours.js'
import { detailsPanel } from './details.js'
import { edgeDialog, remove, vertexDialog } from './edit.js'
import { Explorer } from './explorer.js'
import { label } from './filter.js'
import { edgeSign, filterPanel, vertexSign } from './filterpanel.js'
import { listPanel } from './listpanel.js'
import { manageDialog } from './manage.js'
import { createMapView, placed } from './mapview.js'
import { splitId } from './model.js'
import { createMover } from './mover.js'
import { pathPanel } from './pathpanel.js'
import { load, ofGraph, sourceOf } from './sources.js'
import { createToolbar } from './toolbar.js'
import { createView } from './view.js'

export const title = 'Graph'

export function mount(root, context) {
  const page = new GraphPage(root, context)
  page.open(context.route.query)
  return {
    unmount: () => page.close(),
    changed: (route) => page.routed(route.query),
  }
}

class GraphPage {
  constructor(root, context) {
    this.context = context
    this.known = { graphs: [], edges: [], documents: [] }
    this.explorer = new Explorer(context)
    this.palette = createPalette()
    this.wantedPath = { from: '', to: '', kind: 'shortest', count: 3, weight: '', direction: 'ANY' }
    this.layout = 'force'
    this.address = null
    this.build(root)
    this.listen()
  }

  build(root) {
    const { explorer, context } = this
    this.view = createView({
      model: explorer.model, palette: this.palette, signal: context.signal,
      label: (vertex) => label(vertex, explorer.labelBy),
      callbacks: {
        onSelect: (id) => explorer.select(id),
        onOpen: (id) => this.expand(id),
        onCollapse: (id) => this.collapse(id),
        onMoved: (vertex) => this.mover.fix(vertex),
        onFreed: (vertex) => this.mover.free(vertex),
        onTold: (words) => context.announce(words),
      },
    })
    this.mover = createMover({
      onPlaces: (done) => {
        this.moves(!done)
        this.view.followed()
      },
      onFailure: (message) => context.toast('bad', `The layout does not run: ${message}. The drawing stays as it begins.`),
    })
    this.toolbar = createToolbar({ page: this, explorer, signal: context.signal })
    this.notice = h('div', { class: 'graph-notice', role: 'status', hidden: true, data: { testid: 'graph-notice' } })
    this.legend = h('ul', { class: 'graph-legend', aria: { label: 'Legend' } })
    this.message = h('div', { class: 'graph-message' })
    this.stage = h('div', { class: 'graph-holder' }, this.view.node, this.message)
    this.side = h('aside', { class: 'graph-side', aria: { label: 'Details of the graph' } })
    replace(root, h('div', { class: 'graph-page' }, h('h1', { class: 'sr-only' }, 'Graph'), this.toolbar.node, this.notice,
      h('div', { class: 'graph-body' }, h('div', { class: 'graph-main' }, this.stage, this.legend), this.side)))
    this.tabs = this.buildTabs()
    replace(this.side, this.tabs.node)
  }

  buildTabs() {
    const { explorer, context } = this
    const actions = this.actions()
    return tabs([
      { id: 'details', label: 'Details', testid: 'graph-tab-details', render: (panel) => detailsPanel(panel, explorer, actions) },
      { id: 'filter', label: 'Filter', testid: 'graph-tab-filter', render: (panel) => filterPanel(panel, explorer, this.palette) },
      {
        id: 'path', label: 'Path', testid: 'graph-tab-path',
        render: (panel) => pathPanel(panel, explorer, this.wantedPath, {
          vertexCollections: () => explorer.source?.vertices ?? [],
          highlight: (vertices, edges) => this.highlight(vertices, edges),
          openQuery: () => this.openQuery(), announce: context.announce, signal: context.signal,
        }),
      },
      { id: 'list', label: 'List', testid: 'graph-tab-list', render: (panel) => listPanel(panel, explorer, { onOpen: (id) => { explorer.select(id); this.tabs.select('details') } }) },
    ], { label: 'About the graph', selected: 'details' })
  }

  actions() {
    const path = (name) => (id) => {
      this.wantedPath[name] = id
      this.tabs.select('path')
    }
    return {
      expand: (id, options) => this.expand(id, options),
      collapse: (id) => this.collapse(id),
      unpin: (vertex) => {
        vertex.pinned = false
        this.mover.free(vertex)
        this.explorer.select(vertex.id)
      },
      begin: (id) => this.draw(id),
      pathFrom: path('from'),
      pathTo: path('to'),
      addEdge: (id) => this.addEdge(id),
      remove: (kind, id) => this.remove(kind, id),
      dataLink: (id) => {
        const { collection, key } = splitId(id)
        return this.context.href('data', [collection, key])
      },
    }
  }

  listen() {
    const { explorer, view, context } = this
    explorer.on('graph', (heat) => {
      this.moves(true)
      this.mover.lay(explorer.model, heat)
      this.redraw()
    })
    explorer.on('shown', () => this.redraw())
    explorer.on('select', (id) => {
      view.select(id)
      const vertex = explorer.model.vertices.get(id)
      if (vertex) {
        view.center(vertex)
        context.announce(`${label(vertex, explorer.labelBy)}, ${explorer.model.edgesOf(id).length} drawn edges`)
      }
      this.map?.draw()
    })
    explorer.on('notice', (notice) => {
      this.notice.hidden = notice === null
      this.notice.textContent = notice?.message ?? ''
    })
    explorer.on('source', () => this.showMessage())
    const forget = onTheme(() => {
      this.palette.refresh()
      this.redraw()
    })
    context.signal.addEventListener('abort', forget, { once: true })
  }

  moves(on) {
    this.view.scene.moving = on
    this.view.node.dataset.moving = String(on)
  }

  // redraw shows the drawing as the filter and the layout have it.
  redraw() {
    const { explorer, view } = this
    const { vertices, edges } = explorer.shown()
    view.state.start = explorer.start
    view.show(vertices, edges)
    this.map?.draw()
    this.toolbar.update({ vertices: vertices.length, edges: edges.length, places: placed(explorer).length })
    this.drawLegend()
    this.showMessage()
  }

  drawLegend() {
    const { model } = this.explorer
    replace(this.legend,
      ...model.collections(model.vertices).slice(0, 12).map(({ name, count: n }) => h('li', {}, vertexSign(this.palette, name), h('bdi', null, visible(name)), h('span', { class: 'muted' }, ` ${count(n)}`))),
      ...model.collections(model.edges).slice(0, 12).map(({ name, count: n }) => h('li', {}, edgeSign(this.palette, name), h('bdi', null, visible(name)), h('span', { class: 'muted' }, ` ${count(n)}`))))
  }

  // showMessage says what to do next when nothing is drawn.
  showMessage() {
    const { explorer, known } = this
    const drawn = explorer.model.vertices.size > 0
    this.message.hidden = drawn
    if (drawn || this.failed) return
    const nothing = known.graphs.length === 0 && known.edges.length === 0
    replace(this.message, nothing
      ? empty({ title: 'There are no edges in this fabric', text: 'An edge collection joins documents. Make a named graph, or an edge collection on the Data page.', action: { label: 'New graph', run: () => this.manage() } })
      : explorer.source
        ? empty({ title: 'Choose where to start', text: 'Write the id of a vertex above, or let the page pick one with many edges.', action: { label: 'Pick for me', run: () => this.pick() } })
        : empty({ title: 'Choose a graph', text: 'Named graphs and edge collections are in the list above.' }))
  }

  // open reads what there is, and draws what the address says.
  async open(query) {
    try {
      await this.reload()
      await this.follow(query.has('graph') || query.has('edges') ? query : this.onlyOne())
    } catch (error) {
      if (aborted(error) || this.context.signal.aborted) return
      this.failed = true
      this.message.hidden = false
      replace(this.message, failure(error, () => {
        this.failed = false
        this.open(query)
      }))
    }
  }

  // onlyOne names the graph of a fabric that has but one.
  onlyOne() {
    const { graphs, edges } = this.known
    if (graphs.length === 1) return new URLSearchParams({ graph: graphs[0].name })
    return new URLSearchParams(graphs.length === 0 && edges.length === 1 ? { edges: edges[0] } : {})
  }

  async reload() {
    this.known = await load(this.context.api, this.context.signal)
    const { source } = this.explorer
    if (source?.graph) {
      const graph = this.known.graphs.find((g) => g.name === source.graph)
      if (graph) Object.assign(source, ofGraph(graph))
      else this.explorer.choose(null)
    }
    this.toolbar.set(this.known, this.explorer.source)
    this.showMessage()
  }

  // look reads the lists anew, when the last time is a while ago: others make graphs and collections, too.
  look() {
    const now = performance.now()
    if (this.looked && now - this.looked < 3000) return
    this.looked = now
    this.reload().catch(() => {}) // what is known stays; a choice of it tells what is wrong
  }

  // follow draws what a query of an address says.
  async follow(query) {
    const source = sourceOf(query, this.known)
    if (!source) return
    this.choose(source)
    const direction = query.get('direction')
    if (['OUTBOUND', 'INBOUND', 'ANY'].includes(direction)) this.explorer.direction = direction
    this.toolbar.set(this.known, source)
    const start = query.get('start')
    if (start) await this.draw(start)
  }

  // routed follows an address that came from outside, not one that the page itself has set.
  routed(query) {
    if (query.toString() === this.address) return
    this.address = query.toString()
    this.follow(query).catch((error) => this.fail(error))
  }

  choose(source) {
    this.explorer.choose(source)
    this.toolbar.set(this.known, source)
    this.keepAddress()
  }

  keepAddress() {
    const { source, start, direction } = this.explorer
    const query = new URLSearchParams()
    if (source?.graph) query.set('graph', source.graph)
    else if (source) query.set('edges', source.collections.join(','))
    if (start) query.set('start', start)
    if (direction !== 'ANY') query.set('direction', direction)
    this.address = query.toString()
    this.context.navigate('graph', [], query, { replace: true })
  }

  fail(error) {
    if (aborted(error) || this.context.signal.aborted) return
    this.context.toast('bad', error.next ? `${error.message}. ${error.next}` : error.message)
  }

  async attempt(work) {
    try {
      return await work()
    } catch (error) {
      this.fail(error)
      return null
    }
  }

  draw(id) {
    return this.attempt(async () => {
      if (!this.explorer.source) {
        this.context.toast('info', 'Choose a graph first.')
        return
      }
      if (!id.includes('/')) {
        this.context.toast('bad', `${visible(id) || 'The start'} is no id of a vertex. An id is written collection/key.`)
        return
      }
      const there = await this.explorer.draw(id)
      if (!there) {
        this.context.toast('bad', `There is no vertex ${visible(id)}. Correct its id, or let the page pick one.`)
        return
      }
      this.toolbar.setStart(id)
      this.view.fit()
      this.tabs.select('details')
      this.keepAddress()
    })
  }

  pick() {
    return this.attempt(async () => {
      const id = await this.explorer.pick()
      if (id) return this.draw(id)
      this.context.toast('info', 'These collections have no edges yet. Add edges, or choose another graph.')
      return null
    })
  }

  expand(id, options) {
    return this.attempt(async () => {
      const edges = this.explorer.model.edges.size
      const added = await this.explorer.expand(id, options)
      if (this.explorer.model.edges.size > edges) this.context.announce(`${added} vertices were added`)
      else if (this.explorer.model.omitted === 0) this.context.toast('info', 'All edges of this vertex are drawn, in this direction and these edge collections.')
    })
  }

  collapse(id) {
    const before = this.explorer.model.vertices.size
    this.explorer.collapse(id)
    this.context.announce(`${before - this.explorer.model.vertices.size} vertices were taken away`)
  }

  clear() {
    this.highlight([], [])
    this.explorer.model.omitted = 0
    this.explorer.clear()
    this.toolbar.setStart('')
    this.keepAddress()
  }

  // highlight marks a path and brings it into sight; without one everything is as before.
  highlight(vertices, edges) {
    this.view.highlight(vertices, edges)
    if (vertices.length > 0) this.view.fit(new Set(vertices))
    this.map?.draw()
  }

  // sight is what the zoom buttons work on.
  get sight() {
    return this.layout === 'map' && this.map ? this.map : this.view
  }

  openQuery() {
    const question = this.explorer.lastQuery
    if (question) this.context.navigate('query', [], { text: question.shown, bind: JSON.stringify(question.bindVars) })
  }

  // setLayout shows the map or the canvas.
  setLayout(kind) {
    return this.attempt(async () => {
      this.layout = kind
      if (kind === 'map' && !this.map) {
        this.map = await createMapView({
          explorer: this.explorer, palette: this.palette, signal: this.context.signal, highlighted: () => this.view.scene.paths,
          onSelect: (id) => this.explorer.select(id), onOpen: (id) => this.expand(id),
        })
      }
      replace(this.stage, kind === 'map' ? this.map.node : this.view.node, this.message)
      if (kind === 'map') await this.map.open()
      else this.view.draw()
    })
  }

  manage() {
    manageDialog({
      signal: this.context.signal,
      api: this.context.api, known: () => this.known, reload: () => this.reload(), toast: this.context.toast,
      onChoose: (name) => {
        const graph = this.known.graphs.find((g) => g.name === name)
        if (graph) this.choose(ofGraph(graph))
      },
    })
  }

  addVertex() {
    const { source, model } = this.explorer
    if (!source || source.vertices.length === 0) {
      this.context.toast('info', 'Choose a graph first; its vertex collections take new vertices.')
      return
    }
    vertexDialog({
      api: this.context.api, source, signal: this.context.signal,
      onDone: (id) => this.attempt(async () => {
        await this.explorer.show(id)
        if (!this.explorer.start) this.explorer.start = id
        this.context.toast('good', `The vertex ${id} was added.${model.vertices.has(id) ? '' : ' There is no room to draw it.'}`)
      }),
    })
  }

  addEdge(from) {
    const { explorer, context } = this
    if (!explorer.source) {
      context.toast('info', 'Choose a graph first; its edge collections take new edges.')
      return
    }
    edgeDialog({
      api: context.api, source: explorer.source, from, vertexCollections: () => explorer.source.vertices, run: (q, o) => explorer.run(q, o), signal: context.signal,
      onDone: ({ id }) => this.attempt(async () => {
        await explorer.showEdge(id)
        context.toast('good', `The edge ${id} was added.`)
      }),
    })
  }

  async remove(kind, id) {
    const { context, explorer } = this
    const rev = explorer.rev(id)
    const sure = await context.confirm({
      title: `Remove this ${kind}?`,
      body: kind === 'edge' ? `${visible(id)} is removed at all locations.`
        : explorer.source?.graph ? `${visible(id)} is removed at all locations, and the edges of all graphs that begin or end there go with it.`
          : `${visible(id)} is removed at all locations. Edges that begin or end there stay, with nothing at that end.`,
      action: 'Remove', danger: true,
    })
    if (!sure) return
    await this.attempt(async () => {
      const whole = await remove(context.api, explorer.source, kind, id, rev, context.signal).catch((error) => {
        if (error.status !== 412) throw error
        explorer.select(id) // reads it anew
        throw Object.assign(error, { message: `Somebody changed ${visible(id)} meanwhile; nothing was removed`, next: 'Look at what it is now, then remove it again.' })
      })
      if (kind === 'vertex' && !whole) explorer.lose(id)
      else explorer.remove(kind, id)
      context.toast('good', `${visible(id)} was removed.`)
    })
  }

  close() {
    this.tabs.destroy()
    this.mover.destroy()
  }
}
