// Editing on the Data page while others, or the one who types, go on.

import assert from 'node:assert/strict'
import { before } from 'node:test'
import { start, test, until } from './harness.mjs'

const { api } = await start({ locations: 'fra' })

before(() => api('POST', '/collection', { name: 'notes' }))

const id = (page, name) => page.getByTestId(name)
const text = (page) => id(page, 'data-editor').locator('.cm-content')

async function type(page, words) {
  await text(page).click()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.insertText(words)
}

// held keeps the answers of requests that match back until go() is called.
async function held(page, pattern, method) {
  let go
  const free = new Promise((resolve) => { go = resolve })
  let come
  const came = new Promise((resolve) => { come = resolve })
  await page.route(pattern, async (route) => {
    if (route.request().method() !== method) return route.fallback()
    const response = await route.fetch()
    come()
    await free
    await route.fulfill({ response }).catch(() => {}) // nobody may wait for it any more
  })
  return { came, go }
}

test('a draft that is taken up again meets what was changed since', async ({ page, open }) => {
  await api('POST', '/document/notes', { _key: 'draft', x: 1, y: 1 })
  await open('data/notes/draft')
  await type(page, '{"x": 2, "y": 1}')
  await id(page, 'data-collection-name').getByRole('link').or(id(page, 'data-collection-name')).first().click()
  await id(page, 'data-table').waitFor()
  await api('PATCH', '/document/notes/draft', { y: 99 })
  await id(page, 'data-key').fill('draft')
  await id(page, 'data-key-open').click()
  await id(page, 'data-draft-take').click()
  await text(page).getByText('"x": 2').waitFor()
  await id(page, 'data-save').click()
  const merge = id(page, 'data-merge')
  await merge.locator('[data-field=y][data-side=theirs]').waitFor()
  await merge.locator('[data-field=x][data-side=mine]').waitFor()
  await id(page, 'data-merge-save').click()
  await merge.waitFor({ state: 'detached' })
  const now = await api('GET', '/document/notes/draft')
  assert.deepEqual([now.x, now.y], [2, 99])
})

test('what is typed while a save is under way stays, and is saved next', async ({ page, open }) => {
  await api('POST', '/document/notes', { _key: 'typing', n: 1 })
  await open('data/notes/typing')
  const rev = await id(page, 'data-rev').textContent()
  await type(page, '{"n": 2}')
  const put = await held(page, /\/document\/notes\/typing/, 'PUT')
  await id(page, 'data-save').click()
  await put.came
  await type(page, '{"n": 2, "more": true}')
  assert.equal(await id(page, 'data-save').isDisabled(), true)
  put.go()
  await until(async () => (await id(page, 'data-rev').textContent()) !== rev, 'the save is through')
  assert.match(await text(page).textContent(), /"more": true/)
  await id(page, 'data-save').click()
  await until(async () => (await api('GET', '/document/notes/typing')).more === true, 'the rest is saved')
  await page.locator('[data-testid=data-save]:disabled').waitFor()
  assert.equal(await id(page, 'data-merge').count(), 0)
})

test('what is typed while a change is read stays', async ({ page, open }) => {
  await api('POST', '/document/notes', { _key: 'reading', n: 1 })
  await open('data/notes/reading')
  await text(page).getByText('"n": 1').waitFor()
  await until(async () => { // the page may not follow the changes yet
    const n = Date.now()
    await api('PATCH', '/document/notes/reading', { n })
    return text(page).getByText(String(n)).waitFor({ timeout: 500 }).then(() => true, () => false)
  }, 'the page follows')
  const get = await held(page, /\/document\/notes\/reading/, 'GET')
  await api('PATCH', '/document/notes/reading', { n: 7 })
  await get.came
  await type(page, '{"n": "typed"}')
  get.go()
  await id(page, 'data-compare').waitFor()
  assert.match(await text(page).textContent(), /"typed"/)
})

test('an entry keeps its other members, and what was typed beside an empty end', async ({ page, open }) => {
  await api('POST', '/kv/pairs?expiration=true')
  await api('POST', '/document/pairs', { _key: 'a', value: 1, note: 'mine', expireAt: 4_000_000_000 })
  await open('data/pairs/a')
  await text(page).getByText('1').waitFor()
  await type(page, '2')
  await id(page, 'data-save').click()
  await page.getByText('a is saved').waitFor()
  const { value, note, expireAt } = await api('GET', '/document/pairs/a')
  assert.deepEqual({ value, note, expireAt }, { value: 2, note: 'mine', expireAt: 4_000_000_000 })
  await type(page, '"typed for an hour"')
  await id(page, 'data-end-at').fill('')
  await id(page, 'data-mode-tree').click()
  await id(page, 'data-editor').waitFor({ state: 'detached' })
  await id(page, 'nav-query').click()
  await id(page, 'page-query').waitFor()
  await page.goBack()
  await id(page, 'data-draft-take').click()
  await text(page).getByText('typed for an hour').waitFor()
  assert.equal(await id(page, 'data-end-at').inputValue(), '')
  await id(page, 'data-save').click()
  await page.getByText('The end is no time').waitFor()
  await id(page, 'data-end').selectOption('never')
  await id(page, 'data-save').click()
  await until(async () => (await api('GET', '/document/pairs/a')).value === 'typed for an hour', 'it is saved')
  const now = await api('GET', '/document/pairs/a')
  assert.deepEqual([now.note, now.expireAt], ['mine', -1])
})

test('metadata typed while a save is under way is still held', async ({ page, open }) => {
  const warns = () => page.evaluate(() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true })))
  const metadata = async (words) => {
    await id(page, 'data-metadata').locator('.cm-content').click()
    await page.keyboard.press('ControlOrMeta+a')
    await page.keyboard.insertText(words)
  }
  await open('data/notes?tab=settings')
  await metadata('{"a": 1}')
  const put = await held(page, /\/metadata$/, 'PUT')
  await id(page, 'data-metadata-save').click()
  await put.came
  await metadata('{"a": 2}')
  put.go()
  await page.getByText('The metadata is saved').waitFor()
  assert.equal(await warns(), true)
  await id(page, 'data-metadata-save').click()
  await until(async () => !(await warns()), 'all is saved')
})

// follows waits until the list shows a change that is made.
function follows(page, collection) {
  return until(async () => {
    await api('PATCH', `/document/${collection}/a`, { n: Date.now() })
    return (await page.locator('[data-row=a]').getByText('changed').count()) > 0
  }, 'the page follows')
}

test('a collection that was dropped and made again is found, followed, and nothing is put back into it', async ({ page, open }) => {
  await api('POST', '/collection', { name: 'again' })
  await api('POST', '/document/again', [{ _key: 'a' }, { _key: 'b' }])
  await open('data/again/b')
  await id(page, 'data-delete').click()
  await id(page, 'confirm-action').click()
  await id(page, 'data-undo').waitFor()
  await follows(page, 'again')
  await api('DELETE', '/collection/again')
  await id(page, 'data-gone').waitFor()
  await id(page, 'data-gone-look').click()
  await id(page, 'data-gone').waitFor()
  await api('POST', '/collection', { name: 'again' })
  await api('POST', '/document/again', { _key: 'a' })
  await id(page, 'data-gone-look').click()
  await page.locator('[data-row=a]').waitFor()
  assert.equal(await id(page, 'data-undo').count(), 0)
  await follows(page, 'again')

  await api('DELETE', '/collection/again')
  await id(page, 'data-gone-again').click()
  await id(page, 'data-create-dialog-do').click()
  await id(page, 'data-empty').getByText('No documents yet').waitFor()
  await until(async () => {
    await api('POST', '/document/again', {})
    return (await id(page, 'data-news').count()) > 0
  }, 'the page follows what was made again')
})

test('a new filter ends the query under way, and its cursor', async ({ page, open }) => {
  await api('POST', '/collection', { name: 'long' })
  await api('POST', '/import?collection=long', Array.from({ length: 1000 }, (_, n) => JSON.stringify({ n })).join('\n'))
  const deleted = []
  const failed = []
  page.on('request', (request) => { if (request.method() === 'DELETE') deleted.push(request.url()) })
  page.on('requestfailed', (request) => failed.push(request.url()))
  await open('data/long')
  await id(page, 'data-foot').getByText('200 documents shown, more').waitFor()
  await id(page, 'data-reload').click()
  await until(() => deleted.some((url) => /\/cursor\/./.test(url)), 'the cursor is deleted')
  await id(page, 'data-foot').getByText('200 documents shown, more').waitFor()
  const post = await held(page, /\/cursor$/, 'POST')
  await id(page, 'data-reload').click()
  await post.came
  await id(page, 'data-reload').click()
  await until(() => failed.some((url) => /\/cursor$/.test(url)), 'the query is given up')
  post.go()
  await id(page, 'data-foot').getByText('200 documents shown, more').waitFor()
})

test('a key that browsers take out of addresses is told in words', async ({ page, open }) => {
  await api('POST', '/collection', { name: 'dots' })
  await api('POST', '/document/dots', [{ _key: '.' }, { _key: '..' }])
  await open('data/dots')
  await page.locator('[data-row=".."]').waitFor()
  for (const key of ['.', '..']) {
    await id(page, 'data-key').fill(key)
    await id(page, 'data-key-open').click()
    await page.getByText(`${key} cannot be part of an address`).waitFor()
  }
})

for (const colorScheme of ['light', 'dark']) {
  test(`tables that are wider than the page are moved by keyboard, ${colorScheme}`, { colorScheme, viewport: { width: 390, height: 780 } }, async ({ page, open, axe }) => {
    await api('POST', '/collection', { name: 'wide', crdt: { visits: { type: 'counter' } } })
    await api('POST', '/index?collection=wide', { type: 'persistent', fields: ['first.of.all', 'second.of.all', 'third.of.all'] })
    const moves = async (name) => {
      const region = page.locator('.data-scroll', { has: id(page, name) })
      await region.focus()
      await page.keyboard.press('ArrowRight')
      await until(() => region.evaluate((node) => node.scrollLeft > 0), `${name} moves`)
      await axe()
    }
    await open('data/wide?tab=indexes')
    await id(page, 'data-indexes').waitFor()
    await moves('data-indexes')
    await open('data/wide?tab=merging')
    await id(page, 'data-declarations').waitFor()
    await axe()
    await open('data?tab=fabrics')
    await id(page, 'data-fabrics').waitFor()
    await axe()
    await open('data/wide?tab=import')
    const names = Array.from({ length: 20 }, (_, i) => `column_${i}`)
    await id(page, 'data-import-file').setInputFiles({ name: 'wide.csv', mimeType: 'text/csv', buffer: Buffer.from(`${names}\n${names}\n`) })
    await id(page, 'data-import-preview').waitFor()
    await moves('data-import-preview')
    await api('DELETE', '/collection/wide')
  })
}
