// The options of a query: how many rows at a time, and what it may cost. They are kept in this browser.

import { h } from '/console/app/dom.js'
import { check, field } from './format.js'
import { defaults } from './runner.js'
import { load, save } from './history.js'

const key = 'options'

// optionsForm gives {node, value(), problem()}. limits() answers the limits of the location, as [{name, value}].
export function optionsForm({ limits }) {
  const value = { ...defaults, ...onlyKnown(load(key, {})) }
  const keep = () => save(key, value)
  const input = (name, member, { min, max, step, placeholder }) => {
    const node = h('input', { type: 'number', min, max, step, placeholder, value: String(value[member]), data: { testid: 'query-' + name } })
    node.addEventListener('input', () => {
      value[member] = node.value === '' ? '' : Number(node.value)
      node.setAttribute('aria-invalid', String(!node.checkValidity()))
      keep()
    })
    return node
  }
  const batch = input('batch-size', 'batchSize', { min: 1, max: 10000, step: 1, placeholder: '500' })
  const time = input('time-limit', 'seconds', { min: 0.001, step: 'any', placeholder: 'the location\u2019s' })
  const memory = input('memory-limit', 'mebibytes', { min: 0.001, step: 'any', placeholder: 'the location\u2019s' })
  const box = (name, member, label, hint) => check(name, label, value[member], (on) => { value[member] = on; keep() }, hint)
  const node = h('div', { class: 'query-options', data: { testid: 'query-options-form' } },
    field('Rows at a time', batch), field('Time limit, seconds', time), field('Memory limit, MiB', memory),
    h('div', { class: 'query-checks' },
      box('full-count', 'fullCount', 'Full count', 'How many rows there would be without the last LIMIT'),
      box('profile-option', 'profile', 'Profile every run', 'Rows, time and memory of each step'),
      box('stream', 'stream', 'Stream', 'Rows are made when they are asked for: the first ones come at once, and memory stays small'),
      box('fail-on-warning', 'failOnWarning', 'Fail on a warning', 'The first warning ends the query; one that writes then writes nothing')))
  limits().then((list) => {
    const of = (name) => list.find((l) => l.name === name)?.value
    if (of('limits.query.time') > 0) time.placeholder = `${of('limits.query.time') / 1000}, as the location has it`
    if (of('limits.query.memory') > 0) memory.placeholder = `${of('limits.query.memory') / 1024 / 1024}, as the location has it`
  })
  return {
    node,
    value: () => ({ ...value, batchSize: value.batchSize || defaults.batchSize }),
    problem: () => [batch, time, memory].find((i) => !i.checkValidity()) ?? null,
  }
}

function onlyKnown(stored) {
  return Object.fromEntries(Object.entries(stored ?? {}).filter(([name, v]) => name in defaults && (typeof v === typeof defaults[name] || typeof v === 'number')))
}
