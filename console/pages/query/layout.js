// A small force layout: vertices push each other away, edges pull their ends together, and the whole cools down. It is
// Fruchterman and Reingold's, with every pair looked at, so it is for some hundreds of vertices. It works in slices: each
// call of work() takes about as long as it may.

const rounds = 220
const side = 1000

// What draws everything to the middle: so strong that vertices without edges take up about one side.
const gravity = 1.4

export class Layout {
  // n vertices; links: pairs of their numbers. Begins from a spiral, so that the same graph always looks the same.
  constructor(n, links) {
    this.n = n
    this.links = links
    this.x = new Float64Array(n)
    this.y = new Float64Array(n)
    this.round = 0
    this.next = 0 // the vertex that the present round goes on with
    const golden = Math.PI * (3 - Math.sqrt(5))
    for (let i = 0; i < n; i++) {
      const r = (side / 2.4) * Math.sqrt((i + 0.5) / n)
      this.x[i] = r * Math.cos(i * golden)
      this.y[i] = r * Math.sin(i * golden)
    }
    this.ideal = 0.75 * side / Math.sqrt(Math.max(n, 1))
    this.fx = new Float64Array(n)
    this.fy = new Float64Array(n)
  }

  get done() {
    return this.round >= rounds || this.n < 2
  }

  // work goes on for some milliseconds.
  work(ms) {
    const until = performance.now() + ms
    while (!this.done && performance.now() < until) {
      if (this.next < this.n) this.push(this.next++)
      else this.finish()
    }
  }

  // push adds up what pushes one vertex away, and draws it a little to the middle.
  push(i) {
    const { x, y, ideal } = this
    let fx = -x[i] * gravity, fy = -y[i] * gravity
    for (let j = 0; j < this.n; j++) {
      if (j === i) continue
      let dx = x[i] - x[j], dy = y[i] - y[j]
      let d2 = dx * dx + dy * dy
      if (d2 < 0.01) {
        dx = (i - j) * 0.1
        dy = 0.1
        d2 = dx * dx + dy * dy
      }
      const force = (ideal * ideal) / d2
      fx += dx * force
      fy += dy * force
    }
    this.fx[i] = fx
    this.fy[i] = fy
  }

  // finish pulls along the edges and moves everything, less far each round.
  finish() {
    const { x, y, fx, fy, ideal } = this
    for (const [a, b] of this.links) {
      const dx = x[a] - x[b], dy = y[a] - y[b]
      const force = Math.sqrt(dx * dx + dy * dy) / ideal
      fx[a] -= dx * force
      fy[a] -= dy * force
      fx[b] += dx * force
      fy[b] += dy * force
    }
    const heat = (side / 10) * (1 - this.round / rounds) ** 1.5 + 1
    for (let i = 0; i < this.n; i++) {
      const length = Math.hypot(fx[i], fy[i]) || 1
      const step = Math.min(length, heat)
      x[i] += (fx[i] / length) * step
      y[i] += (fy[i] / length) * step
    }
    this.round++
    this.next = 0
  }

  // box gives what the vertices take up: [x, y, width, height], with room around.
  box() {
    if (this.n === 0) return [-100, -100, 200, 200]
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity]
    for (let i = 0; i < this.n; i++) {
      left = Math.min(left, this.x[i])
      right = Math.max(right, this.x[i])
      top = Math.min(top, this.y[i])
      bottom = Math.max(bottom, this.y[i])
    }
    const room = Math.max(40, (right - left + bottom - top) * 0.05)
    return [left - room, top - room, right - left + 2 * room, bottom - top + 2 * room]
  }
}
