// The System page: health, metrics, events, limits, users and keys, backup, and a location that goes away.

import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as unit } from 'node:test'
import { History, rate } from '../../console/pages/system/gauges.js'
import { most, parse, total } from '../../console/pages/system/prometheus.js'
import { start, test, until } from './harness.mjs'

const { planet } = await start({ locations: 3, args: ['--wan', '5'] })

const text = `# HELP selvedge_http_requests_total Requests answered, by \\\\ method\\nand class.
# TYPE selvedge_http_requests_total counter
selvedge_http_requests_total{method="GET",class="2xx"} 10
selvedge_http_requests_total{method="POST",class="2xx"} 1.5e+01 1700000000000
selvedge_http_requests_total{method="a\\"b,c}",class="5xx"} +Inf
# TYPE waits histogram
waits_bucket{le="+Inf"} 3
waits_sum 1.5
waits_count 3
no help 4 what is this
plain 7
`

unit('metrics are read with their escapes, and lines that are none passed over', () => {
  const families = parse(text)
  const requests = families.get('selvedge_http_requests_total')
  assert.equal(requests.type, 'counter')
  assert.equal(requests.help, 'Requests answered, by \\ method\nand class.')
  assert.deepEqual(requests.samples.map((s) => s.labels.method), ['GET', 'POST', 'a"b,c}'])
  assert.equal(total(families, 'selvedge_http_requests_total', { class: '2xx' }), 25)
  assert.equal(most(families, 'waits'), 3)
  assert.equal(families.get('waits').samples.length, 3)
  assert.equal(families.get('plain').samples[0].value, 7)
  assert.equal(total(families, 'nothing'), null)
})

unit('rates survive restarts and what was never counted is zero', () => {
  const at = (seconds, n) => ({ at: seconds, families: parse(`requests{class="2xx"} ${n}\n`) })
  assert.equal(rate(at(12, 30), at(10, 10), 'requests', { class: '2xx' }), 10)
  assert.equal(rate(at(12, 30), at(10, 10), 'requests', { class: '5xx' }), 0)
  assert.equal(rate(at(12, 3), at(10, 10), 'requests', { class: '2xx' }), null)
  assert.equal(rate(at(12, 3), at(10, 10), 'others'), null)
  assert.equal(rate(at(12, 3), null, 'requests'), null)
})

unit('a history keeps a bounded number of points and shows gaps', () => {
  const history = new History()
  for (let i = 0; i < 1300; i++) history.add({ at: i, families: parse('selvedge_store_bytes{of="disk"} 5\n') })
  assert.equal(history.data.get('storage')[0].length, 1200)
  history.gap(1300)
  assert.equal(history.data.get('storage')[1].at(-1), null)
})

test('the overview tells of health, clock, storage and peers, at each location', async ({ page, open, axe, shot, url }) => {
  await open('system')
  await page.getByTestId('system-ready').getByText('Ready for requests').waitFor()
  const own = await page.getByTestId('system-location-name').textContent()
  await page.getByTestId('system-version').getByText(/^\d+\.\d+\.\d+/).waitFor()
  assert.equal(await page.getByTestId('system-peers').getByRole('row').count(), 3)
  await axe()
  await shot(page, 'system-light')
  const picker = page.getByTestId('system-location')
  await until(async () => (await picker.locator('option').count()) === 3, 'three locations')
  const others = await picker.locator('option').evaluateAll((list) => list.map((o) => o.value))
  const other = others.find((name) => name !== own)
  await picker.selectOption(other)
  await page.getByTestId('system-location-name').getByText(other, { exact: true }).waitFor()
  await page.waitForURL(new RegExp(`location=${other}`))
  await page.goto(`${url}/console/system?location=${other}`)
  await page.getByTestId('system-location-name').getByText(other, { exact: true }).waitFor()
})

test('metrics are drawn since the page opened, and all of them can be searched', async ({ page, open, api, axe, shot }) => {
  await open('system/metrics')
  const requests = page.getByTestId('system-chart-requests')
  await requests.locator('canvas').waitFor()
  for (let i = 0; i < 20; i++) await api('GET', '/version')
  await api('GET', '/document/none/none', undefined, { fail: false })
  await requests.getByText(/^[\d.]+\/s$/).first().waitFor()
  await page.getByTestId('system-chart-storage').getByText(/MiB|KiB/).first().waitFor()
  const told = page.getByTestId('system-metrics-count')
  await told.getByText(/^(\d+) of \1$/).waitFor()
  await page.getByTestId('system-metrics-search').fill('lag of the oldest')
  await told.getByText(/^0 of/).waitFor()
  await page.getByText('No metric fits').waitFor()
  await page.getByTestId('system-metrics-search').fill('selvedge_http')
  await page.getByTestId('system-metrics-table').getByText('selvedge_http_requests_total').first().waitFor()
  await axe()
  await shot(page, 'system-metrics')
})

test('notable events come as they happen and are filtered', { colorScheme: 'dark' }, async ({ page, open, api, axe, shot }) => {
  await open('system/events')
  const rows = page.getByTestId('system-events')
  await rows.getByText('start').first().waitFor()
  const names = (await api('GET', '/mesh')).locations.map((l) => l.name)
  await api('PUT', `/mesh/links/${names[0]}/${names[1]}`, { state: 'cut' })
  await rows.getByText('cut', { exact: true }).first().waitFor()
  await api('DELETE', '/mesh/links')
  await rows.getByText('heal', { exact: true }).first().waitFor()
  await page.getByTestId('system-events-kind').selectOption('cut')
  await rows.getByText('heal', { exact: true }).first().waitFor({ state: 'detached' })
  await page.getByTestId('system-events-search').fill('nothing has these words')
  await page.getByText('No event', { exact: true }).waitFor()
  await page.getByTestId('system-events-search').fill('')
  await axe()
  await shot(page, 'system-dark')
  await page.getByTestId('system-events-pause').click()
  await page.getByTestId('system-events-kind').selectOption('')
  await api('PUT', `/mesh/links/${names[1]}/${names[0]}`, { state: 'cut' })
  await page.getByTestId('system-events-unseen').getByText(/Show [1-9]\d* new/).waitFor()
  await api('DELETE', '/mesh/links')
  await page.getByTestId('system-events-pause').click()
  await rows.getByText('heal', { exact: true }).first().click()
  await page.getByRole('dialog').getByText('What happened').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
})

test('limits are listed with what they do', async ({ page, open, axe }) => {
  await open('system/limits')
  const rows = page.getByTestId('system-limits')
  await rows.getByText('limits.document').waitFor()
  await rows.getByText('4 MiB').first().waitFor()
  await page.getByTestId('system-limits-search').fill('slow')
  await rows.getByText('limits.query.slow').waitFor()
  await page.getByTestId('system-limits-count').getByText(/^1 of \d+$/).waitFor()
  await axe()
})

test('users are made, changed and removed', async ({ page, open, axe }) => {
  await open('system/access')
  const rows = page.getByTestId('system-users')
  await rows.getByText('root').first().waitFor()
  await page.getByTestId('system-user-new').click()
  await page.getByTestId('system-user-name').fill('ann')
  await page.getByTestId('system-user-display').fill('<b>Ann</b>')
  await page.getByTestId('system-user-passwd').fill('a long one')
  await axe()
  await page.getByTestId('system-user-save').click()
  await rows.getByText('<b>Ann</b>').waitFor()
  await page.getByTestId('system-user-new').click()
  await page.getByTestId('system-user-name').fill('ann')
  await page.getByTestId('system-user-passwd').fill('again')
  await page.getByTestId('system-user-save').click()
  await page.getByTestId('toast').getByText('duplicate user').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  await page.getByTestId('system-user-change-ann').click()
  await page.getByTestId('system-user-active').uncheck()
  await page.getByTestId('system-user-save').click()
  await rows.getByText('inactive').waitFor()
  await page.getByTestId('system-user-password-ann').click()
  await page.getByTestId('system-password').fill('one')
  await page.getByTestId('system-password-again').fill('two')
  await page.getByTestId('system-password-save').click()
  await page.getByText('The two are not the same').waitFor()
  await page.getByTestId('system-password-again').fill('one')
  await page.getByTestId('system-password-save').click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.getByTestId('system-user-remove-ann').click()
  await page.getByTestId('confirm-action').click()
  await rows.getByText('<b>Ann</b>').waitFor({ state: 'detached' })
})

test('the secret of a new key is shown once, works, and is refused after its removal', async ({ page, open, url, axe, shot }) => {
  await open('system/access')
  await page.getByTestId('system-key-new').click()
  await page.getByTestId('system-key-id').fill('robot')
  await page.getByTestId('system-key-save').click()
  const secret = page.getByTestId('system-key-secret')
  await secret.waitFor()
  const key = await secret.inputValue()
  await axe()
  assert.match(key, /^[^.]+\.robot\.\S{20,}$/)
  const status = async () => (await fetch(`${url}/_api/tenants`, { headers: { Authorization: `apikey ${key}` } })).status
  assert.equal(await status(), 200)
  await page.keyboard.press('Escape')
  assert.ok(await secret.isVisible(), 'it is not lost by a slip')
  await page.getByTestId('system-key-copy').click()
  await page.getByTestId('system-key-copied').getByText(/copy|Copied/).waitFor()
  await page.getByTestId('system-secret-close').click()
  assert.ok(!(await page.content()).includes(key.split('.')[2]), 'it is nowhere in the page any more')
  await page.getByTestId('system-keys').getByText('robot').waitFor()
  await shot(page, 'system-access')
  await page.getByTestId('system-key-remove-robot').click()
  await page.getByTestId('confirm-action').click()
  await page.getByTestId('system-keys').getByText('robot').waitFor({ state: 'detached' })
  assert.equal(await status(), 401)
})

test('a backup is written where it was asked for, and a wrong place is told', async ({ page, open }) => {
  const folder = mkdtempSync(join(tmpdir(), 'selvedge-backup-'))
  try {
    await open('system/backup')
    await page.getByTestId('system-backup-path').fill(join(folder, 'copy'))
    await page.getByTestId('system-backup-start').click()
    await page.getByTestId('system-backup-result').getByText('Done').waitFor()
    assert.ok(existsSync(join(folder, 'copy')))
    await page.getByTestId('system-backup-start').click()
    await page.getByTestId('system-backup-result').getByTestId('failure').waitFor()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('who is not root is told so', async ({ page, open }) => {
  await planet.api('POST', '/_api/user', { user: 'eve', passwd: 'a long one' })
  await open('system/backup')
  await page.getByTestId('account').click()
  await page.getByTestId('sign-in').click()
  await page.getByTestId('signin-user').fill('eve')
  await page.getByTestId('signin-password').fill('a long one')
  await page.getByTestId('signin-submit').click()
  await page.getByText('You are signed in as eve').waitFor()
  await page.getByTestId('system-backup-path').fill('/nowhere')
  await page.getByTestId('system-backup-start').click()
  await page.getByTestId('system-backup-result').getByText('only the user root may do this').waitFor()
  await page.getByTestId('system-tab-access').click()
  await page.getByTestId('system-user-remove-eve').click()
  await page.getByTestId('confirm-action').click()
  await page.getByTestId('toast').getByText('only the user root').waitFor()
})

test('version, documentation and licences are shown', async ({ page, open, axe }) => {
  await open('system/about')
  await page.getByTestId('system-about-version').getByText(/Selvedge \d/).waitFor()
  await page.getByTestId('system-licences').getByText(/MIT/).first().waitFor()
  await axe()
})

test('everything fits a narrow page', async ({ page, open, narrow, axe, shot }) => {
  await narrow()
  for (const part of ['', '/metrics', '/events', '/limits', '/access', '/backup', '/about']) {
    await open(`system${part}`)
    await page.getByRole('tab', { selected: true }).waitFor()
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `nothing sticks out of system${part}`)
  }
  await open('system')
  await page.getByTestId('system-ready').waitFor()
  await axe()
  await shot(page, 'system-narrow')
})

test('a location that goes away is told, and the page goes on when it is back', async ({ page, open }) => {
  await open('system')
  await page.getByTestId('system-ready').waitFor()
  await planet.end('SIGKILL')
  await page.getByTestId('failure').getByText('cannot be reached').waitFor()
  await planet.open()
  await page.getByTestId('system-ready').getByText('Ready for requests').waitFor()
})

test('a location that is not ready says why and what to do', async ({ page, open }) => {
  await page.route('**/_api/mesh/self', async (route) => {
    const response = await route.fetch()
    const self = await response.json()
    await route.fulfill({ response, json: { ...self, ready: false, reasons: ['the clock is 4 s ahead of the others <b>'], readOnly: 'the clock is 4 s ahead of the others <b>' } })
  })
  await open('system')
  await page.getByTestId('system-ready').getByText('Not ready').waitFor()
  await page.getByTestId('system-reasons').getByText('the clock is 4 s ahead of the others <b>').waitFor()
  await page.getByTestId('system-reasons').getByText('Set the clock of the machine').waitFor()
})
