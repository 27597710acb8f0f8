// Where a fabric lives, changed by picking on the map. What is picked is only
// a plan until it is confirmed; afterwards the panel follows the members until
// they are as planned.

import { h } from '../../app/dom.js'
import { aborted, segment } from '../../app/api.js'
import { plural, visible } from '../../app/text.js'
import { sign } from './marks.js'
import { paged } from './paged.js'
import { consoleOf, placeName } from './words.js'
import { say, show } from './paint.js'

const patienceMs = 60_000

/** Why the locations of this fabric cannot be changed here, or null. */
export function whyNotEdit(fabric) {
  return fabric === '_system' ? 'The fabric _system lives at every location. Choose another fabric at the top to change where it lives.' : null
}

export class EditPanel {
  /** tools: {model, context, paint(choices or null), close}. */
  constructor(tools) {
    this.tools = tools
    this.before = new Set(tools.model.members().map((one) => one.name))
    this.wanted = new Set(this.before)
    this.phase = 'choose'
    this.build()
    this.update()
  }

  build() {
    const { context, close } = this.tools
    const rows = h('ul', { class: 'planet-locations', data: { testid: 'planet-edit-list' } })
    this.list = paged(rows, { size: 20, noun: 'location', testid: 'planet-edit', key: (one) => one.name, make: (one) => this.row(one), update: (row, one) => row.refresh(one) })
    this.heading = h('h2', { tabindex: '-1', class: 'grow' }, visible(`Locations of ${context.fabric}`))
    this.summary = h('div', { class: 'col', role: 'status', data: { testid: 'planet-edit-summary' } })
    this.problem = h('p', { class: 'error', role: 'alert', hidden: true })
    this.confirm = h('button', { class: 'button primary', type: 'button', data: { testid: 'planet-edit-confirm' }, onclick: () => this.ask() }, 'Change locations')
    this.cancel = h('button', { class: 'button', type: 'button', data: { testid: 'planet-edit-cancel' }, onclick: close }, 'Cancel')
    this.node = h('section', { class: 'planet-panel col', 'aria-label': 'Edit locations', data: { testid: 'planet-edit-panel' } },
      h('header', { class: 'row' }, this.heading),
      h('p', { class: 'muted' }, 'Pick locations on the map or in the list. Nothing changes before you confirm.'),
      rows, this.list.nav, this.summary, this.problem, h('div', { class: 'toolbar' }, this.confirm, this.cancel))
  }

  row(one) {
    const box = h('input', { type: 'checkbox', data: { testid: `planet-edit-${one.name}` }, onchange: () => this.toggle(one.name) })
    const note = h('span', { class: 'muted' })
    const row = h('li', null, h('label', { class: 'planet-row' }, box, sign('up'), h('span', { class: 'grow planet-row-name' }, placeName(one)), note))
    row.refresh = (now) => {
      const picture = row.querySelector('.planet-sign')
      picture.dataset.look = this.choiceOf(now.name)
      if (box.checked !== this.wanted.has(now.name)) box.checked = this.wanted.has(now.name)
      box.disabled = this.phase !== 'choose' || Boolean(this.lock(now.name))
      say(note, this.lock(now.name) ?? this.change(now.name))
    }
    return row
  }

  /** Why a location has to stay. */
  lock(name) {
    if (this.tools.model.state?.anchor === name) return 'anchor, stays'
    return null
  }

  change(name) {
    if (this.wanted.has(name)) return this.before.has(name) ? '' : 'is added'
    return this.before.has(name) ? 'is removed' : ''
  }

  choiceOf(name) {
    if (this.wanted.has(name)) return this.before.has(name) ? 'up' : 'joining'
    return this.before.has(name) ? 'leaving' : 'outside'
  }

  toggle(name) {
    if (this.phase !== 'choose') return
    const locked = this.lock(name)
    if (locked) {
      this.tools.context.toast('info', visible(`${name} decides on the members of this fabric and has to stay. Move the anchor first: selvedge location anchor NAME.`))
    } else if (this.wanted.has(name)) {
      this.wanted.delete(name)
    } else {
      this.wanted.add(name)
    }
    this.update()
    this.tools.context.announce(visible(`${name} ${this.wanted.has(name) ? 'chosen' : 'not chosen'}`))
  }

  difference() {
    return {
      added: [...this.wanted].filter((name) => !this.before.has(name)),
      removed: [...this.before].filter((name) => !this.wanted.has(name)),
    }
  }

  update() {
    const { model } = this.tools
    const all = [...model.locations.values()]
    this.tools.paint(new Map(all.map((one) => [one.name, this.choiceOf(one.name)])))
    this.list.set(all)
    if (this.phase === 'choose') this.updateSummary()
    else this.updateProgress()
  }

  updateSummary() {
    const { added, removed } = this.difference()
    const lines = []
    if (added.length > 0) lines.push(`Added: ${added.join(', ')}. All data of the fabric is copied there; it serves when the copy is whole.`)
    if (removed.length > 0) lines.push(`Removed: ${removed.join(', ')}. What the others have not yet is sent first, then the data there is deleted.`)
    if (this.wanted.size === 0) lines.push('A fabric lives at one location at least.')
    else if (this.wanted.size === 1) lines.push('At one location alone the fabric is lost when that location is.')
    if (lines.length === 0) lines.push('No changes so far.')
    this.write(lines)
    this.confirm.disabled = (added.length === 0 && removed.length === 0) || this.wanted.size === 0
  }

  write(lines) {
    const words = visible(lines.join('\n'))
    if (words === this.written) return
    this.written = words
    this.summary.replaceChildren(...lines.map((line) => h('p', null, visible(line))))
  }

  /** Asks until somebody agrees to, or declines, what would really be done. */
  async ask(news = '') {
    const { context } = this.tools
    const { added, removed } = this.difference()
    const parts = news ? [news] : []
    if (added.length > 0) parts.push(`All data is copied to ${added.join(', ')}.`)
    if (removed.length > 0) parts.push(`All data of the fabric at ${removed.join(', ')} is deleted there.`)
    parts.push(`It lives at ${[...this.wanted].join(', ')} then.`)
    if (removed.includes(context.location)) parts.push(`You are looking from ${context.location}: this page ends when the fabric leaves it.`)
    const agreed = await context.confirm({ title: visible(`Change where ${context.fabric} lives`), body: visible(parts.join(' ')), action: 'Change locations', danger: removed.length > 0 })
    if (agreed) await this.run()
  }

  async run() {
    const { context } = this.tools
    this.confirm.disabled = true
    show(this.problem, false)
    try {
      const present = await this.present()
      if (!same(present, this.before)) {
        this.rebase(present)
        return
      }
      await context.api.system.call('PUT', `/database/locations/${segment(context.fabric)}`, { body: { locations: [...this.wanted] }, signal: context.signal })
    } catch (error) {
      if (aborted(error)) return
      say(this.problem, visible(`${error.message}. ${error.next ?? ''}`))
      show(this.problem, true)
      this.confirm.disabled = false
      return
    }
    this.phase = 'wait'
    this.began = performance.now()
    show(this.confirm, false)
    say(this.cancel, 'Close')
    this.update()
  }

  /** Where the fabric lives now: the whole list is sent, so what others changed since must be in it. */
  async present() {
    const { context } = this.tools
    const reply = await context.api.system.call('GET', '/database/user', { signal: context.signal })
    const found = (reply.result ?? []).find((one) => one.name === context.fabric)
    if (!found) throw Object.assign(new Error(`${context.fabric} does not live at ${context.location} any more`), { next: 'Choose it again at a location where it lives.' })
    return new Set(found.options.dcList.split(',').map((name) => name.trim()).filter(Boolean))
  }

  /** Makes the same changes to the locations that the fabric has by now, and asks again. */
  rebase(present) {
    const { added, removed } = this.difference()
    this.before = present
    this.wanted = new Set([...present, ...added].filter((name) => !removed.includes(name)))
    this.update()
    const rest = this.difference()
    if (this.wanted.size > 0 && rest.added.length + rest.removed.length > 0) return this.ask(`Somebody changed it meanwhile: it lives at ${[...present].join(', ')} now.`)
    this.tools.context.toast('info', 'Somebody changed it meanwhile. Nothing was sent: see where the fabric lives now.')
  }

  updateProgress() {
    const { model, context } = this.tools
    const { added, removed } = this.difference()
    const ready = added.filter((name) => model.locations.get(name)?.look === 'up')
    const gone = removed.filter((name) => !model.locations.get(name)?.member)
    const done = ready.length + gone.length
    const whole = added.length + removed.length
    if (done === whole) {
      if (this.phase !== 'done') context.toast('good', visible(`${context.fabric} lives at ${plural(this.wanted.size, 'location')} now`))
      this.phase = 'done'
      this.write([`Done: the fabric lives at ${[...this.wanted].join(', ')}.`])
      return
    }
    const lines = [`${done} of ${whole} done.`]
    for (const name of added) if (!ready.includes(name)) lines.push(`${name}: ${model.locations.get(name)?.member ? 'is being copied' : 'joins'}`)
    for (const name of removed) if (!gone.includes(name)) lines.push(`${name}: leaves`)
    if (performance.now() - this.began > patienceMs) lines.push('This takes long. A location that is cut off or stopped joins or leaves when it is back; see the links in trouble.')
    this.write(lines)
  }

  /** The stream ended: perhaps because the fabric is no longer at the location that serves this page. */
  lost() {
    const { model, context } = this.tools
    if (this.phase !== 'wait' || this.wanted.has(context.location)) return
    const other = [...this.wanted].map((name) => model.locations.get(name)).find((one) => one && consoleOf(one.url))
    this.phase = 'done'
    this.summary.replaceChildren(h('p', null, visible(`The fabric has left ${context.location}, from where you look.`)),
      ...(other ? [h('a', { href: consoleOf(other.url), rel: 'noopener' }, visible(`Open the console of ${placeName(other)}`))] : []))
  }

  destroy() {
    this.tools.paint(null)
  }
}

function same(a, b) {
  return a.size === b.size && [...a].every((name) => b.has(name))
}
