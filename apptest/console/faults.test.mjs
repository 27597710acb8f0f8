// What goes wrong, under every page: the location dies, the key ends, the link
// is slow, the data is hostile or large, another site tries its luck.

import assert from 'node:assert/strict'
import http from 'node:http'
import { launch, start, test, until } from './harness.mjs'

await start({ locations: 1 })

const names = ['planet', 'data', 'query', 'graph', 'system']
const gone = /ERR_CONNECTION|ERR_CONTENT_LENGTH|ERR_INCOMPLETE|ERR_EMPTY|ERR_NETWORK|ERR_ABORTED|network/i

const text = (page, name) => page.getByTestId(`page-${name}`).innerText()

// ending leaves the page before its planet goes, so that only what was meant to fail does.
async function ending(page, planet) {
  await page.goto('about:blank')
  await planet.close()
}

test('the location dies under each page, and comes back', { timeout: 150_000 }, async ({ page, expect }) => {
  const planet = await launch({ locations: 1 })
  expect.errors(gone)
  try {
    for (const name of names) {
      await page.goto(`${planet.url()}/console/${name}`)
      await page.getByTestId(`page-${name}`).waitFor()
      await until(() => page.getByTestId('location').getAttribute('data-state').then((state) => state === 'open'), `${name}: open`)
      await planet.end('SIGKILL')
      await page.getByTestId('banner').getByText('does not answer').waitFor()
      assert.ok((await text(page, name)).length > 0, `${name} still shows what it knew`)
      await page.getByTestId('theme-switch').click() // the frame answers
      await planet.open()
      await page.getByTestId('banner').waitFor({ state: 'hidden' })
      assert.equal(await page.getByTestId(`page-${name}`).count(), 1, `${name} is kept`)
    }
  } finally {
    await ending(page, planet)
  }
})

test('the key ends under each page', { timeout: 150_000 }, async ({ page, expect }) => {
  const planet = await launch({ locations: 1, password: 'known to the test' })
  expect.errors(gone)
  try {
    for (const name of names) {
      const { key } = await planet.api('POST', '/_api/key', { keyid: `guest-${name}` })
      await page.goto('about:blank')
      await page.goto(`${planet.url()}/console/${name}#apikey=${key}`)
      if (name !== names[0]) await page.getByTestId('confirm-action').click() // the tab is signed in with another key
      await page.getByTestId(`page-${name}`).waitFor()
      await planet.api('DELETE', `/_api/key/guest-${name}`)
      const dialog = page.getByTestId('signin-dialog')
      await dialog.waitFor()
      const banner = page.getByTestId('banner')
      assert.match(await banner.textContent(), /^Nobody is signed in any more/)
      assert.equal(await page.evaluate(() => document.activeElement.dataset.testid), 'signin-key')
      await dialog.getByTestId('signin-cancel').click()
      await dialog.waitFor({ state: 'detached' })
      await banner.getByText('Nobody is signed in any more').waitFor()
      assert.ok((await text(page, name)).length > 0, `${name} is kept`)
      await banner.getByTestId('reconnect').click()
      await dialog.getByTestId('signin-key').fill(planet.key)
      await dialog.getByTestId('signin-submit').click()
      await dialog.waitFor({ state: 'detached' })
      await banner.waitFor({ state: 'hidden' })
    }
  } finally {
    await ending(page, planet)
  }
})

test('a slow link: each page says that it waits, and leaving early harms nobody', { timeout: 120_000 }, async ({ page, url, expect }) => {
  expect.errors(/ERR_ABORTED/)
  await page.goto(`${url}/console/system`)
  await page.getByTestId('page-system').waitFor()
  await page.route('**/_fabric/**', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 400))
    await route.continue().catch(() => {}) // who asked may have left
  })
  for (const name of [...names, ...names]) {
    await page.getByTestId(`nav-${name}`).click()
    await page.getByTestId(`page-${name}`).waitFor()
    assert.ok((await text(page, name)).length > 0, `${name} shows something at once`)
  }
  await page.getByTestId('page-system').waitFor()
  assert.equal(await page.getByTestId('failure').count(), 0)
  await page.unrouteAll({ behavior: 'ignoreErrors' })
})

test('every answer is an error: each page says so and what to do', { timeout: 120_000 }, async ({ page, url }) => {
  await page.goto(`${url}/console/system`)
  await page.getByTestId('page-system').waitFor()
  const error = { error: true, code: 503, errorNum: 30001, errorMessage: 'overloaded <b>\u202e', errorCode: 'overloaded' }
  await page.route('**/_fabric/**', (route) => route.fulfill({ status: 503, json: error }))
  await page.route('**/_api/**', (route) => route.fulfill({ status: 503, json: error }))
  for (const name of names) {
    await page.getByTestId(`nav-${name}`).click()
    await page.getByTestId(`page-${name}`).waitFor()
    assert.ok((await text(page, name)).length > 0, `${name} is not blank`)
    assert.equal(await page.locator('main b').filter({ hasText: '\u202e' }).count(), 0)
  }
})

const hostile = {
  html: '<img src=x onerror="globalThis.broken = 1">', script: '</script><script>globalThis.broken = 1</script>', control: 'a\u0000b\u0007c\u001b[31m',
  bidi: 'invoice\u202egpj.exe', long: 'x'.repeat(20_000), quote: '\'"`${globalThis.broken = 1}', link: 'javascript:globalThis.broken=1', lines: 'a\u2028b\u2029c',
  '<svg onload=globalThis.broken=1>': { '\u202e<b>': ['\ufeff', '\u200b'] }, ['__proto__']: { polluted: 1 },
}

test('hostile strings in data stay text on each page', { timeout: 120_000 }, async ({ page, url, api, axe }) => {
  await api('POST', '/collection', { name: 'hostile' })
  await api('POST', '/collection', { name: 'ties', type: 3 })
  await api('POST', '/document/hostile', [{ _key: 'a', ...hostile }, { _key: 'b', ...hostile, name: hostile.html }])
  await api('POST', '/document/ties', [{ _key: 'ab', _from: 'hostile/a', _to: 'hostile/b', label: hostile.html }])
  page.on('dialog', () => assert.fail('a script ran'))
  const query = 'FOR d IN hostile RETURN d'
  const tour = ['planet', 'data', 'data/hostile', 'data/hostile/a', `query?text=${encodeURIComponent(query)}`, 'graph?edges=ties&start=hostile%2Fa', 'system']
  for (const path of tour) {
    const name = path.split(/[/?]/)[0]
    await page.goto(`${url}/console/${path}`)
    await page.getByTestId(`page-${name}`).waitFor()
    if (name === 'query') {
      await page.getByTestId('query-editor').click()
      await page.getByTestId('query-run').click()
      await page.getByTestId('query-result').waitFor()
    }
    await until(() => page.locator('main .busy:visible').count().then((n) => n === 0), `${path}: everything is there`)
    const seen = await page.evaluate(() => ({
      broken: globalThis.broken ?? null, polluted: {}.polluted ?? null, bold: document.querySelectorAll('main img, main script').length,
      wide: document.documentElement.scrollWidth - innerWidth, links: document.querySelectorAll('a[href^="javascript:"]').length,
      raw: /[\u202e\u0007\u001b]/.test(document.body.innerText),
    }))
    assert.deepEqual(seen, { broken: null, polluted: null, bold: 0, wide: 0, links: 0, raw: false }, path)
  }
  await axe()
})

test('a document of four megabytes is shown, one of five is refused in words', { timeout: 120_000 }, async ({ page, url, api }) => {
  await api('POST', '/collection', { name: 'large' })
  await api('POST', '/document/large', JSON.stringify({ _key: 'four', list: Array.from({ length: 200_000 }, (_, i) => i), text: 'y'.repeat(2_500_000) }))
  await page.goto(`${url}/console/data/large/four`)
  await page.getByTestId('page-data').waitFor()
  await until(async () => (await text(page, 'data')).length > 50, 'something about the document')
  const began = Date.now()
  await page.getByTestId('nav-system').click()
  await page.getByTestId('page-system').waitFor()
  assert.ok(Date.now() - began < 10_000, 'the page answers')
  const refused = await page.evaluate(async () => {
    const { api } = await import('/console/app/api.js')
    return api('_system').call('POST', '/document/large', { body: { text: 'z'.repeat(5 * 2 ** 20) } }).then(() => null, (error) => [error.status, error.code, error.next])
  })
  assert.deepEqual(refused.slice(0, 2), [413, 'document-too-large'])
  assert.match(refused[2], /smaller/)
})

test('a collection that is dropped under the page', async ({ page, open, api }) => {
  await api('POST', '/collection', { name: 'brief' })
  await api('POST', '/document/brief', { _key: 'a' })
  await open('data/brief')
  await api('DELETE', '/collection/brief')
  await page.reload()
  await page.getByTestId('page-data').waitFor()
  await until(async () => /brief/.test(await text(page, 'data')), 'the page says which one is gone')
})

test('a page of another site cannot use an open planet', async ({ page, url, expect }) => {
  expect.errors(/./) // the browser says what it refuses
  const server = http.createServer((_, response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<title>elsewhere</title>'))
  await new Promise((resolve) => server.listen(0, 'localhost', resolve))
  try {
    await page.goto(`http://localhost:${server.address().port}/`)
    const got = await page.evaluate(async (planet) => {
      const ask = (path, options) => fetch(planet + path, options).then((response) => response.status, () => 'refused')
      const frame = document.createElement('iframe')
      frame.src = `${planet}/console/planet`
      const framed = new Promise((resolve) => frame.addEventListener('load', resolve))
      document.body.append(frame)
      await framed
      let inside = 'blocked'
      try {
        inside = frame.contentWindow.document.title
      } catch {
        inside = 'blocked'
      }
      return [
        await ask('/_fabric/_system/_api/database'), await ask('/_fabric/_system/_api/database', { credentials: 'include' }),
        await ask('/_fabric/_system/_api/collection', { method: 'POST', body: '{"name": "theirs"}' }), inside,
      ]
    }, url)
    assert.deepEqual(got, [401, 'refused', 401, 'blocked'])
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})
