// The dialog that makes a query worker, or changes one.

import { h, replace } from '/console/app/dom.js'
import { segment } from '/console/app/api.js'
import { dialog } from '/console/app/dialog.js'
import { editor } from '/console/app/editor.js'
import { failure } from '/console/app/states.js'
import { check, pretty } from '/console/app/json.js'
import { problem } from './trouble.js'
import { field } from './format.js'
import { place, plain } from './errors.js'

// saveDialog asks for a name and for defaults. worker: the one to be changed, else a new one is made of text.
// parameter: name -> JSON text of its default. onSaved(worker) is told.
export function saveDialog(context, { worker = null, text, parameter, onSaved }) {
  const name = h('input', {
    type: 'text', required: true, pattern: '[A-Za-z][A-Za-z0-9_\\-]{0,63}', title: 'A letter, then letters, digits, _ and -', value: worker?.name ?? '',
    disabled: worker !== null, oninput: () => rule(), autocomplete: 'off', spellcheck: 'false', autofocus: worker === null, data: { testid: 'query-worker-name' },
  })
  const rule = () => {
    name.setCustomValidity('')
    if (name.validity.patternMismatch) name.setCustomValidity('Begin with a letter; then letters, digits, _ and - may follow, 64 in all.')
  }
  const trouble = h('div', {})
  const host = h('div', { class: 'query-worker-editor' })
  const state = { text: worker?.value ?? text }
  const defaults = h('textarea', { class: 'mono', rows: 4, spellcheck: 'false', value: defaultsText(joined(parameter)), data: { testid: 'query-worker-parameter' } })
  let code = null
  const box = dialog({
    title: worker ? 'Change the query worker' : 'Save as query worker', wide: true,
    body: h('div', { class: 'col' }, field('Name', name, worker ? null : 'Programs call it by this name. It is there at every location of the fabric.'), host,
      field('Defaults of parameters, as JSON', defaults, 'Those that a caller must give are left out.'), trouble),
    actions: [{ label: 'Cancel' }, { label: 'Save', kind: 'primary', testid: 'query-worker-save', run: () => save() }],
    onClose: () => code?.destroy(),
  })
  editor(host, { language: 'c8ql', value: state.text, label: 'C8QL query of the worker', lines: 8, testid: 'query-worker-text', onChange: (t) => { state.text = t } })
    .then((made) => { code = made }, (error) => replace(host, failure(error)))

  async function save() {
    const wrong = check(defaults.value.trim() || '{}')
    if (wrong || !/^\s*(\{|$)/.test(defaults.value)) {
      replace(trouble, problem({ message: `The defaults are not a JSON object: ${wrong?.message ?? 'begin with {'}`, next: 'Write {"name": value}, or leave it empty.' }))
      return false
    }
    const query = JSON.stringify({ name: name.value, value: state.text, type: 'c8ql' }).slice(0, -1) + `,"parameter":${defaults.value.trim() || '{}'}}`
    try {
      const path = worker ? `/restql/${segment(worker.name)}` : '/restql'
      const { result } = await context.api.call(worker ? 'PUT' : 'POST', path, { body: `{"query":${query}}`, signal: context.signal })
      context.toast('good', `${name.value} is saved`)
      onSaved?.(result)
    } catch (error) {
      replace(trouble, problem(error))
      const at = place(error)
      if (at) code?.mark(at.line, at.column, plain(error))
      return false
    }
  }
  return box
}

const joined = (parameter) => '{' + Object.entries(parameter ?? {}).map(([n, json]) => JSON.stringify(n) + ':' + json).join(',') + '}'

function defaultsText(text) {
  return text === '{}' ? '' : pretty(text)
}
