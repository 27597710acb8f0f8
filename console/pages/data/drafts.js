// What was typed into documents and not saved. It outlives the page, not the
// tab: who leaves and comes back is offered it again, and the browser warns
// before it goes with the tab.
import { hold } from '../../app/unload.js'

const MOST = 50
const MOST_CHARS = 16_000_000

const kept = new Map() // whose -> Map of the path of a document -> {text, end, base, rev}; the oldest first

const size = draft => draft.text.length + draft.base.length
const all = () => [...kept.values()].flatMap(drafts => [...drafts].map(([path, draft]) => ({ drafts, path, draft })))

/** The drafts of a user in a fabric: get(path), set(path, draft), delete(path). */
export function draftsOf({ tenant, user, fabric }) {
  const whose = JSON.stringify([tenant, user, fabric])
  const mine = kept.get(whose) ?? new Map()
  kept.set(whose, mine)
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

const watch = () => hold(kept, [...kept.values()].some(drafts => drafts.size > 0))
