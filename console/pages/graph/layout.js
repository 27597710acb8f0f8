// A force layout as a step machine: edges pull, vertices push each other off, everything is drawn gently to the middle,
// and the whole cools down. Pure; the same input gives the same picture.
//
// The push between all pairs is approximated with a quadtree (Barnes and Hut, Nature 324, 1986), so a step over 2,000
// vertices takes a few milliseconds.

const restLength = 100
const push = 240
const gravity = 0.01
const friction = 0.6
const farthest = 550 * 550 // square of the distance beyond which nothing pushes, so that separate parts stay near
const opening = 0.81 // square of the angle under which a cell counts as one body
const coldest = 0.004
const cooling = 0.978

export class Layout {
  // x and y are the places of n vertices; links are pairs of their numbers, one after another.
  constructor(x, y, links, heat = 1) {
    this.n = x.length
    this.x = Float64Array.from(x)
    this.y = Float64Array.from(y)
    this.vx = new Float64Array(this.n)
    this.vy = new Float64Array(this.n)
    this.links = Int32Array.from(links)
    this.fixed = new Map() // vertex -> [x, y]
    this.heat = heat
    this.degree = new Int32Array(this.n)
    for (const end of this.links) this.degree[end]++
    this.tree = new Quadtree(this.n)
  }

  fix(i, x, y) {
    if (i >= 0 && i < this.n) this.fixed.set(i, [x, y])
  }

  free(i) {
    this.fixed.delete(i)
  }

  warm(heat) {
    this.heat = Math.max(this.heat, heat)
  }

  get done() {
    return this.heat < coldest
  }

  step() {
    this.pull()
    this.tree.build(this.x, this.y)
    for (let i = 0; i < this.n; i++) this.tree.apply(i, this, this.heat * push)
    for (let i = 0; i < this.n; i++) {
      this.vx[i] = clamp((this.vx[i] - this.x[i] * gravity * this.heat) * friction)
      this.vy[i] = clamp((this.vy[i] - this.y[i] * gravity * this.heat) * friction)
      this.x[i] += this.vx[i]
      this.y[i] += this.vy[i]
    }
    for (const [i, [x, y]] of this.fixed) {
      this.x[i] = x
      this.y[i] = y
      this.vx[i] = this.vy[i] = 0
    }
    this.heat *= cooling
  }

  // pull moves the ends of each edge towards its rest length; the end with more edges moves less.
  pull() {
    for (let k = 0; k < this.links.length; k += 2) {
      const a = this.links[k]
      const b = this.links[k + 1]
      if (a === b) continue
      const dx = this.x[b] - this.x[a] || 0.01 * (a - b)
      const dy = this.y[b] - this.y[a] || 0.01 * (b - a)
      const length = Math.sqrt(dx * dx + dy * dy)
      const force = ((length - restLength) / length) * this.heat / Math.min(this.degree[a], this.degree[b])
      const share = this.degree[a] / (this.degree[a] + this.degree[b])
      this.vx[b] -= dx * force * share
      this.vy[b] -= dy * force * share
      this.vx[a] += dx * force * (1 - share)
      this.vy[a] += dy * force * (1 - share)
    }
  }
}

function clamp(v) {
  return v > 120 ? 120 : v < -120 ? -120 : v
}

// Quadtree keeps its cells in flat arrays, built anew for each step. A leaf holds one vertex; vertices at the same
// place beyond the deepest level share a cell and are pushed apart by the tie-break in apply.
class Quadtree {
  constructor(n) {
    const cells = Math.max(64, 8 * n + 64)
    this.child = new Int32Array(4 * cells)
    this.body = new Int32Array(cells)
    this.mass = new Float64Array(cells)
    this.mx = new Float64Array(cells)
    this.my = new Float64Array(cells)
    this.size = new Float64Array(cells)
    this.cells = cells
    this.stack = new Int32Array(512)
  }

  build(x, y) {
    let low = Infinity
    let high = -Infinity
    for (let i = 0; i < x.length; i++) {
      low = Math.min(low, x[i], y[i])
      high = Math.max(high, x[i], y[i])
    }
    this.used = 0
    const size = Math.max(1, high - low)
    this.root = this.cell(size)
    for (let i = 0; i < x.length; i++) this.insert(i, x, y, low, low, size)
  }

  cell(size) {
    const c = this.used++
    this.child.fill(-1, 4 * c, 4 * c + 4)
    this.body[c] = -1
    this.mass[c] = this.mx[c] = this.my[c] = 0
    this.size[c] = size
    return c
  }

  insert(i, x, y, left, top, size) {
    let c = this.root
    for (let depth = 0; ; depth++) {
      const held = this.body[c]
      const leaf = this.mass[c] === 0
      this.mass[c]++
      this.mx[c] += x[i]
      this.my[c] += y[i]
      if (leaf) {
        this.body[c] = i
        return
      }
      if (depth > 24 || this.used + 2 > this.cells) return // same place, or no room: they count as one body
      size /= 2
      if (held >= 0) this.lower(c, held, x, y, left, top, size)
      const quarter = (x[i] >= left + size ? 1 : 0) + (y[i] >= top + size ? 2 : 0)
      left += quarter & 1 ? size : 0
      top += quarter & 2 ? size : 0
      const at = 4 * c + quarter
      if (this.child[at] < 0) this.child[at] = this.cell(size)
      c = this.child[at]
    }
  }

  // lower moves what a cell held alone into one of its quarters.
  lower(c, held, x, y, left, top, size) {
    const quarter = (x[held] >= left + size ? 1 : 0) + (y[held] >= top + size ? 2 : 0)
    const below = this.cell(size)
    this.child[4 * c + quarter] = below
    this.body[below] = held
    this.mass[below] = 1
    this.mx[below] = x[held]
    this.my[below] = y[held]
    this.body[c] = -1
  }

  // apply adds to the speed of vertex i what all others push.
  apply(i, to, strength) {
    const stack = this.stack
    let top = 0
    stack[top++] = this.root
    while (top > 0) {
      const c = stack[--top]
      const mass = this.mass[c]
      if (mass === 0 || (this.body[c] === i && mass === 1)) continue
      let dx = to.x[i] - this.mx[c] / mass
      let dy = to.y[i] - this.my[c] / mass
      let square = dx * dx + dy * dy
      const inner = this.body[c] < 0
      if (inner && this.size[c] * this.size[c] > opening * square) {
        for (let q = 4 * c; q < 4 * c + 4; q++) if (this.child[q] >= 0) stack[top++] = this.child[q]
        continue
      }
      if (square > farthest) continue
      if (square < 1) {
        dx = Math.cos(i) // same place: each goes its own way
        dy = Math.sin(i)
        square = 1
      }
      const force = (strength * mass) / Math.max(square, 30)
      to.vx[i] += dx * force
      to.vy[i] += dy * force
    }
  }
}
