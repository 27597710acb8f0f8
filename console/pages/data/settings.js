// What a collection is, what can be set, and an object of the user's own.
import { h, replace } from '../../app/dom.js'
import { bytes, count, visible } from '../../app/text.js'
import { editor } from '../../app/editor.js'
import { hold } from '../../app/unload.js'
import { pretty } from '../../app/json.js'
import { member } from './scan.js'
import { button, checkbox, problem, scope } from './parts.js'
import { KINDS } from './store.js'
import { requireJSON } from './insert.js'

export function settingsView(host) {
  const life = scope(host.signal)
  const facts = h('div')
  const message = h('div')
  const metadata = h('div', { class: 'data-editor-small' })
  const path = `/collection/${encodeURIComponent(host.name)}`
  const stream = checkbox('data-settings-stream', 'Offer its changes as a stream (hasStream)', { onchange: () => set({ hasStream: stream.box.checked }) })
  const sync = checkbox('data-settings-sync', 'Keep waitForSync for clients that ask for it; every write is on disk before its answer anyhow', { onchange: () => set({ waitForSync: sync.box.checked }) })

  async function load() {
    try {
      const [info, figures, text] = await Promise.all([
        host.api.call('GET', path, { signal: life.signal }), host.api.call('GET', path + '/figures', { signal: life.signal }),
        host.api.call('GET', path + '/metadata', { signal: life.signal, raw: true })])
      show(info, figures)
      if (!metadata.firstChild) await showMetadata(member(text, 'result') ?? '{}')
    } catch (error) {
      if (!host.lost(error)) replace(facts, problem(error, load))
    }
  }

  function show(info, { figures = {}, count: n }) {
    stream.box.checked = info.hasStream
    sync.box.checked = info.waitForSync
    const ts = info.timeseries
    const rows = [['Kind', KINDS[host.kind].title], ['Lives', info.isLocal ? `at ${host.context.location ?? 'this location'} only` : 'at every location of the fabric'], [KINDS[host.kind].title, count(n)],
      ['Early answers (allowAsync)', info.allowAsync ? 'allowed with waitForSync=false' : 'not allowed'],
      host.kind === 'kv' ? ['Entries can end', info.expiration ?? host.info.expiration ? 'yes' : 'no'] : null,
      ts ? ['Series', (ts.series ?? []).join(', ') || 'one'] : null, ts ? ['Time', `${ts.time}, shown as ${ts.timeFormat}`] : null, ts ? ['Values', ts.values.join(', ')] : null,
      ts ? ['Points are kept', ts.retention ? `for ${ts.retention}` : 'for ever'] : null, ts ? ['Summed up by', (ts.rollups ?? []).join(', ') || 'nothing'] : null,
      ts ? ['Series so far', count(figures.series)] : null, ts ? ['Points at rest', `${count(figures.chunkPoints)} in ${bytes(figures.chunkBytes)}`] : null,
      ts ? ['Roll-ups', bytes(figures.rollupBytes)] : null, ts ? ['Not merged yet', bytes(figures.arrivedBytes)] : null, ['Id', info.id]].filter(Boolean)
    replace(facts, h('dl', { class: 'kv', data: { testid: 'data-facts' } }, rows.flatMap(([k, v]) => [h('dt', null, k), h('dd', null, visible(v))])))
  }

  async function showMetadata(text) {
    const edit = await editor(metadata, { language: 'json', value: pretty(text), label: 'Metadata', testid: 'data-metadata', lines: 6, onChange: () => hold(metadata) })
    life.signal.addEventListener('abort', () => hold(metadata, false), { once: true })
    metadata.append(button('data-metadata-save', 'Save metadata', async () => {
      replace(message)
      try {
        const sent = edit.value
        requireJSON(sent)
        await host.api.call('PUT', path + '/metadata', { body: sent, signal: life.signal })
        if (edit.value === sent) hold(metadata, false) // what was typed meanwhile is not saved yet
        host.context.toast('good', 'The metadata is saved')
      } catch (error) {
        if (!host.lost(error)) replace(message, problem(error))
      }
    }))
  }

  async function set(change) {
    replace(message)
    try {
      await host.api.call('PUT', path + '/properties', { body: change, signal: life.signal })
      host.context.toast('good', 'The setting is saved')
    } catch (error) {
      if (!host.lost(error)) replace(message, problem(error))
    }
    load()
  }
  load()
  return {
    node: h('div', { class: 'col' }, h('section', { class: 'card col' }, facts), message,
      h('section', { class: 'card col' }, h('h2', null, 'Settings'), stream.node, sync.node),
      h('section', { class: 'card col' }, h('h2', null, 'Metadata'), h('p', { class: 'muted' }, 'An object of yours, kept with the collection.'), metadata)),
    close: life.close,
  }
}
