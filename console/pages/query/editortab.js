// The tab with the editor: a text, its parameters and options, and what came of it.

import { h, replace } from '/console/app/dom.js'
import { editor } from '/console/app/editor.js'
import { busy, failure } from '/console/app/states.js'
import { ms, visible } from '/console/app/text.js'
import { parameters } from './c8ql.js'
import { completer } from './completion.js'
import { bindForm } from './bind.js'
import { optionsForm } from './options.js'
import { history, draft } from './history.js'
import { showHistory, showExamples } from './pickers.js'
import { saveDialog } from './workerdialog.js'
import { place, plain } from './errors.js'
import { planView } from './planview.js'
import { results } from './results.js'
import { Run } from './runner.js'
import { button, copy, soon } from './format.js'

const welcome = '// Ctrl+Enter runs, Ctrl+Space completes.\nFOR n IN 1..10\n  RETURN {n, square: n * n}\n'
const readAfterMs = 450

// Longer texts are not looked at with every key, and not kept.
const quick = 200_000

// editorTab gives {node, fill({text, binds, note}), text(), destroy()}.
export function editorTab(context, { schema, onSaved }) {
  return new EditorTab(context, schema, onSaved)
}

class EditorTab {
  constructor(context, schema, onSaved) {
    Object.assign(this, { context, schema, onSaved, run: null, code: null, onRest: null })
    this.history = history(context)
    this.draft = draft(context)
    const before = this.draft.get()
    this.now = { text: typeof before?.text === 'string' ? before.text : welcome }
    this.binds = bindForm({ collections: schema.collections, onChange: () => this.keep() })
    this.binds.set(before?.binds ?? {})
    this.options = optionsForm({ limits: schema.limits })
    this.results = results(context, { again: () => this.start() })
    this.plan = planView(context, { schema, onError: (e) => this.mark(e) })
    this.readSoon = soon(() => this.read(), readAfterMs)
    this.build()
    this.open()
  }

  build() {
    const { context } = this
    this.runButton = button('run', 'Run', () => this.start(), { kind: 'primary', title: 'Ctrl+Enter' })
    this.stopButton = button('stop', 'Stop', () => this.run?.stop(), { kind: 'danger', disabled: true, title: 'End the running query' })
    this.clock = h('span', { class: 'muted query-clock', data: { testid: 'query-clock' } })
    this.tools = h('div', { class: 'toolbar query-tools' }, this.runButton, this.stopButton,
      button('explain', 'Explain', () => this.explain(), { title: 'How it would be carried out; nothing is run' }),
      button('profile', 'Profile', () => this.start({ profile: 2 }), { title: 'Run it, and show what each step took' }),
      this.clock, h('span', { class: 'grow' }),
      button('examples', 'Examples', () => showExamples(context, this.schema, (e) => this.fill(e)), { kind: 'quiet' }),
      button('history', 'History', () => showHistory(context, this.history, (e) => this.fill(e)), { kind: 'quiet' }),
      button('save', 'Save as query worker', () => this.save(), { kind: 'quiet' }),
      button('link', 'Copy link', () => this.link(), { kind: 'quiet' }))
    this.noteHost = h('div', {})
    this.host = h('div', { class: 'query-editor-host' }, busy('Loading the editor'))
    this.lint = h('p', { class: 'query-lint', role: 'status', data: { testid: 'query-lint' } })
    const options = h('details', { class: 'query-options', data: { testid: 'query-options' } }, h('summary', {}, 'Options'), this.options.node)
    this.node = h('div', { class: 'query-editor-tab col' }, this.tools, this.noteHost, this.host, this.lint, this.binds.node, options, this.plan.node, this.results.node)
  }

  // open brings the editor; without it a plain field does.
  async open() {
    const { context } = this
    const settings = {
      language: 'c8ql', value: this.now.text, label: 'C8QL query', testid: 'query-editor', lines: 8,
      onChange: (text) => this.typed(text), onRun: () => this.start(),
      complete: completer({ schema: this.schema, text: () => this.now.text, binds: () => this.binds.values() }),
    }
    try {
      const host = h('div', {})
      const code = await editor(host, settings)
      if (context.signal.aborted) return code.destroy()
      replace(this.host, host)
      this.code = code
      if (code.value !== this.now.text) code.set(this.now.text)
    } catch (error) {
      replace(this.host, failure(error, () => this.open()), this.plainField())
    }
    this.readSoon()
  }

  plainField() {
    const area = h('textarea', { class: 'mono', rows: 12, aria: { label: 'C8QL query' }, data: { testid: 'query-editor-plain' }, value: this.now.text, oninput: () => this.typed(area.value) })
    return area
  }

  typed(text) {
    if (text === this.now.text) return
    this.now.text = text
    this.readSoon()
    if (text.length > quick) return
    this.keep()
    this.binds.show(parameters(text))
  }

  keep() {
    this.draft.set({ text: this.now.text, binds: this.binds.values() })
  }

  // read lets the server read the text: it names the parameters, and the first mistake.
  async read() {
    const text = this.now.text
    this.binds.show(parameters(text))
    if (text.trim() === '') return this.say(null)
    try {
      const answer = await this.context.api.call('POST', '/query', { body: { query: text }, signal: this.context.signal })
      if (text !== this.now.text) return
      this.binds.show(answer.bindVars ?? [])
      this.say(null)
    } catch (error) {
      if (text === this.now.text && place(error)) this.say(error)
    }
  }

  // say shows a mistake below the editor and marks it, or takes both away.
  say(error) {
    this.lint.textContent = ''
    this.code?.mark(null)
    if (!error) return
    this.mark(error)
    if (this.run?.state === 'failed' && this.run.text === this.now.text) return // its box says it already
    const at = place(error)
    this.lint.textContent = `Line ${at.line}, column ${at.column}: ${visible(plain(error))}`
  }

  mark(error) {
    const at = place(error)
    if (at) this.code?.mark(at.line, at.column, visible(plain(error)))
  }

  // fill puts a text into the editor and runs nothing; what stood there goes to the history. note says where it is from.
  fill({ text, binds, note = '' }) {
    const before = this.now.text
    if (before !== text && before !== welcome) this.history.noteDraft({ text: before, binds: this.binds.values(), at: Date.now() })
    this.now.text = text
    this.code?.set(text)
    this.binds.set({ ...this.history.binds(text), ...binds })
    this.binds.show(parameters(text))
    replace(this.noteHost, note ? h('p', { class: 'query-note', role: 'status', data: { testid: 'query-note' } }, note) : null)
    this.plan.hide()
    this.keep()
    this.read()
    this.code?.focus()
  }

  // ready gives what is to be run, or says what is missing.
  ready() {
    const { context } = this
    if (this.now.text.trim() === '') {
      context.toast('info', 'The query is empty. Write one, or pick an example.')
      return null
    }
    const wrong = this.options.problem()
    if (wrong) {
      this.node.querySelector('[data-testid="query-options"]').open = true
      wrong.reportValidity()
      return null
    }
    const missing = this.binds.problem()
    if (missing) {
      this.say(null)
      this.results.refuse(missing.message)
      this.binds.focus(missing.name)
      return null
    }
    return { text: this.now.text, binds: this.binds.values(), options: this.options.value() }
  }

  async start({ profile = 0 } = {}) {
    if (this.run?.busy) return
    this.binds.show(parameters(this.now.text))
    const what = this.ready()
    if (!what) return
    this.run?.close()
    this.plan.hide()
    replace(this.noteHost)
    this.say(null)
    const { context } = this
    const run = new Run(context.api, { ...what, user: context.user, profile, wantsProfile: profile > 0 || what.options.profile }, () => this.changed(run))
    this.run = run
    this.results.show(run)
    this.tick()
    await run.start()
    if (run !== this.run || this.context.signal.aborted) return
    if (run.state === 'failed') this.mark(run.error)
    this.history.note({ text: what.text, binds: what.binds, at: Date.now(), rows: run.count ?? run.rows.length, ms: Math.round(run.tookMs), failed: run.state !== 'done' })
    this.context.announce(run.state === 'done' ? `${run.count ?? run.rows.length} rows` : 'The query did not end well')
  }

  changed(run) {
    if (run !== this.run) return
    this.runButton.disabled = run.busy
    this.stopButton.disabled = !run.busy || run.state === 'stopping'
    this.stopButton.textContent = run.state === 'stopping' ? 'Stopping' : 'Stop'
    if (!run.busy) this.clock.textContent = ''
    this.results.update()
  }

  // tick shows for how long a query runs.
  tick() {
    clearInterval(this.timer)
    this.timer = setInterval(() => {
      if (!this.run || this.run.state === 'done' || !this.run.busy) return clearInterval(this.timer)
      this.clock.textContent = `${this.run.state === 'fetching' ? 'loading rows' : 'running'}, ${ms(Math.round((performance.now() - this.run.begun) / 100) * 100)}`
    }, 200)
  }

  explain() {
    const what = this.ready()
    if (!what) return
    this.say(null)
    this.plan.explain(what)
    this.plan.node.scrollIntoView({ block: 'nearest' })
  }

  save() {
    saveDialog(this.context, { text: this.now.text, parameter: this.binds.values(), onSaved: this.onSaved })
  }

  link() {
    const address = new URL('/console/query', location.href)
    address.searchParams.set('text', this.now.text)
    if (this.context.fabric !== '_system') address.searchParams.set('fabric', this.context.fabric)
    copy(this.context, address.href, 'Link')
  }

  destroy() {
    clearInterval(this.timer)
    this.readSoon.cancel()
    this.run?.close()
    this.results.destroy()
    this.code?.destroy()
  }
}
