// The Planet page: what it shows of a planet, and what it does to one.

import assert from 'node:assert/strict'
import http from 'node:http'
import { after } from 'node:test'
import { start, test, until } from './harness.mjs'

const { api } = await start({ locations: 5 }) // fra syd tok sao wdc

const link = async (from, to) => (await api('GET', '/mesh')).links.find((one) => one.from === from && one.to === to)

// cuts counts the links that are cut. Which end a story cuts off depends on who is
// well: right after another story Sydney may still be catching up.
const cuts = async () => (await api('GET', '/mesh')).links.filter((one) => one.state === 'cut').length

// Feed is a stream of news that a test writes itself, in place of the planet's.
class Feed {
  constructor(state) {
    this.state = state
    this.readers = new Set()
    this.server = http.createServer((request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
      this.readers.add(response)
      request.on('close', () => this.readers.delete(response))
      this.tell('state', this.state, [response])
    })
    after(() => this.close())
  }

  async attach(page) {
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${this.server.address().port}/`
    await page.route('**/mesh/live*', (route) => route.continue({ url }))
    return this
  }

  tell(event, value, to = this.readers) {
    for (const one of to) one.write(`event: ${event}\ndata: ${JSON.stringify(value)}\n\n`)
  }

  close() {
    this.server.closeAllConnections()
    this.server.close()
  }
}

function location(name, latitude, longitude, more = {}) {
  return { name, city: '', country: '', incarnation: '0', url: '', latitude, longitude, state: 'up', ready: true, member: true, clockOffsetMs: 0, commits: 0, applied: 0, ...more }
}

function direction(from, to, more = {}) {
  return { from, to, state: 'up', oneWayMs: 50, rttMs: 100, jitterMs: 0, lossPercent: 0, delivered: 0, lag: { entries: 0, bytes: 0, ms: 0 }, ...more }
}

function planetOf(locations, links, more = {}) {
  return { location: 'a', incarnation: '0', anchor: 'a', locations, links, vector: {}, stable: {}, watermark: '0', ...more }
}

const trio = () => [location('a', 50, 8), location('b', -34, 151), location('c', 35, -97)]

function manyLocations(n) {
  const names = Array.from({ length: n }, (_, i) => `l${String(i).padStart(3, '0')}`)
  const locations = names.map((name, i) => location(name, -50 + ((i * 37) % 1100) / 10, -170 + ((i * 71) % 3400) / 10))
  return planetOf(locations, names.slice(1).flatMap((name) => [direction(names[0], name), direction(name, names[0])]), { location: names[0], anchor: names[0] })
}

const overlaps = (boxes) => {
  const found = []
  for (let i = 0; i < boxes.length; i++) {
    for (let j = 0; j < i; j++) {
      const [a, b] = [boxes[i], boxes[j]]
      const w = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)
      const h = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y)
      if (w > 1.5 && h > 2.5) found.push([a, b])
    }
  }
  return found
}

// What is drawn on the canvas, as the number of pixels that are not empty.
const drawn = (page) => page.locator('.planet-traffic').evaluate((canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  let n = 0
  for (let i = 3; i < data.length; i += 4) if (data[i] > 0) n++
  return n
})

const labels = (page) => page.locator('.planet-label:not(.planet-nowhere) .planet-name').evaluateAll((all) => all.map((one) => {
  const { x, y, width, height } = one.getBoundingClientRect()
  return { x, y, width, height, name: one.textContent }
}))

test('locations, links and figures are on the map and in the list', async ({ page, open, axe, shot }) => {
  await open()
  for (const name of ['fra', 'syd', 'tok', 'sao', 'wdc']) {
    await page.getByTestId(`planet-location-${name}`).waitFor()
    await page.getByTestId(`planet-row-${name}`).waitFor()
  }
  assert.equal(await page.locator('.planet-link').count() - await page.locator('.planet-legend .planet-link').count(), 10)
  await page.getByTestId('planet-up').getByText('5 of 5').waitFor()
  assert.deepEqual(overlaps(await labels(page)), [])
  await axe()
})

test('a location is selected with the mouse, the keyboard and the list', async ({ page, open, axe }) => {
  await open()
  await page.getByTestId('planet-location-syd').click()
  const panel = page.getByTestId('planet-location-panel')
  await panel.getByRole('heading', { name: 'Sydney (syd)' }).waitFor()
  await panel.getByText('up and ready').waitFor()
  await panel.getByTestId('planet-vector').getByRole('rowheader', { name: 'fra' }).waitFor()
  await panel.getByText('MiB').first().waitFor()
  assert.match(page.url(), /location=syd/)
  assert.match(await page.getByTestId('planet-console-link').getAttribute('href'), /^http:\/\/127\.0\.0\.1:\d+\/console\/planet$/)
  await axe()

  await page.keyboard.press('Escape')
  await page.getByTestId('planet-overview').waitFor()
  await page.getByTestId('planet-location-fra').focus()
  await page.keyboard.press('ArrowLeft')
  assert.equal(await page.evaluate(() => document.activeElement.dataset.name), 'wdc')
  await page.keyboard.press('Enter')
  await panel.getByRole('heading', { name: /wdc/ }).waitFor()
  await page.getByTestId('planet-back').click()

  await page.getByTestId('planet-row-tok').focus()
  await page.keyboard.press('Enter')
  await panel.getByRole('heading', { name: /tok/ }).waitFor()
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'H2')
  await page.keyboard.press('Escape')
  assert.equal(await page.evaluate(() => document.activeElement.dataset.testid), 'planet-row-tok')
})

test('an address opens what it names', async ({ page, open }) => {
  await open('planet?link=fra,syd')
  await page.getByTestId('planet-link-panel').getByRole('heading', { name: 'fra – syd' }).waitFor()
  await open('planet?location=nowhere')
  await page.getByTestId('planet-overview').waitFor()
})

test('a link is cut, cut one way, bent and healed, and each can be taken back', async ({ page, open, axe }) => {
  await open('planet?location=fra')
  await page.getByTestId('planet-peer-syd').click()
  const state = page.getByTestId('planet-link-state')
  await page.getByTestId('planet-cut').click()
  await state.getByText('cut', { exact: true }).waitFor()
  await page.getByTestId('planet-last').getByText('Cut fra – syd').waitFor()
  assert.equal((await link('fra', 'syd')).state, 'cut')
  assert.equal((await link('syd', 'fra')).state, 'cut')
  assert.equal(await page.locator('.planet-link:has([data-testid="planet-link-fra-syd"])').getAttribute('data-look'), 'cut')
  await axe()
  await page.getByTestId('planet-undo').click()
  await state.getByText('up', { exact: true }).waitFor()
  await until(async () => (await link('fra', 'syd')).state === 'up', 'the cut is taken back')

  await page.getByTestId('planet-cut-forward').click()
  await state.getByText('cut one way').waitFor()
  assert.equal((await link('fra', 'syd')).state, 'cut')
  assert.notEqual((await link('syd', 'fra')).state, 'cut')
  await page.getByTestId('planet-heal').click()
  await state.getByText('up', { exact: true }).waitFor()

  await page.getByTestId('planet-direction').selectOption('back')
  await page.getByTestId('planet-delay').fill('300')
  await page.getByTestId('planet-loss').fill('1.5')
  await page.getByTestId('planet-jitter').fill('7')
  await page.getByTestId('planet-bend').click()
  await page.getByTestId('planet-link-figures').getByText('300 ms').waitFor()
  await page.getByTestId('planet-link-figures').getByText('1.5 %').waitFor()
  assert.equal((await link('syd', 'fra')).oneWayMs, 300)
  assert.notEqual((await link('fra', 'syd')).oneWayMs, 300)
  await page.getByTestId('planet-undo').click()
  await until(async () => (await link('syd', 'fra')).oneWayMs !== 300, 'the delay is as before')
})

test('a location is cut off, and all links are healed at once', async ({ page, open }) => {
  await open('planet?location=tok')
  await page.getByTestId('planet-cut-off').click()
  await page.getByTestId('planet-troubles').getByText('4', { exact: true }).waitFor()
  await page.getByTestId('planet-back').click()
  await page.getByTestId('planet-trouble-sao-tok').waitFor()
  await page.getByTestId('planet-heal-all').click()
  await page.getByTestId('planet-troubles').getByText('0', { exact: true }).waitFor()
  assert.equal((await link('tok', 'sao')).state, 'up')
  await page.getByTestId('planet-events').getByText('heal').first().waitFor()
})

test('a change that is refused says why and what to do', async ({ page, open }) => {
  await page.route('**/mesh/links/**', (route) => route.fulfill({ status: 403, json: { error: true, errorNum: 11, errorCode: 'forbidden', errorMessage: 'only the user root may do this' } }))
  await open('planet?link=fra,syd')
  await page.getByTestId('planet-cut').click()
  await page.getByRole('alert').getByText('only the user root may do this').waitFor()
  await page.getByRole('alert').getByText('Sign in as somebody who may do this').waitFor()
  assert.equal(await page.getByTestId('planet-cut').isEnabled(), true)
})

test('a location that does not answer says so, and the rest goes on', async ({ page, open }) => {
  await page.route('**/mesh/self', (route) => route.abort())
  await open('planet?location=sao')
  await page.getByTestId('planet-self-error').getByText(/does not say how it is/).waitFor()
  await page.getByTestId('planet-peers').getByText('fra').waitFor()
  await page.unroute('**/mesh/self')
  await page.getByTestId('planet-self-error').waitFor({ state: 'hidden' })
})

test('entries are seen travelling, and counted', async ({ page, open, shot }) => {
  await api('POST', '/collection', { name: 'busy' })
  await open()
  await page.getByTestId('planet-up').getByText('5 of 5').waitFor()
  let writing = true
  const writers = [0, 1, 2, 3, 4].map(async (at) => {
    for (let i = 0; writing; i++) await api('POST', '/document/busy', { i }, { at })
  })
  try {
    await until(async () => (await drawn(page)) > 20, 'something is drawn on the canvas')
    await page.waitForFunction(() => Number.parseFloat(document.querySelector('[data-testid="planet-writes"]').textContent.replace(',', '')) > 0)
    await page.waitForFunction(() => Number.parseFloat(document.querySelector('[data-testid="planet-arrivals"]').textContent.replace(',', '')) > 0)
    if (process.env.SHOTS) {
      await api('PUT', '/mesh/links/fra/syd', { state: 'cut' })
      await page.getByTestId('planet-troubles').getByText('1', { exact: true }).waitFor()
      await until(async () => (await page.locator('[data-testid="planet-lag"] canvas').count()) > 0 && (await drawn(page)) > 400, 'much is under way')
      await shot(page, 'planet-light')
      await api('DELETE', '/mesh/links')
    }
  } finally {
    writing = false
    await Promise.all(writers)
  }
  await until(async () => (await drawn(page)) === 0, 'the canvas is at rest')
  await api('DELETE', '/collection/busy')
})

test('the legend fits on the map and says what is counted', async ({ page, open, axe }) => {
  await open()
  const legend = page.locator('.planet-legend')
  await legend.locator('summary').click()
  await legend.getByText('Commits a second that began').waitFor()
  const [inner, outer] = await Promise.all([legend.boundingBox(), page.locator('.planet-figure').boundingBox()])
  assert.ok(inner.y >= outer.y, `it begins ${outer.y - inner.y} pixels above the map`)
  await axe()
  await legend.locator('summary').click()
})

test('cut, write, heal: the story is really done', async ({ page, open, axe, shot }) => {
  await open()
  await page.getByTestId('planet-story-start').click()
  await page.getByTestId('planet-story-cut').click()
  await page.getByTestId('planet-story-verdict').getByText(/neither hears of the other/).waitFor()
  const [one, two] = [page.getByTestId('planet-story-side-1'), page.getByTestId('planet-story-side-2')]
  await one.getByText('greeting: "Hello"').waitFor()
  assert.equal((await link('fra', 'syd')).state, 'cut')
  assert.equal((await link('tok', 'syd')).state, 'cut')

  await page.getByTestId('planet-story-write').click()
  await page.getByTestId('planet-story-verdict').getByText(/Two truths/).waitFor()
  await one.getByText('greeting: "Hello from Frankfurt"').waitFor()
  await two.getByText('greeting: "Hello from Sydney"').waitFor()
  assert.equal(await one.getByText('seen_at_syd').count(), 0)
  await axe()
  await shot(page, 'planet-story')

  await page.getByTestId('planet-story-heal').click()
  await page.getByTestId('planet-story-verdict').getByText(/Merged/).waitFor()
  for (const side of [one, two]) for (const field of ['seen_at_fra', 'seen_at_syd']) await side.getByText(`${field}: true`).waitFor()
  await page.getByTestId('planet-story-conflict').getByText(/was kept/).waitFor()
  await until(() => one.evaluate((node) => new Promise((resolve) => {
    new IntersectionObserver(([seen], all) => { all.disconnect(); resolve(seen.intersectionRatio === 1) }).observe(node)
  })), 'the merged letter is in sight')
  assert.equal((await link('tok', 'syd')).state, 'up')
  const [a, b] = await Promise.all([0, 1].map((at) => api('GET', '/document/hello/letter', undefined, { at })))
  assert.deepEqual(a, b)
  await page.getByTestId('planet-story-clean').click()
  await page.getByTestId('planet-story').waitFor({ state: 'detached' })
  await until(async () => (await api('GET', '/collection/hello', undefined, { fail: false })).error, 'the collection is gone')
  await page.reload()
  await page.getByTestId('planet-location-fra').waitFor()
  assert.equal(await page.getByTestId('planet-hint').count(), 0)
})

test('a story that is closed in the middle leaves no cut', async ({ page, open }) => {
  await open()
  await page.getByTestId('planet-story-start').click()
  await page.getByTestId('planet-story-cut').click()
  await page.getByTestId('planet-story-verdict').getByText(/neither hears/).waitFor()
  await page.getByTestId('planet-story-close').click()
  await page.getByTestId('confirm-action').click()
  await page.getByTestId('planet-story').waitFor({ state: 'detached' })
  assert.equal(await cuts(), 0)
  await api('DELETE', '/collection/hello')
})

test('who walks away from a story leaves no cut', async ({ page, open }) => {
  await open()
  await page.getByTestId('planet-story-start').click()
  await page.getByTestId('planet-story-cut').click()
  await page.getByTestId('planet-story-verdict').getByText(/neither hears/).waitFor()
  assert.equal(await cuts(), 8)
  await page.getByRole('link', { name: 'Data' }).click()
  await page.getByTestId('page-data').waitFor()
  await page.getByTestId('toast').getByText('its links are healed').waitFor()
  await until(async () => (await cuts()) === 0, 'the links heal')
  await api('DELETE', '/collection/hello')
})

test('a tab that is closed or loaded anew in the middle of a story leaves no cut', async ({ context, page, open }) => {
  const cut = async (tab) => {
    await open('planet', tab)
    await tab.getByTestId('planet-story-open').click()
    await tab.getByTestId('planet-story-cut').click()
    await tab.getByTestId('planet-story-verdict').getByText(/neither hears/).waitFor()
    assert.equal(await cuts(), 8)
  }
  const healed = () => until(async () => (await cuts()) === 0, 'the links heal')
  const other = await context.newPage()
  await cut(other)
  await other.close()
  await healed()
  await cut(page)
  await page.reload()
  await page.getByTestId('planet-last').getByText('the middle of the story').waitFor()
  await healed()
  await page.reload()
  await page.getByTestId('planet-location-fra').waitFor()
  assert.equal(await page.getByTestId('planet-last').isVisible(), false, 'it is told once')
  await api('DELETE', '/collection/hello')
})

test('links that a story left cut are told, and can be healed', async ({ page, open }) => {
  await open()
  await page.evaluate(() => sessionStorage.setItem('selvedge.planet.left', '[["fra","syd"],["syd","fra"]]'))
  await api('PUT', '/mesh/links/syd/fra', { state: 'cut' })
  await page.reload()
  await page.getByTestId('planet-last').getByText('1 link that it cut is still cut').waitFor()
  await page.getByTestId('planet-heal-all').click()
  await until(async () => (await cuts()) === 0, 'the link is healed')
})

test('a letter that the story did not write stays, and what it made it removes after it was told again, too', async ({ page, open }) => {
  const told = async () => {
    await page.getByTestId('planet-story-cut').click()
    await page.locator('[data-testid=planet-story-write]:enabled').click()
    await page.locator('[data-testid=planet-story-heal]:enabled').click()
    await page.getByTestId('planet-story-conflict').getByText(/was kept/).waitFor()
  }
  await api('POST', '/collection', { name: 'hello' })
  await api('POST', '/document/hello', { _key: 'letter', text: 'a letter of mine' })
  await open()
  await page.getByTestId('planet-story-open').click()
  await told()
  await page.getByTestId('planet-story').getByRole('heading', { name: 'hello/letter-2 at Frankfurt (fra)' }).waitFor()
  await page.getByTestId('planet-story-clean').getByText('Remove the letter').click()
  await page.getByTestId('planet-story').waitFor({ state: 'detached' })
  const left = await api('POST', '/cursor', { query: 'FOR d IN hello RETURN UNSET(d, "_id", "_rev")' })
  assert.deepEqual(left.result, [{ _key: 'letter', text: 'a letter of mine' }])
  await api('DELETE', '/collection/hello')

  await page.getByTestId('planet-story-open').click()
  await told()
  await page.getByTestId('planet-story-again').click()
  await told()
  await page.getByTestId('planet-story-clean').getByText('Remove the collection hello').click()
  await until(async () => (await api('GET', '/collection/hello', undefined, { fail: false })).error, 'the collection is gone')
})

test('where a fabric lives is changed on the map', async ({ page, open, axe, shot }) => {
  await api('POST', '/database', { name: 'shop', options: { dcList: 'fra,syd' } })
  await open()
  await page.getByTestId('planet-row-fra').waitFor()
  assert.equal(await page.getByTestId('planet-edit').isDisabled(), true, '_system lives everywhere')
  await open('planet?fabric=shop')
  await page.getByTestId('planet-up').getByText('2 of 2').waitFor()
  await page.getByTestId('planet-edit').click()
  const summary = page.getByTestId('planet-edit-summary')
  await summary.getByText('No changes so far').waitFor()
  await page.getByTestId('planet-location-tok').click()
  await page.getByTestId('planet-edit-syd').uncheck()
  await summary.getByText('Added: tok').waitFor()
  await summary.getByText('Removed: syd').waitFor()
  assert.equal(await page.getByTestId('planet-edit-fra').isDisabled(), true, 'the anchor stays')
  await axe()
  await shot(page, 'planet-edit')
  await page.getByTestId('planet-edit-confirm').click()
  await page.getByTestId('confirm-action').click()
  await summary.getByText(/Done: the fabric lives at/).waitFor({ timeout: 30_000 })
  const members = (await api('GET', '/mesh', undefined, { fabric: 'shop' })).locations.map((one) => one.name).sort()
  assert.deepEqual(members, ['fra', 'tok'])
  await page.getByTestId('planet-edit-cancel').click()
  await page.getByTestId('planet-up').getByText('2 of 2').waitFor()
  await api('DELETE', '/database/shop')
})

test('what others changed of the locations meanwhile is kept, and asked about', async ({ page, open }) => {
  await api('POST', '/database', { name: 'crowd', options: { dcList: 'fra,syd' } })
  await open('planet?fabric=crowd')
  await page.getByTestId('planet-up').getByText('2 of 2').waitFor()
  await page.getByTestId('planet-edit').click()
  await page.getByTestId('planet-edit-syd').uncheck()
  const places = async () => (await api('GET', '/database/user')).result.find((one) => one.name === 'crowd').options.dcList.split(',').sort().join()
  await api('PUT', '/database/locations/crowd', { locations: ['fra', 'syd', 'tok'] })
  await until(async () => (await places()) === 'fra,syd,tok', 'the third location is a member')
  await page.getByTestId('planet-edit-confirm').click()
  await page.getByTestId('confirm-action').click()
  const again = page.getByTestId('confirm').getByText('Somebody changed it meanwhile')
  assert.match(await again.textContent(), /it lives at fra, syd, tok now\. All data of the fabric at syd is deleted there\. It lives at fra, tok then\./)
  await page.getByTestId('confirm-action').click()
  await page.getByTestId('planet-edit-summary').getByText(/Done: the fabric lives at/).waitFor({ timeout: 30_000 })
  assert.equal(await places(), 'fra,tok')
  await api('DELETE', '/database/crowd')
})

test('on a real planet nothing bends, and the page says why', async ({ page, open }) => {
  await new Feed(planetOf(trio(), [direction('a', 'b'), direction('a', 'c', { state: 'down' })])).attach(page)
  await open('planet?link=a,b')
  await page.getByTestId('planet-no-dev').getByText(/real/).waitFor()
  assert.equal(await page.getByTestId('planet-cut').count(), 0)
  assert.equal(await page.getByTestId('planet-story-open').isHidden(), true)
  assert.equal(await page.getByTestId('planet-heal-all').isHidden(), true)
  assert.equal(await page.getByTestId('planet-hint').count(), 0)
  await page.getByTestId('planet-back').click()
  await page.getByTestId('planet-trouble-a-c').waitFor()
})

test('a location that is not reached from here may be up, and one that nobody reaches is not', async ({ page, open }) => {
  const [a, b, c] = trio()
  await new Feed(planetOf([a, { ...b, state: 'down' }, { ...c, state: 'down' }, location('d', 0, 20)], [
    direction('a', 'b', { state: 'cut' }), direction('b', 'd'), direction('a', 'c', { state: 'down' }), direction('d', 'c', { state: 'down' }), direction('a', 'd'),
  ])).attach(page)
  await open()
  await page.getByTestId('planet-up').getByText('2 of 4, 1 not reached').waitFor()
  assert.equal(await page.getByTestId('planet-location-b').getAttribute('data-look'), 'apart')
  assert.equal(await page.getByTestId('planet-location-c').getAttribute('data-look'), 'down')
})

test('the links of another location are those that it names itself', async ({ page, open, planet }) => {
  const peer = (name, more) => ({ name, connected: true, rttMs: 80, offsetMs: 0, silentMs: 10, waitingEntries: 0, waitingBytes: 0, ...more })
  const locations = trio()
  locations[1].url = planet.url(1)
  await page.route(`${planet.url(1)}/**`, (route) => route.fulfill({ status: 200, headers: { 'Access-Control-Allow-Origin': '*' }, json: {
    location: 'b', ready: false, reasons: ['fabric shop is still being copied to this location'], readOnly: 'the disk is nearly full', clockOffsetMs: -12, clockTrusted: false,
    version: '1', uptimeMs: 61_000, memoryBytes: 1, storage: {}, vector: {}, stable: {}, watermark: '0', waits: [{ origin: 'c', entry: '1', reason: 'an entry before it is missing', forMs: 9_000, entries: 3, pulling: true }],
    peers: [peer('a'), peer('c', { connected: false, silentMs: 30_000, waitingEntries: 7 })], result: [],
  } }))
  await new Feed(planetOf(locations, [direction('a', 'b'), direction('a', 'c')])).attach(page)
  await open('planet?location=b')
  const panel = page.getByTestId('planet-location-panel')
  await panel.getByTestId('planet-reasons').getByText('still being copied').waitFor()
  await panel.getByTestId('planet-reasons').getByText('nearly full').waitFor()
  await panel.getByText('12 ms behind, not trusted').waitFor()
  await panel.getByTestId('planet-waits').getByText(/c: an entry before it is missing for 9 s, 3 entries, being fetched/).waitFor()
  const row = panel.getByTestId('planet-peers').getByRole('row').filter({ has: page.getByTestId('planet-peer-c') })
  await row.getByText('down').waitFor()
  await row.getByText('silent for 30 s').waitFor()
  await page.getByTestId('planet-peer-c').click()
  await page.getByTestId('planet-location-panel').getByRole('heading', { name: 'c', exact: true }).waitFor()
  await page.getByTestId('planet-self-error').getByText(/address is not known/).waitFor()
})

test('200 locations stay readable', async ({ page, open, axe, shot }) => {
  const state = manyLocations(200)
  state.links.find((one) => one.from === 'l000' && one.to === 'l007').state = 'down'
  await new Feed(state).attach(page)
  await open()
  await page.getByTestId('planet-up').getByText('200 of 200').waitFor()
  await page.getByTestId('planet-location-l199').waitFor()
  const arcs = page.locator('.planet-links .planet-link')
  assert.equal(await arcs.count(), 1, 'only the link in trouble')
  assert.deepEqual(overlaps(await labels(page)), [])
  assert.equal(await page.getByTestId('planet-locations').locator('li').count(), 20)
  await page.getByTestId('planet-locations-after').click()
  await page.getByTestId('planet-row-l020').waitFor()
  await page.getByTestId('planet-filter').fill('L150')
  await page.getByTestId('planet-row-l150').click()
  await page.getByTestId('planet-peers').getByText('l000').waitFor()
  assert.equal(await arcs.count(), 2)
  await axe()
  await shot(page, 'planet-many')
})

test('a planet that says nothing yet, one that is refused, and one that comes back', async ({ page, open }) => {
  await page.route('**/mesh/live*', (route) => route.fulfill({ status: 404, json: { error: true, errorCode: 'fabric-not-found', errorMessage: 'no fabric of this name' } }))
  await open()
  await page.getByTestId('planet-lost').getByText('no fabric of this name').waitFor()
  await page.getByTestId('planet-lost').getByText(/Choose another fabric/).waitFor()
  await page.unroute('**/mesh/live*')
  await page.getByTestId('planet-lost').getByRole('button', { name: 'Try again' }).click()
  await page.getByTestId('planet-location-fra').waitFor()
  await page.getByTestId('planet-lost').waitFor({ state: 'hidden' })
})

test('names are text, whatever is in them', async ({ page, open }) => {
  const evil = '<img src=x onerror=alert(1)>'
  const turned = 'b\u202ecba'
  const locations = [location('a', 0, 0), location(evil, 10, 40, { city: evil, url: 'javascript:alert(1)' }), location(turned, -20, 100)]
  const feed = await new Feed(planetOf(locations, [direction('a', evil), direction('a', turned)])).attach(page)
  await open()
  await page.getByTestId('planet-overview').getByText(/<img src=x/).first().waitFor()
  await page.getByTestId('planet-overview').getByText(/⟨U\+202E⟩/).waitFor()
  assert.equal(await page.locator('img').count(), 0)
  await page.getByTestId('planet-overview').getByText(/<img src=x/).first().click()
  await page.getByTestId('planet-location-panel').waitFor()
  assert.equal(await page.getByTestId('planet-console-link').isHidden(), true)
  feed.tell('notable', { number: 1, at: Date.now(), level: 'warn', kind: evil, location: turned, text: evil })
  await page.getByTestId('planet-events').getByText(/<img src=x/).first().waitFor()
})

test('what was selected may go', async ({ page, open }) => {
  const state = planetOf(trio(), [direction('a', 'b'), direction('a', 'c')])
  const feed = await new Feed(state).attach(page)
  await open('planet?location=c')
  await page.getByTestId('planet-location-panel').waitFor()
  feed.tell('state', planetOf(trio().slice(0, 2), [direction('a', 'b')]))
  await page.getByTestId('planet-overview').waitFor()
  await page.getByTestId('planet-location-c').waitFor({ state: 'detached' })
  assert.equal(await page.locator('.planet-links .planet-link').count(), 1)
})

test('without motion the arcs show what is busy', { reducedMotion: 'reduce' }, async ({ page, open }) => {
  const feed = await new Feed(planetOf(trio(), [direction('a', 'b'), direction('b', 'a')])).attach(page)
  await open()
  await page.getByTestId('planet-location-b').waitFor()
  const arc = page.locator('.planet-links .planet-link').first()
  await until(async () => {
    feed.tell('travel', { at: Date.now(), moves: [{ from: 'a', to: 'b', entries: 40, lagMs: 60 }] })
    feed.tell('state', feed.state)
    return (await arc.getAttribute('data-busy')) === '2'
  }, 'the arc is drawn as busy')
  assert.equal(await drawn(page), 0)
  assert.equal(await page.getByTestId('planet-motion').isHidden(), true)
})

test('motion can be paused', async ({ page, open }) => {
  const feed = await new Feed(planetOf(trio(), [direction('a', 'b')])).attach(page)
  await open()
  await page.getByTestId('planet-location-b').waitFor()
  const move = () => feed.tell('travel', { at: Date.now(), moves: [{ from: 'a', to: 'b', entries: 1, lagMs: 60 }] })
  await until(async () => { move(); return (await drawn(page)) > 0 }, 'a dot is drawn')
  await page.getByTestId('planet-motion').click()
  move()
  assert.equal(await drawn(page), 0)
  await page.getByTestId('planet-motion').getByText('Resume').waitFor()
  await page.getByTestId('planet-motion').click()
  await until(async () => { move(); return (await drawn(page)) > 0 }, 'a dot is drawn again')
})

test('time lines follow what is selected', async ({ page, open }) => {
  await open()
  await page.getByTestId('planet-lag').getByRole('heading', { name: 'Lag of the planet' }).waitFor()
  await page.getByTestId('planet-lag').locator('canvas').first().waitFor()
  await page.getByTestId('planet-row-fra').click()
  await page.getByTestId('planet-throughput').getByRole('heading', { name: 'Throughput of Frankfurt (fra)' }).waitFor()
  await page.getByTestId('planet-peer-syd').click()
  await page.getByTestId('planet-lag').getByRole('heading', { name: 'Lag of fra – syd' }).waitFor()
  await page.getByTestId('planet-lag').getByText('fra → syd').first().waitFor()
})

test('in the dark', { colorScheme: 'dark' }, async ({ page, open, axe, shot }) => {
  await open('planet?location=fra')
  await page.getByTestId('planet-vector').getByRole('rowheader', { name: 'syd' }).waitFor()
  await axe()
  await shot(page, 'planet-dark')
  await page.getByTestId('planet-peer-syd').click()
  await page.getByTestId('planet-cut').waitFor()
  await axe()
})

test('on a narrow screen', { viewport: { width: 390, height: 780 } }, async ({ page, open, axe, shot }) => {
  await open()
  await page.getByTestId('planet-location-syd').waitFor()
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth && document.querySelector('main').scrollWidth <= innerWidth), true, 'nothing is wider than the screen')
  await axe()
  await shot(page, 'planet-narrow')
  await page.getByTestId('planet-row-syd').click()
  await page.getByTestId('planet-vector').getByRole('rowheader', { name: 'fra' }).waitFor()
  await page.getByTestId('planet-peer-fra').click()
  await page.getByTestId('planet-cut').waitFor()
  assert.equal(await page.evaluate(() => document.querySelector('main').scrollWidth <= innerWidth), true, 'nor are the panels')
  await axe()
})
