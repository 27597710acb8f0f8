// The form for the parameters of a query. Values are JSON and go to the server digit by digit as they stand; a parameter
// that is a collection takes its name.

import { h, clear, uniqueId } from '/console/app/dom.js'
import { check } from '/console/app/json.js'
import { visible } from '/console/app/text.js'

// bindForm gives {node, show(names), set(values), values(), problem(), names()}. collections() answers [{name}].
export function bindForm({ collections, onChange = () => {} }) {
  const node = h('div', { class: 'query-binds', role: 'group', aria: { label: 'Parameters' }, data: { testid: 'query-binds' }, hidden: true })
  const values = new Map() // kept also for names that are not in the text just now
  let names = []

  function show(list) {
    if (list.length === names.length && list.every((n, i) => n === names[i])) return
    names = list
    clear(node)
    node.hidden = names.length === 0
    for (const name of names) node.append(name.startsWith('@') ? collectionRow(name) : valueRow(name))
  }

  function valueRow(name) {
    const say = h('small', { class: 'query-bind-problem', id: uniqueId('bind'), role: 'status' })
    const input = h('textarea', {
      rows: 1, spellcheck: 'false', placeholder: 'JSON: 3, "text", [1, 2], {"a": 1}', aria: { describedby: say.id },
      value: values.get(name) ?? '', data: { testid: 'query-bind-' + name },
    })
    const quote = h('button', { type: 'button', class: 'button small', hidden: true, onclick: () => { input.value = JSON.stringify(input.value); changed(); input.focus() } }, 'Use as text')
    function changed() {
      values.set(name, input.value)
      input.rows = Math.min(8, input.value.split('\n').length)
      const wrong = input.value.trim() === '' ? null : check(input.value)
      say.textContent = wrong ? wrong.message : ''
      input.setAttribute('aria-invalid', String(!!wrong))
      quote.hidden = !wrong
      onChange()
    }
    input.addEventListener('input', changed)
    return h('div', { class: 'query-bind' }, h('label', {}, h('span', { class: 'mono' }, '@' + visible(name)), input), h('span', { class: 'row' }, say, quote))
  }

  function collectionRow(name) {
    const list = h('datalist', { id: uniqueId('collections') })
    const input = h('input', {
      type: 'text', list: list.id, placeholder: 'name of a collection', spellcheck: 'false', autocomplete: 'off',
      value: textOf(values.get(name)), data: { testid: 'query-bind-' + name },
    })
    input.addEventListener('input', () => { values.set(name, JSON.stringify(input.value)); onChange() })
    collections().then((all) => list.append(...all.map((c) => h('option', { value: c.name }))))
    return h('div', { class: 'query-bind' }, h('label', {}, h('span', { class: 'mono' }, '@' + visible(name)), input), list)
  }

  return {
    node,
    show,
    names: () => names,
    set(given) {
      for (const [name, json] of Object.entries(given ?? {})) if (typeof json === 'string') values.set(name, json)
      const again = names
      names = []
      show(again)
      if (again.length === 0) node.hidden = true
    },
    values: () => Object.fromEntries(names.map((n) => [n, values.get(n)?.trim() ?? '']).filter(([, v]) => v !== '' && v !== '""')),
    // problem says what keeps the values from being sent: {name, message}, or null.
    problem() {
      for (const name of names) {
        const v = values.get(name)?.trim() ?? ''
        if (v === '' || (name.startsWith('@') && v === '""')) return { name, message: `Give @${visible(name)} a value.` }
        const wrong = check(v)
        if (wrong) return { name, message: `@${visible(name)} is not JSON. Texts stand in double quotes; the button below it puts them there.` }
      }
      return null
    },
    focus: (name) => node.querySelector(`[data-testid="query-bind-${CSS.escape(name)}"]`)?.focus(),
  }
}

function textOf(json) {
  try {
    const v = JSON.parse(json ?? '""')
    return typeof v === 'string' ? v : ''
  } catch {
    return ''
  }
}
