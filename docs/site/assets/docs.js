// What a page can do besides being read: search, copy code, choose light or dark.

import { searchBox } from './searchbox.js'

const KEY = 'selvedge.theme'

function element(tag, properties, ...children) {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(properties)) node.setAttribute(name, value)
  node.append(...children)
  return node
}

function isDark() {
  const chosen = document.documentElement.dataset.theme
  return chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches
}

function themeButton(button) {
  const name = () => {
    button.textContent = isDark() ? 'Light' : 'Dark'
    button.setAttribute('aria-label', isDark() ? 'Change to light colours' : 'Change to dark colours')
  }
  button.addEventListener('click', () => {
    const next = isDark() ? 'light' : 'dark'
    document.documentElement.dataset.theme = next
    try {
      localStorage.setItem(KEY, next)
    } catch {
      // the choice then lasts as long as the page
    }
    name()
  })
  name()
  button.hidden = false
}

// The code of a block without what commands print.
function codeOf(block) {
  const copy = block.querySelector('code').cloneNode(true)
  for (const line of copy.querySelectorAll('.out')) line.remove()
  return copy.textContent.replace(/\n{2,}/g, (gap) => (block.querySelector('.out') ? '\n' : gap)).trim() + '\n'
}

function copyButton(block, status) {
  const button = element('button', { type: 'button', class: 'copy', 'data-testid': 'docs-copy' }, 'Copy')
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(codeOf(block))
      button.textContent = 'Copied'
    } catch {
      const range = document.createRange() // without the clipboard: select it, to be copied by hand
      range.selectNodeContents(block.querySelector('code'))
      getSelection().removeAllRanges()
      getSelection().addRange(range)
      button.textContent = 'Selected'
    }
    status.textContent = button.textContent
    setTimeout(() => { button.textContent = 'Copy' }, 1600)
  })
  block.append(button)
}

// What scrolls sideways is reached by keyboard.
function scrollable(nodes) {
  for (const node of nodes) {
    if (node.scrollWidth > node.clientWidth + 1) {
      node.tabIndex = 0
      node.setAttribute('role', 'group')
      node.setAttribute('aria-label', node.tagName === 'PRE' ? 'Code, scrolls sideways' : 'Table, scrolls sideways')
    } else {
      node.removeAttribute('tabindex')
      node.removeAttribute('role')
      node.removeAttribute('aria-label')
    }
  }
}

// Marks in the table of contents the heading that is read.
function follow(contents) {
  const links = new Map([...contents.querySelectorAll('a')].map((a) => [decodeURIComponent(a.hash.slice(1)), a]))
  const headings = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean)
  let waiting = false
  const mark = () => {
    waiting = false
    let current = null
    for (const h of headings) if (h.getBoundingClientRect().top < 120) current = h
    for (const [id, a] of links) {
      if (current && id === current.id) a.setAttribute('aria-current', 'true')
      else a.removeAttribute('aria-current')
    }
  }
  addEventListener('scroll', () => {
    if (!waiting) requestAnimationFrame(mark)
    waiting = true
  }, { passive: true })
  mark()
}

const status = element('div', { class: 'sr-only', role: 'status' })
document.body.append(status)
themeButton(document.querySelector('button.theme'))
searchBox(document.querySelector('search'), status)
if (navigator.clipboard) for (const block of document.querySelectorAll('figure.code')) copyButton(block, status)
const wide = document.querySelectorAll('figure.code pre, div.table')
scrollable(wide)
addEventListener('resize', () => scrollable(wide), { passive: true })
const contents = document.querySelector('nav.contents')
if (contents) follow(contents)
// The list of pages shows where this one is, when it scrolls by itself; on narrow screens it is below the text and does not.
const list = document.querySelector('nav.pages')
const here = list.querySelector('[aria-current=page]')
if (here && list.scrollHeight > list.clientHeight) list.scrollTop = here.offsetTop - list.clientHeight / 2
