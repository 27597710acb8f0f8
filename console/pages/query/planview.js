// EXPLAIN: how a query would be carried out, and what would make it cheaper.

import { h, replace } from '/console/app/dom.js'
import { busy } from '/console/app/states.js'
import { count, visible, short, ms } from '/console/app/text.js'
import { hints, indexesOf, steps, flat } from './plan.js'
import { bodyOf } from './runner.js'
import { problem } from './trouble.js'
import { button, copy } from './format.js'

// planView gives {node, explain({text, binds, options}), hide()}. onError(error) hears of errors, to mark their place.
export function planView(context, { schema, onError }) {
  const node = h('section', { class: 'query-plan', aria: { label: 'Plan' }, data: { testid: 'query-plan' }, hidden: true })
  let turn = 0

  async function explain(what) {
    const mine = ++turn
    node.hidden = false
    replace(node, busy('Planning'))
    try {
      const answer = await context.api.call('POST', '/query/explain', { body: bodyOf(what), signal: context.signal })
      if (mine !== turn) return
      const advice = h('div', {})
      replace(node, summary(context, answer), advice, tree(answer), rules(answer), warnings(answer))
      context.announce('The plan is shown')
      const list = await hintsOf(answer, schema)
      if (mine === turn) replace(advice, list.map((one) => hintRow(context, one)))
    } catch (error) {
      if (mine !== turn || context.signal.aborted) return
      onError(error)
      replace(node, problem(error))
    }
  }

  return { node, explain, hide() { turn++; node.hidden = true } }
}

async function hintsOf(explanation, schema) {
  const scanned = [...new Set(flat(explanation.plan?.nodes ?? []).filter((n) => n.type === 'EnumerateCollectionNode').map((n) => n.collection))]
  const counts = await Promise.all(scanned.map(async (c) => [c, await schema.count(c).catch(() => undefined)]))
  return hints(explanation, Object.fromEntries(counts))
}

function hintRow(context, hint) {
  const make = hint.index && button('hint-index', 'Make this index', () =>
    context.navigate('data', [hint.collection], { tab: 'indexes', index: hint.index.type, fields: hint.index.fields.join(','), geoJson: hint.index.geoJson }))
  return h('div', { class: 'query-hint', data: { testid: 'query-hint' } }, h('span', { class: 'grow' }, h('bdi', null, visible(hint.text))), make)
}

function summary(context, answer) {
  const p = answer.plan ?? {}
  const indexes = indexesOf(p)
  const used = indexes.length === 0 ? h('span', { class: 'muted' }, 'no index is used')
    : indexes.map((i) => [h('span', { class: 'badge good' }, h('bdi', null, visible(`${i.collection}: ${i.name} (${(i.fields ?? []).join(', ')})`))), ' '])
  return h('div', { class: 'row query-plan-head' },
    h('strong', {}, 'Plan'), h('span', {}, `cost ${estimate(p.estimatedCost)}, ${expected(p.estimatedNrItems)}`), h('span', { data: { testid: 'query-plan-indexes' } }, used),
    p.isModificationQuery ? h('span', { class: 'badge warn' }, 'writes') : null, h('span', { class: 'grow' }),
    h('span', { class: 'muted' }, answer.stats?.executionTime ? `planned in ${ms(answer.stats.executionTime * 1000)}` : ''),
    button('plan-copy', 'Copy as text', () => copy(context, answer.text ?? '', 'Plan')))
}

// estimate writes a number with as many digits as it is worth.
export function estimate(n) {
  if (n === null || n === undefined) return '\u2013'
  return n < 10 ? n.toFixed(1).replace(/\.0$/, '') : count(Math.round(n))
}

const expected = (n) => `${estimate(n)} ${estimate(n) === '1' ? 'row' : 'rows'} expected`

function tree(answer) {
  const most = Math.max(1, ...flat(answer.plan?.nodes ?? []).map((n) => n.estimatedCost ?? 0))
  const head = h('div', { class: 'query-step query-step-head', aria: { hidden: true } },
    h('span', {}, 'Step'), h('span', { class: 'right' }, 'Rows'), h('span', { class: 'right' }, 'Cost so far'), h('span', {}))
  return h('div', { class: 'query-tree', role: 'group', tabindex: 0, aria: { label: 'Steps of the plan' }, data: { testid: 'query-plan-tree' } }, head, branch(steps(answer), most))
}

function branch(list, most) {
  return h('ul', {}, list.map((s) => h('li', {},
    h('div', { class: 'query-step', data: { testid: 'query-plan-node', kind: s.kind } },
      h('span', {}, kindBadge(s), ' ', h('span', { class: 'mono query-what' }, h('bdi', null, visible(short(s.what, 600))))),
      h('span', { class: 'right', aria: { label: expected(s.rows) } }, estimate(s.rows)),
      h('span', { class: 'right', aria: { label: `cost ${estimate(s.cost)}` } }, estimate(s.cost)),
      bar((s.cost ?? 0) / most)),
    s.children.length > 0 ? branch(s.children, most) : null)))
}

// kindBadge names the kind of a step; the expensive kinds stand out.
export function kindBadge(step) {
  const isScan = step.kind === 'EnumerateCollectionNode' && /full scan/.test(step.what)
  return h('span', { class: ['badge', isScan ? 'warn' : step.kind === 'IndexNode' ? 'good' : ''] }, step.kind.replace(/Node$/, ''))
}

// bar draws a share of one.
export function bar(share, title) {
  const fill = h('span', {})
  fill.style.width = `${Math.round(Math.min(1, Math.max(0, share)) * 1000) / 10}%`
  return h('span', { class: 'query-bar', title, aria: { hidden: true } }, fill)
}

function rules(answer) {
  const list = answer.plan?.rules ?? []
  return h('p', { class: 'muted', data: { testid: 'query-plan-rules' } }, 'Rules applied: ', list.length > 0 ? list.map((r) => [h('span', { class: 'mono' }, r), ' ']) : 'none')
}

function warnings(answer) {
  return (answer.warnings ?? []).map((w) => h('p', { class: 'query-note' }, h('bdi', null, visible(w.message))))
}
