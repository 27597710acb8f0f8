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
    const shown = page.getByTestId(tab)
    const place = () => shown.evaluate((one) => {
      const [own, row] = [one.getBoundingClientRect(), one.parentElement.getBoundingClientRect()]
      return { whole: own.left >= row.left - 1 && own.right <= row.right + 1, wide: one.parentElement.scrollWidth > row.width }
    })
    assert.equal((await place()).wide, true, `${address}: there are more tabs than fit`)
    await until(async () => (await place()).whole, `${tab} is seen`)
  }
})
