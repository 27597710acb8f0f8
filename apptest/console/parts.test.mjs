// The parts that pages are made of: JSON, text, tables, trees, editors, charts
// and maps, each alone.

import assert from 'node:assert/strict'
import { start, test, until } from './harness.mjs'

await start({ locations: 1 })

// inside runs a function in the page, with the modules of app/ that it names.
function inside(page, names, run, given) {
  const source = `(async (names, given) => {
    const app = Object.assign({}, ...await Promise.all(names.map((name) => import('/console/app/' + name + '.js'))))
    return (${run})(app, given)
  })(${JSON.stringify(names)}, ${JSON.stringify(given ?? null)})`
  return page.evaluate(source)
}

async function stage(page, url) {
  await page.goto(`${url}/console/none`)
  await page.getByTestId('page-none').waitFor()
  await page.evaluate(() => document.querySelector('[data-testid=page-none]').replaceChildren())
}

test('JSON keeps digits, and says where it is wrong', async ({ page, url }) => {
  await stage(page, url)
  const texts = ['{"a": 12345678901234567890, "b": 0.1, "c": [1e400, 1.50, -0, 100], "__proto__": 1}', '[]', '"\\ud83d\\ude00"', ' 1 ', '9007199254740993']
  const got = await inside(page, ['json'], (app, all) => all.map((one) => [app.compact(one), app.stringify(app.parse(one)), app.check(app.pretty(one))]), texts)
  assert.deepEqual(got.map((one) => one[0]), ['{"a":12345678901234567890,"b":0.1,"c":[1e400,1.50,-0,100],"__proto__":1}', '[]', '"\\ud83d\\ude00"', '1', '9007199254740993'])
  assert.deepEqual(got.map((one) => one[1]), ['{"a":12345678901234567890,"b":0.1,"c":[1e400,1.5,0,100],"__proto__":1}', '[]', '"😀"', '1', '9007199254740993'])
  assert.deepEqual(got.map((one) => one[2]), texts.map(() => null))
  const wrong = {
    '{"a": 1,\n "a": 2}': [2, 2, /twice/], '{"a": 01}': [1, 7, /number/], '[1, 2': [1, 6, /not closed/], '[1,]': [1, 3, /comma/], "{'a': 1}": [1, 2, /double quotes/],
    '"a\nb"': [1, 3, /control/], '"\\x"': [1, 2, /escape/], '': [1, 1, /ends/], '1 2': [1, 3, /more after/], '{"a" 1}': [1, 6, /colon/], nul: [1, 1, /no value/], '"abc': [1, 1, /not closed/],
    ['['.repeat(101)]: [1, 101, /100 levels/], '{"a": NaN}': [1, 7, /no value/], '[1 2]': [1, 4, /comma or/],
  }
  const found = await inside(page, ['json'], (app, all) => all.map(app.check), Object.keys(wrong))
  Object.entries(wrong).forEach(([text, [line, column, message]], i) => {
    assert.deepEqual([found[i]?.line, found[i]?.column], [line, column], text.slice(0, 20))
    assert.match(found[i].message, message)
  })
})

test('what cannot be seen is shown, and figures are short', async ({ page, url }) => {
  await stage(page, url)
  const got = await inside(page, ['text'], (app) => [
    app.visible('a\u0000b\u202ec\u{1F600}\ud800'), app.visible('a\tb\nc'), app.visible('a\tb\nc', { lines: true }), app.short('abcdef', 4), app.short('ab\u{1F600}cd', 4),
    app.bytes(0), app.bytes(1536), app.bytes(5 * 2 ** 30), app.bytes(null), app.count(1234567), app.count(999), app.ms(0.25), app.ms(12.34), app.ms(61_000), app.ms(undefined), app.ago(Date.now() - 120_000), app.time('nonsense'),
  ])
  assert.deepEqual(got, ['a\u2400b\u27e8U+202E\u27e9c\u{1F600}\u27e8U+D800\u27e9', 'a\\tb\\nc', 'a\tb\nc', 'abc\u2026', 'ab\u2026',
    '0 B', '1.5 KiB', '5 GiB', '\u2013', '1.2M', '999', '0.25 ms', '12.3 ms', '1 min 1 s', '\u2013', '2 min ago', '\u2013'])
})

test('a table of ten thousand rows holds those in sight', async ({ page, url, axe }) => {
  await stage(page, url)
  await inside(page, ['table', 'dom'], (app) => {
    const t = app.table({
      label: 'Rows', testid: 'rows', rowId: (row) => row.n,
      columns: [{ name: 'n', title: 'Number', width: 90, align: 'right', cell: (row) => String(row.n) }, { name: 'text', title: 'Text', cell: (row) => row.text }],
      onOpen: (row) => { globalThis.opened = row.n },
    })
    document.querySelector('[data-testid=page-none]').append(t.node)
    t.setRows(Array.from({ length: 10_000 }, (_, n) => ({ n, text: n === 1 ? '<img src=x onerror=alert(1)>\u202e' : `row ${n}` })))
    globalThis.rows = t
  })
  const grid = page.getByRole('grid', { name: 'Rows' })
  const drawn = () => grid.locator('.table-body .table-row').count()
  assert.ok(await drawn() < 60, 'only some are in the page')
  assert.equal(await grid.locator('[aria-rowindex="3"] .table-cell').nth(1).textContent(), '<img src=x onerror=alert(1)>\u27e8U+202E\u27e9')
  await axe()
  await grid.focus()
  await page.keyboard.press('End')
  await grid.locator('[data-n="9999"]').waitFor()
  assert.ok(await drawn() < 60)
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Enter')
  assert.equal(await page.evaluate(() => globalThis.opened), 9998)
  assert.equal(await grid.getAttribute('aria-activedescendant'), await grid.locator('[data-n="9998"]').getAttribute('id'))
  // More are asked for when the end is near, once.
  await page.evaluate(() => {
    let asked = 0
    globalThis.rows.setMore(async () => {
      asked += 1
      globalThis.asked = asked
      globalThis.rows.append([{ n: 10_000, text: 'the last' }])
      globalThis.rows.setMore(null)
    })
  })
  await page.keyboard.press('End')
  await grid.locator('[data-n="10000"]').waitFor()
  assert.equal(await page.evaluate(() => globalThis.asked), 1)
  await page.evaluate(() => globalThis.rows.setRows([]))
  await page.getByText('Nothing here').waitFor()
  await page.evaluate(() => globalThis.rows.setError(Object.assign(new Error('it broke'), { next: 'Mend it.' }), () => { globalThis.again = true }))
  await page.getByText('Mend it.').waitFor()
  await page.getByTestId('retry').click()
  assert.equal(await page.evaluate(() => globalThis.again), true)
})

test('a tree of a large value opens what is looked at', async ({ page, url, axe }) => {
  await stage(page, url)
  await inside(page, ['jsonview'], (app) => {
    const big = JSON.stringify({ exact: 1, list: Array.from({ length: 250_000 }, (_, i) => i), text: `<script>alert(1)</script>\u0000${'x'.repeat(1_000_000)}` }).replace('"exact":1', '"exact":12345678901234567890')
    document.querySelector('[data-testid=page-none]').append(app.jsonView(big, { text: true, label: 'A value', depth: 1 }))
  })
  const tree = page.getByRole('group', { name: 'A value' })
  await tree.getByText('12345678901234567890').waitFor()
  assert.ok(await tree.locator('*').count() < 400, 'little is in the page')
  await tree.getByText('[250,000]').click()
  await tree.getByText('10000 – 19999', { exact: true }).waitFor()
  await tree.getByText('<script>alert(1)</script>␀').waitFor()
  await tree.getByRole('button', { name: /Show more/ }).click()
  await axe()
})

test('an editor within the content security policy', { timeout: 60_000 }, async ({ page, url, axe }) => {
  await stage(page, url)
  await inside(page, ['editor'], async (app) => {
    const root = document.querySelector('[data-testid=page-none]')
    globalThis.ran = 0
    globalThis.text = await app.editor(root, {
      language: 'c8ql', label: 'Query', testid: 'code', value: 'FOR p IN places RETURN p',
      onRun: () => { globalThis.ran += 1 }, onChange: (text) => { globalThis.changed = text },
      complete: ({ word }) => [{ label: 'LENGTH', detail: 'function', info: 'how many', type: 'function' }, { label: 'LOWER', type: 'function' }].filter((one) => one.label.startsWith(word.toUpperCase())),
    })
  })
  const content = page.getByTestId('code').locator('.cm-content')
  assert.equal(await content.getAttribute('aria-label'), 'Query')
  const colour = (text) => content.locator('span', { hasText: text }).first().evaluate((node) => getComputedStyle(node).color)
  assert.notEqual(await colour('FOR'), await content.evaluate((node) => getComputedStyle(node).color), 'words have colours')
  await axe()
  await content.click()
  await page.keyboard.press('Control+a')
  await page.keyboard.type('RETURN le')
  await page.getByTestId('code').locator('.cm-tooltip-autocomplete').getByText('LENGTH').click()
  await until(() => page.evaluate(() => globalThis.text.value === 'RETURN LENGTH'), 'the completion')
  assert.equal(await page.evaluate(() => globalThis.changed), 'RETURN LENGTH')
  await page.keyboard.press('Control+Enter')
  assert.equal(await page.evaluate(() => globalThis.ran), 1)
  await page.evaluate(() => globalThis.text.mark(1, 8, 'not this'))
  await page.getByTestId('code').locator('.cm-lintRange-error').waitFor()
  await page.evaluate(() => globalThis.text.mark(null))
  await page.getByTestId('code').locator('.cm-lintRange-error').waitFor({ state: 'detached' })
  await page.keyboard.press('Control+f')
  await page.getByTestId('code').locator('.cm-search').waitFor()
  await axe()
  await page.keyboard.press('Escape')
  await content.click()
  await page.keyboard.press('Escape')
  await page.keyboard.press('Tab')
  assert.equal(await page.evaluate(() => document.activeElement.dataset.testid === 'code'), false, 'Escape and Tab leave it')
  await page.evaluate(() => globalThis.text.destroy())
})

test('a chart and a map', async ({ page, url, axe }) => {
  await stage(page, url)
  const sizes = await inside(page, ['chart', 'map'], async (app) => {
    const root = document.querySelector('[data-testid=page-none]')
    const chart = await app.chart(root, { label: 'Writes', unit: '/s', series: [{ label: 'all', color: '--accent' }] })
    for (let i = 0; i < 2000; i++) chart.push(1_700_000_000 + i, [i % 7])
    const map = await app.worldMap(root, { label: 'The world' })
    const [x, y] = map.project(8.68, 50.11)
    map.layer('test').append(document.createElementNS('http://www.w3.org/2000/svg', 'circle'))
    return [map.width, x / map.width, y / map.height, map.path({ type: 'LineString', coordinates: [[8.68, 50.11], [151.2, -33.87]] }).length]
  })
  assert.ok(sizes[0] > 600 && sizes[1] > 0.4 && sizes[1] < 0.6 && sizes[2] > 0.1 && sizes[2] < 0.4 && sizes[3] > 50, String(sizes))
  await page.getByRole('img', { name: /^Writes: all 4 \/s$/ }).waitFor()
  await page.getByRole('img', { name: 'The world' }).waitFor()
  await axe()
  await page.setViewportSize({ width: 500, height: 700 })
  await until(() => page.locator('.map-svg').getAttribute('viewBox').then((box) => Number(box.split(' ')[2]) < 500), 'the map fits')
})

test('events are read however they come in parts', async ({ page, url }) => {
  await stage(page, url)
  const text = ': hello\n\nevent: a\r\ndata: 1\r\ndata: 2\r\nid: x\r\n\r\ndata:3\n\nid: y\n\nevent: ü\ndata: "€"\n\nevent: cut\ndata: no'
  const got = await inside(page, ['eventstream'], async (app, whole) => {
    const bytes = new TextEncoder().encode(whole)
    const all = []
    for (const size of [1, 2, 7, 1000]) {
      const seen = []
      let at = 0
      await app.events(new ReadableStream({
        pull(c) {
          if (at >= bytes.length) return c.close()
          c.enqueue(bytes.slice(at, at + size))
          at += size
        },
      }), (name, data, id) => seen.push([name, data, id]))
      all.push(seen)
    }
    return all
  }, text)
  const want = [['a', '1\n2', 'x'], ['message', '3', ''], ['', '', 'y'], ['ü', '"€"', '']]
  for (const seen of got) assert.deepEqual(seen, want)
})

test('dialogs, tabs and messages', async ({ page, url, axe }) => {
  await stage(page, url)
  await inside(page, ['dialog', 'tabs', 'toast', 'dom'], (app) => {
    const root = document.querySelector('[data-testid=page-none]')
    root.append(app.tabs([{ id: 'a', label: 'First', render: (p) => p.append('one') }, { id: 'b', label: 'Second', render: (p) => p.append('two') }], { label: 'Parts', onSelect: (id) => { globalThis.tab = id } }).node)
    root.append(app.h('button', { onclick: () => { app.confirm({ title: 'Drop it', body: '<b>all</b> of it', action: 'Drop', danger: true }).then((yes) => { globalThis.answer = yes }) } }, 'Drop'))
    app.toast('bad', 'a\u202eb <img src=x>')
  })
  await page.getByTestId('toast').getByText('a\u27e8U+202E\u27e9b <img src=x>').waitFor()
  await page.getByRole('tab', { name: 'First' }).focus()
  await page.keyboard.press('ArrowRight')
  await page.getByRole('tabpanel', { name: 'Second' }).getByText('two').waitFor()
  assert.equal(await page.evaluate(() => globalThis.tab), 'b')
  const button = page.getByRole('button', { name: 'Drop' })
  await button.click()
  await page.getByTestId('confirm').getByText('<b>all</b> of it').waitFor()
  await axe()
  await page.keyboard.press('Escape')
  await until(() => page.evaluate(() => globalThis.answer === false), 'no')
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Drop', 'the focus is back')
  await button.click()
  await page.getByTestId('confirm-action').click()
  await until(() => page.evaluate(() => globalThis.answer === true), 'yes')
})
