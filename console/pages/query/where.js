// The locations of the fabric, to ask one of them for what runs there.

import { h, replace } from '/console/app/dom.js'
import { visible } from '/console/app/text.js'

// locationPicker gives {node, api(), name(), destroy()}: a choice of the members that are up. changed() is called when
// another one was chosen.
export function locationPicker(context, changed) {
  const select = h('select', { aria: { label: 'Location' }, data: { testid: 'query-location' } })
  const node = h('label', { class: 'field row' }, h('span', {}, 'At'), select)
  let urls = new Map(), shown = ''
  const update = (state) => {
    const members = (state?.locations ?? []).filter((l) => l.member !== false && l.url)
    const names = members.map((l) => l.name)
    if (names.join() === shown) return
    shown = names.join()
    urls = new Map(members.map((l) => [l.name, l.url]))
    const before = select.value || context.location
    replace(select, names.map((name) => h('option', { value: name }, visible(name) + (name === context.location ? ' (this one)' : ''))))
    node.hidden = names.length < 2
    if (urls.has(before)) select.value = before
  }
  update(context.live?.last)
  if (select.options.length === 0) node.hidden = true
  const stop = context.live?.subscribe('state', update) ?? (() => {})
  select.addEventListener('change', changed)
  const isHere = () => select.value === '' || select.value === context.location
  return {
    node,
    api: () => isHere() ? context.api : context.api.at(urls.get(select.value)),
    name: () => select.value || context.location || 'this location',
    destroy: stop,
  }
}
