// The documentation at /docs/, as people use it. That all links and pages are
// right, docs/site tests without a browser.

import assert from 'node:assert/strict'
import { start, test } from './harness.mjs'

await start({ locations: 1 })

test('reads without a credential, and leads from page to page', async ({ page, url, axe }) => {
  await page.goto(`${url}/docs/`)
  await page.getByRole('heading', { level: 1, name: 'Documentation' }).waitFor()
  await axe(page)
  await page.getByRole('navigation', { name: 'All pages' }).getByRole('link', { name: 'How changes merge' }).click()
  await page.getByRole('heading', { level: 1, name: 'How changes merge' }).waitFor()
  assert.equal(await page.locator('nav.pages [aria-current=page]').textContent(), 'How changes merge')
  await page.getByRole('navigation', { name: 'On this page' }).getByRole('link', { name: 'Counter' }).click()
  assert.match(page.url(), /#counter$/)
  await axe(page)
  await page.locator('[rel=next]').click()
  await page.getByRole('heading', { level: 1, name: 'Consistency' }).waitFor()
})

test('searches by keyboard', async ({ page, url, axe }) => {
  await page.goto(`${url}/docs/guides/geo`)
  await page.getByTestId('docs-search').waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('counter')
  const results = page.getByTestId('docs-search-results').getByRole('option')
  await results.first().waitFor()
  await axe(page)
  await page.keyboard.press('ArrowDown')
  assert.equal(await results.first().getAttribute('aria-selected'), 'true')
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/docs\/concepts\/merging#counter$/)
  await page.keyboard.press('/')
  await page.keyboard.type('zzqqxx')
  await page.getByText('Nothing found').first().waitFor()
  await page.keyboard.press('Escape')
  assert.equal(await page.getByTestId('docs-search-results').isVisible(), false)
})

test('says so when the index cannot be had', async ({ page, url, expect }) => {
  expect.errors(/Failed to load resource/)
  await page.route('**/docs/search.json', (route) => route.abort())
  await page.goto(`${url}/docs/`)
  await page.getByTestId('docs-search-input').fill('counter')
  await page.getByText('The index cannot be loaded').first().waitFor()
  await page.unroute('**/docs/search.json')
  await page.getByTestId('docs-search-input').pressSequentially('s')
  await page.getByTestId('docs-search-results').getByRole('option').first().waitFor()
})

test('copies code without what it prints', async ({ page, url, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.goto(`${url}/docs/guides/quickstart`)
  const block = page.locator('figure.code', { hasText: 'selvedge status' }).first()
  await block.hover()
  await block.getByTestId('docs-copy').click()
  await block.getByText('Copied').waitFor()
  const copied = await page.evaluate(() => navigator.clipboard.readText())
  assert.match(copied, /selvedge status/)
  assert.doesNotMatch(copied, /#>/)
})

test('is light and dark, and remembers', { colorScheme: 'dark' }, async ({ page, url, axe }) => {
  await page.goto(`${url}/docs/guides/clients`)
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  const dark = await background()
  await axe(page)
  await page.getByTestId('docs-theme').click()
  const light = await background()
  assert.notEqual(light, dark)
  await axe(page)
  await page.reload()
  assert.equal(await background(), light)
})

test('fits a narrow screen', async ({ page, url, axe, narrow }) => {
  await narrow()
  for (const path of ['', 'reference/rest', 'operate/troubleshooting', 'benchmarks', 'guides/console']) {
    await page.goto(`${url}/docs/${path}`)
    await page.getByTestId('docs-search').waitFor()
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    assert.equal(beyond, 0, `/docs/${path} is wider than the screen`)
    assert.equal(await page.evaluate(() => scrollY), 0, `/docs/${path} begins below its top`)
    await axe(page)
  }
  await page.getByRole('link', { name: 'All pages' }).click()
  await page.getByRole('navigation', { name: 'All pages' }).getByRole('link', { name: 'Quickstart' }).click()
  await page.getByRole('heading', { level: 1, name: 'Quickstart' }).waitFor()
})

test('offers search where there is no page', async ({ page, url, axe, expect }) => {
  expect.errors(/404/)
  const answer = await page.goto(`${url}/docs/guides/none`)
  assert.equal(answer.status(), 404)
  await axe(page)
  await page.keyboard.press('/')
  await page.keyboard.type('quickstart')
  await page.getByTestId('docs-search-results').getByRole('option').first().waitFor()
})

test('can be read without scripts', async ({ browser, url }) => {
  const context = await browser.newContext({ javaScriptEnabled: false })
  try {
    const page = await context.newPage()
    await page.goto(`${url}/docs/guides/queries`)
    assert.equal(await page.getByTestId('docs-search').isVisible(), false)
    assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), 'Queries')
    await page.locator('[rel=next]').click()
    assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), 'Graphs')
  } finally {
    await context.close()
  }
})
