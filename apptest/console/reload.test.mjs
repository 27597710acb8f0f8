// A tab that is loaded anew, and one that another user takes over: nothing is
// lost unseen, nobody is signed out, and nobody sees what was another's.

import assert from 'node:assert/strict'
import { start, test, until } from './harness.mjs'

const { api, planet } = await start({ locations: 1, password: 'known to the test' })

const id = (page, name) => page.getByTestId(name)
const names = ['planet', 'data', 'query', 'graph', 'system']
const warns = (page) => page.evaluate(() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true })))

async function type(page, name, words) {
  await id(page, name).locator('.cm-content').click()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.insertText(words)
}

async function signIn(page, url, path, key = planet.key) {
  await page.goto(`${url}/console/${path}#apikey=${encodeURIComponent(key)}`)
  await id(page, `page-${path.split(/[/?]/)[0]}`).waitFor()
}

test('each page loaded anew is the same page, and the user the same', async ({ page, url, expect }) => {
  expect.errors(/ERR_ABORTED/)
  await signIn(page, url, 'planet')
  for (const name of names) {
    const address = `${url}/console/${name}`
    await page.goto(address)
    await id(page, `page-${name}`).waitFor()
    await page.reload()
    await id(page, `page-${name}`).waitFor()
    assert.equal(page.url().split('?')[0], address)
    await id(page, 'account').click()
    await page.getByText('root of demo').waitFor()
    await page.keyboard.press('Escape')
  }
})

test('a query that was typed is there after the page was loaded anew', async ({ page, url, expect }) => {
  expect.errors(/ERR_ABORTED/)
  await signIn(page, url, 'query')
  await type(page, 'query-editor', 'RETURN "typed before"')
  await until(() => page.evaluate(() => Object.values(sessionStorage).join().includes('typed before')), 'it is kept')
  await page.reload()
  await id(page, 'query-editor').getByText('typed before').waitFor()
})

test('the browser warns before a dialog goes with what was typed into it', async ({ page, url }) => {
  await api('POST', '/collection', { name: 'notes' })
  await signIn(page, url, 'data/notes')
  await id(page, 'data-insert').click()
  await id(page, 'data-insert-text').locator('.cm-content').waitFor()
  assert.equal(await warns(page), false, 'an empty one is no loss')
  await type(page, 'data-insert-text', '{"a": 1}')
  assert.equal(await warns(page), true)
  await id(page, 'data-insert-dialog-cancel').click()
  assert.equal(await warns(page), false)
  await id(page, 'data-insert').click()
  await type(page, 'data-insert-text', '{"a": 2}')
  await id(page, 'data-insert-key').fill('two')
  await id(page, 'data-insert-dialog-do').click()
  await until(async () => (await api('GET', '/collection/notes/count')).count === 1, 'it is inserted')
  await until(async () => !(await warns(page)), 'nothing is left to warn of')
  await api('DELETE', '/collection/notes')
})

test('the browser warns before a running import goes with the page', async ({ page, url }) => {
  await api('POST', '/collection', { name: 'rows' })
  await signIn(page, url, 'data/rows?tab=import')
  let go
  const free = new Promise((resolve) => { go = resolve })
  await page.route('**/import?*', async (route) => { await free; await route.continue() })
  await id(page, 'data-import-file').setInputFiles({ name: 'rows.jsonl', mimeType: 'application/json', buffer: Buffer.from('{"a":1}\n{"a":2}\n') })
  assert.equal(await warns(page), false)
  await id(page, 'data-import-start').click()
  await until(() => warns(page), 'it warns')
  go()
  await id(page, 'data-import-done').waitFor()
  assert.equal(await warns(page), false)
  await api('DELETE', '/collection/rows')
})

test('what one user typed into a document is not offered to the next', async ({ page, url }) => {
  await api('POST', '/collection', { name: 'letters' })
  await api('POST', '/document/letters', { _key: 'one', text: 'as it is' })
  await api('POST', '/_api/user', { user: 'ada', passwd: 'a long password' })
  const { jwt } = await api('POST', '/_open/auth', { tenant: 'demo', username: 'ada', password: 'a long password' })
  const { key } = await api('POST', '/_api/key', { keyid: 'ada' }, { headers: { Authorization: `bearer ${jwt}` } })
  const become = async (value, user) => {
    await page.evaluate((k) => { location.hash = `apikey=${k}` }, value)
    await id(page, 'confirm').getByText(`of ${user} of demo`).waitFor()
    await id(page, 'confirm-action').click()
    await id(page, 'confirm').waitFor({ state: 'detached' })
    await page.getByText('Signed in with the key of the link').last().waitFor()
    await id(page, 'data-editor').getByText('as it is').waitFor()
  }
  await signIn(page, url, 'data/letters/one')
  await id(page, 'data-editor').getByText('as it is').waitFor()
  await type(page, 'data-editor', '{"text": "of root"}')
  await become(key, 'ada')
  assert.equal(await id(page, 'data-draft').count(), 0)
  assert.equal(await page.getByText('of root').count(), 0)
  await become(planet.key, 'root')
  await id(page, 'data-draft-take').click()
  await id(page, 'data-editor').getByText('of root').waitFor()
  await id(page, 'data-revert').click()
  await api('DELETE', '/collection/letters')
})
