// Bending links of a dev planet: cuts, delays, jitter, loss. Each change knows
// what was before, so that it can be taken back in one step.

import { segment } from '../../app/api.js'

const atOnce = 6 // requests; a browser opens no more connections to one place

/** The settings of one direction as they are now, in the words of the interface. */
export function settingsOf(way) {
  return {
    state: way?.state === 'cut' ? 'cut' : 'up',
    oneWayMs: way?.oneWayMs ?? 0,
    jitterMs: way?.jitterMs ?? 0,
    lossPercent: way?.lossPercent ?? 0,
  }
}

/** Both directions of a pair, or one of them, as {from, to, way}. */
export function directions(pair, which = 'both') {
  const out = []
  if (which !== 'back') out.push({ from: pair.a, to: pair.b, way: pair.forward })
  if (which !== 'forward') out.push({ from: pair.b, to: pair.a, way: pair.back })
  return out
}

/** Runs a function for each item, a few at once; fails with the first failure when all have ended. */
export async function each(items, fn) {
  const waiting = [...items]
  let failure = null
  const run = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      try {
        await fn(item)
      } catch (error) {
        failure ??= error
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, run))
  if (failure) throw failure
}

export class Bender {
  /** changed(text, undo) is told what was done; undo is null after a change that was taken back. */
  constructor(api, signal, changed) {
    this.api = api
    this.signal = signal
    this.changed = changed
  }

  put(from, to, patch) {
    return this.api.call('PUT', `/mesh/links/${segment(from)}/${segment(to)}`, { body: patch, signal: this.signal })
  }

  /** changes: [{from, to, patch, before}]; what was changed before a failure can be taken back too. */
  async apply(changes, text) {
    const done = []
    let failure = null
    try {
      await each(changes, async (one) => {
        await this.put(one.from, one.to, one.patch)
        done.push(one)
      })
    } catch (error) {
      failure = error
    }
    if (done.length > 0) {
      this.changed(failure ? `${text}, in part` : text, () => this.takeBack(done, text))
    }
    if (failure) throw failure
  }

  async takeBack(done, text) {
    await each(done, (one) => this.put(one.from, one.to, one.before))
    this.changed(`Taken back: ${text.charAt(0).toLowerCase()}${text.slice(1)}`, null)
  }

  setState(ends, state, text) {
    const changes = ends.map(({ from, to, way }) => ({ from, to, patch: { state }, before: { state: settingsOf(way).state } }))
    return this.apply(changes, text)
  }

  bend(ends, patch, text) {
    const changes = ends.map(({ from, to, way }) => {
      const now = settingsOf(way)
      const before = {}
      for (const name of Object.keys(patch)) before[name] = now[name]
      return { from, to, patch, before }
    })
    return this.apply(changes, text)
  }

  /** Takes all cuts back, and remembers which there were. */
  async healAll(model) {
    const cut = []
    for (const pair of model.pairs.values()) {
      for (const one of directions(pair)) {
        if (one.way?.state === 'cut') cut.push({ from: one.from, to: one.to, before: { state: 'cut' } })
      }
    }
    await this.api.call('DELETE', '/mesh/links', { signal: this.signal })
    const text = cut.length === 0 ? 'No link was cut' : 'Healed all links'
    this.changed(text, cut.length === 0 ? null : () => this.takeBack(cut, text))
  }
}
