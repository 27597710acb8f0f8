// What was typed into documents and not saved. It outlives the page, not the
// tab: who leaves and comes back is offered it again, and the browser warns
// before it goes with the tab.
const MOST = 50
const MOST_CHARS = 16_000_000

const kept = new Map() // fabric -> Map of the path of a document -> {text, end, base, rev}; the oldest first
const open = new Set() // what is on the screen with changes

const size = draft => draft.text.length + draft.base.length
const all = () => [...kept.values()].flatMap(drafts => [...drafts].map(([path, draft]) => ({ drafts, path, draft })))

/** The drafts of a fabric: get(path), set(path, draft), delete(path). */
export function draftsOf(fabric) {
  const mine = kept.get(fabric) ?? new Map()
  kept.set(fabric, mine)
  return {
    get: path => mine.get(path),
    set(path, draft) {
      mine.delete(path)
      mine.set(path, { ...draft, number: next++ })
      bound()
      watch()
    },
    delete(path) { mine.delete(path); watch() },
  }
}

let next = 0

/** Lets the oldest go when they are too many or too long. */
function bound() {
  const list = all().sort((a, b) => a.draft.number - b.draft.number)
  let chars = list.reduce((sum, one) => sum + size(one.draft), 0)
  while (list.length > MOST || (chars > MOST_CHARS && list.length > 1)) {
    const { drafts, path, draft } = list.shift()
    chars -= size(draft)
    drafts.delete(path)
  }
}

/** Says of a view whether it has changes that are not saved. */
export function unsaved(view, is) {
  if (is) open.add(view)
  else open.delete(view)
  watch()
}

const warn = event => event.preventDefault()

// A listener keeps a browser from holding the page for its Back, so there is
// one only while there is something to lose.
function watch() {
  const something = open.size > 0 || [...kept.values()].some(drafts => drafts.size > 0)
  if (something) window.addEventListener('beforeunload', warn)
  else window.removeEventListener('beforeunload', warn)
}
