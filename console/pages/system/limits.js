// The Limits tab: what a location refuses beyond, and what each limit does.

import { aborted } from '../../app/api.js'
import { h, replace } from '../../app/dom.js'
import { busy, failure } from '../../app/states.js'
import { table } from '../../app/table.js'
import { bytes, count, ms, visible } from '../../app/text.js'

export function limitsTab(panel, { source, signal }) {
  let stop = new AbortController()
  const load = async () => {
    stop.abort()
    stop = new AbortController()
    const both = AbortSignal.any([stop.signal, signal])
    replace(panel, busy('Loading limits'))
    try {
      const reply = await source.api.call('GET', '/limits', { signal: both })
      if (!both.aborted) replace(panel, limitsView(reply.result ?? []))
    } catch (error) {
      if (!both.aborted && !aborted(error)) replace(panel, failure(error, load))
    }
  }
  const end = source.on('location', load)
  load()
  return () => {
    end()
    stop.abort()
  }
}

function limitsView(list) {
  const search = h('input', { type: 'search', placeholder: 'name or meaning', data: { testid: 'system-limits-search' }, oninput: () => fill() })
  const told = h('span', { class: 'muted', role: 'status', data: { testid: 'system-limits-count' } })
  const rows = table({
    label: 'Limits',
    testid: 'system-limits',
    empty: 'No limit fits. Change the search.',
    columns: [
      { name: 'name', title: 'Limit', width: 'minmax(180px, 1fr)', cell: (l) => h('span', { class: 'mono' }, visible(l.name)) },
      { name: 'value', title: 'Value', width: 110, align: 'right', cell: (l) => h('span', { title: String(l.value) }, limitText(l)) },
      { name: 'text', title: 'What it does', width: 'minmax(320px, 2.6fr)' },
    ],
  })
  const fill = () => {
    const words = search.value.trim().toLowerCase()
    const shown = list.filter((l) => `${l.name} ${l.text}`.toLowerCase().includes(words))
    told.textContent = `${count(shown.length)} of ${count(list.length)}`
    rows.setRows(shown)
  }
  fill()
  return h('div', { class: 'col' },
    h('p', { class: 'muted' }, 'Limits are set in the configuration of the location; a change counts from its next start. ', h('a', { href: '/docs/reference/configuration' }, 'Configuration'), ', ', h('a', { href: '/docs/operate/limits' }, 'Limits')),
    h('div', { class: 'toolbar' }, h('label', { class: 'row grow' }, h('span', { class: 'sr-only' }, 'Search limits'), search), told),
    rows.node)
}

// limitText writes a limit in its unit: bytes and milliseconds as people read them, other units behind the number.
export function limitText({ value, unit }) {
  if (typeof value !== 'number') return visible(value ?? '–')
  switch (unit) {
    case 'bytes': case 'B': return bytes(value)
    case 'ms': case 'milliseconds': return ms(value)
    case 's': case 'seconds': return ms(value * 1000)
    case 'ns': case 'nanoseconds': return ms(value / 1e6)
  }
  return unit && unit !== 'count' ? `${count(value)} ${visible(unit)}` : count(value)
}
