// The two time lines under the map: lag and throughput of the last ten
// minutes, of the planet or of what is selected.

import { h } from '../../app/dom.js'
import { chart } from '../../app/chart.js'
import { aborted } from '../../app/api.js'
import { ms, visible } from '../../app/text.js'
import { perSecond, placeName } from './words.js'
import { say } from './paint.js'

const colours = ['var(--accent)', 'var(--warn)']

/** Which series are shown of a selection, by name in the history and in words. */
function plan(model, selection) {
  const pair = selection?.link ? model.pairs.get(selection.link) : null
  if (pair) {
    const names = [visible(`${pair.a} → ${pair.b}`), visible(`${pair.b} → ${pair.a}`)]
    return {
      kind: pair.key, of: visible(`${pair.a} – ${pair.b}`),
      lag: { words: names, series: [`${pair.key}:forward`, `${pair.key}:back`] },
      rate: { words: names, series: [`${pair.key}:forwardRate`, `${pair.key}:backRate`] },
    }
  }
  const one = selection?.location ? model.locations.get(selection.location) : null
  if (one) {
    return {
      kind: 'location', of: placeName(one),
      lag: { words: ['to others', 'from others'], series: [`${one.name}:out`, `${one.name}:in`] },
      rate: { words: ['writes', 'arrivals'], series: [`${one.name}:writes`, `${one.name}:arrivals`] },
    }
  }
  return {
    kind: 'planet', of: 'the planet',
    lag: { words: ['worst link'], series: ['lag'] },
    rate: { words: ['writes', 'arrivals'], series: ['writes', 'arrivals'] },
  }
}

class Line {
  constructor(title, format, testid) {
    this.title = title
    this.format = format
    this.heading = h('h2', null, title)
    this.place = h('div', { class: 'planet-chart' })
    this.node = h('section', { class: 'card col', data: { testid } }, this.heading, this.place)
    this.turn = 0
  }

  async draw(model, of, kind, { words, series }) {
    say(this.heading, `${this.title} of ${of}`)
    this.series = series
    if (this.kind === kind) {
      this.drawn?.set(model.history.read(series))
      return
    }
    this.kind = kind
    const turn = ++this.turn
    this.drawn?.destroy()
    this.drawn = null
    this.place.replaceChildren()
    try {
      const drawn = await chart(this.place, { label: this.title, series: words.map((label, i) => ({ label, color: colours[i] })), format: this.format })
      if (turn !== this.turn) {
        drawn.destroy()
        return
      }
      this.drawn = drawn
      drawn.set(model.history.read(this.series))
    } catch (error) {
      if (aborted(error) || turn !== this.turn) return
      this.place.replaceChildren(h('p', { class: 'muted' }, 'The time line could not be drawn. Load the page anew.'))
    }
  }

  // All of it, and not only the newest point: what is older than ten minutes goes.
  push(history) {
    this.drawn?.set(history.read(this.series))
  }

  destroy() {
    this.turn++
    this.drawn?.destroy()
    this.drawn = null
  }
}

export class Lines {
  constructor() {
    this.lag = new Line('Lag', ms, 'planet-lag')
    this.rate = new Line('Throughput', perSecond, 'planet-throughput')
    this.node = h('div', { class: 'planet-lines' }, this.lag.node, this.rate.node)
  }

  select(model, selection) {
    const { kind, of, lag, rate } = plan(model, selection)
    this.lag.draw(model, of, kind, lag)
    this.rate.draw(model, of, kind, rate)
  }

  push(model) {
    this.lag.push(model.history)
    this.rate.push(model.history)
  }

  destroy() {
    this.lag.destroy()
    this.rate.destroy()
  }
}
