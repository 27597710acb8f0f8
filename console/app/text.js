// Words and figures as people read them.

// Characters that a reader would not see, or that would change what stands
// around them: controls, marks of direction, invisible ones, parts of pairs.
const hidden = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Surrogate}/gu

const written = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

// visible shows such characters as signs: line ends and tabs as they are
// written in programs (fonts often lack their pictures), other control
// characters as their pictures, others by their number. With lines, line ends
// and tabs stay.
export function visible(value, { lines = false } = {}) {
  const s = String(value)
  hidden.lastIndex = 0
  if (!hidden.test(s)) return s
  return s.replace(hidden, (c) => {
    const code = c.codePointAt(0)
    if (lines && (code === 10 || code === 9)) return c
    if (written[c]) return written[c]
    if (code < 32) return String.fromCodePoint(0x2400 + code)
    if (code === 127) return '\u2421'
    return `\u27e8U+${code.toString(16).toUpperCase().padStart(4, '0')}\u27e9`
  })
}

// short cuts a text to n characters, with an ellipsis in place of the rest.
export function short(value, n = 80) {
  const s = String(value)
  if (s.length <= n) return s
  let end = Math.max(0, n - 1)
  const code = s.charCodeAt(end - 1)
  if (code >= 0xd800 && code <= 0xdbff) end -= 1 // does not part a pair
  return s.slice(0, end) + '\u2026'
}

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const compactCount = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

// count writes a number of things: in full below a million, then as 1.2M.
export function count(n) {
  const v = Number(n)
  if (n === null || n === undefined || !Number.isFinite(v)) return '\u2013'
  return Math.abs(v) < 1e6 ? grouped.format(v) : compactCount.format(v)
}

// bytes writes a size in powers of 1024.
export function bytes(n) {
  const v = Number(n)
  if (n === null || n === undefined || !Number.isFinite(v)) return '\u2013'
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  let i = 0
  let left = Math.abs(v)
  while (left >= 1024 && i < units.length - 1) {
    left /= 1024
    i += 1
  }
  return `${v < 0 ? '-' : ''}${i === 0 ? grouped.format(left) : figures(left)} ${units[i]}`
}

// ms writes a duration given in milliseconds.
export function ms(n) {
  const v = Number(n)
  if (n === null || n === undefined || !Number.isFinite(v)) return '\u2013'
  const a = Math.abs(v)
  if (a < 1) return a === 0 ? '0 ms' : `${v.toFixed(2)} ms`
  if (a < 1000) return `${figures(v)} ms`
  if (a < 60_000) return `${figures(v / 1000)} s`
  if (a < 3_600_000) return `${Math.floor(a / 60_000)} min ${Math.round((a % 60_000) / 1000)} s`
  if (a < 172_800_000) return `${Math.floor(a / 3_600_000)} h ${Math.round((a % 3_600_000) / 60_000)} min`
  return `${Math.floor(a / 86_400_000)} d ${Math.round((a % 86_400_000) / 3_600_000)} h`
}

// figures keeps three of them.
function figures(v) {
  const a = Math.abs(v)
  if (a >= 100) return v.toFixed(0)
  return a >= 10 ? v.toFixed(1).replace(/\.0$/, '') : v.toFixed(2).replace(/\.?0+$/, '')
}

// moment takes Unix milliseconds, an ISO time or a Date.
function moment(t) {
  if (t === null || t === undefined || t === '') return null
  const d = t instanceof Date ? t : new Date(typeof t === 'string' && /^\d+$/.test(t) ? Number(t) : t)
  return Number.isNaN(d.getTime()) ? null : d
}

const sameDay = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const otherDay = new Intl.DateTimeFormat('en-GB', {
  year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
})

// time writes a moment in the reader's time zone; today's without the date.
export function time(t) {
  const d = moment(t)
  if (!d) return '\u2013'
  return d.toDateString() === new Date().toDateString() ? sameDay.format(d) : otherDay.format(d).replace(',', '')
}

// ago writes how long since a moment.
export function ago(t) {
  const d = moment(t)
  if (!d) return '\u2013'
  const past = Date.now() - d.getTime()
  const v = Math.abs(past)
  if (v < 5_000) return 'now'
  const [n, unit] = v < 60_000 ? [v / 1000, 's'] : v < 3_600_000 ? [v / 60_000, 'min'] : v < 172_800_000 ? [v / 3_600_000, 'h'] : [v / 86_400_000, 'd']
  return past >= 0 ? `${Math.round(n)} ${unit} ago` : `in ${Math.round(n)} ${unit}`
}

// plural writes a number with its noun.
export function plural(n, one, many = one + 's') {
  return `${count(n)} ${Number(n) === 1 ? one : many}`
}
