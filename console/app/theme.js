// Runs before anything is drawn, so that a page in the other theme does not
// flash. It is a plain script because modules come later.
'use strict'
{
  let chosen = null
  try {
    chosen = localStorage.getItem('selvedge.theme')
  } catch {
    chosen = null // storage is off
  }
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen
}
