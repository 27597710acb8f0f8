// Pointer control of the canvas: drag a vertex or the picture, wheel and pinch zoom, a click chooses, a double click
// expands. A dragged vertex stays where it was put (pinned); a double click with Shift lets it go.

const clickMost = 5 // pixels that a click may wander

export function pointerControl(view, callbacks, signal) {
  const { canvas } = view
  const pointers = new Map()
  const drag = { vertex: null, moved: false, from: null, apart: 0 }
  const place = (event) => {
    const box = canvas.getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }
  const on = (name, fn, options = {}) => canvas.addEventListener(name, fn, { signal, ...options })
  on('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId)
    const at = place(event)
    pointers.set(event.pointerId, at)
    if (pointers.size > 1) {
      drag.vertex = null
      drag.apart = apart(pointers)
      return
    }
    const plane = view.toPlane(at.x, at.y)
    Object.assign(drag, { vertex: view.vertexAt(plane.x, plane.y, reach(view, event)), moved: false, from: at })
  })
  on('pointermove', (event) => {
    const at = place(event)
    const last = pointers.get(event.pointerId)
    if (!last) {
      hover(view, at)
      return
    }
    pointers.set(event.pointerId, at)
    if (pointers.size > 1) pinch(view, pointers, drag)
    else move(view, drag, last, at, callbacks)
  })
  on('pointerup', (event) => {
    pointers.delete(event.pointerId)
    if (drag.from && !drag.moved && pointers.size === 0) choose(view, drag, event, callbacks)
    if (drag.vertex) drag.vertex.held = false
    Object.assign(drag, { vertex: null, from: null })
  })
  on('pointercancel', (event) => {
    pointers.delete(event.pointerId)
    if (drag.vertex) drag.vertex.held = false
    Object.assign(drag, { vertex: null, from: null })
  })
  on('pointerleave', () => view.hover(null))
  on('dblclick', (event) => {
    const at = place(event)
    const plane = view.toPlane(at.x, at.y)
    const vertex = view.vertexAt(plane.x, plane.y)
    if (!vertex) return
    if (event.shiftKey) {
      vertex.pinned = false
      callbacks.onFreed(vertex)
    } else callbacks.onOpen(vertex.id)
  })
  on('wheel', (event) => {
    event.preventDefault()
    const at = place(event)
    view.zoom(Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.0015)), at.x, at.y)
  }, { passive: false })
}

// reach is how far from a vertex a press still means it, in units of the plane: more for a finger.
function reach(view, event) {
  return Math.max(14, (event.pointerType === 'touch' ? 22 : 10) / view.scene.view.scale)
}

function apart(pointers) {
  const [a, b] = [...pointers.values()]
  return Math.hypot(a.x - b.x, a.y - b.y) || 1
}

function pinch(view, pointers, drag) {
  const [a, b] = [...pointers.values()]
  const now = apart(pointers)
  view.zoom(now / (drag.apart || now), (a.x + b.x) / 2, (a.y + b.y) / 2)
  drag.apart = now
  drag.moved = true
}

function move(view, drag, last, at, callbacks) {
  if (!drag.from) return
  if (!drag.moved && Math.hypot(at.x - drag.from.x, at.y - drag.from.y) < clickMost) return
  drag.moved = true
  if (!drag.vertex) {
    view.pan(at.x - last.x, at.y - last.y)
    return
  }
  const plane = view.toPlane(at.x, at.y)
  Object.assign(drag.vertex, { x: plane.x, y: plane.y, pinned: true, held: true })
  view.state.follow = false
  view.draw()
  callbacks.onMoved(drag.vertex)
}

function choose(view, drag, event, callbacks) {
  if (drag.vertex) {
    callbacks.onSelect(drag.vertex.id)
    return
  }
  const plane = view.toPlane(drag.from.x, drag.from.y)
  const edge = view.edgeAt(plane.x, plane.y, reach(view, event) / 2)
  callbacks.onSelect(edge?.id ?? null)
}

function hover(view, at) {
  const plane = view.toPlane(at.x, at.y)
  const vertex = view.vertexAt(plane.x, plane.y)
  view.hover(vertex?.id ?? null)
  view.canvas.style.cursor = vertex ? 'pointer' : 'grab'
}
