// What went wrong with a run, where, and what to do about it.

import { h } from '/console/app/dom.js'
import { icon } from '/console/app/icons.js'
import { visible, short } from '/console/app/text.js'
import { advice, excerpt, place, plain, wasStopped } from './errors.js'
import { writes } from './c8ql.js'
import { button } from './format.js'

// trouble gives the box about a run that failed or was stopped; null when all is well. again() runs it once more, next()
// goes on with its rows.
export function trouble(run, { again, next }) {
  if (run.state === 'stopped') return note(stopped(run))
  if (run.state !== 'failed') return null
  const retry = run.more && !run.lost ? button('retry', 'Try again', next) : run.rows.length > 0 || run.error.status === 0 || run.lost ? button('retry', 'Run again', again) : null
  const kept = run.rows.length > 0 ? ' The rows that have come stay here.' : ''
  return problem(run.error, { retry, kept })
}

// problem gives the box about an error of a query.
export function problem(error, { retry = null, kept = '' } = {}) {
  const where = place(error), lines = excerpt(error)
  return h('div', { class: 'error', role: 'alert', data: { testid: 'query-error' } }, icon('warning'),
    h('div', { class: 'col grow' },
      h('p', { class: 'error-message' }, where ? h('span', { class: 'badge bad' }, `Line ${where.line}, column ${where.column}`) : null, where ? ' ' : null,
        h('bdi', null, visible(short(plain(error), 2000)))),
      lines ? h('pre', { class: 'mono query-excerpt', tabindex: 0, aria: { label: 'The place in the query' } }, visible(short(lines, 2000), { lines: true })) : null,
      h('p', { class: 'muted' }, advice(error) + kept),
      error.code || error.num ? h('p', { class: 'muted mono error-code' }, visible([error.code, error.num || ''].join(' ').trim())) : null),
    retry)
}

function stopped(run) {
  const ended = run.error && !wasStopped(run.error)
  const changed = writes(run.text ?? '')
  if (ended) return 'Stopped.' + (changed ? ' Nothing of it was written.' : '') + ' Run it again when you want it.'
  if (run.rows.length > 0) return 'Stopped. The rows that have come stay here.'
  return changed ? 'Stopped waiting. It may have been written before it ended: look at the data before you run it again.' : 'Stopped. The location ends a query when nobody waits for it.'
}

function note(text) {
  return h('p', { class: 'query-note', role: 'status', data: { testid: 'query-stopped' } }, text)
}
