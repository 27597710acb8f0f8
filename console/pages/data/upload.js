// Sends rows to the location in chunks, one after another: the file is never
// in memory as a whole, and a slow location slows the reading.
import { hold } from '../../app/unload.js'

const BYTES = 4 << 20 // characters of one request at most, but for a single row
const TURNS = 30 // of sending a chunk to a location that has no room for it
const REPORTED = 10_000 // refused rows that are kept for the report

function rest(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => { clearTimeout(timer); reject(signal.reason) }
    const timer = setTimeout(() => { signal.removeEventListener('abort', stop); resolve() }, milliseconds)
    signal.addEventListener('abort', stop, { once: true })
  })
}

export class Upload {
  /** options: query of /import, rows of a request, stop at the first refused row, signal, onProgress(state). */
  constructor(api, options) {
    Object.assign(this, { api, ...options, running: false, cancelled: false })
    this.own = new AbortController()
    this.signal = AbortSignal.any([options.signal, this.own.signal])
    this.state = { read: 0, rows: 0, created: 0, updated: 0, ignored: 0, errors: 0, failed: [] }
    this.chunk = []
    this.size = 0
  }

  cancel() {
    this.cancelled = this.running
    this.own.abort()
  }

  /** Takes what fileRows yields, to its end; throws what ended it before. */
  async run(source) {
    this.running = true
    hold(this)
    try {
      for await (const { rows, read } of source) {
        for (const row of rows) {
          if (row.error) this.refuse(row.number, row.error)
          else {
            this.chunk.push(row)
            this.size += row.text.length
          }
          if (this.chunk.length >= this.rowsOf() || this.size >= BYTES) await this.flush()
        }
        this.state.read = read
        this.onProgress(this.state)
      }
      await this.flush()
    } finally {
      this.running = false
      hold(this, false)
      this.onProgress(this.state)
    }
  }

  rowsOf() { return Math.max(1, this.rows) }

  async flush() {
    if (this.chunk.length === 0) return
    this.signal.throwIfAborted()
    const { chunk } = this
    this.chunk = []
    this.size = 0
    // A row may have line ends between its members, which would part it.
    const body = chunk.map(row => row.text.replace(/[\r\n]+/g, ' ')).join('\n')
    const done = await this.send(body)
    const s = this.state
    s.rows += chunk.length
    s.created += done.created
    s.updated += done.updated
    s.ignored += done.ignored
    this.refused(chunk, done)
    this.onProgress(s)
  }

  /** Sends a chunk; one that the location had no room for was not begun and is sent again after a while. */
  async send(body) {
    for (let turn = 1; ; turn++) {
      try {
        return await this.api.call('POST', '/import', { query: this.query, body, timeout: 0, headers: { 'Content-Type': 'application/x-ndjson' }, signal: this.signal })
      } catch (error) {
        if (error.code !== 'overloaded' || turn === TURNS) throw error
        await rest((error.retryAfter || 1) * 1000, this.signal)
      }
    }
  }

  /** Finds the rows of the details, which count from the beginning of the request. */
  refused(chunk, done) {
    const details = done.details ?? []
    const s = this.state
    for (const detail of details) {
      const [, n, why] = /^(?:row|line) (\d+): (.*)$/s.exec(detail) ?? [null, 0, detail]
      const row = chunk[Number(n) - 1]
      this.note({ number: row?.number ?? 0, error: why, text: row?.text })
    }
    s.errors += done.errors
    if (done.errors > 0 && this.stop) throw Object.assign(new Error(details[0] ?? 'a row was refused'), { next: 'Mend the row and import again; rows that are there already can be passed over.' })
  }

  refuse(number, error) {
    this.state.errors++
    this.state.rows++
    this.note({ number, error })
    if (this.stop) throw Object.assign(new Error(`row ${number}: ${error}`), { next: 'Mend the row and import again; rows that are there already can be passed over.' })
  }

  note(failed) { if (this.state.failed.length < REPORTED) this.state.failed.push(failed) }
}
