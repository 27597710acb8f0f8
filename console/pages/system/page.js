// The System page: health, metrics, events, limits, users and keys, backup and what the console is made of, of one location
// at a time.

import { h, replace } from '../../app/dom.js'
import { tabs } from '../../app/tabs.js'
import { visible } from '../../app/text.js'
import { aboutTab } from './about.js'
import { accessTab } from './access.js'
import { backupTab } from './backup.js'
import { eventsTab } from './events.js'
import { healthTab } from './health.js'
import { limitsTab } from './limits.js'
import { metricsTab } from './metrics.js'
import { Source } from './source.js'

export const title = 'System'

const parts = [
  ['overview', 'Overview', healthTab], ['metrics', 'Metrics', metricsTab], ['events', 'Events', eventsTab], ['limits', 'Limits', limitsTab],
  ['access', 'Users and keys', accessTab], ['backup', 'Backup', backupTab], ['about', 'About', aboutTab],
]

export function mount(root, context) {
  const { signal } = context
  const source = new Source(context)
  const wanted = context.route.query.get('location')
  const picker = locationPicker(source, wanted, () => keep())
  const state = { address: addressOf(context.route) }
  const shared = { source, context, signal }
  const all = tabs(parts.map(([id, label, render]) => ({ id, label, testid: `system-tab-${id}`, render: (panel) => render(column(panel), shared) })), {
    label: 'About this location',
    selected: chosen(context.route),
    onSelect: () => keep(),
  })
  // keep writes the tab and the location into the address, so that it can be sent to somebody.
  function keep() {
    const path = all.selected === parts[0][0] ? [] : [all.selected]
    const query = source.elsewhere ? { location: source.name } : {}
    state.address = [...path, query.location ?? ''].join('\n')
    context.navigate('system', path, query, { replace: true })
  }
  replace(root, h('div', { class: 'toolbar' }, h('h1', { class: 'grow' }, 'System'), picker.node), all.node)
  source.read()
  return {
    unmount: () => all.destroy(),
    changed(route) {
      if (addressOf(route) === state.address) return
      state.address = addressOf(route)
      all.select(chosen(route), { quiet: true })
      picker.choose(route.query.get('location'))
    },
  }
}

function column(panel) {
  panel.classList.add('system-panel')
  return panel
}

const addressOf = (route) => [...route.path, route.query.get('location') ?? ''].join('\n')

function chosen(route) {
  return parts.some(([id]) => id === route.path[0]) ? route.path[0] : parts[0][0]
}

// locationPicker chooses the location that is looked at.
function locationPicker(source, wanted, changed) {
  const select = h('select', { data: { testid: 'system-location' }, onchange: () => {
    source.choose(select.value)
    changed()
  } })
  let waiting = wanted
  const fill = () => {
    const list = source.list.length > 0 ? source.list : [{ name: source.shown }]
    replace(select, ...list.map((l) => h('option', { value: l.name }, visible(l.city ? `${l.name}, ${l.city}` : l.name))))
    select.value = source.shown
    if (waiting && source.list.some((l) => l.name === waiting)) {
      const name = waiting
      waiting = null
      if (name !== source.shown) source.choose(name)
    }
  }
  source.on('locations', fill)
  source.on('location', () => { select.value = source.shown })
  fill()
  return {
    node: h('label', { class: 'row' }, h('span', { class: 'muted' }, 'Location'), select),
    choose(name) {
      if ((name ?? source.own) !== source.shown) source.choose(name ?? source.own)
    },
  }
}
