// Buttons for the fields of a document that are declared as counters.
import { h, replace } from '../../app/dom.js'
import { visible } from '../../app/text.js'
import { button, problem } from './parts.js'
import { at, parsePath, read } from './tree.js'
import { collectionName } from './filter.js'

/** A card, or null when the collection declares no counter. */
export function counters(host, key, text, signal, done) {
  const declared = Object.entries(host.info.crdt ?? {}).filter(([, d]) => d.type === 'counter' && !d.disputed)
  if (declared.length === 0) return null
  const tree = read(text())
  const message = h('div')
  const lines = declared.map(([name, d]) => {
    const path = parsePath(name)
    const value = at(tree, path)
    const steps = host.kept.steps ??= new Map() // as they were typed; the card is made anew with each change
    const step = h('input', { type: 'number', value: steps.get(name) ?? '1', oninput: () => steps.set(name, step.value), step: d.scale ? String(10 ** -d.scale) : '1', class: 'data-step', aria: { label: `Step of ${name}` }, data: { testid: `data-counter-step-${name}` } })
    const change = sign => add(host, key, path, d.scale ?? 0, sign * Number(step.value), signal).then(done, error => { if (!host.lost(error)) replace(message, problem(error)) })
    return h('div', { class: 'row' }, h('span', { class: 'mono grow' }, visible(name)), h('output', { class: 'mono', data: { testid: `data-counter-${name}` } }, typeof value === 'string' ? value : 'not there'),
      button(`data-counter-down-${name}`, '−', () => change(-1), { aria: { label: `Take the step from ${name}` } }), step,
      button(`data-counter-up-${name}`, '+', () => change(1), { aria: { label: `Add the step to ${name}` } }))
  })
  return h('section', { class: 'card col', data: { testid: 'data-counters' } }, h('h3', null, 'Counters'),
    h('p', { class: 'muted' }, 'Adds to what the location shows at that moment; what others add meanwhile counts, too.'), lines, message)
}

/**
 * Adds within one transaction of the location: a query reads the number and
 * writes it, and is run again when somebody came between. Decimals are rounded
 * to the scale, as sums of doubles are not exact.
 */
async function add(host, key, path, scale, by, signal) {
  if (!Number.isFinite(by) || by === 0) throw Object.assign(new Error('The step is no number.'), { next: 'Write one between the buttons.' })
  const place = 'd' + path.map(name => `[${JSON.stringify(name)}]`).join('')
  const power = 10 ** scale
  const sum = scale === 0 ? `${place} + @by` : `ROUND((${place} + @by) * ${power}) / ${power}`
  const change = path.reduceRight((inner, name) => `{${JSON.stringify(name)}: ${inner}}`, sum)
  const c = collectionName(host.name)
  const query = `FOR d IN ${c}\n  FILTER d._key == @key\n  UPDATE d WITH ${change} IN ${c}\n  RETURN NEW._rev`
  const { result } = await host.api.call('POST', '/cursor', { body: { query, bindVars: { key, by } }, signal })
  if (result.length === 0) throw Object.assign(new Error('The document is not there any more.'), { next: 'Go back to the list.' })
}
