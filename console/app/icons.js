// The pictures of the console: strokes on a 20 by 20 grid, in the colour of the text.

import { svg } from './dom.js'

const strokes = {
  planet: ['M10 2.5a7.5 7.5 0 1 0 0 15a7.5 7.5 0 0 0 0-15z', 'M2.5 10h15', 'M10 2.5c2.2 2 3.2 4.6 3.2 7.5s-1 5.5-3.2 7.5c-2.2-2-3.2-4.6-3.2-7.5s1-5.5 3.2-7.5z'],
  data: ['M3.5 5.5c0-1.5 2.9-2.7 6.5-2.7s6.5 1.2 6.5 2.7s-2.9 2.7-6.5 2.7s-6.5-1.2-6.5-2.7z', 'M3.5 5.5v9c0 1.5 2.9 2.7 6.5 2.7s6.5-1.2 6.5-2.7v-9', 'M3.5 10c0 1.5 2.9 2.7 6.5 2.7s6.5-1.2 6.5-2.7'],
  query: ['M3 4.5h14v11h-14z', 'M6 8l2.2 2l-2.2 2', 'M10 12.5h4'],
  graph: ['M5 3.2a2 2 0 1 0 0 4a2 2 0 0 0 0-4z', 'M15.2 7a2 2 0 1 0 0 4a2 2 0 0 0 0-4z', 'M6.5 13a2 2 0 1 0 0 4a2 2 0 0 0 0-4z', 'M6.9 5.9l6.5 2.4', 'M5.3 7.2l.9 5.8', 'M8.3 14.1l5.3-3.7'],
  system: ['M2.5 10h3.2l2-5.5l4 11l2.3-5.5h3.5'],
  light: ['M10 6.5a3.5 3.5 0 1 0 0 7a3.5 3.5 0 0 0 0-7z', 'M10 1.8v1.9', 'M10 16.3v1.9', 'M1.8 10h1.9', 'M16.3 10h1.9', 'M4.2 4.2l1.3 1.3', 'M14.5 14.5l1.3 1.3', 'M4.2 15.8l1.3-1.3', 'M14.5 5.5l1.3-1.3'],
  dark: ['M16.5 11.8a7 7 0 0 1-8.3-8.3a7 7 0 1 0 8.3 8.3z'],
  help: ['M10 2.5a7.5 7.5 0 1 0 0 15a7.5 7.5 0 0 0 0-15z', 'M7.8 7.9c.1-1.3 1-2.1 2.3-2.1c1.3 0 2.2.8 2.2 1.9c0 1.7-2.3 1.9-2.3 3.6', 'M10 13.7v.3'],
  account: ['M10 3a3.2 3.2 0 1 0 0 6.4a3.2 3.2 0 0 0 0-6.4z', 'M3.8 17c.5-3.2 3-5 6.2-5s5.7 1.8 6.2 5'],
  close: ['M5 5l10 10', 'M15 5l-10 10'],
  warning: ['M10 3l7.5 13.5h-15z', 'M10 8v4', 'M10 14.2v.3'],
  add: ['M10 4v12', 'M4 10h12'],
  remove: ['M4 10h12'],
  search: ['M8.8 3.5a5.3 5.3 0 1 0 0 10.6a5.3 5.3 0 0 0 0-10.6z', 'M12.7 12.7l4 4'],
  refresh: ['M16 10a6 6 0 1 1-1.9-4.4', 'M16.3 2.8v3.5h-3.5'],
  download: ['M10 3v9', 'M6.2 8.5l3.8 3.8l3.8-3.8', 'M3.5 16.5h13'],
  upload: ['M10 12.5v-9', 'M6.2 7l3.8-3.8l3.8 3.8', 'M3.5 16.5h13'],
  edit: ['M4 16l.8-3.5l8.7-8.7l2.7 2.7l-8.7 8.7z'],
  trash: ['M4 5.5h12', 'M8 5.5v-2h4v2', 'M5.5 5.5l.7 11h7.6l.7-11'],
  run: ['M6 4l9.5 6l-9.5 6z'],
  stop: ['M5.5 5.5h9v9h-9z'],
  cut: ['M6 13a2 2 0 1 0 0 4a2 2 0 0 0 0-4z', 'M14 13a2 2 0 1 0 0 4a2 2 0 0 0 0-4z', 'M7.2 13.3l6.3-10.3', 'M12.8 13.3l-6.3-10.3'],
  heal: ['M8 12l4-4', 'M9 5.8l1.8-1.8a3.7 3.7 0 0 1 5.2 5.2l-1.8 1.8', 'M11 14.2l-1.8 1.8a3.7 3.7 0 0 1-5.2-5.2l1.8-1.8'],
  more: ['M4.5 10v.01', 'M10 10v.01', 'M15.5 10v.01'],
  check: ['M4 10.5l4 4l8-9'],
  chevron: ['M7.5 5l5 5l-5 5'],
  down: ['M5 7.5l5 5l5-5'],
  back: ['M12.5 5l-5 5l5 5'],
  copy: ['M7 7h9v9h-9z', 'M13 7v-3h-9v9h3'],
}

// icon makes one; it says nothing to those who listen, so its button needs words.
export function icon(name) {
  return svg('svg', { class: 'icon', viewBox: '0 0 20 20', width: 20, height: 20, aria: { hidden: true }, focusable: 'false' },
    (strokes[name] ?? []).map((d) => svg('path', { d })))
}

// logo is the mark of the project: the edge of a woven cloth.
export function logo() {
  return svg('svg', { class: 'logo', viewBox: '0 0 24 24', width: 24, height: 24, aria: { hidden: true }, focusable: 'false' },
    svg('rect', { x: 1, y: 1, width: 22, height: 22, rx: 6, class: 'logo-ground' }),
    svg('path', { d: 'M6 8.5c3-3 5 3 8 0s4-2 4-2', class: 'logo-thread' }),
    svg('path', { d: 'M6 12.5c3-3 5 3 8 0s4-2 4-2', class: 'logo-thread' }),
    svg('path', { d: 'M6 16.5c3-3 5 3 8 0s4-2 4-2', class: 'logo-thread' }),
    svg('path', { d: 'M18 5v14', class: 'logo-edge' }))
}
