// The frame around the pages: the bar at the top, the rail of pages, the line
// that tells when the location is gone.

import * as appearance from './appearance.js'
import { dialog } from './dialog.js'
import { append, h, replace } from './dom.js'
import { icon, logo } from './icons.js'
import { menu } from './menu.js'
import { href } from './router.js'
import { visible } from './text.js'

// pages are those of the console, in their order.
export const pages = [
  { name: 'planet', title: 'Planet' },
  { name: 'data', title: 'Data' },
  { name: 'query', title: 'Query' },
  { name: 'graph', title: 'Graph' },
  { name: 'system', title: 'System' },
]

const docs = [
  ['Start here', '/docs/'],
  ['Quickstart', '/docs/guides/quickstart'],
  ['The console, page by page', '/docs/guides/console'],
  ['Queries: C8QL', '/docs/reference/c8ql'],
  ['REST interface', '/docs/reference/rest'],
  ['How writes merge', '/docs/concepts/merging'],
]

// shell builds the frame into root. The handlers are {fabric(name), opened() (the
// picker of fabrics is about to be used), locations() -> [{name, url}], account() ->
// items of a menu, retry()}.
export function shell(root, handlers) {
  const fabrics = h('select', { class: 'fabric-picker', aria: { label: 'Fabric' }, data: { testid: 'fabric-picker' } })
  fabrics.addEventListener('change', () => handlers.fabric(fabrics.value))
  for (const event of ['pointerdown', 'focus']) fabrics.addEventListener(event, () => handlers.opened())
  const place = locationChip(handlers)
  const account = button('account', 'Account', 'account')
  menu(account, () => handlers.account())
  const banner = bannerOf(handlers)
  const main = h('main', { id: 'main', class: 'main', tabindex: -1 })
  const rail = railOf()
  const bar = h('header', { class: 'bar' },
    h('a', { class: 'brand', href: href('planet'), aria: { label: 'Selvedge, to the planet' } }, logo(), h('span', { class: 'wide-only' }, 'Selvedge')),
    place.node,
    h('span', { class: 'grow' }),
    h('div', { class: 'row fabric-field' }, h('span', { class: 'muted wide-only', aria: { hidden: true } }, 'Fabric'), fabrics),
    themeSwitch(), helpMenu(), account)
  const skip = h('button', { class: 'skip', type: 'button', onclick: () => main.focus() }, 'Skip to the page')
  append(root, skip, bar, rail.node, h('div', { class: 'stage' }, banner.node, main))
  return {
    main,
    account,
    setPage: rail.setPage,
    setLocation: place.set,
    setConnection(connection, name) {
      place.state(connection)
      banner.set(connection, name)
    },
    setFabrics: (names, current) => setFabrics(fabrics, names, current),
    setOpen: (on) => root.classList.toggle('signed-out', !on),
  }
}

function button(name, label, testid, title = label) {
  return h('button', { class: 'button quiet icon-only', type: 'button', title, aria: { label }, data: { testid } }, icon(name))
}

function railOf() {
  const links = new Map(pages.map((page, i) => [page.name, h('a', {
    class: 'rail-link', href: href(page.name), title: `${page.title} (Alt+${i + 1})`, data: { testid: `nav-${page.name}` },
  }, icon(page.name), h('span', null, page.title))]))
  const node = h('nav', { class: 'rail', aria: { label: 'Pages' } }, [...links.values()])
  document.addEventListener('keydown', (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return
    const page = pages[Number(/^Digit(\d)$/.exec(event.code)?.[1]) - 1]
    if (!page || document.querySelector('dialog[open]')) return
    event.preventDefault()
    links.get(page.name).click()
  })
  return {
    node,
    // setPage marks the page that is shown, and lets all links keep the fabric.
    setPage(name, fabric) {
      for (const [one, link] of links) {
        link.href = href(one, [], {}, fabric)
        if (one === name) link.setAttribute('aria-current', 'page')
        else link.removeAttribute('aria-current')
      }
    },
  }
}

function locationChip(handlers) {
  const dot = h('span', { class: 'dot', aria: { hidden: true } })
  const name = h('bdi', { class: 'location-name' }, '\u2026')
  const state = h('span', { class: 'sr-only' }, ', not asked yet')
  const node = h('button', { class: 'button quiet location', type: 'button', title: 'The location that is asked', data: { testid: 'location', state: 'none' } },
    dot, name, state)
  const words = { none: ', not asked yet', open: ', answers', lost: ', does not answer', refused: ', answers' }
  menu(node, () => {
    const others = handlers.locations()
    if (others.length === 0) return [{ heading: 'No other location is known yet' }]
    const rest = location.pathname + location.search
    return [{ heading: 'Open the console at' }, ...others.map((one) => ({ label: visible(one.name), note: one.city, href: one.url.replace(/\/+$/, '') + rest, testid: `location-${one.name}` }))]
  })
  return {
    node,
    set: (text) => replace(name, visible(text || '\u2026')),
    state(connection) {
      node.dataset.state = connection.state
      state.textContent = words[connection.state] ?? ''
    },
  }
}

// bannerOf is the line that tells that the location does not answer, and counts
// down to the next try, or that nobody is signed in any more. Only the first words are
// announced.
function bannerOf(handlers) {
  const words = h('span', { role: 'status' })
  const left = h('span', { class: 'muted', aria: { hidden: true } })
  const again = h('button', { class: 'button', type: 'button', data: { testid: 'reconnect' }, onclick: () => handlers.retry() })
  const node = h('div', { class: 'banner', hidden: true, data: { testid: 'banner' } }, icon('warning'), h('span', { class: 'grow' }, words, ' ', left), again)
  let ticking = 0
  function count(pause) {
    const until = Date.now() + pause
    const tick = () => {
      const seconds = Math.ceil((until - Date.now()) / 1000)
      left.textContent = seconds > 0 ? `Trying again in ${seconds} s.` : 'Trying again.'
    }
    tick()
    ticking = setInterval(tick, 500)
  }
  function set(connection, name) {
    clearInterval(ticking)
    const ended = connection.state === 'refused' && connection.error?.status === 401
    const lost = connection.state === 'lost'
    const text = lost ? `${visible(name || 'The location')} does not answer. The page shows what was known before.`
      : ended ? 'Nobody is signed in any more. The page shows what was known before.' : ''
    node.hidden = text === ''
    if (words.textContent !== text) words.textContent = text
    left.textContent = ''
    again.textContent = lost ? 'Try now' : 'Sign in'
    if (lost) count(connection.pause)
  }
  return { node, set }
}

function setFabrics(select, names, current) {
  const all = names.includes(current) ? names : [current, ...names]
  const same = select.options.length === all.length && all.every((name, i) => select.options[i].value === name)
  if (!same) replace(select, all.map((name) => h('option', { value: name }, visible(name))))
  select.value = current
}

function themeSwitch() {
  const node = h('button', { class: 'button quiet icon-only', type: 'button', data: { testid: 'theme-switch' }, onclick: () => appearance.toggle() })
  const show = () => {
    const dark = appearance.theme() === 'dark'
    const words = dark ? 'Light colours' : 'Dark colours'
    replace(node, icon(dark ? 'light' : 'dark'))
    node.title = words
    node.setAttribute('aria-label', words)
  }
  show()
  appearance.onTheme(show)
  return node
}

function helpMenu() {
  const node = button('help', 'Help', 'help')
  menu(node, () => [
    { heading: 'Documentation' },
    ...docs.map(([label, address]) => ({ label, href: address, target: '_blank' })),
    '-',
    { label: 'Keyboard', run: keyboard, testid: 'help-keyboard' },
  ])
  return node
}

function keyboard() {
  const keys = [
    ['Alt+1 \u2026 Alt+5', 'the five pages'],
    ['\u2191 \u2193, Page up, Page down, Home, End', 'move in tables and menus'],
    ['Enter', 'open the row'],
    ['\u2190 \u2192', 'move between tabs'],
    ['Ctrl+Enter', 'in an editor: run or save'],
    ['Escape, then Tab', 'leave an editor'],
    ['Escape', 'close a dialog or menu'],
  ]
  dialog({
    title: 'Keyboard',
    testid: 'keyboard',
    body: h('dl', { class: 'kv' }, keys.map(([key, what]) => [h('dt', null, key), h('dd', null, what)])),
    actions: [{ label: 'Close', kind: '' }],
  })
}
