// Files of a result. What the location still keeps of it is fetched first.

import { dialog } from '/console/app/dialog.js'
import { save } from '/console/app/api.js'
import { h } from '/console/app/dom.js'
import { count } from '/console/app/text.js'
import { field, line } from './value.js'
import { returned } from './c8ql.js'
import { columnsOf } from './shape.js'

const perSlice = 2000

// saveRows hands all rows of a run to the browser, as 'jsonl' or 'csv'.
export async function saveRows(context, run, format) {
  let wanted = true
  const say = h('p', { role: 'status' })
  const progress = h('progress', { max: run.count ?? undefined, aria: { label: 'Rows' } })
  const box = dialog({
    title: 'Preparing the file', body: h('div', { class: 'col' }, say, progress),
    actions: [{ label: 'Cancel', run: () => { wanted = false } }], onClose: () => { wanted = false },
  })
  const tell = (n) => {
    say.textContent = `${count(n)} rows`
    if (run.count !== null) progress.value = n
  }
  try {
    while (wanted && run.more && !run.capped && run.state === 'done') {
      await run.next()
      tell(run.rows.length)
    }
    if (!wanted) return
    if (run.state === 'failed') throw run.error
    const parts = await written(run, format, () => wanted)
    if (!wanted) return
    save(new Blob(parts, { type: format === 'csv' ? 'text/csv' : 'application/x-ndjson' }), `result.${format}`)
    context.toast(run.capped ? 'info' : 'good', run.capped ? `The file has the first ${count(run.rows.length)} rows` : `${count(run.rows.length)} rows written to result.${format}`)
  } catch (error) {
    context.toast('bad', `The file was not written: ${String(error.message ?? error).split('\n')[0]}. Run the query again, then download.`)
  } finally {
    box.close()
  }
}

// written gives the parts of a file, a slice of rows at a time, so that the page stays usable.
async function written({ rows, text = '' }, format, keep) {
  const columns = format === 'csv' ? columnsOf(rows, returned(text)).filter((c) => c !== null) : []
  const isTable = columns.length > 0
  const parts = format === 'csv' ? [(isTable ? columns.map((c) => field(c)) : ['value']).join(',') + '\r\n'] : []
  const one = format === 'jsonl' ? (row) => line(row) + '\n' : isTable ? (row) => columns.map((c) => field(row[c])).join(',') + '\r\n' : (row) => field(row) + '\r\n'
  for (let at = 0; at < rows.length && keep(); at += perSlice) {
    parts.push(rows.slice(at, at + perSlice).map(one).join(''))
    await new Promise((go) => setTimeout(go))
  }
  return parts
}
