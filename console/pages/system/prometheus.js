// Reads the text form of metrics (Prometheus exposition format 0.0.4). Pure.
//
// parse gives a Map from the name of a family to {name, help, type, samples: [{name, labels, value}]}. Lines that are no
// metrics are passed over: a newer location may show what this console does not know.

const sampleLine = /^([a-zA-Z_:][\w:]*)(\{.*\})?\s+(\S+)(?:\s+-?\d+)?\s*$/
const labelPart = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g
const suffixes = ['_bucket', '_sum', '_count']

export function parse(text) {
  const families = new Map()
  const family = (name) => {
    if (!families.has(name)) families.set(name, { name, help: '', type: 'untyped', samples: [] })
    return families.get(name)
  }
  for (const line of text.split('\n')) {
    if (line.startsWith('# HELP ')) {
      const [name, help] = cutAt(line.slice(7))
      family(name).help = unescape(help)
    } else if (line.startsWith('# TYPE ')) {
      const [name, type] = cutAt(line.slice(7))
      family(name).type = type.trim()
    } else if (line !== '' && !line.startsWith('#')) {
      const sample = sampleOf(line)
      if (sample) family(familyName(families, sample.name)).samples.push(sample)
    }
  }
  return families
}

function cutAt(rest) {
  const at = rest.indexOf(' ')
  return at < 0 ? [rest, ''] : [rest.slice(0, at), rest.slice(at + 1)]
}

function sampleOf(line) {
  const found = sampleLine.exec(line)
  if (!found) return null
  const labels = {}
  for (const [, name, value] of (found[2] ?? '').matchAll(labelPart)) labels[name] = unescape(value)
  return { name: found[1], labels, value: number(found[3]) }
}

// familyName finds the family of the parts of histograms and summaries.
function familyName(families, name) {
  if (families.has(name)) return name
  for (const suffix of suffixes) {
    const short = name.endsWith(suffix) ? name.slice(0, -suffix.length) : ''
    if (short && families.has(short)) return short
  }
  return name
}

function unescape(text) {
  return text.replace(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c))
}

function number(text) {
  if (text === '+Inf') return Infinity
  if (text === '-Inf') return -Infinity
  return Number(text)
}

// total adds the samples of a family whose labels fit: each wanted one is a value or a test. Null when there is none.
export function total(families, name, wanted = {}) {
  const samples = families?.get(name)?.samples ?? []
  let sum = null
  for (const { labels, value } of samples) {
    const fits = Object.entries(wanted).every(([label, want]) => (typeof want === 'function' ? want(labels[label]) : labels[label] === want))
    if (fits && Number.isFinite(value)) sum = (sum ?? 0) + value
  }
  return sum
}

// most is the largest sample of a family, null when there is none.
export function most(families, name) {
  const values = (families?.get(name)?.samples ?? []).map((s) => s.value).filter(Number.isFinite)
  return values.length === 0 ? null : Math.max(...values)
}

// labelText writes labels as they stand in the text form.
export function labelText(labels) {
  return Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ')
}
