// Where the names on the map go: beside their markers, never over each other
// or over another marker. Greedy, the more important first; a label that finds
// no place is left out, and comes when its location is selected.

// Tried in this order: right, left, below, above, and the four corners.
const sides = [[1, 0], [-1, 0], [0, 1], [0, -1], [1, -1], [-1, -1], [1, 1], [-1, 1]]

const cell = 64

class Occupied {
  constructor() {
    this.cells = new Map()
  }

  each(box, fn) {
    for (let x = Math.floor(box.x / cell); x <= Math.floor((box.x + box.width) / cell); x++) {
      for (let y = Math.floor(box.y / cell); y <= Math.floor((box.y + box.height) / cell); y++) {
        if (fn(x * 10_000 + y)) return true
      }
    }
    return false
  }

  hits(box, owner) {
    return this.each(box, (id) => this.cells.get(id)?.some((other) => other.owner !== owner && overlap(other, box)))
  }

  add(box) {
    this.each(box, (id) => {
      const there = this.cells.get(id)
      if (there) there.push(box)
      else this.cells.set(id, [box])
      return false
    })
  }
}

export function overlap(a, b) {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}

/**
 * items: [{owner, x, y, width, height, gap}], the most important first; bounds
 * {width, height}. Gives a Map from owner to {x, y, anchor}, x and y of the
 * label's top left corner, anchor one of start, middle, end.
 */
export function placeLabels(items, bounds, markerRadius) {
  const taken = new Occupied()
  for (const item of items) {
    taken.add({ owner: item.owner, x: item.x - markerRadius, y: item.y - markerRadius, width: 2 * markerRadius, height: 2 * markerRadius })
  }
  const placed = new Map()
  for (const item of items) {
    for (const [dx, dy] of sides) {
      const box = boxAt(item, dx, dy)
      if (box.x < 0 || box.y < 0 || box.x + box.width > bounds.width || box.y + box.height > bounds.height) continue
      if (taken.hits(box, item.owner)) continue
      taken.add(box)
      placed.set(item.owner, { x: box.x, y: box.y, anchor: dx < 0 ? 'end' : dx > 0 ? 'start' : 'middle' })
      break
    }
  }
  return placed
}

function boxAt(item, dx, dy) {
  const { width, height, gap } = item
  const reach = dx !== 0 && dy !== 0 ? gap * 0.6 : gap
  const x = dx < 0 ? item.x - reach - width : dx > 0 ? item.x + reach : item.x - width / 2
  const y = dy < 0 ? item.y - reach - height : dy > 0 ? item.y + reach : item.y - height / 2
  return { owner: item.owner, x, y, width, height }
}
