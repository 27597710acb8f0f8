// A time series: its series, its points as a chart and a table, and writing.
import { h, replace } from '../../app/dom.js'
import { count, plural, short, time } from '../../app/text.js'
import { chart } from '../../app/chart.js'
import { table } from '../../app/table.js'
import { button, checkbox, field, formDialog, input, problem, scope, select } from './parts.js'
import { access, collectionName, literal } from './filter.js'
import { Rows, rowsOf } from './cursor.js'
import { members } from './scan.js'
import { parsePath } from './tree.js'
import { valueCell } from './columns.js'

const SERIES = 200 // that are listed
const SPANS = [['900000', '15 minutes'], ['3600000', '1 hour'], ['86400000', '1 day'], ['604800000', '1 week'], ['2592000000', '30 days'], ['31536000000', '1 year'], ['all', 'all of it'], ['between', 'between two times']]
const BUCKETS = [['auto', 'fitting spans'], ['raw', 'each point'], ['1s', '1 second'], ['1m', '1 minute'], ['5m', '5 minutes'], ['1h', '1 hour'], ['1d', '1 day'], ['1mo', '1 month']]
const DRAWN = 2000 // points of a chart

/** {node, close()} */
export function pointsView(host) {
  const view = new Points(host, scope(host.signal))
  view.loadSeries()
  return { node: view.node, changed() {}, close: () => view.close() }
}

class Points {
  constructor(host, life) {
    const d = host.info.timeseries
    Object.assign(this, { host, life, d, keys: d.series ?? [], reader: null })
    this.series = select('data-points-series', [['', 'all series']], { label: 'Series', onchange: () => this.load() })
    this.values = select('data-points-value', d.values, { label: 'Value', onchange: () => this.load() })
    this.span = select('data-points-span', SPANS, { value: 'all', label: 'Time', onchange: () => { this.between.hidden = this.span.value !== 'between'; this.load() } })
    this.bucket = select('data-points-bucket', BUCKETS, { label: 'Summed up by', onchange: () => this.load() })
    this.from = h('input', { type: 'datetime-local', step: '1', aria: { label: 'From' }, data: { testid: 'data-points-from' }, onchange: () => this.load() })
    this.to = h('input', { type: 'datetime-local', step: '1', aria: { label: 'To' }, data: { testid: 'data-points-to' }, onchange: () => this.load() })
    this.between = h('span', { class: 'row', hidden: true }, this.from, this.to)
    this.live = checkbox('data-live', 'Live', { checked: true })
    this.news = h('span', { class: 'row' })
    this.note = h('div')
    this.place = h('div', { class: 'data-chart', data: { testid: 'data-points-chart' } })
    this.query = h('pre', { class: 'mono data-query', tabindex: '0', aria: { label: 'The query' } })
    this.empty = h('div', { class: 'empty', data: { testid: 'data-empty' } })
    this.grid = table({ label: `Points of ${host.name}`, testid: 'data-table', empty: this.empty, columns: this.columns() })
    this.node = this.build()
    host.kept.reload = () => this.load()
    this.arrived = 0
    this.stop = host.feed.subscribe(changes => { for (const c of changes) if (c.type === 'points') this.arrived += c.count; this.tell() })
  }

  build() {
    return h('div', { class: 'col' }, h('div', { class: 'toolbar row' },
      button('data-insert', 'New point', () => this.write(), { kind: 'primary' }), this.series, this.values, this.span, this.between, this.bucket,
      h('span', { class: 'grow' }), this.live.node, button('data-reload', 'Load anew', () => this.load())),
    this.note, this.news, this.place, h('h3', null, 'Points'), h('div', { class: 'data-table' }, this.grid.node),
    h('details', null, h('summary', null, 'As a query'), this.query, button('data-open-query', 'Open in Query', () => this.host.context.navigate('query', [], { text: this.query.textContent }), { kind: 'quiet' })))
  }

  columns() {
    return [{ name: this.d.time, title: this.d.time, width: 'minmax(11rem, 1fr)', cell: r => this.timeCell(r.get(this.d.time)) },
      ...this.keys.map(k => ({ name: k, title: k, width: 'minmax(8rem, 1fr)', cell: r => valueCell(r.get(k)) })),
      ...this.d.values.map(v => ({ name: v, title: v, align: 'right', width: 'minmax(7rem, 1fr)', cell: r => valueCell(r.get(v)) }))]
  }

  timeCell(text) {
    if (text === undefined) return ''
    const t = JSON.parse(text)
    return h('span', { title: String(t) }, time(t))
  }

  async loadSeries() {
    try {
      if (this.keys.length > 0) {
        const rows = await rowsOf(this.host.api, `FOR d IN ${collectionName(this.host.name)}\n  COLLECT ${this.keys.map((k, i) => `k${i} = ${place(k)}`).join(', ')}\n  LIMIT ${SERIES + 1}\n  RETURN [${this.keys.map((_, i) => 'k' + i).join(', ')}]`, {}, this.life.signal)
        const before = this.listed ? this.series.value : rows[0] ?? '' // one line through several series says nothing
        this.listed = Math.min(rows.length, SERIES)
        replace(this.series, h('option', { value: '' }, 'all series'), rows.slice(0, SERIES).map(t => h('option', { value: t }, short(JSON.parse(t).join(', '), 60))),
          rows.length > SERIES ? h('option', { value: '', disabled: true }, `more than ${SERIES}: ask on the Query page`) : null)
        this.series.value = rows.slice(0, SERIES).includes(before) ? before : ''
      } else this.series.hidden = true
      await this.load()
    } catch (error) {
      if (!this.host.lost(error)) replace(this.note, problem(error, () => { replace(this.note); this.loadSeries() }))
    }
  }

  /** The times that are asked for, in milliseconds; null for no bound. */
  bounds() {
    const span = this.span.value
    if (span === 'all') return [null, null]
    if (span === 'between') return [this.from, this.to].map(c => { const t = new Date(c.value).getTime(); return Number.isNaN(t) ? null : t })
    return [Date.now() - Number(span), null]
  }

  /** The lines of the query that choose points. */
  chosen() {
    const t = place(this.d.time)
    const moment = ms => (this.d.timeFormat === 'iso' ? JSON.stringify(new Date(ms).toISOString()) : String(ms))
    const [from, to] = this.bounds()
    const lines = [`FOR d IN ${collectionName(this.host.name)}`]
    if (this.series.value) JSON.parse(this.series.value).forEach((v, i) => lines.push(`  FILTER ${place(this.keys[i])} == ${JSON.stringify(v)}`))
    if (from !== null) lines.push(`  FILTER ${t} >= ${moment(from)}`)
    if (to !== null) lines.push(`  FILTER ${t} < ${moment(to)}`)
    return lines
  }

  async load() {
    const turn = this.turn = {}
    this.reader?.close()
    replace(this.note)
    replace(this.empty)
    this.arrived = 0
    this.tell()
    this.host.store.count(this.host.name, this.life.signal).catch(error => this.host.lost(error))
    const text = [...this.chosen(), `  SORT ${place(this.d.time)}`, '  RETURN d'].join('\n')
    this.query.textContent = text
    this.reader = new Rows(this.host.api, text, { batch: 500, signal: this.life.signal })
    this.grid.setRows([])
    try {
      await this.more(turn)
      await this.draw(turn)
    } catch (error) {
      if (turn === this.turn && !this.host.lost(error)) replace(this.note, problem(error, () => this.load()))
    }
  }

  async more(turn = this.turn) {
    const { reader } = this
    this.grid.setMore(null)
    this.grid.setBusy(true)
    try {
      const { rows, done } = await reader.next()
      if (turn !== this.turn) return
      if (done && reader.read === 0) replace(this.empty, h('p', null, this.series.value || this.span.value !== 'all' ? 'No points in this time. Choose a longer time, or another series.' : 'No points yet. Write one with "New point", or bring in a file on the Import tab.'))
      this.grid.append(rows.map(t => new Map(members(t).map(m => [m.name, m.text]))))
      this.grid.setMore(done ? null : () => this.more())
    } finally {
      if (turn === this.turn) this.grid.setBusy(false)
    }
  }

  /** Draws the chosen value; spans are chosen so that it has no more points than can be seen. */
  async draw(turn) {
    const value = place(this.values.value), t = place(this.d.time)
    const span = await this.fitting()
    const ms = e => (this.d.timeFormat === 'iso' ? `DATE_TIMESTAMP(${e})` : e)
    const text = span === 'raw' ? [...this.chosen(), `  FILTER ${value} != null`, `  SORT ${t}`, `  LIMIT ${DRAWN}`, `  RETURN [${ms(t)}, ${value}]`]
      : [...this.chosen(), `  COLLECT at = TIME_BUCKET(${t}, ${JSON.stringify(span)}) AGGREGATE v = AVG(${value}), least = MIN(${value}), most = MAX(${value})`, '  SORT at', `  LIMIT ${DRAWN}`, `  RETURN [${ms('at')}, v, least, most]`]
    const answer = await this.host.api.call('POST', '/cursor', { body: { query: text.join('\n'), batchSize: DRAWN }, signal: this.life.signal })
    if (turn !== this.turn) return
    const rows = answer.result
    this.chart?.destroy()
    this.chart = null
    replace(this.place)
    if (rows.length < 2) return
    if (this.mixed) replace(this.note, h('p', { class: 'muted', data: { testid: 'data-points-mixed' } }, 'All series are summed up together. Choose one to see its points.'))
    const names = span === 'raw' ? [this.values.value] : ['mean', 'least', 'most']
    const made = await chart(this.place, { label: `${this.values.value}${span === 'raw' ? '' : ', by ' + span}`, series: names.map((label, i) => ({ label, color: ['--accent', '--muted', '--warn'][i] })), unit: '' })
    if (turn !== this.turn) return made.destroy()
    this.chart = made
    made.set([rows.map(r => r[0] / 1000), ...names.map((_, i) => rows.map(r => r[i + 1]))])
    if (rows.length === DRAWN) replace(this.note, h('p', { class: 'muted' }, `The first ${count(DRAWN)} are drawn. Choose a shorter time or longer spans.`))
  }

  /** Whether what is drawn comes from more than one series. */
  get mixed() { return this.listed > 1 && this.series.value === '' }

  async fitting() {
    if (this.bucket.value !== 'auto' && !(this.mixed && this.bucket.value === 'raw')) return this.bucket.value
    const t = place(this.d.time)
    const e = this.d.timeFormat === 'iso' ? `DATE_TIMESTAMP(${t})` : t
    const { result: [[n, from, to]] } = await this.host.api.call('POST', '/cursor', { body: { query: [...this.chosen(), `  COLLECT AGGREGATE n = COUNT(), a = MIN(${e}), b = MAX(${e})`, '  RETURN [n, a, b]'].join('\n') }, signal: this.life.signal })
    if (n <= DRAWN && !this.mixed) return 'raw'
    // A span has a point of each series at least, or its mean would leap from one to the next.
    const want = Math.max((to - from) / 500, this.mixed ? 2 * (to - from) * this.listed / n : 0)
    return [['1s', 1e3], ['10s', 1e4], ['1m', 6e4], ['5m', 3e5], ['15m', 9e5], ['1h', 36e5], ['6h', 216e5], ['1d', 864e5], ['1w', 6048e5]].find(([, v]) => v >= want)?.[0] ?? '1mo'
  }

  tell() {
    replace(this.news, this.arrived > 0 && this.live.box.checked ? [h('span', { class: 'badge', role: 'status', data: { testid: 'data-news' } }, `${plural(this.arrived, 'point')} came since`), button('data-news-show', 'Show', () => this.load())] : null)
  }

  write() {
    const keys = this.keys.map(k => ({ name: k, control: input(`data-point-${k}`) }))
    const values = this.d.values.map(v => ({ name: v, control: input(`data-point-${v}`, { inputmode: 'decimal' }) }))
    const at = input('data-point-time', { value: new Date().toISOString() })
    formDialog({
      title: `New point of ${this.host.name}`, testid: 'data-point-dialog', action: 'Write',
      body: h('div', { class: 'col' }, keys.map(k => field(k.name, k.control, 'A number, true or false is taken as that, the rest as text.')), field(this.d.time, at, 'ISO 8601, or milliseconds since 1970.'),
        values.map(v => field(v.name, v.control, 'A number, or nothing.')), h('p', { class: 'muted' }, 'A point with the same series and time is replaced; points are not changed or removed otherwise.')),
      run: async signal => {
        const parts = [...keys.map(k => [k.name, literal(k.control.value)]), [this.d.time, literal(at.value)], ...values.filter(v => v.control.value.trim() !== '').map(v => [v.name, literal(v.control.value)])]
        await this.host.api.call('POST', `/document/${encodeURIComponent(this.host.name)}`, { body: '{' + parts.map(([n, v]) => JSON.stringify(n) + ':' + v).join(',') + '}', signal })
        this.host.context.toast('good', 'The point is written')
        this.loadSeries()
      },
    })
  }

  close() {
    this.turn = null
    this.stop()
    this.reader?.close()
    this.chart?.destroy()
    this.life.close()
  }
}

/** A field of a point as C8QL writes it; the declaration names fields as paths. */
function place(name) {
  try { return access(parsePath(name)) } catch { return access([name]) }
}
