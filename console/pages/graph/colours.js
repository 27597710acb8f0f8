// Colours, shapes and dashes by collection. A collection keeps its place while the page is open, so that a colour never
// changes its meaning. Besides the colour each has a shape or a dash, for those who do not tell the colours apart.

import { colour } from '../../app/appearance.js'

const colours = 8
export const shapes = ['circle', 'square', 'diamond', 'triangle', 'hexagon']
const dashes = [[], [6, 3], [2, 3], [9, 3, 2, 3]]

export function createPalette() {
  const places = { vertex: new Map(), edge: new Map() }
  let list = []
  let theme = {}
  const refresh = () => {
    list = Array.from({ length: colours }, (_, i) => colour(`--graph-${i + 1}`))
    theme = { ink: colour('--ink'), muted: colour('--muted'), surface: colour('--surface'), accent: colour('--accent') }
  }
  const place = (kind, name) => {
    const known = places[kind]
    if (!known.has(name)) known.set(name, known.size)
    return known.get(name)
  }
  refresh()
  return {
    get theme() {
      return theme
    },
    refresh,
    vertex: (name) => list[place('vertex', name) % colours],
    edge: (name) => list[(place('edge', name) + 3) % colours],
    shape: (name) => shapes[place('vertex', name) % shapes.length],
    dash: (name) => dashes[place('edge', name) % dashes.length],
  }
}
