// Entries seen travelling: dots along the arcs and rings at the locations,
// drawn on one canvas over the map. All places are taken once, in arrays of
// numbers; a frame makes no garbage. The loop runs only while something moves.
//
// What is drawn is a sample: moves of one direction that come close together
// are one dot, larger for more entries, and beyond `capacity` dots at once the
// rest is shown by the figures alone.

const capacity = 320
const perPath = 5
const ringMs = 700
const shortest = 650
const longest = 1_500
const trail = 0.03
const sizes = [1.6, 2.2, 3.4] // radius by entries: few, some, many

export class Traffic {
  /** lead: over how many milliseconds the moves of one event are spread out. */
  constructor(canvas, { lead = 250 } = {}) {
    this.canvas = canvas
    this.context = canvas.getContext('2d')
    this.lead = lead
    this.paths = [] // per path {points, count, angle, live, last}
    this.alive = 0
    this.path = new Int32Array(capacity)
    this.back = new Uint8Array(capacity)
    this.late = new Uint8Array(capacity)
    this.entries = new Float32Array(capacity)
    this.at = new Float32Array(capacity) // 0 to 1; below 0 it waits for its turn
    this.speed = new Float32Array(capacity) // per millisecond
    this.rings = { x: new Float32Array(512), y: new Float32Array(512), age: new Float32Array(512).fill(ringMs), arrival: new Uint8Array(512), alive: 0 }
    this.out = new Float32Array(2)
    this.turn = 0
    this.request = 0
    this.before = 0
    this.drawn = 0
    this.step = (now) => this.frame(now)
    this.colours = { accent: '#2563eb', warn: '#b45309' }
    this.sprites = []
  }

  /** The size of the canvas in pixels of the page. */
  resize(width, height, ratio) {
    this.width = width
    this.height = height
    this.ratio = ratio
    this.canvas.width = Math.max(1, Math.round(width * ratio))
    this.canvas.height = Math.max(1, Math.round(height * ratio))
    this.makeSprites()
  }

  paint(colours) {
    this.colours = colours
    this.makeSprites()
  }

  makeSprites() {
    for (const old of this.sprites) old.close()
    this.sprites = []
    for (const colour of [this.colours.accent, this.colours.warn]) {
      for (const size of sizes) {
        for (const fade of [1, 0.55, 0.28]) this.sprites.push(dot(size * fade ** 0.35 * (this.ratio || 1), colour, fade))
      }
    }
  }

  /**
   * Gives the number of a path, for launch; points as arcPoints gives them,
   * slots the numbers of the rings at its two ends.
   */
  addPath(points, angle, slots) {
    this.paths.push({ points, count: points.length / 2, angle, slots, live: 0, last: -Infinity })
    return this.paths.length - 1
  }

  /** Forgets all paths and what travels on them. */
  reset() {
    this.paths.length = 0
    this.alive = 0
    this.rings.age.fill(ringMs)
    this.rings.alive = 0
  }

  /** One move along a path; true when it is a dot of its own. */
  launch(number, back, entries, late, now) {
    const path = this.paths[number]
    if (!path) return false
    this.turn = (this.turn * 1_103_515_245 + 12_345) & 0x7fffffff
    if (this.alive >= capacity || path.live >= perPath || (now - path.last < 120 && path.live > 0)) return false
    const i = this.alive++
    const duration = shortest + (longest - shortest) * Math.min(1, path.angle / Math.PI)
    this.path[i] = number
    this.back[i] = back ? 1 : 0
    this.late[i] = late ? 1 : 0
    this.entries[i] = entries
    this.speed[i] = 1 / duration
    this.at[i] = -((this.turn >> 8) % 1000) / 1000 * this.lead / duration
    path.live++
    path.last = now
    this.wake()
    return true
  }

  /** A ring at a place of the map: a write that begins there, or an arrival. */
  ring(slot, x, y, arrival) {
    const r = this.rings
    if (slot >= r.age.length || r.age[slot] < ringMs * 0.6) return
    if (r.age[slot] >= ringMs) r.alive++
    r.x[slot] = x
    r.y[slot] = y
    r.age[slot] = 0
    r.arrival[slot] = arrival ? 1 : 0
    this.wake()
  }

  wake() {
    if (this.request || this.stopped) return
    this.before = 0
    this.request = requestAnimationFrame(this.step)
  }

  stop() {
    this.stopped = true
    cancelAnimationFrame(this.request)
    this.request = 0
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height)
  }

  start() {
    this.stopped = false
  }

  frame(now) {
    // A page that was in the background goes on where it was.
    const passed = this.before ? Math.min(now - this.before, 100) : 16
    this.before = now
    const c = this.context
    c.setTransform(1, 0, 0, 1, 0, 0)
    c.clearRect(0, 0, this.canvas.width, this.canvas.height)
    this.drawRings(passed)
    this.drawDots(passed)
    this.drawn++
    this.request = this.alive > 0 || this.rings.alive > 0 ? requestAnimationFrame(this.step) : 0
  }

  drawDots(passed) {
    let i = 0
    while (i < this.alive) {
      this.at[i] += this.speed[i] * passed
      if (this.at[i] >= 1) {
        this.land(i)
        continue
      }
      if (this.at[i] >= 0) this.drawDot(i)
      i++
    }
  }

  drawDot(i) {
    const path = this.paths[this.path[i]]
    const size = this.entries[i] >= 100 ? 2 : this.entries[i] >= 8 ? 1 : 0
    const first = (this.late[i] * sizes.length + size) * 3
    for (let k = 2; k >= 0; k--) {
      const t = this.at[i] - k * trail
      if (t < 0) continue
      pointAt(path, this.back[i] ? 1 - t : t, this.out)
      if (!(this.out[0] === this.out[0])) continue
      const sprite = this.sprites[first + k]
      this.context.drawImage(sprite, Math.round(this.out[0] * this.ratio - sprite.width / 2), Math.round(this.out[1] * this.ratio - sprite.height / 2))
    }
  }

  /** Ends a dot with a ring where it arrives; the last one takes its place. */
  land(i) {
    const path = this.paths[this.path[i]]
    path.live--
    const end = this.back[i] ? 0 : 2 * path.count - 2
    this.ring(path.slots[this.back[i] ? 0 : 1], path.points[end], path.points[end + 1], true)
    const last = --this.alive
    this.path[i] = this.path[last]
    this.back[i] = this.back[last]
    this.late[i] = this.late[last]
    this.entries[i] = this.entries[last]
    this.at[i] = this.at[last]
    this.speed[i] = this.speed[last]
  }

  drawRings(passed) {
    const r = this.rings
    if (r.alive === 0) return
    const c = this.context
    for (let i = 0; i < r.age.length; i++) {
      if (r.age[i] >= ringMs) continue
      r.age[i] += passed
      if (r.age[i] >= ringMs) {
        r.alive--
        continue
      }
      const t = r.age[i] / ringMs
      c.globalAlpha = (1 - t) * (r.arrival[i] ? 0.45 : 0.9)
      c.strokeStyle = this.colours.accent
      c.lineWidth = (r.arrival[i] ? 1 : 2) * this.ratio
      c.beginPath()
      c.arc(r.x[i] * this.ratio, r.y[i] * this.ratio, (5 + t * (r.arrival[i] ? 7 : 13)) * this.ratio, 0, 2 * Math.PI)
      c.stroke()
    }
    c.globalAlpha = 1
  }
}

/** The place at t of a path, into out; where the path jumps, its nearer end. */
function pointAt(path, t, out) {
  const p = path.points
  const at = t * (path.count - 1)
  const i = Math.min(Math.floor(at), path.count - 2)
  const f = at - i
  const x0 = p[2 * i]
  const x1 = p[2 * i + 2]
  if (Math.abs(x1 - x0) > 120) {
    const near = f < 0.5 ? i : i + 1
    out[0] = p[2 * near]
    out[1] = p[2 * near + 1]
    return
  }
  out[0] = x0 + (x1 - x0) * f
  out[1] = p[2 * i + 1] + (p[2 * i + 3] - p[2 * i + 1]) * f
}

// A bitmap, and not a canvas: that one would be copied each time it is drawn.
function dot(radius, colour, fade) {
  const side = Math.ceil(2 * radius) + 2
  const canvas = new OffscreenCanvas(side, side)
  const c = canvas.getContext('2d')
  c.globalAlpha = fade
  c.fillStyle = colour
  c.beginPath()
  c.arc(side / 2, side / 2, radius, 0, 2 * Math.PI)
  c.fill()
  return canvas.transferToImageBitmap()
}
