// The Graph page: drawing, walking, filtering, paths, editing, and what goes wrong.

import assert from 'node:assert/strict'
import { test as unit } from 'node:test'
import { GraphModel, vertexIds } from '../../console/pages/graph/model.js'
import { Layout } from '../../console/pages/graph/layout.js'
import { matches, position } from '../../console/pages/graph/filter.js'
import { pathsOf } from '../../console/pages/graph/queries.js'
import { start, test } from './harness.mjs'

const hostile = '<img src=x onerror=alert(1)>\u202egnp.exe'
const stations = ['berlin', 'hamburg', 'hanover', 'cologne', 'frankfurt', 'munich', 'zurich', 'vienna']
const places = { berlin: [52.5, 13.4], hamburg: [53.5, 10], hanover: [52.4, 9.7], cologne: [50.9, 7], frankfurt: [50.1, 8.7], munich: [48.1, 11.6], zurich: [47.4, 8.5], vienna: [48.2, 16.4] }
const lines = [
  ['berlin', 'hamburg', 289], ['berlin', 'hanover', 282], ['hanover', 'hamburg', 181], ['hanover', 'cologne', 290], ['hanover', 'frankfurt', 351],
  ['cologne', 'frankfurt', 190], ['frankfurt', 'munich', 400], ['frankfurt', 'zurich', 413], ['munich', 'vienna', 435], ['munich', 'zurich', 313],
]

const { planet } = await start({ locations: 2, args: ['--wan', '5'] })
await planet.api('POST', '/graph', { name: 'railway', edgeDefinitions: [{ collection: 'lines', from: ['stations'], to: ['stations'] }] })
await planet.api('POST', '/document/stations', stations.map((key) => ({ _key: key, name: key[0].toUpperCase() + key.slice(1), lat: places[key][0], lon: places[key][1], country: key === 'zurich' ? 'CH' : key === 'vienna' ? 'AT' : 'DE' })))
await planet.api('POST', '/document/lines', lines.map(([from, to, km]) => ({ _key: `${from}-${to}`, _from: `stations/${from}`, _to: `stations/${to}`, km })))
await planet.api('POST', '/collection', { name: 'ferries', type: 3 })
await planet.api('POST', '/collection', { name: 'ports' })
await planet.api('POST', '/document/ports', { _key: 'odd', name: hostile, title: hostile })
await planet.api('POST', '/document/ferries', [{ _key: 'f1', _from: 'stations/hamburg', _to: 'ports/odd' }, { _key: 'gone', _from: 'stations/hamburg', _to: 'ports/gone' }, { _key: 'loop', _from: 'stations/hamburg', _to: 'stations/hamburg' }])

// A continent: two kinds of vertices and of edges.
const cities = {
  lis: ['Lisbon', 38.7, -9.1, 'PT'], mad: ['Madrid', 40.4, -3.7, 'ES'], bcn: ['Barcelona', 41.4, 2.2, 'ES'], par: ['Paris', 48.9, 2.4, 'FR'], lyo: ['Lyon', 45.8, 4.8, 'FR'], mrs: ['Marseille', 43.3, 5.4, 'FR'],
  bru: ['Brussels', 50.8, 4.4, 'BE'], ams: ['Amsterdam', 52.4, 4.9, 'NL'], lon: ['London', 51.5, -0.1, 'GB'], edi: ['Edinburgh', 55.9, -3.2, 'GB'], dub: ['Dublin', 53.3, -6.3, 'IE'],
  ber: ['Berlin', 52.5, 13.4, 'DE'], ham: ['Hamburg', 53.6, 10, 'DE'], col: ['Cologne', 50.9, 7, 'DE'], mun: ['Munich', 48.1, 11.6, 'DE'], zur: ['Zurich', 47.4, 8.5, 'CH'], mil: ['Milan', 45.5, 9.2, 'IT'], rom: ['Rome', 41.9, 12.5, 'IT'],
  vie: ['Vienna', 48.2, 16.4, 'AT'], pra: ['Prague', 50.1, 14.4, 'CZ'], war: ['Warsaw', 52.2, 21, 'PL'], bud: ['Budapest', 47.5, 19, 'HU'], cop: ['Copenhagen', 55.7, 12.6, 'DK'], sto: ['Stockholm', 59.3, 18.1, 'SE'], osl: ['Oslo', 59.9, 10.8, 'NO'], hel: ['Helsinki', 60.2, 24.9, 'FI'], ath: ['Athens', 38, 23.7, 'GR'],
}
const rails = 'lis-mad mad-bcn bcn-mrs mrs-lyo lyo-par par-bru bru-ams par-lon lon-edi bru-col col-ams col-ham ham-ber ber-pra pra-vie vie-bud vie-mun mun-zur zur-mil mil-rom lyo-zur par-zur ber-war war-bud ham-cop cop-sto sto-osl mun-ber col-mun mil-vie'.split(' ')
const ships = 'dub-edi ath-rom sto-hel edi-osl bcn-rom'.split(' ')
const joins = (list) => list.map((pair) => ({ _key: pair, _from: `cities/${pair.slice(0, 3)}`, _to: `cities/${pair.slice(4)}` }))
await planet.api('POST', '/graph', { name: 'continent', edgeDefinitions: [{ collection: 'rails', from: ['cities'], to: ['cities'] }, { collection: 'ships', from: ['cities'], to: ['cities'] }] })
await planet.api('POST', '/document/cities', Object.entries(cities).map(([key, [name, lat, lon, country]]) => ({ _key: key, name, country, location: { type: 'Point', coordinates: [lon, lat] } })))
await planet.api('POST', '/document/rails', joins(rails))
await planet.api('POST', '/document/ships', joins(ships))

const counts = (page) => page.getByTestId('graph-counts')
const shows = (page, vertices, edges) => counts(page).getByText(`${vertices} vertices, ${edges} edges`, { exact: true }).waitFor()
const rests = (page) => page.locator('[data-moving=false]').waitFor()
const railway = 'graph?graph=railway&start=stations%2Ffrankfurt'

unit('a collapsed vertex takes along what came with it alone', () => {
  const model = new GraphModel()
  model.root('v/a', {})
  const row = (from, to) => ({ v: {}, e: { _id: `e/${from}${to}`, _from: `v/${from}`, _to: `v/${to}` } })
  model.expand('v/a', [row('a', 'b'), row('a', 'c')])
  model.expand('v/b', [row('a', 'b'), row('b', 'd'), row('b', 'c')])
  model.expand('v/d', [row('b', 'd'), row('d', 'f')])
  assert.deepEqual([...model.vertices.keys()].sort(), ['v/a', 'v/b', 'v/c', 'v/d', 'v/f'])
  model.collapse('v/b')
  assert.deepEqual([...model.vertices.keys()].sort(), ['v/a', 'v/b', 'v/c'], 'c came with a, too')
  assert.deepEqual([...model.edges.keys()].sort(), ['e/ab', 'e/ac'])
})

unit('no more is drawn than the caps allow, and what is left out is counted', () => {
  const model = new GraphModel({ vertices: 3, edges: 3 })
  model.root('v/0', {})
  model.expand('v/0', Array.from({ length: 9 }, (_, i) => ({ v: {}, e: { _id: `e/${i}`, _from: 'v/0', _to: `v/${i + 1}` } })))
  assert.equal(model.vertices.size, 3)
  assert.equal(model.edges.size, 2)
  assert.equal(model.omitted, 7)
})

unit('a vertex of a path that is gone is known by its edges', () => {
  const path = { vertices: [{ _id: 'v/a' }, null, { _id: 'v/c' }], edges: [{ _id: 'e/1', _from: 'v/b', _to: 'v/a' }, { _id: 'e/2', _from: 'v/b', _to: 'v/c' }] }
  assert.deepEqual(vertexIds(path), ['v/a', 'v/b', 'v/c'])
  assert.equal(pathsOf('shortest', [{ v: [['_id', 'v/a']], e: null }, { v: [['_id', 'v/b']], e: [['_id', 'e/1'], ['w', 2.5]] }], 'w')[0].weight, 2.5)
})

unit('the layout comes to rest with neighbours near and others apart, whatever the start', () => {
  const n = 60
  const links = Array.from({ length: n - 1 }, (_, i) => [i + 1, Math.floor(i / 3)]).flat()
  const layout = new Layout(new Float64Array(n), new Float64Array(n), links) // all at one place
  layout.fix(0, 5, 7)
  let steps = 0
  while (!layout.done && steps < 5000) {
    layout.step()
    steps++
  }
  assert.ok(layout.done)
  assert.deepEqual([layout.x[0], layout.y[0]], [5, 7])
  assert.ok([...layout.x, ...layout.y].every(Number.isFinite))
  let longest = 0
  for (let k = 0; k < links.length; k += 2) longest = Math.max(longest, Math.hypot(layout.x[links[k]] - layout.x[links[k + 1]], layout.y[links[k]] - layout.y[links[k + 1]]))
  assert.ok(longest < 400, `the longest edge is ${longest}`)
})

unit('conditions compare numbers as numbers and find positions', () => {
  assert.ok(matches({ n: 9 }, { attribute: 'n', operator: '<', value: '10' }))
  assert.ok(matches({ n: 'Abc' }, { attribute: 'n', operator: 'contains', value: 'bC' }))
  assert.ok(!matches({}, { attribute: 'n', operator: '==', value: '' }))
  assert.ok(matches({ n: false }, { attribute: 'n', operator: 'is set', value: '' }))
  assert.deepEqual(position({ lat: 1, lon: 2 }), [2, 1])
  assert.equal(position({ lat: 91, lon: 2 }), null)
})

test('a start is found by its first letters, drawn, expanded and collapsed', async ({ page, open, axe }) => {
  await open('graph')
  await page.getByTestId('graph-source').selectOption('g:railway')
  const field = page.getByTestId('graph-start')
  await field.fill('stations/fr')
  await page.getByRole('option', { name: 'stations/frankfurt' }).waitFor()
  await field.press('ArrowDown')
  await axe()
  await field.press('Enter')
  assert.equal(await field.inputValue(), 'stations/frankfurt')
  await page.getByTestId('graph-draw').click()
  await shows(page, 5, 4)
  assert.equal(await page.getByTestId('graph-selected').textContent(), 'stations/frankfurt')
  await page.getByTestId('graph-document').getByText('"Frankfurt"', { exact: true }).waitFor()
  await axe()
  await page.getByRole('button', { name: 'Munich', exact: true }).click()
  await page.getByTestId('graph-expand').click()
  await shows(page, 6, 6)
  await page.getByTestId('graph-collapse').click()
  await shows(page, 5, 4)
  for (const name of ['Munich', 'Hanover']) {
    await page.getByTestId('graph-tab-list').click()
    await page.getByTestId('graph-list').getByRole('row').filter({ hasText: name }).click()
    await page.getByTestId('graph-expand').click()
  }
  await shows(page, 8, 9)
  await page.getByTestId('graph-clear').click()
  await page.getByText('Choose where to start').waitFor()
})

test('the address brings the drawing back, and the page picks a vertex', async ({ page, open, url }) => {
  await open(railway)
  await shows(page, 5, 4)
  await page.getByTestId('graph-pick').click()
  await page.waitForURL(/start=stations%2F(?!frankfurt)/)
  await page.goBack().catch(() => {})
  await page.goto(`${url}/console/${railway}&direction=OUTBOUND`)
  await shows(page, 3, 2)
})

test('the keyboard walks from neighbour to neighbour, also without movement', { reducedMotion: 'reduce' }, async ({ page, open }) => {
  await open(railway)
  await shows(page, 5, 4)
  const canvas = page.getByTestId('graph-canvas')
  const selected = page.getByTestId('graph-selected')
  await canvas.focus()
  for (const key of ['ArrowRight', 'ArrowLeft', 'ArrowUp', 'ArrowDown']) {
    await canvas.press(key)
    if (await selected.textContent() !== 'stations/frankfurt') break
  }
  assert.notEqual(await selected.textContent(), 'stations/frankfurt')
  await canvas.press('Enter')
  await page.waitForFunction(() => document.querySelector('[data-testid=graph-counts]').textContent !== '5 vertices, 4 edges')
  await canvas.press('Backspace')
  await shows(page, 5, 4)
  await canvas.press('Home')
  await selected.getByText('stations/frankfurt').waitFor()
  for (const key of ['+', '-', 'Shift+ArrowLeft', '0']) await canvas.press(key)
  await canvas.press('Escape')
  await page.getByText('Nothing is selected').waitFor()
})

test('the filter hides vertices and edge collections, and labels change', async ({ page, open, axe }) => {
  await open('graph?edges=lines,ferries&start=stations%2Fhamburg')
  await shows(page, 5, 5)
  await page.getByTestId('graph-tab-filter').click()
  await page.getByTestId('graph-filter-attribute').fill('country')
  await page.getByTestId('graph-filter-value').fill('DE')
  await page.getByTestId('graph-filter-count').getByText('3 of 5 drawn vertices are shown.').waitFor()
  await page.getByTestId('graph-filter-operator').selectOption('is not set')
  await shows(page, 2, 0)
  await page.getByTestId('graph-filter-attribute').fill('')
  await page.getByTestId('graph-edges-ferries').uncheck()
  await shows(page, 5, 2)
  await page.getByTestId('graph-vertices-ports').uncheck()
  await shows(page, 3, 2)
  await page.getByTestId('graph-label').selectOption('country')
  await page.getByTestId('graph-tab-list').click()
  await page.getByTestId('graph-list').getByRole('row').filter({ hasText: 'stations/hamburg' }).filter({ hasText: 'DE' }).waitFor()
  await axe()
})

test('hostile names and vertices that are gone are shown as they are', async ({ page, open }) => {
  await open('graph?edges=ferries&start=stations%2Fhamburg')
  await shows(page, 3, 3)
  await page.getByRole('button', { name: '<img src=x' }).click()
  await page.getByTestId('graph-selected').getByText('ports/odd').waitFor()
  assert.equal(await page.locator('main img').count(), 0)
  await page.getByTestId('graph-document').getByText('⟨U+202E⟩').first().waitFor()
  await page.getByTestId('graph-tab-list').click()
  await page.getByTestId('graph-list').getByRole('row').filter({ hasText: 'ports/gone' }).click()
  await page.getByText('no vertex is there').waitFor()
  await page.getByTestId('graph-begin').click()
  await shows(page, 2, 1)
})

test('a vertex of megabytes costs no more than its name, until its document is opened', async ({ page, open, api }) => {
  await api('POST', '/collection', { name: 'huge', type: 3 })
  const wide = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`A${i}`, 'x'.repeat(1000)]))
  await api('POST', '/document/ports', { _key: 'big', name: 'Big', ...wide })
  await api('POST', '/document/huge', { _from: 'stations/berlin', _to: 'ports/big' })
  const sizes = []
  page.on('response', async (response) => response.url().endsWith('/cursor') && sizes.push((await response.body()).length))
  await open('graph?edges=huge&start=stations%2Fberlin')
  await shows(page, 2, 1)
  assert.ok(sizes.every((size) => size < 100_000), `answers of ${sizes} bytes`)
  await page.getByRole('button', { name: 'Big', exact: true }).click()
  await page.getByTestId('graph-document').getByText('A0', { exact: true }).waitFor()
})

test('paths are found, highlighted, weighted, and opened as a query', async ({ page, open, axe, shot }) => {
  await open('graph?graph=railway')
  await page.getByTestId('graph-tab-path').click()
  await page.getByTestId('graph-path-from').fill('stations/hamburg')
  await page.getByTestId('graph-path-to').fill('stations/vienna')
  await page.getByTestId('graph-path-weight').fill('km')
  await page.getByTestId('graph-path-to').press('Enter')
  const first = page.getByTestId('graph-path-0')
  await first.getByText('Hamburg → Hanover → Frankfurt → Munich → Vienna').waitFor()
  await first.getByText('1367').waitFor()
  await shows(page, 5, 4)
  await page.getByTestId('graph-path-kind').selectOption('k')
  await page.getByTestId('graph-path-count').fill('2')
  await page.getByTestId('graph-path-find').click()
  await page.getByTestId('graph-path-1').click()
  assert.equal(await page.getByTestId('graph-path-1').getAttribute('aria-pressed'), 'true')
  await rests(page)
  await axe()
  await shot(page, 'graph-paths')
  // The Query page takes the text out of the address as soon as it has it.
  const addresses = []
  page.on('framenavigated', (frame) => addresses.push(new URL(frame.url())))
  await page.getByTestId('graph-path-query').click()
  await page.getByTestId('query-editor').getByText('K_SHORTEST_PATHS').waitFor()
  const query = addresses.find((one) => one.pathname === '/console/query').searchParams
  assert.match(query.get('text'), /K_SHORTEST_PATHS @from TO @to GRAPH @graph/)
  assert.deepEqual(JSON.parse(query.get('bind')), { from: 'stations/hamburg', to: 'stations/vienna', graph: 'railway', weight: 'km', count: 2 })
})

test('what cannot be found says what to do', async ({ page, open }) => {
  await open('graph?graph=railway')
  await page.getByTestId('graph-start').fill('stations/nowhere')
  await page.getByTestId('graph-draw').click()
  await page.getByTestId('toast').getByText('There is no vertex stations/nowhere').waitFor()
  await page.getByTestId('graph-start').fill('nowhere')
  await page.getByTestId('graph-draw').click()
  await page.getByTestId('toast').getByText('An id is written collection/key').waitFor()
  await page.getByTestId('graph-tab-path').click()
  await page.getByTestId('graph-path-from').fill('stations/vienna')
  await page.getByTestId('graph-path-to').fill('stations/berlin')
  await page.getByTestId('graph-path-direction').selectOption('OUTBOUND')
  await page.getByTestId('graph-path-find').click()
  await page.getByTestId('graph-path-result').getByText('No path', { exact: true }).waitFor()
  await page.route('**/_api/cursor', () => {}) // never answered
  await page.getByTestId('graph-path-find').click()
  await page.getByTestId('graph-path-stop').click()
  await page.getByTestId('graph-path-result').getByText('The search was stopped.').waitFor()
  await page.unroute('**/_api/cursor')
})

test('vertices and edges are added and removed, and the graph stays whole', async ({ page, open, api }) => {
  await open(railway)
  await shows(page, 5, 4)
  await page.getByTestId('graph-more').click()
  await page.getByTestId('graph-add-vertex').click()
  await page.getByTestId('graph-new-vertex-key').fill('bonn')
  await page.getByTestId('graph-new-vertex-json').fill('{"name": "Bonn", ]')
  await page.getByTestId('graph-new-vertex-save').click()
  await page.getByRole('alert').getByText('Line 1').waitFor()
  await page.getByTestId('graph-new-vertex-json').fill('{"name": "Bonn", "people": 12345678901234567890}')
  await page.getByTestId('graph-new-vertex-save').click()
  await page.getByTestId('graph-selected').getByText('stations/bonn').waitFor()
  assert.match(await api('GET', '/document/stations/bonn', undefined, { raw: true }), /12345678901234567890/)
  await page.getByTestId('graph-add-edge').click()
  await page.getByTestId('graph-new-edge-to').fill('stations/none')
  await page.getByTestId('graph-new-edge-save').click()
  await page.getByTestId('toast').getByText('document not found').waitFor()
  await page.getByTestId('graph-new-edge-to').fill('stations/frankfurt')
  await page.getByTestId('graph-new-edge-json').fill('{"km": 160}')
  await page.getByTestId('graph-new-edge-save').click()
  await shows(page, 6, 5)
  await page.getByRole('button', { name: 'stations/bonn' }).click()
  await page.getByTestId('graph-remove').click()
  await page.getByTestId('confirm-action').click()
  await shows(page, 5, 4)
  const left = await api('POST', '/cursor', { query: 'FOR l IN lines FILTER l._from == "stations/bonn" RETURN l' })
  assert.deepEqual(left.result, [])
})

test('named graphs are made, changed and dropped', async ({ page, open, api, axe }) => {
  await open('graph')
  await page.getByTestId('graph-more').click()
  await page.getByTestId('graph-keys').click()
  await page.getByRole('dialog').getByText('to the neighbour in that direction').waitFor()
  await page.keyboard.press('Escape')
  await page.getByTestId('graph-more').click()
  await page.getByTestId('graph-manage').click()
  await axe()
  await page.getByTestId('graph-new').click()
  await axe()
  await page.getByTestId('graph-new-name').fill('social')
  await page.getByTestId('graph-new-collection').fill('likes')
  await page.getByTestId('graph-new-from').fill('people')
  await page.getByTestId('graph-new-to').fill('people, songs')
  await page.getByTestId('graph-new-save').click()
  const card = page.getByTestId('graph-card-social')
  await card.getByText('likes: people → people, songs').waitFor()
  await page.getByTestId('graph-add-orphan-social').click()
  await page.getByTestId('graph-orphan-name').fill('bands')
  await page.getByTestId('graph-orphan-save').click()
  await card.getByText('bands').waitFor()
  await page.getByTestId('graph-add-definition-social').click()
  await page.getByTestId('graph-definition-collection').fill('plays')
  await page.getByTestId('graph-definition-from').fill('bands')
  await page.getByTestId('graph-definition-to').fill('songs')
  await page.getByTestId('graph-definition-save').click()
  await card.getByText('plays: bands → songs').waitFor()
  await page.getByTestId('graph-change-social-plays').click()
  await page.getByTestId('graph-definition-to').fill('songs, people')
  await page.getByTestId('graph-definition-save').click()
  await card.getByText('plays: bands → songs, people').waitFor()
  await page.getByTestId('graph-take-social-plays').click()
  await page.getByTestId('confirm-action').click()
  await card.getByText('plays').waitFor({ state: 'detached' })
  await page.getByTestId('graph-explore-social').click()
  await page.waitForURL(/graph=social/)
  await page.getByTestId('graph-pick').click()
  await page.getByTestId('toast').getByText('have no edges yet').waitFor()
  await page.getByTestId('graph-more').click()
  await page.getByTestId('graph-manage').click()
  await page.getByTestId('graph-drop-social').click()
  await page.getByTestId('graph-drop-collections').check()
  await page.getByTestId('graph-drop-save').click()
  await card.waitFor({ state: 'detached' })
  const names = (await api('GET', '/collection?excludeSystem=true')).result.map((c) => c.name)
  assert.ok(!names.includes('likes') && !names.includes('people'))
})

test('vertices with positions are shown on the map', { colorScheme: 'dark' }, async ({ page, open, axe }) => {
  await open(railway)
  await shows(page, 5, 4)
  await page.getByTestId('graph-layout-map').click()
  const dots = page.getByTestId('graph-map').locator('circle')
  await page.getByTestId('graph-map').getByRole('button', { name: 'Munich' }).waitFor()
  assert.equal(await dots.count(), 5)
  await page.getByTestId('graph-zoom-in').click()
  await page.getByTestId('graph-map').getByRole('button', { name: 'Munich' }).press('Enter')
  await page.getByTestId('graph-selected').getByText('stations/munich').waitFor()
  await axe()
  await page.getByTestId('graph-layout-force').click()
  await page.getByTestId('graph-canvas').waitFor()
})

for (const colorScheme of ['light', 'dark']) {
  test(`a whole continent is expanded, searched and mapped, ${colorScheme}`, { colorScheme }, async ({ page, open, shot }) => {
    await open('graph?graph=continent&start=cities%2Fzur')
    await shows(page, 5, 4)
    await page.getByTestId('graph-tab-list').click()
    for (const name of ['Munich', 'Paris', 'Milan', 'Lyon', 'Brussels', 'Cologne', 'Berlin', 'Vienna', 'Hamburg', 'Copenhagen', 'Stockholm', 'Rome', 'Barcelona', 'London', 'Warsaw', 'Edinburgh', 'Madrid']) {
      const row = page.getByTestId('graph-list').getByRole('row').filter({ hasText: name })
      await page.getByTestId('graph-list').getByRole('row').nth(1).waitFor()
      if (await row.count() === 0) await page.getByTestId('graph-list').getByRole('grid').evaluate((grid) => { grid.scrollTop = grid.scrollHeight }) // only rows in sight are in the page
      await row.click()
      await page.getByTestId('graph-expand').click()
      await page.getByTestId('graph-collapse').waitFor()
      await page.getByTestId('graph-tab-list').click()
    }
    await shows(page, Object.keys(cities).length, rails.length + ships.length)
    await page.getByTestId('graph-tab-path').click()
    await page.getByTestId('graph-path-from').fill('cities/lis')
    await page.getByTestId('graph-path-to').fill('cities/hel')
    await page.getByTestId('graph-path-find').click()
    await page.getByTestId('graph-path-0').getByText('Helsinki').waitFor()
    await page.getByTestId('graph-fit').click()
    await rests(page)
    await shot(page, `graph-${colorScheme}`)
    await page.getByTestId('graph-layout-map').click()
    await page.getByTestId('graph-map').getByRole('button', { name: 'Helsinki' }).waitFor()
    await page.getByTestId('graph-zoom-in').click()
    await page.getByTestId('graph-fit').click()
    if (colorScheme === 'light') await shot(page, 'graph-map')
  })
}

test('a vertex with very many edges comes in pages, up to what is drawn, and the page stays quick', async ({ page, open, api }) => {
  await api('POST', '/collection', { name: 'follows', type: 3 })
  await api('POST', '/collection', { name: 'fans' })
  const rows = Array.from({ length: 12_000 }, (_, i) => JSON.stringify({ _from: `fans/${i}`, _to: 'fans/star' })).join('\n')
  await api('POST', '/import?collection=follows', rows)
  await api('POST', '/document/fans', { _key: 'star', name: 'Star' })
  await open('graph?edges=follows&start=fans%2Fstar')
  await shows(page, 26, 25)
  await page.getByTestId('graph-degree-follows').getByText('10,000+').waitFor()
  await page.getByTestId('graph-limit').selectOption('500')
  for (let drawn = 525; drawn < 2000; drawn += 500) {
    await page.getByTestId('graph-more-follows').press('Enter')
    await shows(page, (drawn + 1).toLocaleString('en'), drawn.toLocaleString('en'))
  }
  await page.locator('[data-testid=graph-more-follows]:focus').press('Enter') // it keeps the focus
  await page.getByTestId('graph-notice').getByText('At most 2000 vertices').waitFor()
  await shows(page, '2,000', '1,999')
  const slow = await page.evaluate(() => new Promise((resolve) => {
    const frames = []
    let last = performance.now()
    const tick = (now) => {
      frames.push(now - last)
      last = now
      if (frames.length < 60) requestAnimationFrame(tick)
      else resolve(frames.sort((a, b) => a - b)[30])
    }
    requestAnimationFrame(tick)
  }))
  assert.ok(slow < 250, `the page draws on while the layout runs: half of the frames took under ${slow} ms`)
  await page.getByTestId('graph-collapse').click()
  await shows(page, 1, 0)
})

test('a fabric without edges says what to do, and a narrow page has everything', async ({ page, open, api, axe, narrow, shot }) => {
  await api('POST', '/database', { name: 'bare' })
  await narrow()
  await open('graph?fabric=bare')
  await page.getByText('There are no edges in this fabric').waitFor()
  await axe()
  await open(`${railway}&fabric=_system`)
  await shows(page, 5, 4)
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing sticks out')
  await page.getByTestId('graph-degree-lines').waitFor()
  await rests(page)
  await axe()
  await shot(page, 'graph-narrow')
})

test('a collection that is dropped under the page is told, and the page stays usable', async ({ page, open, api }) => {
  await api('POST', '/collection', { name: 'fleeting', type: 3 })
  await api('POST', '/document/fleeting', { _from: 'stations/berlin', _to: 'stations/vienna' })
  await open('graph?edges=fleeting&start=stations%2Fberlin')
  await shows(page, 2, 1)
  await page.getByTestId('graph-expand').click()
  await page.getByTestId('toast').getByText('All edges of this vertex are drawn').waitFor()
  await api('DELETE', '/collection/fleeting')
  await page.getByRole('button', { name: 'Vienna', exact: true }).click()
  await page.getByTestId('graph-expand').click()
  await page.getByTestId('toast').getByText('not found').waitFor()
  await page.getByTestId('graph-source').selectOption('g:railway')
  await page.getByTestId('graph-start').fill('stations/frankfurt')
  await page.getByTestId('graph-draw').click()
  await shows(page, 5, 4)
})

test('a location that does not answer is told, and the page goes on when it is back', async ({ page, open }) => {
  await open('graph?graph=railway')
  await page.route('**/_api/cursor', (route) => route.abort())
  await page.getByTestId('graph-start').fill('stations/frankfurt')
  await page.getByTestId('graph-draw').click()
  await page.getByTestId('toast').getByText('cannot be reached').waitFor()
  await page.unroute('**/_api/cursor')
  await page.getByTestId('graph-draw').click()
  await shows(page, 5, 4)
})
