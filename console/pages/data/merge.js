// Two versions of a document that came from one: what differs, field by field,
// and a choice for each.
import { h, replace } from '../../app/dom.js'
import { plural, short, visible } from '../../app/text.js'
import { pretty } from '../../app/json.js'
import { button, scroller } from './parts.js'
import { differences, merged, pathText, read, write } from './tree.js'

const LONG = 2000 // characters of a value that are shown

/**
 * base, mine and theirs are texts. save(text) writes the merged one, take()
 * gives mine up, leave() closes this.
 */
export function mergeView({ base, mine, theirs, save, take, leave }) {
  const tree = read(theirs)
  const list = differences(read(base), read(mine), tree)
  const choices = list.map(d => (d.side === 'both' ? null : d.side))
  const result = h('pre', { class: 'mono data-query', tabindex: '0', aria: { label: 'The merged document' } })
  const act = button('data-merge-save', 'Save the merge', () => save(text()), { kind: 'primary' })
  const rows = h('tbody')
  const text = () => write(merged(tree, list, choices))

  function choose(i, side) { choices[i] = side; show() }
  function all(side) { choices.fill(side); show() }

  function show() {
    replace(rows, list.map((d, i) => row(d, i, choices[i], choose)))
    const open = choices.filter(c => c === null).length
    act.disabled = open > 0
    act.title = open > 0 ? `Choose for ${plural(open, 'field')} first` : ''
    result.textContent = visible(short(pretty(text()), 20_000), { lines: true })
  }
  show()
  return h('section', { class: 'card col data-merge', role: 'region', aria: { label: 'Merge' }, data: { testid: 'data-merge' } },
    h('h3', null, 'Somebody changed it meanwhile'),
    h('p', null, list.length === 0 ? 'Both versions say the same now. There is nothing to save.' : 'Choose for each field which value to keep. Fields that only one of you changed are chosen already.'),
    list.length === 0 ? null : scroller('The fields', h('table', { class: 'data-plain' },
      h('thead', null, h('tr', null, ['Field', 'Was', 'Theirs', 'Yours'].map(t => h('th', { scope: 'col' }, t)))), rows)),
    h('details', null, h('summary', null, 'The result'), result),
    h('div', { class: 'row' }, list.length === 0 ? null : act,
      list.length === 0 ? null : button('data-merge-mine', 'All mine', () => all('mine')), list.length === 0 ? null : button('data-merge-theirs', 'All theirs', () => all('theirs')),
      button('data-merge-take', 'Drop mine, show theirs', take), button('data-merge-leave', 'Go on editing', leave, { kind: 'quiet' })))
}

const shown = tree => (tree === undefined ? h('em', { class: 'muted' }, 'not there') : h('code', { class: 'data-wrap' }, visible(short(write(tree), LONG))))

function row(d, i, choice, choose) {
  const name = pathText(d.path) || 'the whole'
  const pick = side => h('label', { class: 'data-choice' },
    h('input', { type: 'radio', name: `data-merge-${i}`, checked: choice === side, aria: { label: `${name}: ${side === 'mine' ? 'yours' : 'theirs'}` }, data: { testid: `data-merge-${side}-${i}` }, onchange: () => choose(i, side) }), ' ', shown(d[side]))
  return h('tr', { class: choice === null ? 'data-open' : null, data: { field: name, side: d.side } },
    h('th', { scope: 'row', class: 'mono' }, visible(short(name, 120)), d.side === 'both' ? h('span', { class: 'badge warn' }, 'both changed') : null),
    h('td', null, shown(d.base)), h('td', null, pick('theirs')), h('td', null, pick('mine')))
}
