// Whether things may move, and in which colours they are drawn. The reader's
// system decides first; the page's own switch can stop motion besides.

import { colour, onTheme } from '../../app/appearance.js'

const wish = matchMedia('(prefers-reduced-motion: reduce)')
const watchers = new Set()
let paused = false

export function isPaused() {
  return paused
}

/** Whether the reader's system asks for less motion. */
export function isReduced() {
  return wish.matches
}

export function pause(on) {
  paused = on
  for (const one of watchers) one(allowed())
}

function allowed() {
  return !wish.matches && !paused
}

/** Calls fn now and at each change with whether motion is allowed. */
export function watchMotion(fn) {
  const changed = () => fn(allowed())
  watchers.add(fn)
  wish.addEventListener('change', changed)
  fn(allowed())
  return () => {
    watchers.delete(fn)
    wish.removeEventListener('change', changed)
  }
}

/** Calls fn now and at each change of the theme with the colours of the canvas. */
export function watchTheme(fn) {
  const changed = () => fn({ accent: colour('--accent') || '#2563eb', warn: colour('--warn') || '#b45309' })
  changed()
  return onTheme(changed)
}
