// A recorded stream of a busy planet, and a server that plays it to the real
// console: everything but mesh/live comes from a location.

import http from 'node:http'

// moving is a figure between 0 and 1 that is the same in every run.
function moving(seed) {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

// recording makes the events of so many seconds: a state each second and
// moves ten times a second, `rate` of them in all each second. With up to 20
// locations every link is known, as on a development planet; else those of the
// location that is asked.
export function recording({ locations, rate, seconds, url }) {
  const next = moving(7)
  const places = Array.from({ length: locations }, (_, i) => ({
    name: `l${String(i).padStart(3, '0')}`, incarnation: `i${i}`, url, latitude: -50 + next() * 115, longitude: -175 + next() * 350,
    city: `City ${i}`, country: 'XX', state: 'up', ready: true, member: true, clockOffsetMs: next() * 4 - 2, commits: 0, applied: 0,
  }))
  const pairs = places.flatMap((from, i) => places.map((to, k) => [i, k]).filter(([a, b]) => a !== b && (locations <= 20 || a === 0 || b === 0)))
  const links = pairs.map(([a, b]) => ({
    from: places[a].name, to: places[b].name, state: 'up', oneWayMs: 20 + ((a * 37 + b * 37) % 130), rttMs: 0, delivered: 0, jitterMs: 0, lossPercent: 0, dev: true,
    lag: { entries: 0, bytes: 0, ms: 0 },
  }))
  const events = []
  const state = (at) => ({
    at, name: 'state',
    data: JSON.stringify({ location: places[0].name, incarnation: 'i0', anchor: places[0].name, locations: places, links, vector: {}, stable: {}, watermark: 'w' }),
  })
  for (let tick = 0; tick < seconds * 10; tick++) {
    if (tick % 10 === 0) events.push(state(tick * 100))
    const moves = Array.from({ length: rate / 10 }, () => {
      const at = Math.floor(next() * pairs.length)
      const [a, b] = pairs[at]
      const entries = 1 + Math.floor(next() * 5)
      places[a].commits += entries
      places[b].applied += entries
      links[at].delivered += entries
      links[at].rttMs = 2 * links[at].oneWayMs + next() * 4
      links[at].lag = { entries, bytes: entries * 120, ms: links[at].oneWayMs + next() * 40 }
      return { from: places[a].name, to: places[b].name, entries, lagMs: links[at].lag.ms }
    })
    events.push({ at: tick * 100 + 50, name: 'travel', data: (now) => JSON.stringify({ at: now, moves }) })
  }
  return events
}

// play serves the console of the location at `origin` with the stream replaced.
// It answers {url, sent() -> events sent so far, close()}.
export async function play(events, origin) {
  let sent = 0
  const timers = new Set()
  const server = http.createServer((request, response) => {
    if (request.url.includes('/mesh/live')) {
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
      const began = performance.now()
      let at = 0
      const timer = setInterval(() => {
        const now = performance.now() - began
        for (; at < events.length && events[at].at <= now; at++) {
          const { name, data } = events[at]
          response.write(`event: ${name}\ndata: ${typeof data === 'string' ? data : data(Date.now())}\n\n`)
          sent += 1
        }
      }, 20)
      timers.add(timer)
      response.on('close', () => clearInterval(timer))
      return
    }
    const onward = http.request(origin + request.url, { method: request.method, headers: { ...request.headers, host: new URL(origin).host, origin } }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    request.pipe(onward)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    sent: () => sent,
    async close() {
      for (const timer of timers) clearInterval(timer)
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
