// Reads the rows of a query batch by batch, as texts that keep their digits.
import { elements, member, members, string } from './scan.js'
import { queryFrom } from './filter.js'

const KEPT = 120 // seconds that the location keeps a cursor for its reader

/**
 * A query read as far as wanted. next() gives {rows, done}. When the cursor
 * has expired, or its location was restarted, the query is asked again from
 * the row where it stood (`again` counts that: rows may then repeat or be
 * missing if somebody wrote meanwhile).
 */
export class Rows {
  constructor(api, text, { batch = 200, signal } = {}) {
    this.own = new AbortController()
    Object.assign(this, { api, text, batch, signal: signal ? AbortSignal.any([signal, this.own.signal]) : this.own.signal, id: null, read: 0, done: false, again: 0 })
  }

  async next() {
    if (this.done) return { rows: [], done: true }
    const answer = this.id === null ? await this.open() : await this.more()
    const parts = new Map(members(answer).map(m => [m.name, m.text]))
    const rows = elements(parts.get('result') ?? '[]')
    this.read += rows.length
    this.done = parts.get('hasMore') !== 'true'
    this.id = this.done ? null : string(parts.get('id'))
    if (this.own.signal.aborted) this.close() // the answer was here already
    return { rows, done: this.done }
  }

  open() {
    return this.api.call('POST', '/cursor', {
      raw: true, signal: this.signal,
      body: { query: queryFrom(this.text, this.read), batchSize: this.batch, ttl: KEPT, options: { stream: true } },
    })
  }

  async more() {
    try {
      return await this.api.call('PUT', `/cursor/${encodeURIComponent(this.id)}`, { raw: true, signal: this.signal })
    } catch (error) {
      if (error.code !== 'cursor-not-found' && error.code !== 'query-killed') throw error
      this.again++
      this.id = null
      return this.open()
    }
  }

  /** Ends what is under way, and lets the location forget the cursor. */
  close() {
    this.own.abort()
    if (this.id === null) { this.done = true; return }
    this.api.call('DELETE', `/cursor/${encodeURIComponent(this.id)}`).catch(() => {}) // it expires by itself
    this.id = null
    this.done = true
  }
}

/** All rows of a small query, as texts. */
export async function rowsOf(api, query, bindVars, signal) {
  const answer = await api.call('POST', '/cursor', { raw: true, signal, body: { query, bindVars, batchSize: 1000 } })
  return elements(member(answer, 'result') ?? '[]')
}
