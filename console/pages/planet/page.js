// The Planet page: what the planet does, as it does it. This module brings the
// parts together: states and moves come in from the stream, one thing is
// selected at a time, and each part is told only what changed.

import { h } from '../../app/dom.js'
import { worldMap } from '../../app/map.js'
import { aborted } from '../../app/api.js'
import { busy, failure } from '../../app/states.js'
import { plural, visible } from '../../app/text.js'
import { Bender } from './bend.js'
import { EditPanel, whyNotEdit } from './edit.js'
import { Header } from './header.js'
import { LinkPanel } from './linkpanel.js'
import { Lines } from './lines.js'
import { LocationPanel } from './locationpanel.js'
import { MapView } from './mapview.js'
import { PlanetModel, pairKey } from './model.js'
import { NotableList, Notables } from './notables.js'
import { Overview } from './overview.js'
import { StoryView, hintCard, cutsLeft, remember, wasDismissed } from './storyview.js'
import { legend } from './legend.js'
import { flag, show } from './paint.js'

export const title = 'Planet'

const healingMs = 3_000 // for the requests of a page that was left to arrive

// The last ten minutes outlive a look at another page.
let remembered = null

export function mount(root, context) {
  const page = new PlanetPage(root, context)
  page.start()
  return { unmount: () => page.destroy(), changed: (route) => page.routed(route) }
}

class PlanetPage {
  constructor(root, context) {
    this.root = root
    this.context = context
    if (remembered?.fabric !== context.fabric || remembered.user !== context.user || remembered.tenant !== context.tenant) {
      remembered = Object.assign(new PlanetModel(context.fabric), { user: context.user, tenant: context.tenant })
    }
    this.model = remembered
    this.selection = null
    this.ending = []
    this.pending = null
    this.heard = false // a state has come since this page was opened
    this.notables = new Notables()
    this.bender = new Bender(context.api, context.signal, (text, undo) => this.changed(text, undo))
  }

  start() {
    this.build()
    this.openMap()
    this.left = cutsLeft()
    this.leftUntil = performance.now() + healingMs
    const { live } = this.context
    this.ending.push(live.subscribe('state', (state) => this.take(state)))
    // When the last state came at once, nobody knows how old it is: the next one begins the rates anew.
    if (this.heard) this.model.seconds = NaN
    this.ending.push(
      live.subscribe('travel', (travel) => this.view?.travel(travel.moves ?? [])),
      live.subscribe('notable', (one) => this.notables.add([one], this.context.location)),
      live.subscribe('connection', (connection) => this.connected(connection)))
    this.loadNotables()
    const visibility = () => !document.hidden && this.draw(null)
    document.addEventListener('visibilitychange', visibility)
    this.ending.push(() => document.removeEventListener('visibilitychange', visibility))
  }

  build() {
    const { context } = this
    this.header = new Header({
      edit: () => this.edit(), story: () => this.tell(), healAll: () => this.healAll(), whyNotEdit: whyNotEdit(context.fabric),
    })
    this.place = h('div', { class: 'planet-map', data: { testid: 'planet-map' } }, busy('Loading the map'))
    this.side = h('aside', { class: 'card planet-side', 'aria-label': 'Details' }, busy('Waiting for the first report of the planet'))
    this.lines = new Lines()
    this.storyPlace = h('div', { class: 'planet-story-place' })
    this.list = new NotableList(this.notables, { choose: (what) => this.choose(what), retry: () => this.loadNotables() })
    this.lost = h('div', { class: 'planet-lost', role: 'status', hidden: true, data: { testid: 'planet-lost' } })
    this.body = h('div', { class: 'planet' }, this.header.node, this.lost,
      h('div', { class: 'planet-grid' },
        h('div', { class: 'planet-main col' }, h('figure', { class: 'card planet-figure' }, this.place, legend()), this.storyPlace, this.lines.node, this.list.node),
        this.side))
    this.body.addEventListener('keydown', (event) => this.pressed(event))
    this.root.append(this.body)
  }

  async openMap() {
    try {
      const stage = h('div', { class: 'planet-stage' })
      this.place.replaceChildren(stage)
      const map = await worldMap(stage, { label: 'Map of the world' })
      if (this.context.signal.aborted) {
        map.destroy()
        return
      }
      this.map = map
      this.view = new MapView(stage, map, { choose: (what) => this.picked(what) })
      if (this.heard) this.view.update(this.model, null)
      this.view.select(this.selection)
    } catch (error) {
      if (aborted(error) || this.context.signal.aborted) return
      this.place.replaceChildren(failure(Object.assign(new Error(`The map could not be drawn: ${error.message}`), { next: 'The list beside it shows the same. Try again, or load the page anew.' }), () => this.openMap()))
    }
  }

  async loadNotables() {
    try {
      await this.notables.load(this.context.api, this.context.location, this.context.signal)
      this.list.well()
    } catch (error) {
      this.list.fail(error)
    }
  }

  take(state) {
    const change = this.model.apply(state, performance.now() / 1000)
    const first = !this.heard
    this.heard = true
    if (this.left) this.tellLeft(this.left)
    if (first) {
      this.routed(this.context.route)
      this.offerHint()
    }
    if (document.hidden) return
    this.draw(first ? null : change)
  }

  // A page that is left asks for its cuts to be healed and hears of it no more: what became of it is seen here.
  tellLeft(cuts) {
    const still = cuts.filter(([from, to]) => {
      const pair = this.model.pairs.get(pairKey(from, to))
      return (pair?.a === from ? pair.forward : pair?.back)?.state === 'cut'
    }).length
    if (still > 0 && performance.now() < this.leftUntil) return
    this.left = null
    this.header.done(still === 0 ? 'The page was left in the middle of the story; its links were healed.'
      : `The page was left in the middle of the story, and ${plural(still, 'link')} that it cut ${still === 1 ? 'is' : 'are'} still cut. Heal all links takes the cuts back.`, null)
  }

  // The map in the next frame, the rest after it: no frame has to do all.
  draw(change) {
    if (!this.heard) return
    if (this.pending) {
      this.pending = merge(this.pending, change)
      return
    }
    this.pending = merge({ shape: false, links: false, locations: new Set(), pairs: new Set() }, change)
    requestAnimationFrame(() => {
      const due = this.pending
      this.pending = null
      if (this.context.signal.aborted) return
      this.view?.update(this.model, due)
      setTimeout(() => this.drawRest(), 0)
    })
  }

  drawRest() {
    if (this.context.signal.aborted) return
    this.header.update(this.model)
    if (this.missing()) this.choose(null)
    this.panel?.update()
    this.story?.update()
    this.lines.push(this.model)
  }

  // What was selected may be gone.
  missing() {
    const s = this.selection
    return Boolean(s) && !this.editing && !(s.location ? this.model.locations.has(s.location) : this.model.pairs.has(s.link))
  }

  connected(connection) {
    // That the location does not answer is said by the frame; a refusal is final.
    const refused = connection.state === 'refused'
    const well = connection.state === 'open' || connection.state === 'none'
    flag(this.body, 'planet-stale', !well)
    show(this.lost, refused)
    if (well) return
    if (refused) this.refused(connection.error)
    if (this.editing) this.panel.lost()
  }

  refused(error) {
    const again = () => this.context.live.use?.(this.context.api)
    this.lost.replaceChildren(failure(error, again))
    if (!this.heard) this.side.replaceChildren(h('p', { class: 'empty' }, 'Nothing is known of the planet yet.'))
  }

  /** Something picked on the map. */
  picked(what) {
    if (this.editing) {
      if (what?.location) this.panel.toggle(what.location)
      return
    }
    this.choose(what, { stay: true })
    // In one column the details are below the map.
    if (what && matchMedia('(max-width: 1000px)').matches) this.side.scrollIntoView({ block: 'nearest' })
  }

  /** Selects {location} or {link} or null; stay leaves the keyboard where it is, quiet says nothing. */
  choose(what, { stay = false, quiet = false } = {}) {
    if (this.editing) return
    const before = this.selection
    this.select(what)
    const query = what?.location ? { location: what.location } : what?.link ? { link: what.link.replace('|', ',') } : {}
    this.context.navigate('planet', [], query, { replace: !what || Boolean(before) }) // the way back leads to all
    if (quiet) return
    if (!stay) {
      if (what) this.panel?.heading.focus()
      else this.panel?.focus?.(before?.location)
    }
    if (what) this.context.announce(visible(what.location ? `${what.location} selected` : `link ${what.link.replace('|', ' to ')} selected`))
  }

  select(what) {
    if (this.panel && same(what, this.selection)) return
    this.selection = what
    this.open(this.panelOf(what))
    this.view?.select(this.selection)
    const pair = what?.link ? this.model.pairs.get(what.link) : null
    if (pair) pair.followed = true
    this.lines.select(this.model, what)
  }

  panelOf(what) {
    const tools = {
      model: this.model, bender: this.bender, context: this.context, notables: this.notables,
      choose: (next, how) => this.choose(next, how), close: () => this.choose(null),
    }
    const pair = what?.link ? this.model.pairs.get(what.link) : null
    if (pair) return new LinkPanel(pair, tools)
    const one = what?.location ? this.model.locations.get(what.location) : null
    if (one) return new LocationPanel(one, tools)
    this.selection = null
    return new Overview(tools)
  }

  open(panel) {
    this.panel?.destroy()
    this.panel = panel
    this.side.replaceChildren(panel.node)
    this.side.scrollTop = 0
  }

  routed(route) {
    if (!this.heard || this.editing) return
    const location = route.query.get('location')
    const [a, b] = (route.query.get('link') ?? '').split(',')
    const what = location && this.model.locations.has(location) ? { location }
      : b && this.model.pairs.has(pairKey(a, b)) ? { link: pairKey(a, b) } : null
    this.select(what)
  }

  pressed(event) {
    if (event.key !== 'Escape' || event.defaultPrevented) return
    if (this.editing) this.endEdit()
    else if (this.selection) this.choose(null, { stay: !this.side.contains(document.activeElement) })
    else return
    event.preventDefault()
  }

  edit() {
    if (!this.heard || this.editing) return
    this.select(null)
    this.editing = true
    const panel = new EditPanel({
      model: this.model, context: this.context, paint: (choices) => this.view?.edit(choices), close: () => this.endEdit(),
    })
    this.open(panel)
    panel.heading.focus()
  }

  endEdit() {
    this.editing = false
    this.open(this.panelOf(null))
    this.panel.heading.focus()
  }

  async healAll() {
    try {
      await this.bender.healAll(this.model)
    } catch (error) {
      if (!aborted(error)) this.context.toast('bad', visible(`${error.message}. ${error.next ?? ''}`))
    }
  }

  /** What was done to links, with the way back. */
  changed(text, undo) {
    const guarded = undo && (async () => {
      try {
        await undo()
      } catch (error) {
        if (!aborted(error)) this.context.toast('bad', visible(`It could not be taken back: ${error.message}. ${error.next ?? ''}`))
      }
    })
    this.header.done(visible(text), guarded)
    this.context.announce(visible(text))
  }

  offerHint() {
    if (!this.model.dev || wasDismissed() || this.hint) return
    this.hint = hintCard({ start: () => this.tell(), dismiss: () => this.header.focusStory() })
    if (!this.story) this.storyPlace.replaceChildren(this.hint)
  }

  tell() {
    this.hint?.remove()
    remember()
    if (!this.heard) return
    if (!this.story) {
      this.story = new StoryView({
        model: this.model, context: this.context, bender: this.bender,
        choose: (what, how) => this.choose(what, how), close: () => this.endStory(),
      })
      this.storyPlace.replaceChildren(this.story.node)
    }
    this.story.heading.focus()
    this.story.node.scrollIntoView({ block: 'nearest' })
  }

  endStory() {
    this.story?.destroy()
    this.story = null
    this.storyPlace.replaceChildren()
    this.header.focusStory()
  }

  destroy() {
    for (const end of this.ending) end()
    this.story?.destroy()
    this.panel?.destroy()
    this.list.stop()
    this.lines.destroy()
    this.view?.destroy()
    this.map?.destroy()
  }
}

function same(a, b) {
  return (a?.location ?? null) === (b?.location ?? null) && (a?.link ?? null) === (b?.link ?? null)
}

// Changes that wait for one frame are drawn together; null draws all.
function merge(one, other) {
  if (!one || !other) return null
  for (const location of other.locations) one.locations.add(location)
  for (const pair of other.pairs) one.pairs.add(pair)
  one.shape ||= other.shape
  one.links ||= other.links
  return one
}
