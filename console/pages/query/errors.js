// What an error of a query means to the person who wrote it: where it is, in plain words, and what to do next.

// place finds line and column of an error in its message; null when it is about no place in the text.
export function place(error) {
  const found = /\bat line (\d+), column (\d+)/i.exec(error?.message ?? '')
  return found ? { line: Number(found[1]), column: Number(found[2]) } : null
}

// plain gives the message without the excerpt below it and without the place, which are shown apart.
export function plain(error) {
  const [first] = String(error?.message ?? error).split('\n')
  const text = first.replace(/,? ?at line \d+, column \d+\.?$/i, '').trim()
  return text.replace(/^(.+): \1$/, '$1') // what is said twice
}

// excerpt gives the lines below the message: the line of the text with a caret under the place.
export function excerpt(error) {
  const [, ...rest] = String(error?.message ?? '').split('\n')
  return rest.join('\n')
}

const byNumber = {
  32: 'Ask for less: add a FILTER on an attribute with an index, a LIMIT, or fewer attributes in RETURN. Raise the limits under Options, up to what the location allows.',
  1200: 'Somebody else wrote the same documents at the same time. Run it again; nothing of it was written.',
  1203: 'Check the name, and whether the right fabric is picked. The Data page lists the collections.',
  1228: 'This fabric does not live at this location, or was dropped. Pick another one above.',
  1500: 'It was ended, and nothing of it was written. Run it again when you want it.',
  1502: 'Write a query, or pick an example.',
  1540: 'Ctrl+Space lists the functions.',
  1541: 'Ctrl+Space behind the name shows how it is called.',
  1551: 'Give every parameter a value below the editor.',
  1552: 'A value was given for a parameter that the text does not have.',
  1553: 'A parameter with @@ takes the name of a collection as text.',
  1570: 'Make a geo index on the collection, on the Data page.',
  1571: 'Make a fulltext index on the attribute, on the Data page.',
  1577: 'Take forceIndexHint away, or name an index that fits the conditions.',
  1579: 'Read the collection before the part that changes it, or use two queries.',
  1600: 'The location has let the rest of the rows go: it keeps them for a while after each page. Run the query again.',
  1601: 'Another request reads this result just now. Try again.',
  21003: 'Many queries run at this location. Try again in a moment, or look at Running.',
  30004: 'Another location is behind, or the query took longer than it may. Try again, or set a longer time limit under Options.',
  30013: 'Read results to their end or close them, then run it again.',
}

// advice says what to do about an error.
export function advice(error) {
  if (error?.num && byNumber[error.num]) return byNumber[error.num]
  if (error?.status === 0) return 'The location does not answer. Check that it runs and that you are online, then try again; other locations go on.'
  if (error?.status === 401) return 'Sign in again; your text stays here.'
  if (error?.next) return error.next
  if (place(error)) return 'The place is marked in the editor.'
  return 'Change the query and run it again.'
}

// wasStopped tells whether an error only says that a request was given up by this page.
export const wasStopped = (error) => error?.name === 'AbortError' || error?.code === 'aborted'

// isLost tells whether an error says that a cursor is gone for good.
export const isLost = (error) => error?.num === 1600 || error?.status === 404
