// The Overview tab: is the location well, and if not, why; its clock, memory, store and peers; its version.

import { aborted } from '../../app/api.js'
import { h, replace } from '../../app/dom.js'
import { busy, failure } from '../../app/states.js'
import { ago, bytes, count, ms, short, time, visible } from '../../app/text.js'

const everyMs = 2000

export function healthTab(panel, { source, context, signal }) {
  const state = { timer: 0, stop: new AbortController(), version: null }
  const show = async () => {
    clearTimeout(state.timer)
    const stop = AbortSignal.any([state.stop.signal, signal])
    try {
      const api = source.api
      const [self, version] = await Promise.all([
        api.call('GET', '/mesh/self', { signal: stop, timeout: 10_000 }),
        state.version ?? api.call('GET', '/version', { signal: stop, timeout: 10_000 }),
      ])
      state.version = version
      if (!stop.aborted && !inUse(panel)) replace(panel, ...overview(self, version, source, context.fabric))
    } catch (error) {
      if (stop.aborted || aborted(error)) return
      replace(panel, failure(error, show))
    }
    if (!stop.aborted) state.timer = setTimeout(show, everyMs)
  }
  const restart = () => {
    state.stop.abort()
    state.stop = new AbortController()
    state.version = null
    replace(panel, busy('Asking the location'))
    show()
  }
  const end = source.on('location', restart)
  restart()
  return () => {
    end()
    clearTimeout(state.timer)
    state.stop.abort()
  }
}

// inUse tells whether somebody selects or scrolls what would be made anew.
function inUse(panel) {
  const selection = getSelection()
  const selects = selection !== null && !selection.isCollapsed && panel.contains(selection.anchorNode)
  return selects || (panel !== document.activeElement && panel.contains(document.activeElement))
}

function overview(self, version, source, fabric) {
  return [
    h('div', { class: 'system-cards', data: { testid: 'system-health' } }, readiness(self), identity(self, version, source), clock(self), storage(self)),
    peers(self, fabric), waits(self, fabric),
  ].filter(Boolean)
}

const card = (title, ...content) => h('section', { class: 'card', aria: { label: title } }, h('h2', {}, title), ...content)
const kv = (...pairs) => h('dl', { class: 'kv' }, ...pairs.filter(Boolean).flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value ?? '–')]))

// advice says what to do about a reason for which a location takes no requests or no writes.
export function advice(reason) {
  const words = reason.toLowerCase()
  if (/clock|time/.test(words)) return 'Set the clock of the machine, for example with NTP; writes go on by themselves.'
  if (/disk|space|storage/.test(words)) return 'Free disk space, or lower limits.disk-reserve; writes go on by themselves.'
  if (/join|snapshot|copy/.test(words)) return 'It copies the data of the others; this ends by itself. Lag is on the Planet page.'
  if (/evict|leav|left/.test(words)) return 'It is no member any more. Start it anew as a new location.'
  if (/start/.test(words)) return 'It is starting; this ends by itself.'
  return 'The Events tab and the log of the location have more about it.'
}

function readiness(self) {
  const reasons = [...(self.reasons ?? []), ...(self.readOnly && typeof self.readOnly === 'string' ? [self.readOnly] : [])]
  const writes = !self.readOnly
  return card('Health',
    h('div', { class: 'row' },
      h('span', { class: ['badge', self.ready ? 'good' : 'bad'], data: { testid: 'system-ready' } }, self.ready ? 'Ready for requests' : 'Not ready'),
      h('span', { class: ['badge', writes ? 'good' : 'warn'] }, writes ? 'Takes writes' : 'Takes no writes')),
    reasons.length === 0 ? h('p', { class: 'muted' }, 'Nothing stands in its way.')
      : h('ul', { data: { testid: 'system-reasons' } }, ...[...new Set(reasons)].map((reason) => h('li', {}, h('bdi', null, visible(reason)), h('p', { class: 'muted' }, advice(reason))))))
}

function identity(self, version, source) {
  const build = source.latest?.families.get('go_info')?.samples[0]?.labels.version
  return card('Location', kv(
    ['Name', h('bdi', { data: { testid: 'system-location-name' } }, visible(self.location))],
    ['Version', h('span', { data: { testid: 'system-version' } }, visible(self.version ?? version?.version ?? '–'))],
    build && ['Built with', visible(build)],
    ['Incarnation', h('span', { class: 'mono' }, visible(self.incarnation ?? '–'))],
    ['Runs for', ms(self.uptimeMs)],
    ['Memory', bytes(self.memoryBytes)],
  ))
}

function clock(self) {
  const trusted = self.clockTrusted !== false
  return card('Clock', kv(
    ['Offset', self.clockOffsetMs === undefined ? '–' : ms(self.clockOffsetMs)],
    ['Trusted', h('span', { class: ['badge', trusted ? 'good' : 'bad'] }, trusted ? 'yes' : 'no')],
    ['Watermark', watermark(self.watermark)],
  ), h('p', { class: 'muted' }, 'The offset is to the other locations. A clock that is too far off takes no writes.'))
}

// stampTime gives the moment of a stamp: its first 12 hexadecimal digits are Unix milliseconds.
export function stampTime(stamp) {
  return /^[0-9a-f]{16}/.test(stamp ?? '') ? parseInt(stamp.slice(0, 12), 16) : null
}

function watermark(value) {
  const at = stampTime(value)
  return at === null ? visible(short(value ?? '–', 40)) : h('span', { title: visible(value) }, `${time(at)}, ${ago(at)}`)
}

function storage(self) {
  const s = self.storage ?? {}
  return card('Storage', kv(
    ['Tables on disk', bytes(s.diskBytes)], ['Free', bytes(s.freeBytes)], ['Memtable', bytes(s.memtableBytes)], ['Cache', bytes(s.cacheBytes)],
    ['Tables', count(s.tables)], ['To be compacted', bytes(s.debtBytes)],
  ))
}

function peers(self, fabric) {
  const list = self.peers ?? []
  if (list.length === 0) return card('Peers', h('p', { class: 'muted' }, 'This location has no peers: it is the only one of the planet, or has not met others yet.'))
  return card('Peers', h('p', { class: 'muted' }, 'What waits is of the fabric ', h('bdi', null, visible(fabric)), '.'), h('div', { class: 'system-scroll', role: 'region', tabindex: 0, aria: { label: 'Peers' } }, h('table', { class: 'system-table', data: { testid: 'system-peers' } },
    h('thead', {}, h('tr', {}, ...['Location', 'State', 'Round trip', 'Clock offset', 'Silent for', 'Waiting entries', 'Waiting bytes'].map((t, i) => h('th', { scope: 'col', class: i > 1 ? 'right' : null }, t)))),
    h('tbody', {}, ...list.map((p) => h('tr', {},
      h('th', { scope: 'row' }, h('bdi', null, visible(p.name))),
      h('td', {}, h('span', { class: ['badge', p.connected ? 'good' : 'bad'] }, p.connected ? 'connected' : 'not connected')),
      ...[ms(p.rttMs), ms(p.offsetMs), ms(p.silentMs), count(p.waitingEntries), bytes(p.waitingBytes)].map((t) => h('td', { class: 'right' }, t))))))))
}

function waits(self, fabric) {
  const list = self.waits ?? []
  if (list.length === 0) return null
  return card(`Fabric ${visible(fabric)} waits for`, h('ul', { data: { testid: 'system-waits' } }, ...list.slice(0, 50).map((w) => h('li', {},
    h('bdi', null, visible(`${w.reason ?? 'an entry'} of ${w.origin}`)), h('span', { class: 'muted' }, ` for ${ms(w.forMs)}, ${count(w.entries)} entries wait${w.pulling ? ', asking for it' : ''}`)))))
}
