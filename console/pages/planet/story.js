// The story of the first five minutes, really done: one location is cut off,
// a document is written at both ends, the cut is healed, the two merge. Here
// are its steps; storyview.js shows them.

import { aborted, segment } from '../../app/api.js'
import { each, directions, settingsOf } from './bend.js'
import { kilometres } from './arc.js'
import { consoleOf } from './words.js'

export const collection = 'hello'
const firstKey = 'letter'
const mostLetters = 1000

const patienceMs = 30_000
const pollMs = 300

/** Why the story cannot be told on this planet now, or null. */
export function whyNoStory(model) {
  if (!model.dev) return 'The links of this planet are real and cannot be cut from here. On a planet of selvedge dev they can.'
  if (model.members().filter((one) => one.look === 'up').length < 2) return 'Two locations that are up are needed.'
  return null
}

/** The location that serves the page, and the one that is farthest from it. */
export function pickEnds(model, here) {
  const up = model.members().filter((one) => one.look === 'up' && consoleOf(one.url))
  const near = up.find((one) => one.name === here) ?? up[0]
  const far = up.filter((one) => one !== near).sort((p, q) => kilometres(near, q) - kilometres(near, p))[0]
  return far ? [near, far] : null
}

/** A field name of its own for each end. */
export function fieldOf(location) {
  return `seen_at_${location.name}`
}

export class Story {
  /** tools: {model, context, bender}; changed is called after every change. before is the story that this one is told after. */
  constructor(tools, ends, changed, before = null) {
    this.tools = tools
    this.ends = ends
    this.changed = changed
    this.apis = ends.map((one) => (one.name === tools.context.location ? tools.context.api : tools.context.api.at(one.url)))
    this.documents = [null, null] // what each end shows: {text, revision} or {problem}
    this.step = 'cut' // the one to do next: cut, write, heal, done
    this.made = before?.made ?? false // the collection is of a story
    this.key = before?.key ?? firstKey
    this.mine = before?.mine ?? false // and so is the letter
    this.written = false // there is a letter to read
    this.cut = []
    this.conflict = null
    this.began = 0
    this.stopped = new AbortController()
    this.signal = AbortSignal.any([tools.context.signal, this.stopped.signal])
  }

  async call(end, method, path, options = {}) {
    return this.apis[end].call(method, path, { signal: this.signal, timeout: 15_000, ...options })
  }

  /** Makes the collection and the document, waits until both ends have it, and cuts the far end off. */
  async cutOff() {
    await this.makeCollection()
    await this.writeLetter()
    this.written = true
    await this.until('both ends have the letter', () => this.same())
    const [, far] = this.ends
    this.cut = this.tools.model.pairsOf(far.name).flatMap((pair) => directions(pair)).filter((one) => settingsOf(one.way).state !== 'cut')
    await this.tools.bender.setState(this.cut, 'cut', `Cut off ${far.name} from all others`)
    this.step = 'write'
    this.changed()
  }

  async makeCollection() {
    try {
      await this.call(0, 'POST', '/collection', { body: { name: collection, type: 2 } })
      this.made = true
    } catch (error) {
      if (error.status !== 409) throw error // it is there from before
    }
    await this.until('both ends have the collection', async () => {
      for (const end of [0, 1]) await this.call(end, 'GET', `/collection/${collection}`)
      return true
    })
  }

  /** A letter that no story wrote is somebody's own: it stays, and the story takes another key. */
  async writeLetter() {
    for (let n = 1; ; n++) {
      if (!this.mine) this.key = n === 1 ? firstKey : `${firstKey}-${n}`
      try {
        await this.call(0, 'POST', `/document/${collection}`, { query: { overwriteMode: this.mine ? 'replace' : 'conflict' }, body: { _key: this.key, greeting: 'Hello' } })
        this.mine = true
        return
      } catch (error) {
        if (this.mine || error.status !== 409 || n === mostLetters) throw error
      }
    }
  }

  /** One field of its own at each end, and one field that both write. */
  async writeBoth(greetings) {
    this.began = Date.now() - 1_000
    await each([0, 1], (end) => this.call(end, 'PATCH', `/document/${collection}/${this.key}`, {
      body: { greeting: greetings[end], [fieldOf(this.ends[end])]: true },
    }))
    await this.read()
    this.step = 'heal'
    this.changed()
  }

  /** Takes back the cuts of this story, and waits until both ends show the same. */
  async heal() {
    await this.tools.bender.setState(this.cut, 'up', `Healed the links of ${this.ends[1].name}`)
    this.cut = []
    const fields = this.ends.map(fieldOf)
    await this.until('both ends show the same', () => this.same() && fields.every((name) => this.documents[0].value?.[name]))
    this.step = 'done'
    this.changed()
    await this.findConflict()
  }

  async findConflict() {
    await this.until('the conflict is in the feed', async () => {
      for (const end of [0, 1]) {
        const feed = await this.call(end, 'GET', '/conflicts', { query: { collection, limit: 1000 } })
        const found = (feed.result ?? []).filter((one) => one.key === this.key && one.at >= this.began).at(-1)
        if (found) {
          this.conflict = found
          return true
        }
      }
      return false
    })
    this.changed()
  }

  same() {
    const [a, b] = this.documents
    return Boolean(a?.revision) && a.revision === b?.revision
  }

  /** Reads the document at both ends. */
  async read() {
    await Promise.all([0, 1].map(async (end) => {
      try {
        const text = await this.call(end, 'GET', `/document/${collection}/${this.key}`, { raw: true })
        const value = JSON.parse(text)
        this.documents[end] = { text, value, revision: value._rev }
      } catch (error) {
        if (this.signal.aborted) return
        this.documents[end] = error.status === 404 ? null : { problem: error }
      }
    }))
    this.changed()
  }

  async until(what, check) {
    const end = performance.now() + patienceMs
    for (;;) {
      if (this.written) await this.read()
      this.signal.throwIfAborted()
      let failure = null
      try {
        if (await check()) return
      } catch (error) {
        if (aborted(error)) throw error
        failure = error
      }
      if (performance.now() > end) throw failure ?? Object.assign(new Error(`after ${patienceMs / 1000} s it is not so yet that ${what}`), { next: 'See the links in trouble: is one cut that should not be? Then try again.' })
      await this.rest(pollMs)
    }
  }

  rest(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.signal.addEventListener('abort', () => { clearTimeout(timer); resolve() }, { once: true })
    })
  }

  /** Reads on while somebody watches. */
  async watch() {
    while (!this.signal.aborted) {
      if (!document.hidden && this.written) await this.read()
      await this.rest(1_000)
    }
  }

  /** Leaves nothing behind: the collection, or only the letter when the collection was there before. */
  async cleanUp() {
    const path = this.made ? `/collection/${collection}` : `/document/${segment(collection)}/${this.key}`
    try {
      await this.call(0, 'DELETE', path)
    } catch (error) {
      if (error.status !== 404) throw error
    }
  }

  stop() {
    this.stopped.abort()
  }
}
