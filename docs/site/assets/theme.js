// Sets light or dark before anything is drawn, as it was chosen here or in the console; without a choice the system's holds.
// Not a module, since those run after the first drawing.
'use strict'
{
  const chosen = (() => {
    try {
      return localStorage.getItem('selvedge.theme')
    } catch {
      return null // storage can be forbidden
    }
  })()
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen
}
