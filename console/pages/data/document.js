// One document, edge or entry: its text to edit, where its fields came from,
// its edges and counters, and what to do when somebody else changed it.
import { h, replace } from '../../app/dom.js'
import { bytes, visible } from '../../app/text.js'
import { editor } from '../../app/editor.js'
import { jsonView } from '../../app/jsonview.js'
import { check, pretty } from '../../app/json.js'
import { aborted, button, problem, save as saveFile, scope } from './parts.js'
import { KINDS, documentPath, handleLink } from './store.js'
import { member, string } from './scan.js'
import { canonical } from './tree.js'
import { bare, insertDialog, remove, requireJSON } from './insert.js'
import { endControl, endSeconds, entryText } from './keyvalue.js'
import { mergeView } from './merge.js'
import { provenance } from './provenance.js'
import { counters } from './counters.js'
import { edgesOf } from './edges.js'
import { bigView, isBig } from './big.js'
import { hold } from '../../app/unload.js'

/** {node, close()} */
export function documentView(host, key) {
  const view = new DocumentView(host, key)
  view.load()
  return { node: view.node, changed() {}, close: () => view.close() }
}

class DocumentView {
  constructor(host, key) {
    Object.assign(this, { host, key, life: scope(host.signal), path: documentPath(host.name, key), text: null, rev: '', edit: null, mode: 'edit', dirty: false, saving: false, missed: null })
    this.head = h('div', { class: 'row data-document-head' })
    this.banner = h('div', { class: 'col' })
    this.body = h('div', { class: 'col' })
    this.node = h('article', { class: 'col data-document', aria: { label: `${host.name}/${key}` } }, this.head, this.banner, this.body)
    this.stop = host.feed.subscribe(changes => { for (const c of changes) if (c.key === key) this.elsewhere(c) })
  }

  #dirty = false
  get dirty() { return this.#dirty }
  set dirty(is) { this.#dirty = is; hold(this, is) }

  get one() { return KINDS[this.host.kind].one }

  async load() {
    replace(this.body, h('p', { class: 'muted', role: 'status' }, `Loading ${this.key}`))
    try {
      const text = await this.host.api.call('GET', this.path, { raw: true, signal: this.life.signal })
      replace(this.banner)
      await this.show(text)
      this.offerDraft()
    } catch (error) {
      if (this.host.lost(error)) return
      replace(this.body)
      if (error.status === 404) this.missing()
      else replace(this.body, problem(error, () => this.load()))
    }
  }

  /** What was typed here before and neither saved nor given up. */
  offerDraft() {
    const draft = this.host.store.drafts.get(this.path)
    if (!draft) return
    const forget = () => { this.host.store.drafts.delete(this.path); replace(this.banner) }
    replace(this.banner, h('div', { class: 'row data-news', role: 'status', data: { testid: 'data-draft' } }, h('span', null, 'You left this with changes that are not saved.', draft.rev === this.rev ? null : ' It was changed elsewhere since: Save shows both.'),
      button('data-draft-take', 'Take them up again', () => { forget(); this.takeUp(draft) }),
      button('data-draft-forget', 'Forget them', forget, { kind: 'quiet' })))
  }

  /** Goes on with a draft from the state it was made from, so that a save meets what was changed since. */
  takeUp(draft) {
    this.behind = draft.rev !== this.rev
    Object.assign(this, { text: draft.base, rev: draft.rev, keep: { text: draft.text, end: draft.end }, mode: 'edit', dirty: true })
    return this.showLeft()
  }

  missing() {
    replace(this.head)
    replace(this.body, h('div', { class: 'empty', role: 'alert', data: { testid: 'data-missing' } },
      h('h2', null, `There is no ${this.one} ${visible(this.key)}`),
      h('p', null, 'It was removed, has expired, or never was here. Look for another key, or write it.'),
      h('div', { class: 'row' }, button('data-missing-back', `Back to ${this.host.name}`, () => this.host.store.go([this.host.name]), { kind: 'primary' }),
        button('data-missing-insert', 'Write it', () => insertDialog(this.host, { key: this.key, done: () => this.load() })))))
  }

  /** Takes what the location has as the state from which changes are made. */
  async show(text) {
    this.text = text
    this.rev = string(member(text, '_rev'))
    this.edit?.destroy()
    this.edit = null
    this.keep = undefined
    this.dirty = this.behind = false
    const big = isBig(text)
    this.showHead(big)
    const panes = h('div', { class: 'data-panes' })
    if (big) {
      replace(this.body, bigView(this.host, { text, rev: this.rev, key: this.key, signal: this.life.signal, reload: () => this.load() }))
      return
    }
    this.left = h('div', { class: 'col data-left' })
    this.right = this.side()
    panes.append(this.left, this.right)
    replace(this.body, panes)
    await this.showLeft()
  }

  content() { return this.host.kind === 'kv' ? member(this.text, 'value') ?? 'null' : bare(this.text) }

  showHead(big = false) {
    this.saveButton = button('data-save', 'Save', () => this.save(), { kind: 'primary', disabled: true, title: 'Ctrl+Enter' })
    this.revert = button('data-revert', 'Revert', () => (this.behind ? this.load() : this.show(this.text)), { disabled: true })
    replace(this.head,
      h('h2', { class: 'grow mono data-key-title', data: { testid: 'data-document-key' } }, visible(this.key)),
      h('span', { class: 'muted mono', title: 'The revision: equal means equal content, at every location', data: { testid: 'data-rev' } }, this.rev),
      h('span', { class: 'muted' }, bytes(this.text.length)),
      big ? null : [this.saveButton, this.revert],
      button('data-duplicate', 'Duplicate', () => this.duplicate(), { disabled: big }),
      button('data-download', 'Download', () => saveFile(new Blob([this.text], { type: 'application/json' }), `${this.host.name}-${this.key}.json`)),
      button('data-delete', 'Delete', () => this.remove(), { kind: 'danger' }))
  }

  side() {
    const { host, key, life } = this
    const from = string(member(this.text, '_from') ?? ''), to = string(member(this.text, '_to') ?? '')
    this.origins = provenance(host, key, life.signal, () => { if (this.mode === 'origins') this.showLeft() })
    return h('div', { class: 'col data-right' },
      from || to ? h('section', { class: 'card col', data: { testid: 'data-ends' } }, h('h3', null, 'Joins'), h('div', { class: 'row' }, handleLink(host.store, from), h('span', { aria: { label: 'to' } }, '→'), handleLink(host.store, to))) : null,
      counters(host, key, () => this.text, life.signal, () => this.counted()),
      this.origins.node,
      host.kind === 'kv' ? null : edgesOf(host, `${host.name}/${key}`, life.signal))
  }

  /** A counter has another value: shown at once, unless that would take away what was typed. */
  counted() {
    if (this.dirty) this.host.context.toast('good', 'Counted. Your text is not saved yet; compare it before you save.')
    else this.load()
  }

  /** The left side: the editor, the text with marks, or the tree. */
  async showLeft() {
    const tab = (id, label) => h('button', { type: 'button', class: 'data-mode', aria: { pressed: String(this.mode === id) }, data: { testid: `data-mode-${id}` }, onclick: () => { if (this.mode !== id) { this.keepText(); this.mode = id; this.showLeft() } } }, label)
    const bar = h('div', { class: 'row data-modes', role: 'group', aria: { label: 'Show as' } }, tab('edit', 'Edit'), tab('origins', 'With origins'), tab('tree', 'Tree'))
    const place = h('div', { class: 'data-editor' })
    this.edit?.destroy()
    this.edit = null
    replace(this.left, bar, place)
    if (this.mode === 'tree') return replace(place, jsonView(this.content(), { label: this.key, text: true }))
    if (this.mode === 'origins') return replace(place, this.origins.marked(this.text))
    await this.showEditor(place)
  }

  async showEditor(place) {
    const { host } = this
    const end = host.kind === 'kv' && (host.info.expiration || member(this.text, 'expireAt')) ? endControl('data-end', member(this.text, 'expireAt'), () => this.edited()) : null
    this.end = end
    if (this.keep?.end) end?.restore(this.keep.end)
    this.hint = h('p', { class: 'data-hint', role: 'status', data: { testid: 'data-hint' } })
    if (end) place.append(end.node)
    const box = h('div')
    place.append(box, this.hint)
    this.original = pretty(this.content())
    const value = this.keep?.text ?? this.original
    const kept = this.keep !== undefined
    this.keep = undefined
    this.edit = await editor(box, { language: 'json', value, label: host.kind === 'kv' ? 'Value' : 'Content', testid: 'data-editor', lines: 24, onChange: () => this.edited(), onRun: () => this.save() })
    if (kept) this.edited()
  }

  /** Looks at the text a moment after the last key. */
  edited() {
    this.dirty = true
    this.saveButton.disabled = this.saving
    this.revert.disabled = false
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.judge(), 250)
  }

  judge() {
    if (!this.edit) return
    const wrong = check(this.edit.value)
    if (wrong) this.edit.mark(wrong.line, wrong.column, wrong.message)
    else this.edit.mark(null)
    replace(this.hint, wrong ? `Line ${wrong.line}, column ${wrong.column}: ${wrong.message}` : '')
    this.saveButton.disabled = this.saving || wrong !== null
  }

  /** Remembers what was typed, for when the editor is shown again. */
  keepText() {
    if (!this.edit || !this.dirty) return
    this.keep = { text: this.edit.value, end: this.end?.raw() }
  }

  /** What the editor says, to tell whether it said something else before. */
  typed() {
    if (!this.edit) return this.keep ? JSON.stringify([this.keep.text, this.keep.end]) : ''
    return JSON.stringify([this.edit.value, this.end?.raw()])
  }

  /** The text of what would be written. */
  mine() {
    const text = this.edit ? this.edit.value : this.keep?.text ?? this.original
    requireJSON(text, { object: this.host.kind !== 'kv' })
    if (this.host.kind !== 'kv') return bare(text)
    const end = this.edit ? this.end?.raw() : this.keep?.end
    return entryText(this.text, text, end && endSeconds(end))
  }

  async save() {
    if (this.saving) return
    let mine
    try {
      mine = this.mine()
    } catch (error) {
      if (error.place) this.edit?.mark(error.place.line, error.place.column, error.place.message)
      replace(this.banner, problem(error))
      return
    }
    this.saveButton.disabled = true
    await this.put(mine, this.rev)
  }

  /** Writes a text if the document still has a revision; else shows both. What is typed meanwhile stays. */
  async put(text, rev, { typed = this.typed(), merged = false } = {}) {
    this.saving = true
    try {
      const answer = await this.host.api.call('PUT', this.path, { body: text, query: { returnNew: true }, raw: true, headers: { 'If-Match': `"${rev}"` }, signal: this.life.signal })
      this.host.context.toast('good', `${this.key} is saved`)
      this.host.store.drafts.delete(this.path)
      replace(this.banner)
      this.saving = false
      if (this.dirty && this.typed() !== typed) this.goOn(merged ? null : member(answer, 'new'))
      else await this.show(member(answer, 'new'))
      if (this.missed) this.elsewhere(this.missed)
      return true
    } catch (error) {
      this.saving = false
      if (this.host.lost(error)) return false
      this.saveButton.disabled = false
      if (error.status === 412) await this.conflict(text, typed)
      else if (error.code === 'document-not-found') this.goneWhileEdited(text)
      else replace(this.banner, problem(error, () => this.put(text, rev, { typed, merged })))
      return false
    }
  }

  /**
   * Leaves the editor as it is after a save, and takes over the state that was
   * saved. What was typed beside a merge knows nothing of it: it keeps the
   * state that it began with (null), and meets the merge when it is saved.
   */
  goOn(text) {
    this.behind = text === null
    if (text === null) return this.edited()
    this.text = text
    this.rev = string(member(text, '_rev'))
    this.showHead()
    const right = this.side()
    this.right.replaceWith(right)
    this.right = right
    this.original = pretty(this.content())
    this.edited()
  }

  /** Somebody changed it meanwhile: theirs and mine, field by field. */
  async conflict(mine, typed = this.typed()) {
    try {
      const theirs = await this.host.api.call('GET', this.path, { raw: true, signal: this.life.signal })
      replace(this.banner, mergeView({
        base: bare(this.text), mine, theirs: bare(theirs),
        save: merged => this.put(merged, string(member(theirs, '_rev')), { typed, merged: true }),
        take: () => this.show(theirs).then(() => replace(this.banner)),
        leave: () => replace(this.banner),
      }))
      this.banner.scrollIntoView({ block: 'start' })
    } catch (error) {
      if (this.host.lost(error)) return
      if (error.status === 404) this.goneWhileEdited(mine)
      else replace(this.banner, problem(error, () => this.conflict(mine, typed)))
    }
  }

  goneWhileEdited(mine) {
    replace(this.banner, h('div', { class: 'data-problem', role: 'alert', data: { testid: 'data-gone-document' } }, h('strong', null, 'Somebody removed it meanwhile.'), h('span', null, ' Your text is still here: insert it again, or leave it.'),
      button('data-insert-again', 'Insert mine again', async () => {
        try {
          const body = `{"_key":${JSON.stringify(this.key)}${mine === '{}' ? '' : ',' + mine.slice(1)}${mine === '{}' ? '}' : ''}`
          await this.host.api.call('POST', `/document/${encodeURIComponent(this.host.name)}`, { body, headers: { 'If-None-Match': '*' }, signal: this.life.signal })
          await this.load()
        } catch (error) {
          if (error.status === 412) this.conflict(mine)
          else if (!this.host.lost(error)) replace(this.banner, problem(error))
        }
      }), button('data-leave', `Back to ${this.host.name}`, () => this.host.store.go([this.host.name]))))
  }

  /** A change that was made somewhere: taken in when nothing was edited, else told. */
  elsewhere(change) {
    this.missed = null
    if (this.text === null || change.rev === this.rev) return
    if (this.saving) { this.missed = change; return } // it may be what is being saved
    if (change.type !== 'write') {
      if (!this.removing) this.goneWhileEdited(this.edit && this.dirty ? this.safeMine() : bare(this.text))
      return
    }
    if (this.inHand()) return this.news(change)
    if (!this.busyReload) this.busyReload = setTimeout(() => { this.busyReload = 0; this.refresh(change) }, 150) // several changes at once are one
  }

  /** Is somebody writing here, or looking at another view of it? */
  inHand() { return !this.edit || this.dirty || this.edit.node.contains(document.activeElement) }

  news(change) {
    replace(this.banner, h('div', { class: 'row data-news', role: 'status', data: { testid: 'data-changed' } }, h('span', null, `Changed${change.origin ? ' at ' + visible(change.origin) : ''} meanwhile.`),
      this.dirty ? button('data-compare', 'Compare with mine', () => this.conflict(this.safeMine())) : null,
      button('data-show-theirs', this.dirty ? 'Drop mine, show it' : 'Show it', () => this.load())))
  }

  /** Shows a change, unless somebody began to write before it was here. */
  async refresh(change) {
    if (this.life.signal.aborted) return
    const turn = this.turn = {}
    try {
      const text = this.inHand() ? null : await this.host.api.call('GET', this.path, { raw: true, signal: this.life.signal })
      if (turn !== this.turn || this.saving) return
      if (this.inHand()) return this.news(change)
      if (string(member(text, '_rev')) === this.rev) return
      replace(this.banner)
      await this.show(text)
      this.offerDraft()
      this.host.context.announce(`${this.key} was changed and is shown anew`)
    } catch (error) {
      if (this.host.lost(error) || turn !== this.turn) return
      if (error.status === 404) this.goneWhileEdited(this.edit && this.dirty ? this.safeMine() : bare(this.text))
      else replace(this.banner, problem(error, () => this.refresh(change)))
    }
  }

  safeMine() {
    try { return this.mine() } catch { return bare(this.text) }
  }

  duplicate() {
    const { host } = this
    insertDialog(host, { title: `Duplicate ${this.key}`, key: host.kind === 'kv' ? `${this.key}-copy` : '', from: canonical(this.content()), done: key => host.store.go([host.name, key]) })
  }

  async remove() {
    const agreed = await this.host.context.confirm({ title: `Delete ${this.key}`, danger: true, action: 'Delete', body: `Removes ${this.host.name}/${visible(this.key)} at every location. It can be put back from the list, as long as this page is open.` })
    if (!agreed) return
    this.removing = true
    try {
      await remove(this.host, this.text, this.rev)
      this.host.store.count(this.host.name).catch(() => {}) // the head shows the old count until then
      this.host.store.go([this.host.name])
    } catch (error) {
      this.removing = false
      if (this.host.lost(error) || aborted(error)) return
      if (error.status === 412) replace(this.banner, problem(Object.assign(error, { message: 'Somebody changed it meanwhile; nothing was removed.', next: 'Look at what it is now, then delete it again.' }), () => this.load()))
      else replace(this.banner, problem(error, () => this.remove()))
    }
  }

  close() {
    this.keepText()
    if (this.removing) this.host.store.drafts.delete(this.path)
    else if (this.dirty && this.keep) this.host.store.drafts.set(this.path, { ...this.keep, base: this.text, rev: this.rev })
    hold(this, false)
    clearTimeout(this.timer)
    clearTimeout(this.busyReload)
    this.stop()
    this.edit?.destroy()
    this.life.close()
  }
}
