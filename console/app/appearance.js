// Light or dark. theme.js sets what was chosen before the page is drawn; here
// it is changed. Without a choice the system's counts.

const store = 'selvedge.theme'
const system = matchMedia('(prefers-color-scheme: dark)')

// theme is 'light' or 'dark': what the page shows now.
export function theme() {
  const chosen = document.documentElement.dataset.theme
  return chosen === 'light' || chosen === 'dark' ? chosen : system.matches ? 'dark' : 'light'
}

// toggle changes it, and keeps the choice for all pages of this origin.
export function toggle() {
  const next = theme() === 'dark' ? 'light' : 'dark'
  document.documentElement.dataset.theme = next
  try {
    localStorage.setItem(store, next)
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  tell()
}

// onTheme calls a function when it changes; for what draws on a canvas.
export function onTheme(fn) {
  document.addEventListener('themechange', fn)
  return () => document.removeEventListener('themechange', fn)
}

function tell() {
  document.dispatchEvent(new Event('themechange'))
}

system.addEventListener('change', tell)

// colour gives the present value of a design token, such as --accent, or of
// var(--accent); other colours as they are.
export function colour(name) {
  const token = /^(?:var\()?(--[\w-]+)\)?$/.exec(name)
  return token ? getComputedStyle(document.documentElement).getPropertyValue(token[1]).trim() : name
}

// calm tells whether the reader wants no movement.
export function calm() {
  return matchMedia('(prefers-reduced-motion: reduce)').matches
}
