// Pages of other sites, in a browser on the machine of a planet that lets that
// machine in without credentials: they can do nothing, by whatever way a page
// has to reach another address.

import assert from 'node:assert/strict'
import http from 'node:http'
import { after } from 'node:test'
import { start, test } from './harness.mjs'

// The other site is a server that knows nothing of planets.
const other = http.createServer((_, response) => {
  response.setHeader('Content-Type', 'text/html')
  response.end('<!doctype html><title>other</title><iframe name="sink"></iframe>')
})
await new Promise((resolve) => other.listen(0, '127.0.0.1', resolve))
const port = other.address().port
after(() => other.close())

const { planet } = await start({
  locations: 2,
  browserArgs: [`--host-resolver-rules=MAP other.example 127.0.0.1,MAP rebound.example 127.0.0.1`],
})

// attempts runs in a page and tells what each way came to.
async function attempts(target) {
  const api = `${target}/_fabric/_system/_api`
  const told = async (promise) => {
    try {
      const answer = await promise
      return answer.type === 'opaque' ? 'opaque' : String(answer.status)
    } catch {
      return 'refused'
    }
  }
  const make = (how) => told(fetch(`${api}/collection`, { method: 'POST', body: JSON.stringify({ name: `by_${how.mode}_${how.credentials}` }), ...how }))
  const opened = (source) => new Promise((resolve) => {
    source.onopen = () => { resolve('open'); source.close() }
    source.onerror = () => { resolve('refused'); source.close() }
  })
  const feed = opened(new EventSource(`${api}/changes`))
  const socket = opened(new WebSocket(`${target.replace('http', 'ws')}/_fabric/_system/_ws/changes`))
  const out = {
    read: await told(fetch(`${api}/collection`)),
    live: await told(fetch(`${api}/mesh/live`, { signal: AbortSignal.timeout(2000) })),
    login: await told(fetch(`${target}/_open/auth`, { method: 'POST', body: '{"tenant":"demo","username":"root","password":""}' })),
    cut: await told(fetch(`${api}/mesh/links`, { method: 'DELETE' })),
    cors: await make({ mode: 'cors', credentials: 'omit' }),
    included: await make({ mode: 'cors', credentials: 'include' }),
    blind: await make({ mode: 'no-cors', credentials: 'include' }),
    feed: await feed,
    socket: await socket,
  }
  const sink = document.querySelector('iframe[name=sink]')
  if (sink) { // a form, whose answer nobody but the frame sees
    const form = document.createElement('form')
    Object.assign(form, { method: 'post', enctype: 'text/plain', action: `${api}/collection`, target: 'sink' })
    const field = document.createElement('input')
    Object.assign(field, { name: '{"name":"by_form","x":"', value: '"}' })
    form.append(field)
    document.body.append(form)
    const loaded = new Promise((resolve) => { sink.onload = resolve })
    form.submit()
    await loaded
  }
  return out
}

async function made() {
  const { result } = await planet.api('GET', '/collection')
  return result.map((one) => one.name).filter((name) => name.startsWith('by_'))
}

const sites = { 'a site with a name': `http://other.example:${port}`, 'another port of this machine': `http://127.0.0.1:${port}`, 'another name of this machine': `http://localhost:${port}` }
for (const [what, address] of Object.entries(sites)) {
  test(`${what} can do nothing`, async ({ page, url, expect }) => {
    expect.errors(/./)
    await page.goto(address)
    assert.deepEqual(await page.evaluate(attempts, url), {
      read: '401', live: '401', login: '401', cut: '401', cors: '401', included: 'refused', blind: 'opaque', feed: 'refused', socket: 'refused',
    })
    assert.deepEqual(await made(), [])
  })
}

test('a name that is bound to this machine leads nowhere', async ({ page, planet, expect }) => {
  expect.errors(/./)
  for (const path of ['/', '/console/planet', '/docs/', '/openapi.json', '/_fabric/_system/_api/collection']) {
    const answer = await page.goto(`http://rebound.example:${planet.port}${path}`)
    assert.equal(answer.status(), 421, path)
  }
})

test('other sites cannot show the console in a frame', async ({ page, url, expect }) => {
  expect.errors(/./)
  await page.goto(sites['a site with a name'])
  await page.evaluate((address) => new Promise((resolve) => {
    const frame = document.createElement('iframe')
    frame.onload = resolve
    frame.src = address
    document.body.append(frame)
  }), `${url}/console/planet`)
  assert.ok(page.frames().every((frame) => !frame.url().startsWith(`${url}/console`)), page.frames().map((frame) => frame.url()).join(' '))
})

test("the planet's own pages can, at each location", async ({ page, planet, expect }) => {
  expect.errors(/./)
  await page.goto(`${planet.url()}/docs/`)
  for (const target of [planet.url(), planet.url(1)]) {
    const answers = await page.evaluate(attempts, target)
    assert.deepEqual({ read: answers.read, live: answers.live, login: answers.login, feed: answers.feed, socket: answers.socket },
      { read: '200', live: '200', login: '200', feed: 'open', socket: 'open' }, target)
  }
  assert.ok((await made()).includes('by_cors_omit'))
})
