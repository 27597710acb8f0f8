// One tab, several users: what one began is not done as the next, and nobody
// sees what was another's.

import assert from 'node:assert/strict'
import { before } from 'node:test'
import { launch, start, test, until } from './harness.mjs'

const { api, planet } = await start({ locations: 3, password: 'known to the test' })

const id = (page, name) => page.getByTestId(name)
let ada

before(async () => {
  await api('POST', '/collection', { name: 'notes' })
  await api('POST', '/_api/user', { user: 'ada', passwd: 'a long password' })
  const { jwt } = await api('POST', '/_open/auth', { tenant: 'demo', username: 'ada', password: 'a long password' })
  ada = (await api('POST', '/_api/key', { keyid: 'ada' }, { headers: { Authorization: `bearer ${jwt}` } })).key
})

async function signIn(page, url, path, key) {
  await page.goto(`${url}/console/${path}#apikey=${encodeURIComponent(key)}`)
  await id(page, `page-${path.split(/[/?]/)[0]}`).waitFor()
}

// write opens the dialog of a new document and types into it.
async function write(page, words) {
  await id(page, 'data-insert').click()
  await id(page, 'data-insert-text').locator('.cm-content').click()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.insertText(words)
}

async function followLink(page, key) {
  await page.evaluate((k) => { location.hash = `apikey=${k}` }, key)
  await id(page, 'confirm-action').click()
  await page.getByText('Signed in with the key of the link').last().waitFor()
}

const user = (page) => page.evaluate(() => JSON.parse(sessionStorage.getItem('selvedge.credential')).user)
const notes = async () => (await api('GET', '/collection/notes/count')).count

test('a dialog ends with its user, by a sign-in anew', async ({ page, url }) => {
  const { key } = await api('POST', '/_api/key', { keyid: 'guest' })
  await signIn(page, url, 'data/notes', key)
  await write(page, '{"secret": "of root"}')
  await api('DELETE', '/_api/key/guest')
  await id(page, 'data-insert-dialog-do').click()
  await id(page, 'signin-key').fill(ada)
  await id(page, 'signin-submit').click()
  await until(async () => (await user(page)) === 'ada', 'ada is there')
  await id(page, 'data-empty').waitFor()
  assert.equal(await page.getByRole('dialog').count(), 0)
  assert.equal(await page.getByText('of root').count(), 0)
  assert.equal(await notes(), 0, 'what root began was not written as ada')
})

test('a dialog ends with its user, by a link', async ({ page, url }) => {
  await signIn(page, url, 'data/notes', planet.key)
  await write(page, '{"secret": "of root"}')
  await followLink(page, ada)
  assert.equal(await id(page, 'data-insert-dialog').count(), 0)
  assert.equal(await page.getByText('of root').count(), 0)
})

test('a dialog ends with its page', async ({ page, url }) => {
  await signIn(page, url, 'planet', planet.key)
  await id(page, 'nav-data').click()
  await id(page, 'page-data').waitFor()
  await id(page, 'help').click()
  await id(page, 'help-keyboard').click()
  await page.evaluate(() => history.back())
  await id(page, 'page-planet').waitFor()
  assert.equal(await page.getByRole('dialog').count(), 0)
})

test('a dialog of users writes nothing once the page is left', async ({ page, url }) => {
  await signIn(page, url, 'planet', planet.key)
  await id(page, 'nav-system').click()
  await page.getByRole('tab', { name: 'Users and keys' }).click()
  await id(page, 'system-user-new').click()
  await id(page, 'system-user-name').fill('bob')
  await id(page, 'system-user-passwd').fill('a long password')
  const failed = []
  page.on('requestfailed', (request) => failed.push(new URL(request.url()).pathname.split('/').at(-1)))
  let came
  const sent = new Promise((resolve) => { came = resolve })
  await page.route('**/_api/user', (route) => (route.request().method() === 'POST' ? came() : route.fallback()))
  await id(page, 'system-user-save').click()
  await sent
  while (new URL(page.url()).pathname !== '/console/planet') await page.evaluate(() => new Promise((resolve) => { addEventListener('popstate', resolve, { once: true }); history.back() }))
  await id(page, 'page-planet').waitFor()
  await until(() => failed.includes('user'), 'the request is given up')
  assert.equal(await page.getByText('abort').count(), 0)
})

test('a story whose user goes leaves no cut, and who cannot heal it any more is told', { timeout: 120_000 }, async ({ page, url }) => {
  const cuts = async () => (await api('GET', '/mesh')).links.filter((one) => one.state === 'cut').length
  const begin = async () => {
    await page.locator('[data-testid=planet-story-start]:visible, [data-testid=planet-story-open]:visible').first().click()
    await id(page, 'planet-story-cut').click()
    await page.locator('[data-testid=planet-story-write]:enabled').waitFor({ timeout: 40_000 })
    assert.ok((await cuts()) > 0)
  }
  await signIn(page, url, 'planet', planet.key)
  await begin()
  await followLink(page, ada)
  await until(async () => (await cuts()) === 0, 'the links are healed')
  const { key } = await api('POST', '/_api/key', { keyid: 'guest' })
  await followLink(page, key)
  await until(async () => (await user(page)) === 'root', 'root is there')
  await id(page, 'planet-location-fra').waitFor()
  await begin()
  await api('DELETE', '/_api/key/guest')
  await id(page, 'signin-key').fill(ada)
  await id(page, 'signin-submit').click()
  await page.getByText('not all of its links could be healed').waitFor()
  assert.equal(await user(page), 'ada')
  await api('DELETE', '/mesh/links')
})

test('a secret that is shown once does not go with the tab unseen', async ({ page, url }) => {
  const warns = () => page.evaluate(() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true })))
  await signIn(page, url, 'system', planet.key)
  await page.getByRole('tab', { name: 'Users and keys' }).click()
  await id(page, 'system-key-new').click()
  await id(page, 'system-key-id').fill('once')
  await id(page, 'system-key-save').click()
  await id(page, 'system-secret-dialog').waitFor()
  await until(warns, 'the browser asks')
  await id(page, 'system-secret-close').click()
  assert.equal(await warns(), false)
})

test('on an open planet a link asks, and signing in can be called off', async ({ page, expect }) => {
  expect.errors(/ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY|network/i)
  const open = await launch({ locations: 1 })
  try {
    await page.goto(`${open.url()}/console/data`)
    await id(page, 'page-data').waitFor()
    await page.evaluate((k) => { location.hash = `apikey=${k}` }, open.key)
    await id(page, 'confirm').getByText('used as root: this planet needs no sign-in').waitFor()
    await id(page, 'confirm-cancel').click()
    assert.equal(await page.evaluate(() => sessionStorage.getItem('selvedge.credential')), null)
    await id(page, 'account').click()
    await id(page, 'sign-in').click()
    await id(page, 'signin-cancel').click()
    await id(page, 'page-data').waitFor()
    assert.ok(await id(page, 'nav-planet').isVisible())
  } finally {
    await page.goto('about:blank')
    await open.close()
  }
})
