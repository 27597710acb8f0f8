// What is known of the planet, kept from one `state` event to the next. The
// model has no page in it: it takes states, works out rates and looks, and
// says what changed, so that the views touch only that.

import { History } from './history.js'

// A state that comes sooner than this after the one before says nothing about
// rates: two that were held up on the way arrive together.
const leastInterval = 0.25
const longestInterval = 5

// A link is behind when entries wait for longer than its round trip explains.
const behindMs = 1_000
const lateMs = 5_000
const roundTrips = 3

// Up to so many links each one has its own history from the start; beyond it,
// those that were selected or in trouble.
const mostHistories = 300

export function pairKey(a, b) {
  return a < b ? `${a}|${b}` : `${b}|${a}`
}

/** The millisecond of a time of the planet: 48 bits of it before 16 that count, as 16 hex digits. */
export function millisOf(time) {
  if (typeof time !== 'string' || !/^[0-9a-f]{16}$/.test(time)) return NaN
  const ms = Number.parseInt(time.slice(0, 12), 16)
  return ms > 0 ? ms : NaN
}

/** How a location is drawn: one word that stands for a shape and a colour. */
function lookOfLocation(one) {
  if (one.member === false) return 'outside'
  switch (one.state) {
    case 'down': return 'down'
    case 'joining': return 'joining'
    case 'evicting':
    case 'evicted': return 'leaving'
  }
  return one.ready === false ? 'waiting' : 'up'
}

export const locationLooks = {
  up: 'up and ready',
  waiting: 'not ready',
  apart: 'up, not reached from here',
  joining: 'joining',
  leaving: 'leaving',
  down: 'not reachable',
  outside: 'not in this fabric',
}

export const linkLooks = {
  up: 'up',
  behind: 'behind',
  late: 'far behind',
  down: 'down',
  cut: 'cut',
  forward: 'cut one way',
  back: 'cut one way',
}

function directionLook(way) {
  if (!way) return 'up'
  if (way.state === 'cut' || way.state === 'down') return way.state
  const allowance = roundTrips * (way.rttMs || 0)
  if (way.lagMs > lateMs + allowance) return 'late'
  return way.lagMs > behindMs + allowance ? 'behind' : 'up'
}

const severity = ['up', 'behind', 'late', 'down', 'cut']

function lookOfPair(pair) {
  const forward = directionLook(pair.forward)
  const back = directionLook(pair.back)
  if (forward === 'cut' && back === 'cut') return 'cut'
  if (forward === 'cut') return pair.back ? 'forward' : 'cut'
  if (back === 'cut') return pair.forward ? 'back' : 'cut'
  return severity.indexOf(forward) > severity.indexOf(back) ? forward : back
}

const known = (n) => typeof n === 'number' && Number.isFinite(n)
const worse = (a, b) => (known(a) ? (known(b) ? Math.max(a, b) : a) : b)

/** per second, or NaN when one of the two is not known or the count began anew */
function rate(before, after, seconds) {
  if (!known(before) || !known(after) || after < before || !(seconds > 0)) return NaN
  return (after - before) / seconds
}

export class PlanetModel {
  constructor(fabric) {
    this.fabric = fabric
    this.locations = new Map()
    this.pairs = new Map()
    this.history = new History(600)
    this.state = null
    this.dev = false
    this.seconds = NaN // of the last state that gave rates, on the clock of the page
    this.totals = { writes: NaN, arrivals: NaN, lagMs: NaN, entries: 0, trouble: 0, members: 0, up: 0, apart: 0 }
  }

  /**
   * Takes a state; seconds is a clock that only goes forward.
   * Gives {shape, links, locations, pairs}: whether locations came, went or
   * moved, whether links went, and which of both are to be drawn anew.
   */
  apply(state, seconds) {
    const elapsed = seconds - this.seconds
    const rated = !(elapsed < leastInterval)
    const change = { shape: false, links: false, locations: new Set(), pairs: new Set(), rated }
    this.state = state
    this.dev = Boolean(state.dev)
    this.takeLocations(state.locations ?? [], rated, elapsed, change)
    this.takeLinks(state.links ?? [], rated, elapsed, change)
    this.settleLooks(change)
    this.count()
    if (rated) {
      this.seconds = seconds
      // Time in which nobody looked is a gap, not a straight line.
      if (elapsed > longestInterval) this.history.advance(Date.now() / 1000 - elapsed + 1)
      this.record()
    }
    return change
  }

  takeLocations(list, rated, elapsed, change) {
    const gone = new Set(this.locations.keys())
    for (const one of list) {
      if (typeof one.name !== 'string') continue
      gone.delete(one.name)
      let kept = this.locations.get(one.name)
      if (!kept) {
        kept = { name: one.name, look: '', writes: NaN, arrivals: NaN, near: [] }
        this.locations.set(one.name, kept)
        change.shape = true
      }
      if (this.updateLocation(kept, one, rated, elapsed)) change.locations.add(kept)
      if (kept.moved) change.shape = true
    }
    for (const name of gone) {
      this.locations.delete(name)
      change.shape = true
    }
  }

  updateLocation(kept, one, rated, elapsed) {
    const writes = rated ? rate(kept.commits, one.commits, elapsed) : kept.writes
    const arrivals = rated ? rate(kept.applied, one.applied, elapsed) : kept.arrivals
    const changed = !Object.is(writes, kept.writes) || !Object.is(arrivals, kept.arrivals)
    kept.moved = one.latitude !== kept.latitude || one.longitude !== kept.longitude
    kept.latitude = one.latitude
    kept.longitude = one.longitude
    kept.city = one.city ?? ''
    kept.country = one.country ?? ''
    kept.url = one.url ?? ''
    kept.state = one.state
    kept.ready = one.ready
    kept.member = one.member !== false
    kept.clockOffsetMs = one.clockOffsetMs
    kept.incarnation = one.incarnation
    kept.writes = writes
    kept.arrivals = arrivals
    if (rated) {
      kept.commits = one.commits
      kept.applied = one.applied
    }
    return changed
  }

  takeLinks(list, rated, elapsed, change) {
    this.round = (this.round ?? 0) + 1
    for (const link of list) {
      if (link.dev) this.dev = true
      const pair = this.pairOf(link.from, link.to)
      if (!pair) continue
      pair.round = this.round
      const side = link.from === pair.a ? 'forward' : 'back'
      const way = (pair[side] ??= { from: link.from, to: link.to, rate: NaN })
      const lag = link.lag ?? {}
      if (rated) {
        way.rate = rate(way.delivered, link.delivered, elapsed)
        way.delivered = link.delivered
      }
      way.round = this.round
      way.state = link.state
      way.oneWayMs = link.oneWayMs
      way.rttMs = link.rttMs
      way.jitterMs = link.jitterMs
      way.lossPercent = link.lossPercent
      way.entries = lag.entries
      way.bytes = lag.bytes
      way.lagMs = lag.ms
    }
    this.settlePairs(change)
  }

  settlePairs(change) {
    for (const pair of this.pairs.values()) {
      if (pair.round !== this.round) {
        this.pairs.delete(pair.key)
        change.links = true
        continue
      }
      if (pair.forward?.round !== this.round) pair.forward = undefined
      if (pair.back?.round !== this.round) pair.back = undefined
      const look = lookOfPair(pair)
      pair.lagMs = worse(pair.forward?.lagMs, pair.back?.lagMs)
      if (look !== pair.look) {
        pair.look = look
        pair.trouble = look !== 'up'
        change.pairs.add(pair)
      }
    }
  }

  // A location that this one does not reach may well be up: others tell.
  settleLooks(change) {
    const reached = new Set()
    for (const pair of this.pairs.values()) {
      for (const way of [pair.forward, pair.back]) if (way?.state === 'up') reached.add(way.from).add(way.to)
    }
    for (const one of this.locations.values()) {
      const plain = lookOfLocation(one)
      const look = plain === 'down' && reached.has(one.name) ? 'apart' : plain
      if (look === one.look) continue
      one.look = look
      change.locations.add(one)
    }
  }

  pairOf(from, to) {
    const a = this.locations.get(from)
    const b = this.locations.get(to)
    if (!a || !b || a === b) return null
    const key = pairKey(from, to)
    let pair = this.pairs.get(key)
    if (!pair) {
      const [first, second] = from < to ? [a, b] : [b, a]
      pair = { key, a: first.name, b: second.name, ends: [first, second], look: '', trouble: false, lagMs: NaN }
      this.pairs.set(key, pair)
    }
    if (pair.ends[0] !== this.locations.get(pair.a) || pair.ends[1] !== this.locations.get(pair.b)) {
      pair.ends = [this.locations.get(pair.a), this.locations.get(pair.b)]
    }
    return pair
  }

  count() {
    const t = this.totals
    t.writes = t.arrivals = t.lagMs = NaN
    t.entries = t.trouble = t.members = t.up = t.apart = 0
    for (const one of this.locations.values()) {
      one.lagIn = one.lagOut = NaN
      if (!one.member) continue
      t.members++
      if (one.look === 'up') t.up++
      if (one.look === 'apart') t.apart++
      if (known(one.writes)) t.writes = (known(t.writes) ? t.writes : 0) + one.writes
      if (known(one.arrivals)) t.arrivals = (known(t.arrivals) ? t.arrivals : 0) + one.arrivals
    }
    for (const pair of this.pairs.values()) {
      if (pair.trouble) t.trouble++
      t.lagMs = worse(t.lagMs, pair.lagMs)
      this.countWay(pair.forward, pair.ends[0], pair.ends[1])
      this.countWay(pair.back, pair.ends[1], pair.ends[0])
    }
  }

  countWay(way, from, to) {
    if (!way) return
    this.totals.entries += way.entries || 0
    from.lagOut = worse(from.lagOut, way.lagMs)
    to.lagIn = worse(to.lagIn, way.lagMs)
  }

  /** Writes the present figures into the history of the last ten minutes. */
  record() {
    const h = this.history
    h.advance(Date.now() / 1000)
    h.write('writes', this.totals.writes)
    h.write('arrivals', this.totals.arrivals)
    h.write('lag', this.totals.lagMs)
    for (const one of this.locations.values()) {
      h.write(`${one.name}:writes`, one.writes)
      h.write(`${one.name}:arrivals`, one.arrivals)
      h.write(`${one.name}:in`, one.lagIn)
      h.write(`${one.name}:out`, one.lagOut)
    }
    const all = this.pairs.size <= mostHistories
    for (const pair of this.pairs.values()) {
      if (!all && !pair.followed && !pair.trouble) continue
      h.write(`${pair.key}:forward`, pair.forward?.lagMs)
      h.write(`${pair.key}:back`, pair.back?.lagMs)
      h.write(`${pair.key}:forwardRate`, pair.forward?.rate)
      h.write(`${pair.key}:backRate`, pair.back?.rate)
    }
  }

  pairsOf(name) {
    const out = []
    for (const pair of this.pairs.values()) if (pair.a === name || pair.b === name) out.push(pair)
    return out
  }

  troubled() {
    const out = []
    for (const pair of this.pairs.values()) if (pair.trouble) out.push(pair)
    return out.sort((p, q) => severity.indexOf(lookRank(q.look)) - severity.indexOf(lookRank(p.look)))
  }

  members() {
    return [...this.locations.values()].filter((one) => one.member)
  }
}

function lookRank(look) {
  return look === 'forward' || look === 'back' ? 'cut' : look
}
