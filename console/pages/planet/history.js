// The last samples of named series on one time axis. Rings of numbers: taking
// a sample makes no garbage, and a series that had no value has a gap there.

export class History {
  constructor(size) {
    this.size = size
    this.times = new Float64Array(size)
    this.rings = new Map()
    this.head = -1
    this.length = 0
  }

  /** Begins a sample; what is not written has a gap in it. */
  advance(seconds) {
    this.head = (this.head + 1) % this.size
    this.length = Math.min(this.length + 1, this.size)
    this.times[this.head] = seconds
    for (const ring of this.rings.values()) ring[this.head] = NaN
  }

  write(name, value) {
    let ring = this.rings.get(name)
    if (!ring) {
      ring = new Float32Array(this.size).fill(NaN)
      this.rings.set(name, ring)
    }
    ring[this.head] = typeof value === 'number' ? value : NaN
  }

  /** The axis and the series of these names, the oldest sample first. */
  read(names) {
    const times = new Array(this.length)
    const series = names.map(() => new Array(this.length))
    const rings = names.map((name) => this.rings.get(name))
    const first = this.head - this.length + 1 + this.size
    for (let i = 0; i < this.length; i++) {
      const at = (first + i) % this.size
      times[i] = this.times[at]
      for (let s = 0; s < rings.length; s++) series[s][i] = orNull(rings[s]?.[at])
    }
    return [times, ...series]
  }
}

function orNull(value) {
  return value === undefined || Number.isNaN(value) ? null : value
}
