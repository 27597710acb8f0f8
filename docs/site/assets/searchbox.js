// The field at the top: loads the index when it is first needed, shows what is found while somebody types. `/` goes there,
// arrows choose, Enter opens, Escape closes.

import { search } from './search.js'

function node(tag, properties, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(properties)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

class SearchBox {
  constructor(parent, status) {
    this.status = status
    this.input = node('input', {
      type: 'search', placeholder: 'Search  /', 'aria-label': 'Search the documentation', role: 'combobox', 'aria-expanded': 'false',
      'aria-controls': 'found', 'aria-autocomplete': 'list', autocomplete: 'off', spellcheck: 'false', 'data-testid': 'docs-search-input',
    })
    this.list = node('ul', { id: 'found', role: 'listbox', 'aria-label': 'Results', 'data-testid': 'docs-search-results' })
    this.note = node('p', { class: 'none' })
    this.panel = node('div', { class: 'found', tabindex: '0', role: 'group', 'aria-label': 'What was found' }, this.list, this.note)
    this.panel.hidden = true
    parent.append(this.input, this.panel)
    parent.hidden = false
    this.hits = []
    this.chosen = -1
    this.index = null
    this.listen(parent)
  }

  listen(parent) {
    this.input.addEventListener('focus', () => { this.load().catch(() => {}) })
    this.input.addEventListener('input', () => { this.run() })
    this.input.addEventListener('keydown', (event) => { this.key(event) })
    parent.addEventListener('focusout', (event) => {
      if (!parent.contains(event.relatedTarget)) this.close()
    })
    document.addEventListener('keydown', (event) => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return
      if (/^(input|textarea|select)$/i.test(event.target.tagName)) return
      event.preventDefault()
      this.input.focus()
      this.input.select()
    })
  }

  // The index, asked for once; a failure is forgotten, so that the next key tries again.
  load() {
    this.loading ??= fetch('/docs/search.json').then((answer) => {
      if (!answer.ok) throw new Error(`status ${answer.status}`)
      return answer.json()
    }).then((index) => { this.index = index }).catch((error) => {
      this.loading = null
      throw error
    })
    return this.loading
  }

  async run() {
    const text = this.input.value
    if (text.trim() === '') {
      this.close()
      return
    }
    try {
      await this.load()
    } catch {
      this.show([], 'The index cannot be loaded. Is the location still there? Type on to try again.')
      return
    }
    if (text !== this.input.value) return // somebody typed on
    const hits = search(this.index, text)
    this.show(hits, hits.length ? '' : 'Nothing found. Try fewer or shorter words.')
  }

  show(hits, note) {
    this.hits = hits
    this.chosen = -1
    this.list.replaceChildren(...hits.map((hit, i) => this.option(hit, i)))
    this.list.hidden = hits.length === 0
    this.note.textContent = note
    this.note.hidden = note === ''
    this.panel.hidden = false
    this.input.setAttribute('aria-expanded', String(hits.length > 0))
    this.input.removeAttribute('aria-activedescendant')
    this.status.textContent = note || `${hits.length} ${hits.length === 1 ? 'result' : 'results'}`
  }

  option(hit, i) {
    const where = hit.title === hit.page ? hit.group : hit.page
    const option = node('li', { role: 'option', id: `found-${i}`, 'aria-selected': 'false' },
      node('strong', {}, hit.title), node('span', { class: 'where' }, where), node('span', { class: 'text' }, hit.text))
    option.addEventListener('pointerdown', (event) => { event.preventDefault() }) // keep the focus in the field
    option.addEventListener('click', (event) => { this.open(i, event.ctrlKey || event.metaKey) })
    return option
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step && this.hits.length) {
      event.preventDefault()
      this.choose((this.chosen + step + this.hits.length) % this.hits.length)
    } else if (event.key === 'Enter' && this.hits.length) {
      event.preventDefault()
      this.open(Math.max(this.chosen, 0), event.ctrlKey || event.metaKey)
    } else if (event.key === 'Escape') {
      event.preventDefault()
      if (this.panel.hidden) this.input.blur()
      this.close()
    }
  }

  choose(i) {
    this.list.children[this.chosen]?.setAttribute('aria-selected', 'false')
    this.chosen = i
    const option = this.list.children[i]
    option.setAttribute('aria-selected', 'true')
    option.scrollIntoView({ block: 'nearest' })
    this.input.setAttribute('aria-activedescendant', option.id)
  }

  open(i, apart) {
    const { href } = this.hits[i]
    if (apart) {
      window.open(href, '_blank', 'noopener')
      return
    }
    this.close()
    this.input.blur()
    location.assign(href)
  }

  close() {
    this.panel.hidden = true
    this.input.setAttribute('aria-expanded', 'false')
    this.input.removeAttribute('aria-activedescendant')
  }
}

export function searchBox(parent, status) {
  return new SearchBox(parent, status)
}
