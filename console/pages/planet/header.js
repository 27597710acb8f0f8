// The line above the map: the planet in five figures, what can be done with
// all of it, and what was done last, with the way back.

import { h } from '../../app/dom.js'
import { ms, visible } from '../../app/text.js'
import { isPaused, isReduced, pause } from './motion.js'
import { meanings, perSecond } from './words.js'
import { flag, mark, say, show } from './paint.js'

export class Header {
  /** tools: {edit, story, healAll, whyNotEdit}. */
  constructor({ edit, story, healAll, whyNotEdit }) {
    this.values = {}
    const figure = (name, label, meaning = null) => {
      const value = h('dd', { data: { testid: `planet-${name}` } }, '–')
      this.values[name] = value
      return h('div', { title: meaning }, h('dt', null, label), value)
    }
    this.figures = h('dl', { class: 'planet-figures' }, figure('up', 'Locations up'), figure('writes', 'Writes', meanings.writes), figure('arrivals', 'Arrivals', meanings.arrivals),
      figure('worst', 'Worst lag'), figure('troubles', 'Links in trouble'))
    this.heal = h('button', { class: 'button', type: 'button', hidden: true, data: { testid: 'planet-heal-all' }, onclick: () => this.healing(healAll) }, 'Heal all links')
    this.story = h('button', { class: 'button', type: 'button', hidden: true, data: { testid: 'planet-story-open' }, onclick: story }, 'Cut, write, heal')
    this.edit = h('button', { class: 'button', type: 'button', data: { testid: 'planet-edit' }, disabled: Boolean(whyNotEdit), title: whyNotEdit, onclick: edit }, 'Edit locations')
    this.why = whyNotEdit ? h('span', { class: 'sr-only' }, whyNotEdit) : null
    this.motion = h('button', { class: 'button quiet', type: 'button', data: { testid: 'planet-motion' }, hidden: isReduced(), onclick: () => this.toggleMotion() }, motionWords())
    this.last = h('div', { class: 'planet-last row', hidden: true, data: { testid: 'planet-last' } })
    this.node = h('header', { class: 'planet-head col' },
      h('div', { class: 'planet-head-line' }, h('h1', { class: 'sr-only' }, 'Planet'), this.figures, h('div', { class: 'toolbar' }, this.heal, this.story, this.edit, this.why, this.motion)), this.last)
  }

  update(model) {
    const t = model.totals
    say(this.values.up, `${t.up} of ${t.members}${t.apart > 0 ? `, ${t.apart} not reached` : ''}`)
    say(this.values.writes, perSecond(t.writes))
    say(this.values.arrivals, perSecond(t.arrivals))
    say(this.values.worst, ms(t.lagMs))
    say(this.values.troubles, String(t.trouble))
    flag(this.values.up, 'planet-bad', t.up < t.members)
    flag(this.values.troubles, 'planet-bad', t.trouble > 0)
    show(this.story, model.dev)
    show(this.heal, model.dev && hasCut(model))
  }

  async healing(healAll) {
    if (this.heal.disabled) return
    this.heal.disabled = true
    mark(this.heal, 'aria-busy', 'true')
    await healAll()
    mark(this.heal, 'aria-busy', null)
    this.heal.disabled = false
  }

  toggleMotion() {
    pause(!isPaused())
    say(this.motion, motionWords())
  }

  /** Says what was done; undo, when there is one, is offered until the next thing is done. */
  done(text, undo) {
    const take = undo && h('button', { class: 'button quiet', type: 'button', data: { testid: 'planet-undo' }, onclick: async () => {
      take.disabled = true
      await undo()
      take.disabled = false
    } }, 'Undo')
    const away = h('button', { class: 'button quiet', type: 'button', 'aria-label': 'Dismiss', onclick: () => show(this.last, false) }, 'Dismiss')
    this.last.replaceChildren(h('span', { class: 'grow' }, visible(text)), ...(take ? [take] : []), away)
    show(this.last, true)
  }

  focusStory() {
    if (!this.story.hidden) this.story.focus()
  }
}

function motionWords() {
  return isPaused() ? 'Resume motion' : 'Pause motion'
}

function hasCut(model) {
  for (const pair of model.pairs.values()) if (pair.look === 'cut' || pair.look === 'forward' || pair.look === 'back') return true
  return false
}
