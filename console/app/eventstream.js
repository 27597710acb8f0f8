// Server-sent events out of the body of an answer. EventSource cannot send the
// credential as a header, so they are read here.

// events calls onEvent(name, data, id) for each event until the body ends.
// Comments and retry lines are passed over.
export async function events(body, onEvent) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  const lines = new Lines(onEvent)
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) lines.take(part.value)
  } finally {
    reader.cancel().catch(() => {}) // it may have failed; that was told already
  }
}

class Lines {
  constructor(onEvent) {
    this.onEvent = onEvent
    this.rest = ''
    this.begin()
  }

  begin() {
    this.name = 'message'
    this.data = []
    this.id = ''
  }

  take(text) {
    // A carriage return at the very end may be half of a line end.
    const all = this.rest + text
    const cut = all.endsWith('\r') ? all.length - 1 : all.length
    let from = 0
    for (let i = next(all, from, cut); i < cut; i = next(all, from, cut)) {
      this.line(all.slice(from, i))
      from = i + (all[i] === '\r' && all[i + 1] === '\n' ? 2 : 1)
    }
    this.rest = all.slice(from)
  }

  line(line) {
    if (line === '') {
      if (this.data.length > 0) this.onEvent(this.name, this.data.join('\n'), this.id)
      else if (this.id) this.onEvent('', '', this.id) // a place in the feed, without news
      this.begin()
      return
    }
    const colon = line.indexOf(':')
    if (colon === 0) return
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (field === 'event') this.name = value
    else if (field === 'data') this.data.push(value)
    else if (field === 'id') this.id = value
  }
}

// next finds a line end before `cut`.
function next(text, from, cut) {
  for (let i = from; i < cut; i++) {
    const c = text.charCodeAt(i)
    if (c === 10 || c === 13) return i
  }
  return cut
}
