// Tabs with the arrow keys.

import { h, clear, uniqueId } from './dom.js'

// tabs makes a list of tabs and their panel: {node, select(id), selected, panel}.
// Each is {id, label, render(panel), testid}; render is called each time one is
// chosen, with an empty panel, and may answer a function that is called when
// another one takes its place.
export function tabs(all, { selected = all[0]?.id, onSelect = () => {}, label = '' } = {}) {
  const name = uniqueId('tabs')
  const panel = h('div', { class: 'tab-panel', role: 'tabpanel', tabindex: 0, id: `${name}-panel` })
  const list = h('div', { class: 'tabs', role: 'tablist', aria: { label } })
  const node = h('div', { class: 'tabbed' }, list, panel)
  let leave = null
  const control = { node, panel, selected: null, select, destroy: () => done() }

  const buttons = new Map(all.map((one) => [one.id, h('button', {
    class: 'tab', type: 'button', role: 'tab', id: `${name}-${one.id}`, tabindex: -1,
    aria: { controls: panel.id, selected: false }, data: { testid: one.testid },
    onclick: () => select(one.id),
  }, one.label)]))
  list.append(...buttons.values())
  list.addEventListener('keydown', (event) => {
    const ids = [...buttons.keys()]
    const at = ids.indexOf(control.selected)
    const to = { ArrowRight: (at + 1) % ids.length, ArrowLeft: (at - 1 + ids.length) % ids.length, Home: 0, End: ids.length - 1 }[event.key]
    if (to === undefined) return
    event.preventDefault()
    select(ids[to])
    buttons.get(ids[to]).focus()
  })

  function done() {
    if (typeof leave === 'function') leave()
    leave = null
  }

  function select(id, { quiet = false } = {}) {
    const chosen = all.find((one) => one.id === id) ?? all[0]
    if (!chosen || chosen.id === control.selected) return
    done()
    control.selected = chosen.id
    for (const [one, button] of buttons) {
      button.setAttribute('aria-selected', String(one === chosen.id))
      button.tabIndex = one === chosen.id ? 0 : -1
    }
    panel.setAttribute('aria-labelledby', `${name}-${chosen.id}`)
    showTab(list, buttons.get(chosen.id))
    leave = chosen.render(clear(panel))
    if (!quiet) onSelect(chosen.id)
  }

  select(selected, { quiet: true })
  return control
}

// showTab scrolls a row of tabs sideways until the one is seen, in the next frame:
// the row may not be on the page yet. The page itself stays where it is, which
// scrollIntoView would not grant.
export function showTab(row, one) {
  requestAnimationFrame(() => {
    const [all, own] = [row.getBoundingClientRect(), one.getBoundingClientRect()]
    row.scrollLeft += Math.min(0, own.left - all.left) + Math.max(0, own.right - all.right)
  })
}
