// What would be lost with the tab, or when it is loaded anew: while there is
// something, the browser asks before.

const held = new Set()
const ask = (event) => event.preventDefault()

// hold says whether a thing has something to lose. A listener keeps a browser
// from holding the page for its Back, so there is one only while it is needed.
export function hold(thing, is = true) {
  if (is) held.add(thing)
  else held.delete(thing)
  if (held.size > 0) addEventListener('beforeunload', ask)
  else removeEventListener('beforeunload', ask)
}
