// The story as a card: three steps with a button each, and the document at
// both ends as it is there now.

import { h } from '../../app/dom.js'
import { aborted, segment } from '../../app/api.js'
import { short, time, visible } from '../../app/text.js'
import { Story, collection, pickEnds, whyNoStory } from './story.js'
import { placeName } from './words.js'
import { flag, mark, say, show } from './paint.js'

const order = ['cut', 'write', 'heal', 'done']
const store = 'selvedge.planet.hint'
const left = 'selvedge.planet.left'

/** The card of the first visit. */
export function hintCard({ start, dismiss }) {
  const node = h('section', { class: 'card planet-hint', 'aria-label': 'A first thing to try', data: { testid: 'planet-hint' } },
    h('div', { class: 'grow' }, h('p', null, h('strong', null, 'Cut a link, edit one document at both ends, heal: watch the merge')),
      h('p', { class: 'muted' }, 'Three steps, one minute. Links of this planet are there to be cut.')),
    h('div', { class: 'toolbar' },
      h('button', { class: 'button primary', type: 'button', data: { testid: 'planet-story-start' }, onclick: start }, 'Show me'),
      h('button', { class: 'button quiet', type: 'button', data: { testid: 'planet-hint-dismiss' }, onclick: () => { remember(); node.remove(); dismiss() } }, 'Not now')))
  return node
}

export function wasDismissed() {
  try {
    return localStorage.getItem(store) === 'seen'
  } catch {
    return false
  }
}

export function remember() {
  try {
    localStorage.setItem(store, 'seen')
  } catch {
    // Without storage the card comes again at the next visit.
  }
}

/** The cuts [from, to] of a story in whose middle the page was loaded anew, told once; else null. */
export function cutsLeft() {
  try {
    const was = JSON.parse(sessionStorage.getItem(left))
    sessionStorage.removeItem(left)
    return Array.isArray(was) ? was : null
  } catch {
    return null
  }
}

export class StoryView {
  /** tools: {model, context, bender, choose, close}. */
  constructor(tools) {
    this.tools = tools
    this.node = h('section', { class: 'card planet-story col', 'aria-label': 'Cut, write, heal', data: { testid: 'planet-story' } })
    this.hide = () => this.hidden()
    addEventListener('pagehide', this.hide)
    this.begin()
  }

  begin() {
    const before = this.story
    before?.stop()
    this.story = null
    const why = whyNoStory(this.tools.model)
    const ends = why ? null : pickEnds(this.tools.model, this.tools.context.location)
    if (!ends) {
      this.node.replaceChildren(this.head('Cut, write, heal'), h('p', { class: 'empty' }, why ?? 'Two locations that are up are needed.'))
      return
    }
    this.story = new Story(this.tools, ends, () => this.update(), before)
    this.build(ends)
    this.update()
    this.story.watch()
  }

  head(title) {
    this.heading = h('h2', { class: 'grow', tabindex: '-1' }, title)
    return h('header', { class: 'row' }, this.heading, h('button', { class: 'button quiet', type: 'button', data: { testid: 'planet-story-close' }, onclick: () => this.close() }, 'Close'))
  }

  build([near, far]) {
    this.met = false
    const names = [placeName(near), placeName(far)]
    this.greetings = [near, far].map((one, end) => h('input', { type: 'text', value: `Hello from ${one.city || one.name}`, maxlength: '200', 'aria-label': visible(`Greeting written at ${names[end]}`), data: { testid: `planet-story-greeting-${end + 1}` } }))
    this.steps = {
      cut: this.step('1', `Cut off ${names[1]}`, 'It loses its links to all others, for entries find their way around a single cut. Both sides go on reading and writing.', 'Cut', () => this.story.cutOff()),
      write: this.step('2', 'Write at both ends', 'Each end writes a field of its own, and both write the same field: the greeting.', 'Write', () => this.story.writeBoth(this.greetings.map((input) => input.value))),
      heal: this.step('3', 'Heal', 'Both sides send what the other missed. Different fields are joined; of the same field the later write is kept and the other one is noted as a conflict.', 'Heal', () => this.story.heal()),
    }
    this.problem = h('p', { class: 'error', role: 'alert', hidden: true, data: { testid: 'planet-story-error' } })
    this.sides = [0, 1].map((end) => this.side(end, names[end]))
    this.verdict = h('p', { class: 'planet-verdict', role: 'status', data: { testid: 'planet-story-verdict' } })
    this.outcome = h('div', { class: 'col', data: { testid: 'planet-story-conflict' }, hidden: true })
    this.node.replaceChildren(this.head('Cut, write, heal'), h('ol', { class: 'planet-steps' }, ...order.slice(0, 3).map((name) => this.steps[name].node)), this.problem,
      this.verdict, this.outcome, h('div', { class: 'planet-sides' }, ...this.sides.map((side) => side.node)))
  }

  step(number, title, text, action, run) {
    const button = h('button', { class: 'button', type: 'button', data: { testid: `planet-story-${action.toLowerCase()}` }, onclick: () => this.act(button, run) }, action)
    const node = h('li', null, h('strong', null, visible(`${number}. ${title}`)), h('p', { class: 'muted' }, text), button)
    return { node, button }
  }

  side(end, name) {
    const lines = h('div', { class: 'mono planet-document', role: 'region', tabindex: '0', 'aria-label': visible(`The letter at ${name}`), data: { testid: `planet-story-side-${end + 1}` } })
    const field = h('label', { class: 'field' }, h('span', null, 'Greeting to write here'), this.greetings[end])
    const title = h('h3')
    const node = h('div', { class: 'col' }, title, lines, field)
    return { node, title, lines, field, name }
  }

  async act(button, run) {
    if (this.busy) return
    this.busy = true
    show(this.problem, false)
    mark(button, 'aria-busy', 'true')
    this.update()
    try {
      await run()
      this.after()
    } catch (error) {
      if (!aborted(error)) {
        say(this.problem, visible(`${error.message}. ${error.next ?? ''}`))
        show(this.problem, true)
      }
    } finally {
      this.busy = false
      mark(button, 'aria-busy', null)
      this.update()
    }
  }

  after() {
    const next = this.steps[this.story.step]
    this.update()
    next?.button.focus()
    if (this.story.step === 'write') this.tools.choose({ location: this.story.ends[1].name }, { quiet: true })
    if (this.story.step !== 'done') return
    remember()
    this.sides[0].lines.focus({ preventScroll: true }) // no step is left
    this.showMerged()
  }

  showMerged() {
    this.met = true
    this.sides[0].lines.scrollIntoView({ block: 'nearest' })
  }

  update() {
    const { story } = this
    if (!story) return
    const at = order.indexOf(story.step)
    order.slice(0, 3).forEach((name, i) => {
      const { node, button } = this.steps[name]
      mark(node, 'data-phase', i < at ? 'done' : i === at ? 'now' : 'later')
      mark(node, 'aria-current', i === at ? 'step' : null)
      flag(button, 'primary', i === at)
      button.disabled = i !== at || Boolean(this.busy)
    })
    for (const side of this.sides) {
      show(side.field, at < 2)
      say(side.title, visible(`${collection}/${story.key} at ${side.name}`))
    }
    this.drawSides()
    say(this.verdict, this.words())
    this.drawOutcome()
    if (at === 3 && !this.met) this.showMerged()
  }

  words() {
    const { story } = this
    const both = story.documents.every((one) => one?.revision)
    if (story.step === 'cut') return this.busy ? 'Writing the letter, and cutting once both ends have it.' : ''
    if (story.step === 'write') return 'Cut. Both ends show the same letter, and neither hears of the other now.'
    if (story.step === 'heal') return this.busy ? 'Healing; the two meet.' : both && !story.same() ? 'Two truths: the ends show different letters.' : ''
    return 'Merged: both ends show the same letter, with the fields of both.'
  }

  drawSides() {
    const lines = this.story.documents.map((one) => linesOf(one))
    this.sides.forEach((side, end) => {
      const other = new Set(lines[1 - end])
      const words = lines[end].join('\n') + [...other].join('\n')
      if (side.words === words) return
      side.words = words
      side.lines.replaceChildren(...lines[end].map((line) => h('div', { class: other.size > 0 && !other.has(line) ? 'planet-differs' : '' }, visible(line))))
    })
  }

  drawOutcome() {
    const { story } = this
    const shown = story.step === 'done'
    show(this.outcome, shown)
    const state = shown ? (story.conflict ? 'found' : 'searching') : ''
    if (this.drawn === state || !shown) return
    this.drawn = state
    const { navigate } = this.tools.context
    const c = story.conflict
    const side = (one) => (one ? `${JSON.stringify(one.value) ?? 'removed'} from ${one.location}` : '')
    this.outcome.replaceChildren(
      c ? h('p', null, visible(short(`The conflict, kept in the feed: of ${(Array.isArray(c.path) ? c.path.join('.') : c.path) || 'greeting'} ${side(c.kept)} was kept, ${side(c.lost)} was not (${c.reason}, found ${time(c.at)}).`, 900)))
        : h('p', { class: 'muted' }, 'Looking for the conflict in the feed.'),
      h('div', { class: 'toolbar' },
        h('button', { class: 'button', type: 'button', data: { testid: 'planet-story-data' }, onclick: () => navigate('data', [collection, story.key]) }, 'Open the letter'),
        h('button', { class: 'button', type: 'button', data: { testid: 'planet-story-again' }, onclick: () => this.begin() }, 'Again'),
        h('button', { class: 'button', type: 'button', data: { testid: 'planet-story-clean' }, onclick: (event) => this.clean(event.target) },
          story.made ? `Remove the collection ${collection}` : 'Remove the letter')))
  }

  async clean(button) {
    await this.act(button, () => this.story.cleanUp())
    if (this.problem.hidden) this.tools.close()
  }

  /** Closing in the middle leaves no cut of the story behind. */
  async close() {
    const { story, tools } = this
    if (story && story.cut.length > 0) {
      const heal = await tools.context.confirm({ title: 'Heal before closing', body: visible(`${placeName(story.ends[1])} is still cut off by this story. Its links are healed when you close.`), action: 'Heal and close' })
      if (!heal) return
      try {
        await tools.bender.setState(story.cut, 'up', visible(`Healed the links of ${story.ends[1].name}`))
        story.cut = []
      } catch (error) {
        if (!aborted(error)) tools.context.toast('bad', visible(`${error.message}. ${error.next ?? ''}`))
        return
      }
    }
    tools.close()
  }

  /** The tab is closed or loaded anew: that ends the story. */
  hidden() {
    if (this.story?.cut.length > 0) {
      try {
        sessionStorage.setItem(left, JSON.stringify(this.story.cut.map(({ from, to }) => [from, to])))
      } catch {
        // Then nobody is told of it after the page was loaded anew.
      }
    }
    this.tools.close()
  }

  // Whoever goes to another page, or closes the tab, leaves no cuts of the story
  // behind. The requests outlive the page.
  destroy() {
    removeEventListener('pagehide', this.hide)
    const { story, tools } = this
    story?.stop()
    if (!story?.cut.length) return
    const heal = ({ from, to }) => tools.context.api.call('PUT', `/mesh/links/${segment(from)}/${segment(to)}`, { body: { state: 'up' }, keepalive: true, renew: false })
    Promise.all(story.cut.map(heal)).then(
      () => tools.context.toast('good', 'The story was left; its links are healed'),
      () => tools.context.toast('bad', 'The story was left, and not all of its links could be healed. Heal all links on the Planet page.'))
  }
}

function linesOf(one) {
  if (!one) return ['not there']
  if (one.problem) return [`cannot be read: ${one.problem.message}`]
  const { value } = one
  const names = Object.keys(value).filter((name) => name !== '_id' && name !== '_key')
  return names.map((name) => short(`${name}: ${JSON.stringify(value[name])}`, 400))
}

