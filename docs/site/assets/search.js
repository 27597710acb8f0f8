// Search in the index of the documentation: which sections have all words, and which of them suit best. Pure: an index and a
// text in, results out.

// The words of a text, as the server parts them.
export function wordsOf(text) {
  const out = []
  for (let whole of text.toLowerCase().split(/[^\p{L}\p{Nd}._-]+/u)) {
    whole = whole.replace(/^[._-]+|[._-]+$/g, '')
    if (whole) out.push(whole)
  }
  return out
}

// Index of the first word that is not before this one.
function lowerBound(words, word) {
  let low = 0
  let high = words.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (words[middle] < word) low = middle + 1
    else high = middle
  }
  return low
}

// How much each section has of a word: of those that begin with it, the whole one counts most, and rare ones more than
// those that stand everywhere.
function scores(index, word) {
  const out = new Map()
  for (let i = lowerBound(index.words, word); i < index.words.length && index.words[i].startsWith(word); i++) {
    const places = index.places[i]
    const rare = Math.log(1 + index.sections.length / (places.length / 2))
    const whole = index.words[i] === word ? 1 : 0.4 + 0.4 * (word.length / index.words[i].length)
    let section = 0
    for (let j = 0; j < places.length; j += 2) {
      section += places[j]
      out.set(section, Math.max(out.get(section) ?? 0, places[j + 1] * rare * whole))
    }
  }
  return out
}

// What the words add up to in sections that have all of them; without one such, in those that have some.
function together(lists) {
  const all = new Map()
  for (const list of lists) {
    for (const [section, score] of list) {
      const had = all.get(section) ?? { score: 0, words: 0 }
      all.set(section, { score: had.score + score, words: had.words + 1 })
    }
  }
  const most = Math.max(0, ...[...all.values()].map((s) => s.words))
  return [...all].filter(([, s]) => s.words === most).map(([section, s]) => ({ section, score: s.score }))
}

// Titles that are what was asked for stand first.
function lift(index, { section, score }, text) {
  const found = index.sections[section]
  const title = found.title.toLowerCase()
  let by = 1
  if (title === text) by = 4
  else if (title.startsWith(text)) by = 2
  if (found.anchor === '') by *= 2.5 // the page itself before its parts
  return score * by * (explaining.get(index.pages[found.page].group) ?? 1)
}

// What explains stands before what lists.
const explaining = new Map([['Concepts', 1.5], ['Guides', 1.3], ['Operate', 1.2]])

const PER_PAGE = 4

export function search(index, text, limit = 12) {
  const typed = wordsOf(text)
  const telling = typed.filter((word) => word.length > 1 && !index.common.includes(word))
  const words = telling.length ? telling : typed
  const lists = words.map((word) => scores(index, word)).filter((list) => list.size > 0)
  if (lists.length === 0) return []
  const wanted = text.trim().toLowerCase()
  const ranked = together(lists).map((hit) => ({ section: hit.section, score: lift(index, hit, wanted) }))
  ranked.sort((a, b) => b.score - a.score || a.section - b.section)
  const shown = new Map()
  const out = []
  for (const hit of ranked) {
    const found = index.sections[hit.section]
    const page = index.pages[found.page]
    const count = shown.get(found.page) ?? 0
    if (count >= PER_PAGE) continue
    shown.set(found.page, count + 1)
    out.push({ href: page.address + (found.anchor ? '#' + found.anchor : ''), title: found.title, page: page.title, group: page.group, text: found.text, score: hit.score })
    if (out.length === limit) break
  }
  return out
}
