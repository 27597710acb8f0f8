// Moves the vertices of a model: gives the layout worker what is there and takes places back.
//
// A change of the graph begins a new round; places of an older one are passed over. Without workers nothing moves: the
// vertices stay on the spiral on which they began, and the rest of the page works.

const still = () => window.matchMedia('(prefers-reduced-motion: reduce)').matches

// onPlaces gets whether the layout has come to rest.
export function createMover({ onPlaces, onFailure }) {
  let round = 0
  let vertices = []
  let numbers = new Map()
  const worker = startWorker(onFailure)
  if (worker) {
    worker.onmessage = ({ data }) => {
      if (data.round !== round) return
      vertices.forEach((vertex, i) => {
        if (vertex.held) return
        vertex.x = data.x[i]
        vertex.y = data.y[i]
      })
      onPlaces(data.done)
    }
  }
  const send = (message) => worker?.postMessage(message)
  return {
    // lay begins to move what a model has now; heat 1 is a new beginning, less keeps more of the picture.
    lay(model, heat) {
      round++
      vertices = [...model.vertices.values()]
      numbers = new Map(vertices.map((vertex, i) => [vertex.id, i]))
      const links = []
      for (const edge of model.edges.values()) links.push(numbers.get(edge.from), numbers.get(edge.to))
      send({
        kind: 'graph', round, heat, quiet: still(),
        x: Float64Array.from(vertices, (v) => v.x), y: Float64Array.from(vertices, (v) => v.y),
        links: Int32Array.from(links),
        fixed: vertices.flatMap((v, i) => (v.pinned ? [[i, v.x, v.y]] : [])),
      })
    },
    fix(vertex) {
      if (numbers.has(vertex.id)) send({ kind: 'fix', i: numbers.get(vertex.id), x: vertex.x, y: vertex.y })
    },
    free(vertex) {
      if (numbers.has(vertex.id)) send({ kind: 'free', i: numbers.get(vertex.id) })
    },
    destroy() {
      worker?.terminate()
    },
  }
}

function startWorker(onFailure) {
  try {
    const worker = new Worker(new URL('./layout-worker.js', import.meta.url), { type: 'module' })
    worker.onerror = (event) => {
      event.preventDefault()
      onFailure(event.message || 'the layout could not be loaded')
    }
    return worker
  } catch (error) {
    onFailure(error.message)
    return null
  }
}
