// The Query page: run, stop and explain queries, see their rows in every shape, and keep query workers.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test as plainTest } from 'node:test'
import { attributesIn } from '../../console/pages/query/plan.js'
import { offsetOf, parameters, tokens, walks, writes, written } from '../../console/pages/query/c8ql.js'
import { launch, start, test, until } from './harness.mjs'

const places = 2400
const planet = await start({ locations: 3 })
await fill(planet)

// fill makes places (with hostile names among them) and roads between some of them.
async function fill(to) {
  await to.api('POST', '/collection', { name: 'places' })
  await to.api('POST', '/collection', { name: 'roads', type: 3 })
  const countries = ['Germany', 'Japan', 'Iceland', 'Brazil']
  const docs = Array.from({ length: places }, (_, i) => ({
    _key: `p${i}`, name: `Place ${i}`, country: countries[i % 4], feet: (i * 37) % 5000, info: { rank: i, code: `c${i}` },
    lat: -50 + (i * 7) % 110, lon: -170 + (i * 13) % 340,
  }))
  docs[0].name = '<img src=x onerror="window.hurt=1">'
  docs[1].name = 'a\u202eb\u0007c'
  await to.api('POST', '/import?collection=places', docs)
  await to.api('POST', '/import?collection=roads', Array.from({ length: 30 }, (_, i) => ({ _key: `r${i}`, _from: `places/p${i}`, _to: `places/p${(i * 3) % 20}`, km: i })))
}

const part = (page, id) => page.getByTestId(`query-${id}`)

// write puts a text into the editor.
async function write(page, text) {
  await part(page, 'editor').locator('.cm-content').click()
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.insertText(text)
  await page.keyboard.press('Escape') // the list of completions
}

async function run(page, text) {
  await write(page, text)
  await part(page, 'run').click()
}

const shows = (locator, text) => locator.filter({ hasText: text }).first().waitFor()

const editorText = (page) => part(page, 'editor').locator('.cm-content').innerText()

plainTest('texts are cut into tokens', () => {
  const cut = (text) => tokens(text).map((t) => t.kind[0] + ':' + t.text).join(' ')
  assert.equal(cut("FOR p IN `a b` FILTER p.x >= @min"), 'n:FOR n:p n:IN q:`a b` n:FILTER n:p s:. n:x s:>= p:@min')
  assert.equal(cut("RETURN 'it\\'s' // end"), "n:RETURN s:'it\\'s' c:// end")
  assert.equal(cut('1..5 0x1F .5e3'), 'n:1 s:.. n:5 n:0x1F n:.5e3')
  assert.deepEqual(tokens('"open').map((t) => t.closed), [false])
  assert.deepEqual(parameters("FOR x IN @@c FILTER x.a == @a AND x.b == '@no' RETURN @a // @neither"), ['@c', 'a'])
  assert.equal(offsetOf('ab\n\u{1f600}cd', 2, 2), 5)
  assert.deepEqual([written('plain'), written('for'), written('odd name')], ['plain', '`for`', '`odd name`'])
  assert.ok(writes('FOR p IN x REMOVE p IN x') && !writes('RETURN {a: p.remove}'))
  assert.ok(walks('FOR v IN 1..2 ANY "a/b" c RETURN v') && !walks('FOR v IN c RETURN v.any'))
})

plainTest('the attributes of an index are found in conditions', () => {
  for (const [text, fields] of [
    ['p.country == "Japan" && p.feet > 100', ['country', 'feet']], ['@c == p.country', ['country']], ['"x" IN p.tags && p.n <= 3', ['tags[*]', 'n']],
    ['p.`a b`.c == 1', ['a b.c']], ['p.x > 1 && p.y < 4', ['x']], ['pp.a == 1', []], ['p._key == "x"', []], ['p.a != 3', []],
    ['p.a == "p.b == 1"', ['a']], ['LOWER(p.name) == "x"', []],
  ]) assert.deepEqual(attributesIn(text, 'p').fields, fields, text)
  assert.equal(attributesIn('LOWER(p.name) == "x"', 'p').computed, 'p.name')
  assert.ok(attributesIn('p.a == 1 || p.b == 2', 'p').either)
})

test('the shape of rows decides how they are shown', async ({ page, open }) => {
  await open('query')
  const first = (rows, walks) => page.evaluate(async ([r, w]) => (await import('/console/pages/query/shape.js')).shape(r, { walks: w }), [rows, walks])
  const edge = { _id: 'e/1', _from: 'v/1', _to: 'v/2' }, vertex = { _id: 'v/1', name: 'x' }
  for (const [rows, view] of [
    [[1], 'json'], [['a', 'b'], 'table'], [[{ a: 1, b: 'x' }], 'table'], [[vertex], 'table'], [[edge], 'graph'], [[{ v: vertex, e: edge }], 'graph'],
    [[{ vertices: [vertex], edges: [edge] }], 'graph'], [[{ name: 'x', lat: 50, lon: 8 }], 'map'], [[{ at: { type: 'Point', coordinates: [8, 50] } }], 'map'],
    [[{ lat: 500, lon: 8 }], 'table'], [[1, 2, 3].map((n) => ({ n, y: n * n })), 'chart'], [[1, 2, 3].map((n) => ({ day: `2030-01-0${n}`, y: n })), 'chart'],
    [[1, 2, 3].map((n) => [n, n * 2]), 'chart'], [[1, 2, 3].map((n) => ({ name: `a${n}`, y: n })), 'table'],
  ]) assert.equal((await first(rows, false)).first, view, JSON.stringify(rows))
  assert.ok((await first([vertex], true)).views.includes('graph'), 'vertices of a walk can be drawn')
  const { x, ys } = (await first([{ y: 1, at: 1900000000000 }, { y: 2, at: 1900000001000 }, { y: 0, at: 1900000002000 }], false)).chart
  assert.deepEqual([x, ys], ['at', ['y']])
})

test('a query runs with the keyboard, and its rows are a table', async ({ page, open, axe, shot }) => {
  await open('query')
  await write(page, "FOR p IN places FILTER p.country == 'Japan' SORT p._key RETURN {name: p.name, feet: p.feet, info: p.info, tag: 'x'}")
  await page.keyboard.press('ControlOrMeta+Enter')
  await shows(part(page, 'stats'), '600 rows')
  await shows(part(page, 'stats'), `scanned ${places.toLocaleString('en')} documents`)
  await part(page, 'table').getByRole('columnheader', { name: 'feet' }).waitFor()
  await axe()
  await part(page, 'table').getByText('Place 1001', { exact: true }).click()
  await page.getByRole('dialog').getByText('rank', { exact: true }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
})

test('many rows are fetched as one goes down, and few are in the page', async ({ page, open }) => {
  await open('query')
  await run(page, 'FOR i IN 1..10000 RETURN {i, text: CONCAT("row ", i)}')
  await shows(part(page, 'stats'), '10,000 rows')
  await part(page, 'view-table').click()
  await shows(part(page, 'table'), 'row 1')
  const grid = part(page, 'table').getByRole('grid')
  await until(async () => {
    await grid.evaluate((node) => { node.scrollTop = node.scrollHeight })
    return (await part(page, 'result').innerText()).includes('row 10000')
  }, 'the last row in sight')
  assert.ok(await grid.getByRole('row').count() < 120, 'the table is windowed')
  await part(page, 'next').waitFor({ state: 'detached' })
})

test('rows are drawn by their shape', async ({ page, open, axe, shot }) => {
  await open('query')
  await run(page, 'FOR r IN roads RETURN r')
  await shows(part(page, 'graph-note'), '30 edges')
  assert.equal(await part(page, 'view-graph').getAttribute('aria-pressed'), 'true')
  await page.getByRole('button', { name: 'places/p1', exact: true }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').getByText('places/p1').first().waitFor()
  await page.keyboard.press('Escape')
  await part(page, 'graph-explore').waitFor()
  await axe()
  await shot(page, 'query-graph')

  await run(page, "FOR v, e, p IN 1..2 ANY 'places/p1' roads RETURN p")
  await shows(part(page, 'graph-note'), 'vertices')

  await run(page, 'FOR p IN places LIMIT 100 RETURN p')
  await shows(part(page, 'map-note'), '100 places')
  assert.equal(await part(page, 'map').locator('.query-place').count(), 100)
  await axe()
  await shot(page, 'query-map')

  await run(page, 'FOR i IN 0..60 RETURN {at: DATE_ISO8601(1900000000000 + i * 60000), load: i * i}')
  await part(page, 'chart').locator('canvas').waitFor()
  await run(page, 'FOR n IN 1..9 RETURN {n, square: n * n}')
  await part(page, 'chart').locator('canvas').waitFor()

  await run(page, 'RETURN 12345678901234567890')
  await shows(part(page, 'json'), '12345678901234567890')
  await run(page, 'FOR p IN places FILTER p.feet < 0 RETURN p')
  await shows(part(page, 'empty'), 'No rows')
})

test('a mistake is marked where it is, and the page goes on', async ({ page, open, axe }) => {
  await open('query')
  await write(page, 'FOR p IN places\n  RETRUN p')
  await shows(part(page, 'lint'), 'Line 2, column 3')
  await shows(part(page, 'lint'), 'did you mean RETURN?')
  await part(page, 'editor').locator('.cm-lintRange-error', { hasText: 'RETRUN' }).waitFor()
  await part(page, 'run').click()
  await shows(part(page, 'error'), 'Line 2, column 3')
  await axe()
  await run(page, 'FOR p IN placez RETURN p')
  await shows(part(page, 'error'), 'placez')
  await run(page, 'RETURN 1 / 0')
  await shows(part(page, 'warnings'), '1562')
  assert.equal(await part(page, 'error').count(), 0)
})

test('a query that reaches its limits says so', async ({ page, open }) => {
  await open('query')
  await part(page, 'options').locator('summary').click()
  await part(page, 'memory-limit').fill('1')
  await run(page, "FOR i IN 1..1000000 SORT i DESC RETURN CONCAT('number ', i)")
  await shows(part(page, 'error'), '32')
  await shows(part(page, 'error'), 'add a FILTER')
  await part(page, 'memory-limit').fill('')
  await part(page, 'time-limit').fill('0.05')
  await run(page, 'FOR i IN 1..100000000 FILTER i < 0 RETURN i')
  await part(page, 'error').waitFor()
  await part(page, 'time-limit').fill('')
  await run(page, 'RETURN "again"')
  await shows(part(page, 'json'), 'again')
})

test('parameters are JSON, and come back with the text', async ({ page, open, axe }) => {
  await open('query')
  await run(page, 'RETURN nothing')
  await shows(part(page, 'error'), 'nothing')
  await write(page, 'FOR p IN @@where FILTER p.country == @country AND p.feet >= @from LIMIT 3 RETURN p.name')
  await part(page, 'bind-country').fill('Japan')
  await part(page, 'run').click()
  await shows(part(page, 'error'), 'Give @@where a value.')
  assert.equal(await part(page, 'error').count(), 1)
  await part(page, 'bind-@where').fill('places')
  await part(page, 'bind-from').fill('100')
  await part(page, 'run').click()
  assert.equal(await part(page, 'bind-country').getAttribute('aria-invalid'), 'true')
  await page.getByRole('button', { name: 'Use as text' }).click()
  assert.equal(await part(page, 'bind-country').inputValue(), '"Japan"')
  await part(page, 'run').click()
  await shows(part(page, 'stats'), '3 rows')
  await axe()
  await run(page, 'RETURN 2')
  await shows(part(page, 'json'), '2')
  await part(page, 'history').click()
  await axe()
  await part(page, 'history-list').locator('li', { hasText: '@@where' }).getByRole('button', { name: 'Use' }).click()
  assert.equal(await part(page, 'bind-from').inputValue(), '100')
  assert.equal(await part(page, 'bind-@where').inputValue(), 'places')
})

test('completion knows collections, attributes, variables and functions', async ({ page, open }) => {
  await open('query')
  const list = part(page, 'editor').locator('.cm-tooltip-autocomplete')
  const typed = async (text, wanted) => {
    await write(page, '')
    await page.keyboard.type(text)
    await shows(list.locator('li'), wanted)
    await page.keyboard.press('Escape')
  }
  await typed('FOR p IN pla', 'places')
  await typed('FOR p IN places FILTER p.cou', 'country')
  await typed('FOR p IN places FILTER p.info.', 'rank')
  await typed('LET population = 3 RETURN popu', 'population')
  await typed('RETURN DATE_ISO', 'DATE_ISO8601')
})

test('a running query can be stopped, here and from the list', async ({ page, open, axe }) => {
  await open('query')
  await run(page, 'RETURN SLEEP(50)')
  await shows(part(page, 'clock'), 'running')
  await part(page, 'stop').click()
  await shows(part(page, 'stopped'), 'Stopped')
  await until(async () => (await planet.api('GET', '/query/current')).length === 0, 'it has ended at the location')
  await run(page, 'RETURN SLEEP(51)')
  await part(page, 'tab-running').click()
  await shows(part(page, 'running-list'), 'SLEEP(51)')
  await axe()
  await part(page, 'kill').click()
  await page.getByTestId('confirm-action').click()
  await shows(part(page, 'running-list'), 'Nothing runs here now')
  await part(page, 'tab-editor').click()
  await shows(part(page, 'error'), '1500')
})

test('Stop ends no query of another user', async ({ page, open, api, url }) => {
  const text = 'RETURN SLEEP(54)'
  await api('POST', '/_api/user', { user: 'ada', passwd: 'a long password' })
  const { jwt } = await api('POST', '/_open/auth', { tenant: 'demo', username: 'ada', password: 'a long password' })
  const running = async () => (await api('GET', '/query/current')).filter((q) => q.query === text)
  const control = new AbortController()
  const theirs = fetch(`${url}/_fabric/_system/_api/cursor`, { method: 'POST', signal: control.signal, headers: { Authorization: `bearer ${jwt}` }, body: JSON.stringify({ query: text }) }).catch(() => null)
  await until(async () => (await running()).some((q) => q.user === 'ada'), 'the query of the other user runs')
  await open('query')
  await page.route('**/_api/cursor', () => {}) // the own one does not come to the location
  await run(page, text)
  await shows(part(page, 'clock'), 'running')
  await part(page, 'stop').click()
  await shows(part(page, 'stopped'), 'Stopped')
  assert.equal((await running()).length, 1, 'the query of the other user goes on')
  control.abort()
  await theirs
  await until(async () => (await running()).length === 0, 'it ends with its request')
  await page.unrouteAll({ behavior: 'ignoreErrors' })
  await api('DELETE', '/_api/user/ada')
})

test('the running queries of another location can be seen', async ({ page, open, api }) => {
  const sleeping = api('POST', '/cursor', { query: 'RETURN SLEEP(52)' }, { at: 1, fail: false })
  await open('query/running')
  await part(page, 'location').locator('option').nth(2).waitFor({ state: 'attached' })
  await shows(part(page, 'running-list'), 'Nothing runs here now')
  const other = (await api('GET', '/datacenter/local', undefined, { at: 1 })).name
  await part(page, 'location').selectOption(other)
  await shows(part(page, 'running-list'), 'SLEEP(52)')
  await part(page, 'kill').click()
  await page.getByTestId('confirm-action').click()
  assert.equal((await sleeping).errorNum, 1500)
})

test('EXPLAIN is a tree with costs and hints', async ({ page, open, axe, shot }) => {
  await open('query')
  await run(page, "FOR p IN places\n  FILTER p.country == 'Japan' AND p.feet > 100\n  SORT p.name\n  LIMIT 100\n  RETURN {name: p.name, feet: p.feet, country: p.country}")
  await shows(part(page, 'table'), 'Place 1001')
  await part(page, 'explain').click()
  await shows(part(page, 'plan-node'), 'full scan')
  await shows(part(page, 'hint'), `Full scan of ${places.toLocaleString('en')} documents of places: an index on country, feet would help.`)
  await shows(part(page, 'plan-rules'), 'filter-early')
  await axe()
  await shot(page, 'query-light')
  await part(page, 'hint-index').click()
  await page.waitForURL(/\/console\/data\/places\?.*fields=country%2Cfeet/)
  await page.getByTestId('data-index-fields').waitFor()
  assert.match(await page.getByTestId('data-index-fields').inputValue(), /^country, ?feet$/)

  await planet.api('POST', '/index?collection=places', { type: 'persistent', fields: ['country', 'feet'], name: 'bycountry' })
  await open('query')
  await write(page, "FOR p IN places FILTER p.country == 'Japan' AND p.feet > 100 RETURN p.name")
  await part(page, 'explain').click()
  await shows(part(page, 'plan-indexes'), 'bycountry')
  assert.equal(await part(page, 'hint').count(), 0)
  await planet.api('DELETE', '/index/places/bycountry')
  await write(page, 'FOR p IN places RETRUN p')
  await part(page, 'explain').click()
  await shows(part(page, 'plan'), 'Line 1, column 17')
})

test('PROFILE shows rows, time and memory of each step', async ({ page, open, axe, shot }) => {
  await open('query')
  await write(page, "FOR p IN places FILTER p.country == 'Japan' SORT p.name RETURN p.name")
  await part(page, 'profile').click()
  await shows(part(page, 'profile-node'), 'full scan')
  await shows(part(page, 'profile-node').filter({ hasText: 'SORT' }), '600')
  await axe()
  await shot(page, 'query-profile')
  await part(page, 'view-table').click()
  await shows(part(page, 'table'), 'Place 1001')
})

test('what was slow is listed, and opens in the editor', async ({ page, open, axe }) => {
  await open('query/slow')
  await part(page, 'slow-list').getByText('Nothing was slow').waitFor()
  await part(page, 'slow-threshold').fill('0.1')
  await part(page, 'slow-set').click()
  await until(async () => (await planet.api('GET', '/query/properties')).slowQueryThreshold === 0.1, 'the threshold')
  await planet.api('POST', '/cursor', { query: 'RETURN SLEEP(@for)', bindVars: { for: 0.2 } })
  await part(page, 'slow-refresh').click()
  await shows(part(page, 'slow-list'), 'SLEEP(@for)')
  await axe()
  await part(page, 'slow-open').click()
  await part(page, 'bind-for').waitFor()
  assert.equal(await part(page, 'bind-for').inputValue(), '0.2')
  assert.match(await editorText(page), /SLEEP\(@for\)/)
  await part(page, 'tab-slow').click()
  await part(page, 'slow-clear').click()
  await page.getByTestId('confirm-action').click()
  await part(page, 'slow-list').getByText('Nothing was slow').waitFor()
  await planet.api('PUT', '/query/properties', { slowQueryThreshold: 10 })
})

test('query workers: saved, run, paged, changed, exported, imported and deleted', async ({ page, open, axe, shot }) => {
  await open('query/saved')
  await part(page, 'worker-empty').waitFor()
  await part(page, 'tab-editor').click()
  await write(page, 'FOR p IN places FILTER p.country == @country LIMIT @most RETURN p.name')
  await part(page, 'bind-country').fill('"Japan"')
  await part(page, 'save').click()
  await part(page, 'worker-name').fill('by-country')
  await part(page, 'worker-save').click()
  await shows(part(page, 'worker-defaults'), 'With a default: @country. To be given: @most.')
  await shows(part(page, 'worker-curl'), `-d '{"bindVars": {"country": "Japan", "most": <most>}}'`)
  await part(page, 'bind-most').fill('550')
  const curl = await part(page, 'worker-curl').innerText()
  assert.match(curl, /"most": 550}}'$/)
  assert.match(curl, /restql\/execute\/by-country/)
  assert.match(curl, /apikey \$SELVEDGE_API_KEY"/)
  assert.ok(!curl.includes(planet.key), 'the key is not in the line')
  await part(page, 'worker-run').click()
  await shows(part(page, 'stats'), '550 rows')
  await axe()
  await shot(page, 'query-workers')

  await part(page, 'worker-edit').click()
  await page.getByTestId('query-worker-text').waitFor()
  await axe()
  await part(page, 'worker-parameter').fill('{"country": "Brazil", "most": 12345678901234567890}')
  await part(page, 'worker-save').click()
  await shows(part(page, 'worker-defaults'), 'With a default: @country, @most.')
  assert.equal(await part(page, 'bind-most').inputValue(), '12345678901234567890')

  const [file] = await Promise.all([page.waitForEvent('download'), part(page, 'worker-export').click()])
  const text = await readFile(await file.path(), 'utf8')
  assert.match(text, /12345678901234567890/)
  await part(page, 'worker-delete').click()
  await page.getByTestId('confirm-action').click()
  await part(page, 'worker-empty').waitFor()
  await part(page, 'worker-file').setInputFiles({ name: 'w.json', mimeType: 'application/json', buffer: Buffer.from(text) })
  await shows(page.getByTestId('query-worker-report'), '1 imported')
  await page.keyboard.press('Escape')
  await part(page, 'worker-file').setInputFiles({ name: 'w.json', mimeType: 'application/json', buffer: Buffer.from(text) })
  await shows(page.getByTestId('query-worker-report'), '1 refused')
  await page.keyboard.press('Escape')
  await part(page, 'worker-new').click()
  await part(page, 'worker-name').fill('by-country')
  await part(page, 'worker-save').click()
  await shows(page.getByRole('dialog').getByTestId('query-error'), 'duplicate name')
  await page.keyboard.press('Escape')
  await planet.api('DELETE', '/restql/by-country')
})

test('a link fills the editor and runs nothing; hostile text stays text', async ({ page, open }) => {
  const before = (await planet.api('GET', '/collection/places/count')).count
  await open('query')
  await write(page, 'RETURN "what I was writing"')
  await open(`query?text=${encodeURIComponent('FOR p IN places FILTER p._key == @k REMOVE p IN places')}&bind=${encodeURIComponent('{"k": "p2"}')}`)
  await shows(part(page, 'note'), 'was not run')
  await part(page, 'bind-k').waitFor()
  assert.equal(await part(page, 'bind-k').inputValue(), '"p2"')
  assert.match(await editorText(page), /REMOVE p IN places/)
  assert.equal((await planet.api('GET', '/collection/places/count')).count, before)
  assert.ok(!page.url().includes('text='), 'loading anew keeps what is written')
  await part(page, 'history').click()
  await shows(part(page, 'history-list'), 'what I was writing')
  await page.keyboard.press('Escape')
  await run(page, 'FOR p IN places FILTER p._key IN ["p0", "p1"] SORT p._key RETURN {name: p.name, "<b>x</b>": 1}')
  await shows(part(page, 'table'), '<img src=x onerror="window.hurt=1">')
  await shows(part(page, 'table'), 'a\u27e8U+202E\u27e9b\u2407c')
  await part(page, 'view-json').click()
  await shows(part(page, 'json'), '<img src=x')
  assert.equal(await page.evaluate(() => window.hurt), undefined)
})

test('rows are written to files, all of them', async ({ page, open }) => {
  await open('query')
  await run(page, 'FOR i IN 1..1200 RETURN {i, text: i == 1 ? "=1+1" : "a,\\"b\\"", big: 12345678901234567890}')
  await shows(part(page, 'stats'), '1,200 rows')
  const save = async (kind) => {
    await part(page, 'download').click()
    const [file] = await Promise.all([page.waitForEvent('download'), part(page, `download-${kind}`).click()])
    return (await readFile(await file.path(), 'utf8')).trim().split(/\r?\n/)
  }
  const lines = await save('jsonl')
  assert.equal(lines.length, 1200)
  assert.match(lines[0], /"big":12345678901234567890/)
  const csv = await save('csv')
  assert.equal(csv.length, 1201)
  assert.match(csv[1], /'=1\+1/)
  assert.match(csv[2], /"a,""b"""/)
})

test('a lost cursor is told, and the rows that came stay', async ({ page, open }) => {
  await open('query')
  const answered = page.waitForResponse((r) => r.url().endsWith('/_api/cursor') && r.request().postData()?.includes('1..3000'))
  await run(page, 'FOR i IN 1..3000 RETURN i')
  const { id } = await (await answered).json()
  await shows(part(page, 'stats'), '3,000 rows')
  await part(page, 'next').waitFor()
  // The cursor belongs to who asked: the page, which sends no credential here.
  await page.evaluate((path) => fetch(path, { method: 'DELETE' }), `/_fabric/_system/_api/cursor/${id}`)
  await part(page, 'next').click()
  await shows(part(page, 'error'), 'Run the query again')
  await shows(part(page, 'table'), '1')
  await part(page, 'retry').click()
  await part(page, 'error').waitFor({ state: 'detached' })
  await part(page, 'next').waitFor()
})

test('a location that goes away is told, and the page works when it is back', async ({ page, expect }) => {
  expect.errors(/ERR_CONNECTION_REFUSED/)
  const own = await launch({ locations: 1 })
  try {
    await page.goto(`${own.url()}/console/query`)
    await run(page, 'RETURN "before"')
    await shows(part(page, 'json'), 'before')
    await own.end('SIGKILL')
    await part(page, 'run').click()
    await shows(part(page, 'error'), 'cannot be reached')
    assert.match(await editorText(page), /before/)
    await part(page, 'tab-running').click()
    await page.getByTestId('failure').first().waitFor()
    await own.open()
    await part(page, 'running-refresh').click()
    await shows(part(page, 'running-list'), 'Nothing runs here now')
    await part(page, 'tab-editor').click()
    await part(page, 'run').click()
    await shows(part(page, 'json'), 'before')
    await part(page, 'error').waitFor({ state: 'detached' })
  } finally {
    await own.close()
  }
})

test('without the editor a plain field does', async ({ page, open, expect }) => {
  expect.errors(/codemirror/)
  await page.route('**/vendor/codemirror.js', (route) => route.abort())
  await open('query')
  await part(page, 'editor-plain').fill('RETURN "plain"')
  await part(page, 'run').click()
  await shows(part(page, 'json'), 'plain')
})

test('a large document and many members are shown in part', async ({ page, open }) => {
  await open('query')
  await run(page, 'LET line = REPEAT("0123456789", 400000) RETURN [{line, list: 1..20000}, {line}]')
  await shows(part(page, 'json'), 'Show more')
  await run(page, 'LET line = REPEAT("0123456789", 400000) FOR i IN 1..2 RETURN MERGE({line}, ZIP((FOR n IN 1..200 RETURN CONCAT("m", n)), 1..200))')
  await page.getByText('60 of 201 columns are shown').waitFor()
  assert.ok((await part(page, 'table').innerText()).length < 20000)
})

test('examples fill the editor', async ({ page, open, axe }) => {
  await open('query')
  await part(page, 'examples').click()
  const all = page.getByTestId('query-examples-list')
  await all.getByRole('heading', { name: 'Flights' }).waitFor()
  await axe()
  await all.locator('li', { hasText: '1..@max' }).getByRole('button', { name: 'Use' }).click()
  await part(page, 'run').click()
  await shows(part(page, 'stats'), '5 rows')
})

test('dark and narrow', { colorScheme: 'dark' }, async ({ page, open, axe, narrow, shot }) => {
  await open('query')
  await run(page, "FOR p IN places FILTER p.country == 'Japan' LIMIT 40 RETURN {name: p.name, feet: p.feet, country: p.country}")
  await shows(part(page, 'stats'), '40 rows')
  await part(page, 'explain').click()
  await part(page, 'plan-node').first().waitFor()
  await axe()
  await shot(page, 'query-dark')
  await narrow()
  for (const tab of ['editor', 'running', 'slow', 'saved']) {
    await part(page, `tab-${tab}`).click()
    const wide = await page.evaluate(() => document.documentElement.scrollWidth)
    assert.ok(wide <= 390, `${tab} is ${wide} px wide`)
    await axe()
  }
  await part(page, 'tab-editor').click()
  await shot(page, 'query-narrow')
})
