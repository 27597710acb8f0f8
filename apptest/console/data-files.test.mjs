// Files in and out of the Data page, what is kept of typed texts, and the parts of it that need no browser.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test as plain } from 'node:test'
import { guess, guessDelimiter, rowReader } from '../../console/pages/data/files.js'
import { literal, queryFrom, queryText } from '../../console/pages/data/filter.js'
import { ElementStream, elements, members } from '../../console/pages/data/scan.js'
import { canonical, differences, merged, parsePath, pathText, put, read, write } from '../../console/pages/data/tree.js'
import { start, test, until } from './harness.mjs'

const { api } = await start({ locations: 'fra' })
const folder = mkdtempSync(join(tmpdir(), 'selvedge-data-'))
after(() => rmSync(folder, { recursive: true, force: true }))

before(async () => {
  for (const name of ['places', 'many', 'empty']) await api('POST', '/collection', { name })
  await api('POST', '/document/places', '{"_key":"fra","name":"Frankfurt","at":{"lat":50.110},"long":12345678901234567890}')
  await api('POST', '/document/places', { _key: 'odd', name: 'a "quoted", text', tags: ['x'] })
  await api('POST', '/document/many', Array.from({ length: 1200 }, (_, n) => (n < 1100 ? { _key: `k${String(n).padStart(4, '0')}`, n } : { _key: `k${n}`, n, late: true })))
})

const id = (page, name) => page.getByTestId(name)

// inPieces reads a text as rows, in pieces of each of these sizes: where a piece ends makes no difference.
function inPieces(options, text) {
  const all = [1, 2, 3, 7, 10_000].map((size) => {
    const reader = rowReader(options)
    const rows = []
    for (let at = 0; at < text.length; at += size) rows.push(...reader.push(text.slice(at, at + size)))
    return [...rows, ...reader.end()]
  })
  for (const rows of all) assert.deepEqual(rows, all[0])
  return all[0]
}

plain('CSV is read as the command line reads it: digits as they are, short and long rows refused', () => {
  const options = { format: 'csv', delimiter: ',', header: true }
  const rows = inPieces(options, '\uFEFFa,b,"c d"\r\n1,"x ""y"" z",\r\n01,"1\n2",1.50\n\n"",true,12345678901234567890\n1,2,3,4\n1,2\n"1"2,"3\nnull, 1,"null"')
  assert.deepEqual(rows, [
    { number: 1, text: '{"a":1,"b":"x \\"y\\" z","c d":""}' },
    { number: 2, text: '{"a":"01","b":"1\\n2","c d":1.50}' },
    { number: 3, text: '{"a":"","b":"true","c d":12345678901234567890}' },
    { number: 4, error: '4 values for 3 columns' },
    { number: 5, error: '2 values for 3 columns' },
    { number: 6, error: 'text after a closing quote; a quote within quotes is doubled' },
    { number: 7, text: '{"a":"null","b":" 1","c d":"null"}' },
  ])
  assert.deepEqual(inPieces({ ...options, values: 'guess', empty: 'leave' }, 'a,b,c,d\ntrue, 1,,"true"\nnull,x,"",2').map((row) => row.text), ['{"a":true,"b":1,"d":"true"}', '{"a":null,"b":"x","c":"","d":2}'])
  assert.deepEqual(inPieces({ ...options, header: false, values: 'text', empty: 'null' }, '1,,"x"').map((row) => row.text), ['{"column1":"1","column2":null,"column3":"x"}'])
  assert.deepEqual(inPieces(options, '_key,,n\n7,8,9').map((row) => row.text), ['{"_key":"7","n":9}'])
  assert.deepEqual(inPieces(options, 'a\n1\n\n2\n').map((row) => row.text), ['{"a":1}', '{"a":""}', '{"a":2}'])
  assert.throws(() => inPieces(options, 'a,a\n1,2'), /same name/)
  assert.throws(() => inPieces(options, 'a\n"never closed'), /within quotes/)
})

plain('JSON lines and arrays are read row by row, and what is wrong has its number', () => {
  assert.deepEqual(inPieces({ format: 'lines' }, '{"a":1.10}\n\n{"a":\n[1]\n {"b":"\\"}"} ').map((row) => row.text ?? row.number), ['{"a":1.10}', 3, 4, '{"b":"\\"}"}'])
  assert.deepEqual(inPieces({ format: 'array' }, ' [ {"a":"x,]\\"}"},\n {"b":[1,{"c":2}]} , {}, 7 ] ').map((row) => row.text ?? row.error), ['{"a":"x,]\\"}"}', '{"b":[1,{"c":2}]}', '{}', 'a number, not an object'])
  assert.throws(() => inPieces({ format: 'array' }, '[{"a":1},'), /before the array/)
  assert.throws(() => inPieces({ format: 'array' }, '{"a":1}'), /array was expected/)
})

plain('what a file is, is guessed from its name and its beginning', () => {
  assert.equal(guess('x.csv', 'a,b'), 'csv')
  assert.equal(guess('x.txt', ' [\n{"a":1}'), 'array')
  assert.equal(guess('x.json', '{"a":1}\n{"a":2}'), 'lines')
  assert.equal(guess('x', 'a;b'), 'csv')
  assert.equal(guessDelimiter('a;b;c,d\n,,,,,'), ';')
})

plain('an answer that breaks off is not taken for the whole', () => {
  const stream = new ElementStream('result')
  assert.deepEqual(stream.push('{"error":false,"code":200,"resu'), [])
  assert.deepEqual(stream.push('lt":[{"a":"]"},{"b":'), ['{"a":"]"}'])
  assert.throws(() => stream.end(), /ends before/)
  assert.deepEqual(stream.push('1}]}'), ['{"b":1}'])
  stream.end()
})

plain('texts are taken apart without a change of a digit', () => {
  assert.deepEqual(elements(' [1.50, "a]\\\\" ,{"x":[2]}, null ] '), ['1.50', '"a]\\\\"', '{"x":[2]}', 'null'])
  assert.deepEqual(members('{"a" : 1e400, "b\\"" : {"c":"}"}}'), [{ name: 'a', text: '1e400' }, { name: 'b"', text: '{"c":"}"}' }])
  assert.equal(canonical('{"b":1.50,"a":[ {"y":1,"x":2} ]}'), '{"a":[{"x":2,"y":1}],"b":1.50}')
  for (const path of [['a', 'b.c`', 'd'], [''], ['x y', '']]) assert.deepEqual(parsePath(pathText(path)), path)
  assert.throws(() => parsePath('a..b'))
  assert.throws(() => parsePath('a.'))
})

plain('versions are compared with what both came from, and merged by choice', () => {
  const base = read('{"a":1,"b":{"x":1,"y":2},"c":3,"e":1}')
  const mine = read('{"a":2,"b":{"x":1,"y":3},"c":3}')
  const theirs = read('{"a":5,"b":{"x":9,"y":2},"d":1,"e":1}')
  const list = differences(base, mine, theirs)
  assert.deepEqual(list.map((one) => [pathText(one.path), one.side]), [['a', 'both'], ['b.x', 'theirs'], ['b.y', 'mine'], ['c', 'theirs'], ['d', 'theirs'], ['e', 'mine']])
  assert.equal(write(merged(theirs, list, list.map((one) => (one.side === 'theirs' ? 'theirs' : 'mine')))), '{"a":2,"b":{"x":9,"y":3},"d":1}')
  assert.equal(write(put(read('{"a":{"b":1}}'), ['a', 'b'], undefined)), '{"a":{}}')
  assert.equal(write(put(read('{"a":1}'), ['q', 'r'], undefined)), '{"a":1}')
})

plain('a filter is a query in which values are literals', () => {
  const filter = { conditions: [{ field: 'a.filter', operator: '>=', value: '3' }, { field: '`x y`', operator: 'in', value: 'a, 2' }, { field: '', operator: '==', value: '' }], sort: 'a', descending: true }
  assert.equal(queryText('for', filter), 'FOR d IN `for`\n  FILTER d.a["filter"] >= 3\n  FILTER d["x y"] IN ["a", 2]\n  SORT d.a DESC, d._key\n  RETURN d')
  assert.equal(queryFrom(queryText('c', { conditions: [], sort: '', descending: false }), 200), 'FOR d IN c\n  SORT d._key\n  LIMIT 200, 1000000000\n  RETURN d')
  assert.deepEqual(['7', '"7"', 'x"y', '', '01', 'null'].map(literal), ['7', '"7"', '"x\\"y"', '""', '"01"', 'null'])
})

test('a file is looked at, imported in chunks, and what is refused is reported', async ({ page, open, axe }) => {
  const file = join(folder, 'cities.csv')
  const lines = ['code,name,people,empty', 'HND,"Tokyo, ""Haneda""",14000000,', 'GRU,São Paulo,12300000.50,', '"a b",bad key,1,', 'HND,again,2,', 'LIS,007,3,', 'OPO,short']
  writeFileSync(file, lines.join('\r\n'))
  await open('data/empty?tab=import')
  await id(page, 'data-import-file').setInputFiles(file)
  await id(page, 'data-import-preview').getByText('Tokyo, "Haneda"').waitFor()
  assert.equal(await id(page, 'data-import-format').inputValue(), 'csv')
  await id(page, 'data-import-key').selectOption('code')
  await id(page, 'data-import-rows').fill('2')
  await axe()
  await id(page, 'data-import-start').click()
  await id(page, 'data-import-done').waitFor()
  await id(page, 'data-import-line').getByText('6 rows: 3 new, 0 changed, 0 passed over, 3 refused').waitFor()
  const failed = id(page, 'data-import-failed')
  await failed.getByText(/Row 3: /).waitFor()
  await failed.getByText(/Row 4: /).waitFor()
  await failed.getByText('Row 6: 2 values for 4 columns').waitFor()
  const text = await api('GET', '/document/empty/GRU', undefined, { raw: true })
  assert.match(text, /"people":12300000\.50/)
  assert.match(text, /"empty":""/)
  assert.equal((await api('GET', '/document/empty/LIS')).name, '007')
})

test('an import can be cancelled, and what was written is told', async ({ page, open }) => {
  const file = join(folder, 'rows.jsonl')
  writeFileSync(file, Array.from({ length: 3000 }, (_, i) => `{"_key":"x${i}","n":${i}}`).join('\n'))
  await open('data/empty?tab=import')
  await id(page, 'data-import-file').setInputFiles(file)
  await id(page, 'data-import-rows').fill('100')
  let sent = 0
  await page.route(/\/import/, async (route) => {
    sent += 1
    if (sent === 2) await route.fulfill({ status: 503, headers: { 'Retry-After': '1' }, contentType: 'application/json', body: '{"error":true,"code":503,"errorNum":30001,"errorMessage":"overloaded","errorCode":"overloaded"}' })
    else if (sent === 5) await id(page, 'data-import-cancel').click()
    else await route.continue()
  })
  await id(page, 'data-import-start').click()
  await id(page, 'data-import-cancelled').getByText('Cancelled after 300 rows').waitFor()
  await page.unroute(/\/import/)
  assert.equal((await api('GET', '/document/empty/x299')).n, 299)
  assert.equal((await api('GET', '/document/empty/x300', undefined, { fail: false })).errorNum, 1202)
})

test('an export is a file with all digits, and a filter exports what it finds', async ({ page, open }) => {
  await open('data/places?tab=export')
  const exported = async () => {
    const [download] = await Promise.all([page.waitForEvent('download'), id(page, 'data-export-start').click()])
    await id(page, 'data-export-done').waitFor()
    return readFileSync(await download.path(), 'utf8')
  }
  const lines = (await exported()).trim().split('\n')
  assert.equal(lines.length, (await api('GET', '/collection/places/count')).count)
  assert.match(lines.find((line) => line.includes('"_key":"fra"')), /"long":12345678901234567890/)
  await id(page, 'data-export-format').selectOption('csv')
  const table = await exported()
  assert.match(table, /^_key,/)
  assert.match(table, /"a ""quoted"", text"/)
  await id(page, 'data-export-what').selectOption('query')
  await id(page, 'data-export-query').fill('FOR d IN many FILTER d.n < 3 SORT d.n RETURN d')
  await id(page, 'data-export-format').selectOption('array')
  assert.deepEqual(JSON.parse(await exported()).map((row) => row.n), [0, 1, 2])
  await id(page, 'data-export-query').fill('FOR d IN many REMOVE d IN many')
  await id(page, 'data-export-start').click()
  await id(page, 'data-error').waitFor()
})

test('columns that come late in an export are named', async ({ page, open }) => {
  await open('data/many?tab=export')
  await id(page, 'data-export-format').selectOption('csv')
  const [download] = await Promise.all([page.waitForEvent('download'), id(page, 'data-export-start').click()])
  await page.getByText(/Fields that appeared only behind .*: late\./).waitFor()
  assert.equal(readFileSync(await download.path(), 'utf8').trim().split('\r\n').length, 1201)
})

test('what was typed and not saved is offered again after other pages, and the browser warns', async ({ page, open }) => {
  await api('POST', '/document/places?overwrite=true', { _key: 'lamp', light: 1 })
  const asked = []
  page.on('dialog', (dialog) => { asked.push(dialog.type()); dialog.accept() })
  const warns = () => page.evaluate(() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true })))
  await open('data/places/lamp')
  await id(page, 'data-editor').getByText('light').waitFor()
  assert.equal(await warns(), false)
  await id(page, 'data-editor').locator('.cm-content').click()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.insertText('{"light": 2, "mine": true}')
  await until(async () => !(await id(page, 'data-save').isDisabled()), 'it can be saved')
  assert.equal(await warns(), true)
  await id(page, 'nav-planet').click()
  await id(page, 'page-planet').waitFor()
  assert.equal(await warns(), true)
  await api('PATCH', '/document/places/lamp', { theirs: true })
  await page.goBack()
  await id(page, 'data-draft').getByText('changed elsewhere since').waitFor()
  await id(page, 'data-draft-take').click()
  await id(page, 'data-editor').getByText('mine').waitFor()
  await id(page, 'data-save').click()
  await id(page, 'data-merge').waitFor()
  await id(page, 'data-merge-save').click()
  await until(async () => (await api('GET', '/document/places/lamp')).mine === true, 'mine is saved')
  assert.equal((await api('GET', '/document/places/lamp')).theirs, true)
  await until(async () => !(await warns()), 'nothing is left to warn of')
  await page.reload()
  await id(page, 'data-editor').getByText('mine').waitFor()
  assert.deepEqual(asked, [])
  await api('DELETE', '/document/places/lamp')
})
