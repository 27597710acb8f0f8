// What somebody runs into who uses the console for the first time.

import assert from 'node:assert/strict'
import { start, test, until } from './harness.mjs'

const { api, planet } = await start({ locations: 5 }) // fra syd tok sao wdc

test('a location that is cut off counts itself alone as up', async ({ page }) => {
  const others = ['fra', 'tok', 'sao', 'wdc']
  for (const other of others) {
    await api('PUT', `/mesh/links/syd/${other}`, { state: 'cut' })
    await api('PUT', `/mesh/links/${other}/syd`, { state: 'cut' })
  }
  try {
    await page.goto(`${planet.url(1)}/console/planet`)
    await page.getByTestId('planet-up').getByText('1 of 5, 4 not reached', { exact: true }).waitFor()
    await api('DELETE', '/mesh/links')
    await page.getByTestId('planet-up').getByText('5 of 5', { exact: true }).waitFor()
  } finally {
    await api('DELETE', '/mesh/links')
  }
})

test('on a narrow screen the tab of an address is seen', async ({ page, open, narrow }) => {
  await api('POST', '/collection', { name: 'people' })
  await narrow()
  for (const [address, tab] of [['data/people?tab=import', 'data-tab-import'], ['data/people?tab=settings', 'data-tab-settings'], ['data/people', 'data-tab-documents'], ['system/about', 'system-tab-about']]) {
    await open(address)
    await until(() => page.getByTestId(tab).evaluate((one) => {
      const [own, row] = [one.getBoundingClientRect(), one.parentElement.getBoundingClientRect()]
      const tooMany = one.parentElement.scrollWidth > row.width // and not a row that was just replaced
      return tooMany && own.left >= row.left - 1 && own.right <= row.right + 1
    }), `${tab} is seen among more tabs than fit`)
  }
})

test('the last column of the links of a location is seen, also of one that is silent', async ({ page, open }) => {
  await page.route('**/mesh/self', async (route) => {
    const self = await (await route.fetch()).json()
    for (const peer of self.peers) peer.silentMs = 3_725_000
    await route.fulfill({ json: self })
  })
  await open('planet?location=fra')
  const table = page.getByTestId('planet-peers')
  await table.getByText(/silent for /).first().waitFor()
  const [last, panel] = await Promise.all([table.getByText('Lag in', { exact: true }), page.getByTestId('planet-location-panel')].map((one) => one.boundingBox()))
  assert.ok(last.x + last.width <= panel.x + panel.width + 1, `Lag in ends at ${last.x + last.width}, the panel at ${panel.x + panel.width}`)
  const over = await table.evaluate((one) => one.parentElement.scrollWidth - one.parentElement.clientWidth)
  assert.equal(over, 0, 'nothing is to be scrolled sideways')
})

test('a file that is not UTF-8 is refused in words that help', async ({ page, open }) => {
  await api('POST', '/collection', { name: 'letters' })
  await open('data/letters?tab=import')
  const choose = (text) => page.getByTestId('data-import-file').setInputFiles({ name: 'latin.csv', mimeType: 'text/csv', buffer: Buffer.from(text, 'latin1') })
  await choose('name\nZ\u00fcrich\n')
  const view = page.getByTestId('data-import')
  const words = 'The file is not UTF-8. Save it as UTF-8 and choose it again.'
  await until(async () => (await view.getByRole('alert').allInnerTexts()).some((text) => text.replace(/\s+/g, ' ').trim() === words), words)
  // Beyond what the preview reads it is the import that ends there.
  await choose(`name\n${`${'a'.repeat(100_000)}\n`.repeat(60)}Z\u00fcrich\n`)
  await page.getByTestId('data-import-preview').waitFor()
  await page.getByTestId('data-import-start').click()
  await view.getByRole('alert').getByText(/^It ended after .*: The file is not UTF-8/).waitFor()
})

test('the way back from a location leads to all of them, whatever was looked at between', async ({ page, open }) => {
  await open('system')
  await page.getByTestId('nav-planet').click()
  await page.getByTestId('planet-row-tok').click()
  await page.getByTestId('planet-location-panel').getByRole('heading', { name: /tok/ }).waitFor()
  await page.getByTestId('planet-peer-sao').click()
  await page.getByTestId('planet-link-panel').waitFor()
  await page.goBack()
  await page.getByTestId('planet-overview').waitFor()
  assert.equal(new URL(page.url()).search, '')
  await page.goForward()
  await page.getByTestId('planet-link-panel').waitFor()
  await page.getByTestId('planet-back').click()
  await page.getByTestId('planet-overview').waitFor()
  await page.goBack()
  await page.goBack()
  await page.getByTestId('page-system').waitFor()
})

test('what the tables have on disk is not called all', async ({ page, open }) => {
  await open('system')
  await page.getByTestId('system-health').getByText('Tables on disk', { exact: true }).waitFor()
  await open('planet?location=fra')
  await page.getByTestId('planet-location-panel').getByText('Tables on disk', { exact: true }).waitFor()
})
