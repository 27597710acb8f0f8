// The frame of the console: signing in, addresses, themes, the keyboard, and a
// location that goes away.

import assert from 'node:assert/strict'
import { launch, start, test, until } from './harness.mjs'

await start({ locations: 3 })

const names = ['planet', 'data', 'query', 'graph', 'system']

test('an open planet is entered without asking', async ({ page, url, axe }) => {
  await page.goto(`${url}/`)
  await page.getByTestId('page-planet').waitFor()
  assert.equal(new URL(page.url()).pathname, '/console/planet')
  assert.equal(await page.getByTestId('location').getAttribute('data-state'), 'open')
  assert.match(await page.getByTestId('location').textContent(), /fra/)
  assert.equal(await page.getByTestId('fabric-picker').inputValue(), '_system')
  for (const name of names) assert.ok(await page.getByTestId(`nav-${name}`).isVisible(), name)
  assert.deepEqual(await page.context().cookies(), [])
  await axe()
})

test('addresses, back and forward', async ({ page, url, open }) => {
  await open('system')
  assert.match(await page.title(), /^System/)
  assert.equal(await page.getByTestId('nav-system').getAttribute('aria-current'), 'page')
  await page.getByTestId('nav-query').click()
  await page.getByTestId('page-query').waitFor()
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main', 'the page has the focus')
  await page.goBack()
  await page.getByTestId('page-system').waitFor()
  await page.goForward()
  await page.getByTestId('page-query').waitFor()
  await page.goto(`${url}/console/`)
  await page.getByTestId('page-planet').waitFor()
  await page.goto(`${url}/console/nowhere`)
  await page.getByText('There is no page nowhere').waitFor()
  await page.getByTestId('page-none').getByRole('link', { name: 'To the planet' }).click()
  await page.getByTestId('page-planet').waitFor()
})

test('under the name localhost other locations are reached as well', async ({ page, planet }) => {
  await page.goto(`http://localhost:${planet.port}/console/system`)
  await page.getByTestId('page-system').waitFor()
  const name = await page.evaluate(async (url) => {
    const { api } = await import('/console/app/api.js')
    return (await api('_system').at(url).call('GET', '/mesh')).location
  }, planet.url(1))
  assert.equal(name, 'syd')
})

test('light and dark, and the choice stays', { colorScheme: 'dark' }, async ({ page, open, axe }) => {
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  await open('planet')
  const dark = await ground()
  await axe()
  await page.getByTestId('theme-switch').click()
  const light = await ground()
  assert.notEqual(light, dark)
  await page.reload()
  await page.getByTestId('page-planet').waitFor()
  assert.equal(await ground(), light)
  assert.equal(await page.getByTestId('theme-switch').getAttribute('aria-label'), 'Dark colours')
})

test('390 pixels are enough', { viewport: { width: 390, height: 780 } }, async ({ page, open, axe }) => {
  for (const name of names) {
    await open(name)
    const wide = await page.evaluate(() => document.documentElement.scrollWidth)
    assert.ok(wide <= 390, `${name} is ${wide} pixels wide`)
    const box = await page.getByTestId(`nav-${name}`).boundingBox()
    assert.ok(box.y > 700, 'the pages are at the bottom')
  }
  await axe()
})

test('everything by keyboard', async ({ page, open }) => {
  await open('planet')
  await page.keyboard.press('Alt+5')
  await page.getByTestId('page-system').waitFor()
  await page.keyboard.press('Alt+1')
  await page.getByTestId('page-planet').waitFor()
  await page.evaluate(() => document.body.focus())
  await page.reload()
  await page.getByTestId('page-planet').waitFor()
  await page.keyboard.press('Tab')
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the page')
  await page.keyboard.press('Enter')
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main')
  const help = page.getByTestId('help')
  await help.focus()
  await page.keyboard.press('ArrowDown')
  const menu = page.getByRole('menu')
  await menu.waitFor()
  await page.keyboard.press('End')
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Keyboard')
  await page.keyboard.press('Escape')
  await menu.waitFor({ state: 'detached' })
  assert.equal(await page.evaluate(() => document.activeElement.dataset.testid), 'help')
  await page.keyboard.press('Enter')
  await page.keyboard.press('End')
  await page.keyboard.press('Enter')
  await page.getByTestId('keyboard').waitFor()
  await page.keyboard.press('Escape')
  await page.getByTestId('keyboard').waitFor({ state: 'detached' })
})

test('fabrics: choosing, addresses, and one that is gone', async ({ page, open, api }) => {
  await api('POST', '/_fabric/_system/_api/database', { name: 'shop', options: { dcList: '' } })
  await open('data')
  await page.getByTestId('fabric-picker').focus()
  await until(() => page.getByTestId('fabric-picker').locator('option').count().then((n) => n === 2), 'the new fabric in the picker')
  await page.getByTestId('fabric-picker').selectOption('shop')
  await page.waitForURL(/fabric=shop/)
  await page.getByTestId('nav-system').click()
  await page.waitForURL(/system\?fabric=shop/)
  await page.goto(page.url().replace('shop', 'gone'))
  await page.getByTestId('page-system').waitFor()
  assert.equal(await page.getByTestId('fabric-picker').inputValue(), 'gone')
  assert.equal(await page.getByTestId('banner').isVisible(), false, 'a fabric that is not there is no location that is gone')
  await page.getByTestId('fabric-picker').selectOption('_system')
  await page.waitForURL(/system$/)
  await api('DELETE', '/_fabric/_system/_api/database/shop')
})

test('of two lists of fabrics the one that was asked for last is shown', async ({ page, open }) => {
  let go
  const late = new Promise((resolve) => { go = resolve })
  let asked = 0
  const list = (...names) => ({ json: { error: false, code: 200, result: names.map((name) => ({ name })) } })
  await open('system')
  await page.route('**/database/user', async (route) => {
    const first = ++asked === 1
    if (first) await late
    await route.fulfill(first ? list('_system', 'older') : list('_system', 'newer'))
  })
  const picker = page.getByTestId('fabric-picker')
  const names = () => picker.locator('option').allTextContents()
  await picker.focus()
  await until(() => asked === 1, 'it is asked once')
  await picker.dispatchEvent('pointerdown')
  await until(async () => (await names()).includes('newer'), 'the second answer is shown')
  const answered = page.waitForEvent('requestfinished', (request) => request.url().endsWith('/database/user'))
  go()
  await answered
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))
  assert.deepEqual(await names(), ['_system', 'newer'])
})

test('names of fabrics that mean harm stay text', async ({ page, open }) => {
  const hostile = ['<img src=x onerror=alert(1)>', '"><script>alert(1)</script>', 'a\u202egnp.exe', 'nul\u0000\u0007', 'x'.repeat(2000)]
  await page.route('**/database/user', (route) => route.fulfill({ json: { error: false, code: 200, result: [{ name: '_system' }, ...hostile.map((name) => ({ name }))] } }))
  page.on('dialog', () => assert.fail('a script ran'))
  await open('system')
  const texts = await page.getByTestId('fabric-picker').locator('option').allTextContents()
  assert.equal(texts.length, hostile.length + 1)
  assert.equal(texts[1], hostile[0])
  assert.equal(texts[3], 'a\u27e8U+202E\u27e9gnp.exe')
  assert.equal(texts[4], 'nul\u2400\u2407')
  assert.equal(await page.locator('img').count(), 0)
  await page.getByTestId('fabric-picker').selectOption(hostile[0])
  await page.getByTestId('page-system').waitFor()
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth))
})

test('signing in and out', async ({ page, axe, expect }) => {
  const planet = await launch({ locations: 1, password: 'known to the test' })
  try {
    await page.goto(`${planet.url()}/console/system`)
    await page.getByTestId('signin-user').waitFor()
    await axe()
    await page.getByTestId('signin-user').fill('root')
    await page.getByTestId('signin-password').fill('wrong')
    await page.getByTestId('signin-tenant').fill('demo')
    await page.getByTestId('signin-submit').click()
    await page.getByText('is not known here').waitFor()
    await page.getByTestId('signin-password').fill('known to the test')
    await page.keyboard.press('Enter')
    await page.getByTestId('page-system').waitFor()
    await page.reload()
    await page.getByTestId('page-system').waitFor()
    assert.deepEqual(await page.context().cookies(), [])
    assert.equal(await page.evaluate(() => JSON.stringify(localStorage).includes('token')), false)
    await page.getByTestId('account').click()
    await page.getByText('root of demo').waitFor()
    await page.getByTestId('sign-out').click()
    await page.getByTestId('signin-user').waitFor()
    assert.equal(await page.evaluate(() => sessionStorage.getItem('selvedge.credential')), null)
    await page.getByTestId('signin-by-key').click()
    await page.getByTestId('signin-key').fill('demo.root.nonsense')
    await page.getByTestId('signin-submit').click()
    await page.getByText('is not known here').waitFor()
    await page.getByTestId('signin-key').fill(planet.key)
    await page.getByTestId('signin-submit').click()
    await page.getByTestId('page-planet').waitFor()
    // What the page had open ends with the planet.
    expect.errors(/ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY|network/i)
  } finally {
    await page.goto('about:blank')
    await planet.close()
  }
})

test('a key in the address is taken and removed; one that ends is asked for anew', async ({ page, expect }) => {
  const planet = await launch({ locations: 1, password: 'known to the test' })
  try {
    const { key } = await planet.api('POST', '/_api/key', { keyid: 'guest' })
    await page.goto(`${planet.url()}/console/system#apikey=${encodeURIComponent(key)}`)
    await page.getByTestId('page-system').waitFor()
    assert.equal(await page.evaluate(() => location.hash), '')
    assert.ok(!(await page.evaluate(() => document.documentElement.outerHTML)).includes(key))
    await page.evaluate(() => { document.querySelector('[data-testid=page-system]').dataset.kept = 'yes' })
    await planet.api('DELETE', '/_api/key/guest')
    const dialog = page.getByTestId('signin-dialog')
    await dialog.waitFor()
    assert.equal(await page.getByTestId('page-system').getAttribute('data-kept'), 'yes')
    await dialog.getByTestId('signin-key').fill('demo.root.nonsense')
    await dialog.getByTestId('signin-submit').click()
    await dialog.getByText('is not known here').waitFor()
    await dialog.getByTestId('signin-key').fill(planet.key)
    await dialog.getByTestId('signin-submit').click()
    await dialog.waitFor({ state: 'detached' })
    assert.equal(await page.getByTestId('page-system').getAttribute('data-kept'), 'yes', 'the page is kept')
    await until(() => page.getByTestId('location').getAttribute('data-state').then((state) => state === 'open'), 'the stream goes on')
    expect.errors(/ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY|network/i)
  } finally {
    await page.goto('about:blank')
    await planet.close()
  }
})

test('a link does not change by itself who is signed in', async ({ page, expect }) => {
  const planet = await launch({ locations: 1, password: 'known to the test' })
  try {
    const { key } = await planet.api('POST', '/_api/key', { keyid: 'guest' })
    await page.goto(`${planet.url()}/console/system#apikey=${encodeURIComponent(planet.key)}`)
    await page.getByTestId('page-system').waitFor()
    const follow = (value) => page.evaluate((k) => { location.hash = `apikey=${k}` }, value)
    const kept = () => page.evaluate(() => JSON.stringify(sessionStorage))
    const dialog = page.getByRole('dialog').filter({ hasText: 'Sign in with the key of this link?' })
    await follow(key)
    await dialog.getByText('The link has the key guest, of root of demo').waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    assert.ok((await kept()).includes(planet.key) && !(await kept()).includes(key), 'who was there stays')
    await follow('demo.root.nonsense')
    await page.getByText('The key of the link was not taken').waitFor()
    assert.equal(await dialog.count(), 0, 'a key that is not good is not asked about')
    assert.ok((await kept()).includes(planet.key), 'and changes nothing')
    await follow(key)
    await page.getByTestId('confirm-action').click()
    await page.getByText('Signed in with the key of the link').waitFor()
    assert.ok((await kept()).includes(key), 'asked, it is taken')
    expect.errors(/ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY|network/i)
  } finally {
    await page.goto('about:blank')
    await planet.close()
  }
})

test('the key of a link is verified before it is used', async ({ page, expect }) => {
  const planet = await launch({ locations: 1, password: 'known to the test' })
  const kept = () => page.evaluate(() => sessionStorage.getItem('selvedge.credential'))
  const used = []
  page.on('request', (request) => used.push([new URL(request.url()).pathname, request.headers().authorization ?? '']))
  expect.errors(/ERR_CONNECTION|ERR_FAILED|ERR_INCOMPLETE|ERR_EMPTY|network/i)
  try {
    await page.goto(`${planet.url()}/console/system#apikey=demo.root.nonsense`)
    await page.getByTestId('signin-user').waitFor()
    await page.getByText('The key of the link was not taken').waitFor()
    assert.equal(await kept(), null)
    assert.deepEqual(used.filter(([, header]) => header.includes('nonsense')).map(([path]) => path), ['/_api/key/validate'])
    // One that cannot be asked about now is neither used nor lost.
    await page.goto('about:blank')
    await page.route('**/_api/key/validate', (route) => route.abort())
    await page.goto(`${planet.url()}/console/system#apikey=${encodeURIComponent(planet.key)}`)
    await page.getByTestId('failure').getByText('cannot be reached').waitFor()
    assert.equal(await kept(), null)
    await page.unroute('**/_api/key/validate')
    await page.getByTestId('retry').click()
    await page.getByTestId('page-system').waitFor()
    assert.ok((await kept()).includes(planet.key))
  } finally {
    await page.goto('about:blank')
    await planet.close()
  }
})

test('what one user wrote in the query editor is not shown to the next', async ({ page, expect }) => {
  const planet = await launch({ locations: 1, password: 'known to the test' })
  const editor = page.getByTestId('query-editor')
  const signIn = async (user, password) => {
    await page.getByTestId('signin-user').fill(user)
    await page.getByTestId('signin-password').fill(password)
    await page.getByTestId('signin-tenant').fill('demo')
    await page.getByTestId('signin-submit').click()
    await page.getByTestId('nav-query').click()
    await editor.getByText('RETURN').first().waitFor()
  }
  const signOut = async () => {
    await page.getByTestId('account').click()
    await page.getByTestId('sign-out').click()
    await page.getByTestId('signin-user').waitFor()
  }
  const texts = async () => {
    await page.getByTestId('query-history').click()
    const list = page.getByTestId('query-history-list')
    await list.waitFor({ state: 'attached' })
    const found = await list.innerText()
    await page.keyboard.press('Escape')
    return found
  }
  expect.errors(/ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY|network/i)
  try {
    await planet.api('POST', '/_api/user', { user: 'ada', passwd: 'a long password' })
    await page.goto(`${planet.url()}/console/query`)
    await signIn('root', 'known to the test')
    await page.goto(`${planet.url()}/console/query?text=${encodeURIComponent('RETURN "of root"')}`)
    await editor.getByText('of root').waitFor()
    await page.getByTestId('query-run').click()
    await until(async () => /of root/.test(await texts()), 'the query is in the history')
    await signOut()
    assert.equal(await page.evaluate(() => Object.values(sessionStorage).join().includes('of root')), false)
    await signIn('ada', 'a long password')
    assert.equal(await editor.getByText('of root').count(), 0)
    assert.doesNotMatch(await texts(), /of root/)
    await signOut()
    await signIn('root', 'known to the test')
    assert.match(await texts(), /of root/)
  } finally {
    await page.goto('about:blank')
    await planet.close()
  }
})

test('bad news end with their page, good news stay for their time', async ({ page, open }) => {
  await open('system')
  await page.evaluate(async () => {
    const { toast } = await import('/console/app/toast.js')
    toast('bad', 'it was refused')
    toast('good', 'it was made')
  })
  await page.getByTestId('nav-data').click()
  await page.getByTestId('page-data').waitFor()
  assert.deepEqual(await page.getByTestId('toast').allInnerTexts(), ['it was made'])
  await page.getByTestId('toast').waitFor({ state: 'detached' })
})

test('a page whose style sheet does not come is tried again', async ({ page, open, expect }) => {
  expect.errors(/ERR_FAILED|Failed to load resource/)
  await open('system')
  await page.route('**/pages/planet/style.css*', (route) => route.abort())
  await page.getByTestId('nav-planet').click()
  await page.getByTestId('failure').getByText('style sheet').waitFor()
  assert.equal(await page.locator('.planet').count(), 0, 'no page without styles')
  await page.getByTestId('retry').click()
  await page.getByTestId('failure').getByText('style sheet').waitFor()
  await page.unroute('**/pages/planet/style.css*')
  await page.getByTestId('retry').click()
  await page.getByTestId('planet-location-fra').waitFor()
  assert.equal(await page.locator('link[href*="pages/planet/style.css"]').count(), 1)
})

test('each location is a site of its own: no key goes along to another one', async ({ page, expect }) => {
  const planet = await launch({ locations: 2, password: 'known to the test' })
  expect.errors(/ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY|network/i)
  const addresses = []
  page.on('framenavigated', (frame) => addresses.push(frame.url()))
  try {
    await page.goto(`${planet.url()}/console/system`)
    await page.getByTestId('signin-by-key').click()
    await page.getByTestId('signin-key').fill(planet.key)
    await page.getByTestId('signin-submit').click()
    await page.getByTestId('page-system').waitFor()
    await until(async () => (await page.getByTestId('location').getAttribute('data-state')) === 'open', 'the stream is open')
    await page.getByTestId('location').click()
    await page.getByTestId('location-syd').click()
    await page.waitForURL(`${planet.url(1)}/console/system`, { waitUntil: 'commit' })
    await page.getByTestId('signin-user').waitFor()
    assert.deepEqual(addresses.filter((one) => one.includes('#')), [])
  } finally {
    await page.goto('about:blank')
    await planet.close()
  }
})

test('a location that goes away and comes back', async ({ page, expect, axe }) => {
  const planet = await launch({ locations: 1 })
  expect.errors(/ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY|network/i)
  try {
    await page.clock.install() // it stands still later, so that nothing is tried again but by hand
    await page.goto(`${planet.url()}/console/planet`)
    await page.getByTestId('planet-location-fra').waitFor() // the map has come
    await until(() => page.getByTestId('location').getAttribute('data-state').then((state) => state === 'open'), 'open')
    await planet.end('SIGKILL')
    const banner = page.getByTestId('banner')
    await banner.getByText('does not answer').waitFor()
    assert.equal(await page.getByTestId('location').getAttribute('data-state'), 'lost')
    await axe()
    // The pages are files of the location: one that was not open before says what is wrong.
    await page.getByTestId('nav-graph').click()
    await page.getByTestId('page-graph').getByTestId('retry').waitFor()
    await page.clock.pauseAt(await page.evaluate(() => Date.now() + 1000))
    await planet.open()
    await page.getByTestId('reconnect').click()
    await banner.waitFor({ state: 'hidden' })
    await page.clock.resume()
    await page.getByTestId('retry').click()
    await page.getByTestId('retry').waitFor({ state: 'detached' })
  } finally {
    await page.goto('about:blank')
    await planet.close()
  }
})

test('a location that says nothing any more is told', { timeout: 90_000 }, async ({ page, expect }) => {
  const planet = await launch({ locations: 1 })
  expect.errors(/ERR_ABORTED|ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY|network/i)
  try {
    await planet.api('POST', '/database', { name: 'shop', options: { dcList: '' } })
    await page.goto(`${planet.url()}/console/planet`)
    await page.getByTestId('page-planet').waitFor()
    await until(() => page.getByTestId('location').getAttribute('data-state').then((state) => state === 'open'), 'open')
    planet.process.kill('SIGSTOP') // the connection stays, as behind a link that broke without a word
    const banner = page.getByTestId('banner')
    await banner.getByText('does not answer').waitFor({ timeout: 30_000 })
    planet.process.kill('SIGCONT')
    await banner.waitFor({ state: 'hidden' })
    await until(() => page.getByTestId('location').getAttribute('data-state').then((state) => state === 'open'), 'open')
    planet.process.kill('SIGSTOP') // and what begins then gets no answer at all
    await page.getByTestId('fabric-picker').selectOption('shop')
    await until(() => page.getByTestId('location').getAttribute('data-state').then((state) => state === 'none'), 'nothing is known of it yet')
    await banner.getByText('does not answer').waitFor({ timeout: 30_000 })
    planet.process.kill('SIGCONT')
    await banner.waitFor({ state: 'hidden' })
  } finally {
    planet.process.kill('SIGCONT')
    await page.goto('about:blank')
    await planet.close()
  }
})

// A browser has six connections to a location for all of its tabs.
test('a tab in the background keeps no stream', { timeout: 60_000 }, async ({ page, open, expect }) => {
  expect.errors(/ERR_ABORTED/)
  const streams = []
  const ended = []
  page.on('request', (request) => request.url().includes('/mesh/live') && streams.push(request))
  page.on('requestfailed', (request) => streams.includes(request) && ended.push(request))
  await open('system')
  await until(() => page.getByTestId('location').getAttribute('data-state').then((state) => state === 'open'), 'open')
  const before = streams.length
  const hide = (hidden) => page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => value })
    document.dispatchEvent(new Event('visibilitychange'))
  }, hidden)
  await hide(true)
  await until(() => ended.length === before, 'the stream is given up')
  assert.equal(await page.getByTestId('banner').isVisible(), false)
  await hide(false)
  await until(() => streams.length === before + 1, 'the stream goes on')
  await until(() => page.getByTestId('location').getAttribute('data-state').then((state) => state === 'open'), 'open')
})
