// Query workers: queries that are kept at the server under a name.

import { h, clear, replace } from '/console/app/dom.js'
import { save, segment } from '/console/app/api.js'
import { empty, failure, busy } from '/console/app/states.js'
import { check, stringify, parse } from '/console/app/json.js'
import { count, short, visible } from '/console/app/text.js'
import { dialog } from '/console/app/dialog.js'
import { parameters } from './c8ql.js'
import { bindForm } from './bind.js'
import { curlLine } from './curl.js'
import { results } from './results.js'
import { defaults, Run } from './runner.js'
import { saveDialog } from './workerdialog.js'
import { isObject } from './value.js'
import { wasStopped } from './errors.js'
import { button, copy } from './format.js'

// workersTab fills a panel. selected is the name of the one to show first. It answers the function that ends it.
export function workersTab(panel, context, { schema, selected, openInEditor }) {
  const tab = new Workers(context, schema, openInEditor)
  panel.append(tab.node)
  tab.load(selected)
  return () => tab.destroy()
}

class Workers {
  constructor(context, schema, openInEditor) {
    Object.assign(this, { context, schema, openInEditor, list: [], chosen: null, run: null })
    this.search = h('input', { type: 'search', placeholder: 'Search', aria: { label: 'Search query workers' }, data: { testid: 'query-worker-search' }, oninput: () => this.show() })
    this.names = h('ul', { class: 'query-workers', data: { testid: 'query-worker-list' } })
    this.detail = h('div', { class: 'col grow query-worker', data: { testid: 'query-worker' } })
    const file = h('input', { type: 'file', accept: '.json,application/json', hidden: true, data: { testid: 'query-worker-file' }, onchange: () => this.import(file) })
    this.node = h('div', { class: 'col', data: { testid: 'query-saved' } },
      h('div', { class: 'toolbar' }, button('worker-new', 'New', () => this.edit(null), { kind: 'primary' }), button('worker-import', 'Import', () => file.click()), file,
        button('worker-export', 'Export', () => this.export()), h('span', { class: 'grow' }), this.search),
      h('div', { class: 'split query-saved' }, this.names, this.detail))
  }

  async load(name = this.chosen?.name) {
    const { context } = this
    if (this.list.length === 0) replace(this.names, h('li', {}, busy()))
    try {
      // The text keeps the digits of numbers in defaults.
      const answer = parse(await context.api.call('GET', '/restql/user', { raw: true, signal: context.signal }))
      this.list = answer.result.sort((a, b) => (a.name < b.name ? -1 : 1))
    } catch (error) {
      if (context.signal.aborted || wasStopped(error)) return
      return replace(this.names, h('li', {}, failure(error, () => this.load(name))))
    }
    this.show()
    this.choose(this.list.find((w) => w.name === name) ?? this.list[0] ?? null)
  }

  show() {
    const wanted = this.search.value.toLowerCase()
    const found = this.list.filter((w) => (w.name + ' ' + w.value).toLowerCase().includes(wanted))
    const most = 500
    replace(this.names, found.slice(0, most).map((w) => h('li', {}, h('button', {
      type: 'button', class: 'query-worker-item', aria: { current: w.name === this.chosen?.name ? 'true' : null }, data: { testid: 'query-worker-item', name: w.name }, onclick: () => this.choose(w),
    }, h('strong', {}, h('bdi', null, visible(w.name))), h('span', { class: 'muted mono' }, h('bdi', null, visible(short(w.value.replace(/\s+/g, ' '), 80))))))))
    if (found.length > most) this.names.append(h('li', { class: 'muted' }, `${count(found.length - most)} more: search for one.`))
    if (found.length === 0 && this.list.length > 0) this.names.append(h('li', { class: 'muted' }, 'No name or text fits. Search for another word.'))
  }

  choose(worker) {
    this.chosen = worker
    this.closeRun()
    this.show()
    if (worker) return this.showOne(worker)
    replace(this.detail, empty({
      title: 'No query workers yet', text: 'A query worker is a query under a name that programs call with parameters. Write one in the editor and save it, or make one here.',
      action: button('worker-first', 'New query worker', () => this.edit(null)), testid: 'query-worker-empty',
    }))
  }

  showOne(worker) {
    const { context } = this
    const names = parameters(worker.value)
    const binds = bindForm({ collections: this.schema.collections, onChange: () => line() })
    binds.set(Object.fromEntries(Object.entries(worker.parameter ?? {}).map(([n, v]) => [n, stringify(v)])))
    binds.show(names)
    const outcome = results(context, { again: () => start() })
    const run = button('worker-run', 'Run', () => start(), { kind: 'primary' })
    const stop = button('worker-stop', 'Stop', () => this.run?.stop(), { kind: 'danger', disabled: true })
    const curl = h('code', { class: 'mono query-curl', tabindex: 0, data: { testid: 'query-worker-curl' } })
    const fill = h('span', {})
    const line = () => {
      const given = valid(binds.values())
      const missing = names.filter((n) => !Object.hasOwn(given, n) && !Object.hasOwn(worker.parameter ?? {}, n))
      curl.textContent = curlLine({ origin: location.origin, fabric: context.fabric, name: worker.name, binds: given, missing })
      fill.textContent = missing.length > 0 ? ` Put a value in place of ${missing.map((n) => `<${visible(n)}>`).join(', ')}.` : ''
    }
    const start = () => {
      const wrong = Object.entries(binds.values()).find(([, json]) => check(json) !== null)
      if (wrong) {
        context.toast('bad', `@${visible(wrong[0])} is not JSON. Texts stand in double quotes.`)
        return binds.focus(wrong[0])
      }
      this.closeRun()
      const mine = new Run(context.api, { worker: worker.name, text: worker.value, user: context.user, binds: binds.values(), options: defaults }, () => {
        run.disabled = mine.busy
        stop.disabled = !mine.busy || mine.state === 'stopping'
        outcome.update()
      })
      this.run = mine
      outcome.show(mine)
      mine.start()
    }
    line()
    this.outcome?.destroy()
    this.outcome = outcome
    replace(this.detail, h('div', { class: 'row' }, h('h2', { class: 'grow' }, h('bdi', null, visible(worker.name))),
      button('worker-edit', 'Edit', () => this.edit(worker)), button('worker-open', 'Open in editor', () => this.openInEditor({ query: worker.value, bindJson: binds.values() })),
      button('worker-delete', 'Delete', () => this.remove(worker), { kind: 'danger' })),
    h('pre', { class: 'mono query-text', tabindex: 0, data: { testid: 'query-worker-value' } }, h('bdi', null, visible(short(worker.value, 20_000), { lines: true }))),
    defaultsLine(worker, names), binds.node, h('div', { class: 'toolbar' }, run, stop),
    h('div', { class: 'row query-curl-row' }, curl, button('worker-copy', 'Copy', () => copy(context, curl.textContent, 'curl line'))),
    h('p', { class: 'muted' }, 'The key is not in the line: put one of yours into the variable SELVEDGE_API_KEY.', fill), outcome.node)
  }

  edit(worker) {
    // Numbers of defaults keep their digits: the dialog gets texts.
    const parameter = worker ? Object.fromEntries(Object.entries(worker.parameter ?? {}).map(([n, v]) => [n, stringify(v)])) : {}
    saveDialog(this.context, { worker, text: 'FOR n IN 1..@max\n  RETURN n\n', parameter: worker ? parameter : { max: '10' }, onSaved: (saved) => this.load(saved.name) })
  }

  async remove(worker) {
    const { context } = this
    if (!await context.confirm({ title: `Delete ${visible(worker.name)}?`, body: 'Programs that call it get an error from then on, at every location.', action: 'Delete', danger: true })) return
    try {
      await context.api.call('DELETE', `/restql/${segment(worker.name)}`, { signal: context.signal })
      context.toast('good', `${visible(worker.name)} is deleted`)
    } catch (error) {
      context.toast('bad', `${error.message}. ${error.next ?? ''}`)
    }
    this.load()
  }

  export() {
    const queries = this.list.map(({ name, value, parameter }) => parameter ? { name, value, parameter } : { name, value })
    if (queries.length === 0) return this.context.toast('info', 'There is nothing to export. Save a query worker first.')
    save(new Blob([stringify({ queries }, 2) + '\n'], { type: 'application/json' }), `query-workers-${this.context.fabric}.json`)
  }

  async import(file) {
    const { context } = this
    const chosen = file.files[0]
    file.value = ''
    if (!chosen) return
    try {
      const text = await chosen.text()
      const body = bodyOf(text)
      const { result } = await context.api.call('POST', '/restql/import', { body, signal: context.signal })
      report(result)
    } catch (error) {
      context.toast('bad', `Nothing was imported: ${error.message}. ${error.next ?? 'The file holds {"queries": [{"name", "value", "parameter"}]}, as Export writes it.'}`)
    }
    this.load()
  }

  closeRun() {
    this.run?.close()
    this.run = null
  }

  destroy() {
    this.closeRun()
    this.outcome?.destroy()
    clear(this.detail)
  }
}

// valid leaves values out that are not JSON yet.
const valid = (binds) => Object.fromEntries(Object.entries(binds).filter(([, json]) => check(json) === null))

function defaultsLine(worker, names) {
  if (names.length === 0) return h('p', { class: 'muted' }, 'It has no parameters.')
  const given = names.filter((n) => Object.hasOwn(worker.parameter ?? {}, n))
  const needed = names.filter((n) => !given.includes(n))
  const sentence = (words, list) => list.length > 0 ? `${words}: ${list.map((n) => '@' + visible(n)).join(', ')}.` : ''
  const text = [sentence('With a default', given), sentence('To be given', needed)].filter(Boolean).join(' ')
  return h('p', { class: 'muted', data: { testid: 'query-worker-defaults' } }, text)
}

// bodyOf reads a file of query workers: an object with queries, or an array of them.
function bodyOf(text) {
  const wrong = check(text)
  if (wrong) throw new Error(`line ${wrong.line}, column ${wrong.column}: ${wrong.message}`)
  const read = parse(text)
  const list = Array.isArray(read) ? read : read?.queries ?? read?.result
  if (!Array.isArray(list) || !list.every(isObject)) throw new Error('the file has no array of query workers')
  return stringify({ queries: list.map(({ name, value, parameter }) => parameter ? { name, value, parameter } : { name, value }), details: true })
}

const refusal = (text) => h('li', {}, h('bdi', null, visible(short(String(text), 500))))

function report({ created, errors, details }) {
  dialog({
    title: `${count(created)} imported, ${count(errors)} refused`,
    body: errors > 0 ? h('ul', { data: { testid: 'query-worker-refused' } }, (details ?? []).map(refusal)) : h('p', {}, 'They are there at every location of the fabric.'),
    actions: [{ label: 'Close' }], testid: 'query-worker-report',
  })
}
