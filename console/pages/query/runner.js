// A query from its start to its last row. A Run is what a page holds of one: it asks for rows, keeps them, stops the query
// and frees what the location holds for it. It draws nothing; who wants to know listens.
//
// Rows keep their digits: the replies are read by app/json.js. A Run keeps at most mostRows rows and mostChars characters
// of replies, and says so in `capped`.

import { segment } from '/console/app/api.js'
import { parse } from '/console/app/json.js'
import { wasStopped, isLost } from './errors.js'

export const mostRows = 200_000
const mostChars = 192 << 20

// Seconds that the location keeps the rest of the rows while somebody reads.
const keptSeconds = 300

// How long a query may take to end after it was asked to, before the request itself is given up.
const patienceMs = 1500

// The number of the error of a query that was ended.
const killed = 1500

export const defaults = { batchSize: 500, seconds: '', mebibytes: '', fullCount: false, profile: false, stream: false, failOnWarning: false }

// bodyOf writes a request. binds: name -> JSON text, sent as it is, so that no digit changes.
export function bodyOf({ text, binds = {}, options = defaults, profile = 0 }) {
  const head = { batchSize: options.batchSize, count: !options.stream, ttl: keptSeconds, allowRetry: true, options: optionsOf(options, profile) }
  if (text !== undefined) head.query = text
  const values = Object.entries(binds).map(([name, json]) => JSON.stringify(name) + ':' + json).join(',')
  return JSON.stringify(head).slice(0, -1) + `,"bindVars":{${values}}}`
}

// patienceOf lets a query take longer than queries may that do not ask.
function patienceOf(o) {
  const longer = 60
  return Number(o?.seconds) > longer ? { 'Selvedge-Deadline': `${Math.ceil(Number(o.seconds)) + 1}s` } : {}
}

function optionsOf(o, profile) {
  const out = { maxWarningCount: 100 }
  if (o.seconds !== '') out.maxRuntime = Number(o.seconds)
  if (o.mebibytes !== '') out.memoryLimit = Math.round(Number(o.mebibytes) * 1024 * 1024)
  if (o.fullCount) out.fullCount = true
  if (o.stream) out.stream = true
  if (o.failOnWarning) out.failOnWarning = true
  if (profile || o.profile) out.profile = 2
  return out
}

export class Run {
  // what: {text, user, binds, options, profile, worker?: name of a query worker}. changed() is called after each change.
  constructor(api, what, changed = () => {}) {
    Object.assign(this, { api, ...what, changed, rows: [], state: 'new', id: null, more: false, stats: null, warnings: [], count: null })
    this.profileText = ''
    this.error = null
    this.capped = false
    this.chars = 0
    this.control = new AbortController()
  }

  get busy() {
    return this.state === 'running' || this.state === 'fetching' || this.state === 'stopping'
  }

  // start runs the query and takes its first rows.
  async start() {
    const path = this.worker === undefined ? '/cursor' : `/restql/execute/${segment(this.worker)}`
    const body = bodyOf(this.worker === undefined ? this : { ...this, text: undefined })
    this.begun = performance.now()
    this.startedAt = Date.now()
    await this.take('running', () => this.ask(path, { body, headers: patienceOf(this.options) }))
    this.tookMs = performance.now() - this.begun
    this.changed()
  }

  // next takes the following rows. It does nothing while rows are on their way or when there are none. When it failed for a
  // reason that passes, it may be called again: no row is lost or comes twice.
  async next() {
    if (this.busy || !this.more || this.capped) return
    await this.take('fetching', () => this.ask(`/cursor/${segment(this.id)}/${segment(this.batch)}`))
  }

  ask(path, more = {}) {
    return this.api.call('POST', path, { ...more, raw: true, timeout: 0, signal: this.control.signal })
  }

  async take(state, ask) {
    this.state = state
    this.changed()
    try {
      const answer = await ask()
      if (this.closed) return
      this.add(answer)
      this.state = 'done'
    } catch (error) {
      const ended = wasStopped(error) || this.control.signal.aborted || (this.state === 'stopping' && error.num === killed)
      this.state = ended ? 'stopped' : 'failed'
      this.error = error
      this.lost = state === 'fetching' && isLost(error)
      if (this.lost || ended) this.release()
    }
    clearTimeout(this.late)
    this.changed()
  }

  add(answer) {
    const reply = read(answer)
    this.chars += answer.length
    for (const row of reply.result) this.rows.push(row)
    this.more = reply.hasMore === true
    if (this.more) [this.id, this.batch] = [reply.id, reply.nextBatchId]
    else this.release()
    if (reply.count !== undefined) this.count = reply.count
    const extra = reply.extra ?? {}
    this.stats = extra.stats ?? this.stats
    this.warnings = extra.warnings ?? this.warnings
    this.phases = extra.profile ?? this.phases
    this.profileText = extra.profileText ?? this.profileText
    this.capped = this.more && (this.rows.length >= mostRows || this.chars >= mostChars)
    if (this.capped) this.release()
  }

  // rest takes rows until there are no more, or until keep() is false.
  async rest(keep = () => true) {
    while (this.more && !this.capped && keep()) {
      await this.next()
      if (this.state !== 'done') return
    }
  }

  // stop ends the query at its location, so that the answer says how it ended; if that does not help, the request is given
  // up, which ends a query too.
  async stop() {
    if (!this.busy || this.state === 'stopping') return
    const running = this.state === 'running'
    this.state = 'stopping'
    this.changed()
    this.late = setTimeout(() => this.control.abort(), patienceMs)
    try {
      const id = running ? await this.find() : null
      if (id) await this.api.call('DELETE', `/query/${segment(id)}`)
      else this.control.abort()
    } catch {
      this.control.abort()
    }
  }

  // find gives the number of this query at its location, if exactly one that runs can be it.
  async find() {
    const list = await this.api.call('GET', '/query/current')
    const mine = list.filter((q) => q.user === this.user && sameText(q.query, this.text) && Math.abs(Date.parse(q.started) - this.startedAt) < 60_000)
    return mine.length === 1 ? mine[0].id : null
  }

  // release frees the rows that the location still keeps.
  release() {
    const id = this.id
    this.id = null
    this.more = this.more && this.capped
    if (id) this.api.call('DELETE', `/cursor/${segment(id)}`).catch(() => {}) // it ends by itself, too
  }

  // close ends everything; the run is not listened to any more.
  close() {
    this.closed = true
    this.changed = () => {}
    clearTimeout(this.late)
    this.control.abort()
    this.release()
  }
}

// read parses a reply. The browser's own parser is much faster, and right where no number has more digits than a double holds.
const read = (text) => longNumber.test(text) ? parse(text) : JSON.parse(text)
const longNumber = /[\d.]{16}|\d[eE][-+\d]/

// sameText compares a text with the one that the location shows, which may be cut.
function sameText(shown, text) {
  if (text === undefined) return false
  return shown === text || (shown.endsWith('...') && shown.length > 100 && text.startsWith(shown.slice(0, -3)))
}
