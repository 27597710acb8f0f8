// Long work in short pieces, so that the page answers meanwhile.

const LONGEST = 24 // milliseconds at a stretch

/** Gives a function to await between pieces of work; it lets the browser do its own now and then. */
export function pace() {
  let since = performance.now()
  return async () => {
    if (performance.now() - since < LONGEST) return
    await new Promise(resolve => setTimeout(resolve))
    since = performance.now()
  }
}

/** A long text in slices that take a few milliseconds each. */
export function* slices(text, size = 64 << 10) {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size)
}
