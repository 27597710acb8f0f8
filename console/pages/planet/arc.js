// Great circles: distances, and the points of an arc on the map. The base map
// draws arcs as lines itself; these points are what travels along them.

const radians = Math.PI / 180
const earthKm = 6371

function vector(longitude, latitude) {
  const phi = latitude * radians
  const lambda = longitude * radians
  return [Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)]
}

/** The angle between two places, 0 to pi. */
export function angle(a, b) {
  const u = vector(a.longitude, a.latitude)
  const v = vector(b.longitude, b.latitude)
  const x = u[1] * v[2] - u[2] * v[1]
  const y = u[2] * v[0] - u[0] * v[2]
  const z = u[0] * v[1] - u[1] * v[0]
  return Math.atan2(Math.hypot(x, y, z), u[0] * v[0] + u[1] * v[1] + u[2] * v[2])
}

export function kilometres(a, b) {
  return angle(a, b) * earthKm
}

/**
 * Points of the arc from a to b on the map, x and y in turns. Where the arc
 * leaves the map at one edge and comes back at the other, two points are far
 * apart; who draws goes from one to the other without a line.
 */
export function arcPoints(a, b, project, count) {
  const points = new Float32Array(2 * count)
  const u = vector(a.longitude, a.latitude)
  const v = vector(b.longitude, b.latitude)
  const whole = angle(a, b)
  const sine = Math.sin(whole)
  for (let i = 0; i < count; i++) {
    const t = i / (count - 1)
    // Places at one point, or opposite each other, have no one arc.
    const p = sine < 1e-6 ? 1 - t : Math.sin((1 - t) * whole) / sine
    const q = sine < 1e-6 ? t : Math.sin(t * whole) / sine
    const x = p * u[0] + q * v[0]
    const y = p * u[1] + q * v[1]
    const z = p * u[2] + q * v[2]
    const at = project(Math.atan2(y, x) / radians, Math.atan2(z, Math.hypot(x, y)) / radians)
    points[2 * i] = at ? at[0] : NaN
    points[2 * i + 1] = at ? at[1] : NaN
  }
  return points
}
