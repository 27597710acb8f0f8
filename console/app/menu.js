// A menu that opens at a button.

import { h, uniqueId } from './dom.js'

// menu makes a button open a menu. items is an array, or a function that
// gives one each time it opens, of {label, run} or {label, href}, with
// checked, danger, disabled, note (a second line) and testid as wanted; '-' is a
// line between them, {heading} a title. Answers {open, close}.
export function menu(button, items) {
  const id = uniqueId('menu')
  let list = null
  button.setAttribute('aria-haspopup', 'menu')
  button.setAttribute('aria-expanded', 'false')

  function close(focus = true) {
    if (!list) return
    list.remove()
    list = null
    button.setAttribute('aria-expanded', 'false')
    removeEventListener('resize', leave)
    document.removeEventListener('pointerdown', outside, true)
    if (focus) button.focus()
  }

  function leave() {
    close(false)
  }

  function outside(event) {
    if (!list.contains(event.target) && !button.contains(event.target)) leave()
  }

  function open() {
    if (list) return close()
    const all = (typeof items === 'function' ? items() : items).filter(Boolean)
    list = h('div', { class: 'menu', role: 'menu', id, aria: { label: button.getAttribute('aria-label') ?? button.textContent } }, all.map((item) => entry(item, close)))
    list.addEventListener('keydown', (event) => keys(event, list, close))
    list.addEventListener('focusout', (event) => {
      if (list && event.relatedTarget && !list.contains(event.relatedTarget) && event.relatedTarget !== button) leave()
    })
    ;(button.closest('dialog') ?? document.body).append(list)
    place(list, button)
    button.setAttribute('aria-expanded', 'true')
    addEventListener('resize', leave)
    document.addEventListener('pointerdown', outside, true)
    choices(list)[0]?.focus()
  }

  button.addEventListener('click', open)
  button.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowDown' || list) return
    event.preventDefault()
    open()
  })
  return { open, close }
}

function entry(item, close) {
  if (item === '-') return h('div', { class: 'menu-line', role: 'separator' })
  if (item.heading) return h('div', { class: 'menu-heading', role: 'presentation' }, item.heading)
  const radio = item.checked !== undefined
  const props = {
    class: ['menu-item', item.danger && 'danger'],
    role: radio ? 'menuitemradio' : 'menuitem',
    tabindex: -1,
    aria: { checked: radio ? Boolean(item.checked) : null, disabled: item.disabled ? true : null },
    data: { testid: item.testid },
    onclick: (event) => {
      if (item.disabled) return event.preventDefault()
      close(!item.href)
      item.run?.()
    },
  }
  const content = [h('span', { class: 'grow' }, h('bdi', null, item.label)), item.note ? h('span', { class: 'menu-note' }, item.note) : null]
  return item.href ? h('a', { ...props, href: item.href, target: item.target, rel: 'noopener' }, content) : h('button', { ...props, type: 'button' }, content)
}

function choices(list) {
  return [...list.querySelectorAll('.menu-item')]
}

function keys(event, list, close) {
  const all = choices(list)
  const at = all.indexOf(document.activeElement)
  const to = { ArrowDown: (at + 1) % all.length, ArrowUp: (at - 1 + all.length) % all.length, Home: 0, End: all.length - 1 }[event.key]
  if (event.key === 'Escape') {
    event.preventDefault()
    event.stopPropagation()
    close()
  } else if (event.key === 'Tab') {
    close()
  } else if (to !== undefined) {
    event.preventDefault()
    all[to]?.focus()
  } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const found = [...all.slice(at + 1), ...all.slice(0, at + 1)].find((one) => one.textContent.toLowerCase().startsWith(event.key.toLowerCase()))
    found?.focus()
  }
}

// place puts the menu below the button, or above it where there is no room.
function place(list, button) {
  const b = button.getBoundingClientRect()
  const m = list.getBoundingClientRect()
  const gap = 4
  const left = Math.max(gap, Math.min(b.right - m.width, innerWidth - m.width - gap))
  const below = b.bottom + gap
  list.style.left = `${b.left + m.width <= innerWidth - gap ? b.left : left}px`
  list.style.top = `${below + m.height <= innerHeight || b.top < m.height ? below : b.top - m.height - gap}px`
}
