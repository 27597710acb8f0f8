// Runs the layout beside the page. In: {kind: 'graph', round, x, y, links, heat, fixed, quiet}, {kind: 'fix', i, x, y},
// {kind: 'free', i}, {kind: 'stop'}. Out: {round, x, y, done} about 30 times a second, or once at the end when quiet.

import { Layout } from './layout.js'

const sliceMs = 12
const tellMs = 33

let layout = null
let round = 0
let quiet = false
let told = 0
let timer = 0

self.onmessage = ({ data }) => {
  if (data.kind === 'graph') {
    layout = new Layout(data.x, data.y, data.links, data.heat)
    for (const [i, x, y] of data.fixed) layout.fix(i, x, y)
    round = data.round
    quiet = data.quiet
  } else if (data.kind === 'stop') {
    layout = null
  } else if (layout) {
    if (data.kind === 'fix') layout.fix(data.i, data.x, data.y)
    if (data.kind === 'free') layout.free(data.i)
    layout.warm(0.25)
  }
  if (layout && timer === 0) timer = setTimeout(run, 0)
}

function run() {
  timer = 0
  if (!layout) return
  const begin = performance.now()
  while (!layout.done && performance.now() - begin < sliceMs) layout.step()
  const now = performance.now()
  if (layout.done || (!quiet && now - told > tellMs)) {
    told = now
    const x = Float32Array.from(layout.x)
    const y = Float32Array.from(layout.y)
    self.postMessage({ round, x, y, done: layout.done }, [x.buffer, y.buffer])
  }
  if (!layout.done) timer = setTimeout(run, 4)
}
