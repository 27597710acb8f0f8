// What this browser remembers: the texts that were run with the values of their parameters, and the options. Never a
// result. What cannot be kept (storage full, or forbidden) is not kept, and nothing else suffers.

const prefix = 'selvedge.query.'
const most = 100
const longest = 20_000

// load reads what was saved under a name.
export function load(name, absent) {
  try {
    return JSON.parse(localStorage.getItem(prefix + name)) ?? absent
  } catch {
    return absent
  }
}

// save keeps something under a name.
export function save(name, value) {
  try {
    localStorage.setItem(prefix + name, JSON.stringify(value))
  } catch {
    // no room, or not allowed: it is only a convenience
  }
}

// nameOf keeps apart what several people leave in one browser.
const nameOf = ({ tenant, user, fabric }) => [tenant ?? '', user, fabric].map((part) => encodeURIComponent(String(part).toWellFormed?.() ?? part)).join('/')

// history is of one user (tenant, user) in one fabric: list() gives [{text, binds, at, rows, ms, failed, draft}], the newest
// first.
export function history(whose) {
  const name = 'history.' + nameOf(whose)
  const list = () => {
    const stored = load(name, [])
    return Array.isArray(stored) ? stored.filter((e) => typeof e?.text === 'string') : []
  }
  return {
    list,
    note(entry) {
      if (!entry.text.trim() || entry.text.length > longest) return
      const binds = JSON.stringify(entry.binds ?? {}).length > longest ? {} : entry.binds
      save(name, [{ ...entry, binds }, ...list().filter((e) => e.text !== entry.text)].slice(0, most))
    },
    // noteDraft keeps a text that was not run, if it is not there already.
    noteDraft(entry) {
      if (!list().some((e) => e.text === entry.text)) this.note({ ...entry, draft: true })
    },
    // binds gives the values that a text had the last time.
    binds: (text) => list().find((e) => e.text === text)?.binds ?? {},
    clear: () => save(name, []),
  }
}

// draft is the text that one user is writing in a fabric, kept while the tab is open and nobody signs out.
export function draft(whose) {
  const name = prefix + 'draft.' + nameOf(whose)
  return {
    get() {
      try {
        return JSON.parse(sessionStorage.getItem(name)) ?? null
      } catch {
        return null
      }
    },
    set(value) {
      try {
        sessionStorage.setItem(name, JSON.stringify(value))
      } catch {
        // as above
      }
    },
  }
}
