// One connection of a stream, and when it is given up: when nothing comes for
// too long, as behind a link that broke without a word, and while nobody looks.
// A browser opens six connections to one place for all of its tabs together:
// were those in the background to keep theirs, the seventh would wait for ever.

import { ApiError } from './errors.js'

const unseenMost = 5000 // milliseconds in the background

const hidden = () => globalThis.document?.hidden === true

export class Attempt {
  // silence is how many milliseconds may pass between two events, 0 for any.
  constructor(signal, silence, where) {
    Object.assign(this, { silence, where, left: false, ending: new AbortController() })
    this.signal = signal ? AbortSignal.any([signal, this.ending.signal]) : this.ending.signal
    this.look = () => {
      clearTimeout(this.away)
      if (hidden()) this.away = setTimeout(() => this.leave(), unseenMost)
    }
    globalThis.document?.addEventListener('visibilitychange', this.look)
    this.look()
  }

  // heard is called when it is sent, when it is open, and with each event.
  heard() {
    clearTimeout(this.quiet)
    if (this.silence > 0 && !this.signal.aborted) this.quiet = setTimeout(() => this.giveUp(), this.silence)
  }

  // answered is called with any answer: after a refusal people may take their time.
  answered() {
    clearTimeout(this.quiet)
  }

  giveUp() {
    this.ending.abort(new ApiError({ status: 0, code: 'silent', message: `${this.where} has said nothing for ${this.silence / 1000} seconds` }))
  }

  leave() {
    this.left = true
    this.ending.abort()
  }

  // failure is why it ended: what was given up says so by itself.
  failure(error) {
    return this.ending.signal.reason instanceof ApiError ? this.ending.signal.reason : error
  }

  end() {
    clearTimeout(this.quiet)
    clearTimeout(this.away)
    globalThis.document?.removeEventListener('visibilitychange', this.look)
  }
}

// seen waits until somebody looks, at most until the signal ends it.
export function seen(signal) {
  return new Promise((resolve) => {
    const look = () => {
      if (hidden() && !signal?.aborted) return
      document.removeEventListener('visibilitychange', look)
      signal?.removeEventListener('abort', look)
      resolve()
    }
    document.addEventListener('visibilitychange', look)
    signal?.addEventListener('abort', look)
    look()
  })
}
