// The Query page: an editor for C8QL, what runs and what was slow, and query workers.
//
// Addresses: /console/query?text=...&bind={...} fills the editor and runs nothing; /console/query/running, /slow and
// /saved/NAME open the other tabs.

import { h } from '/console/app/dom.js'
import { tabs } from '/console/app/tabs.js'
import { parse, stringify } from '/console/app/json.js'
import { editorTab } from './editortab.js'
import { schema as schemaOf } from './schema.js'
import { runningTab, slowTab } from './running.js'
import { workersTab } from './workers.js'

export const title = 'Query'

export function mount(root, context) {
  const schema = schemaOf(context.api, context.signal)
  const editor = editorTab(context, { schema, onSaved: (worker) => go('saved', worker.name) })
  let wanted = context.route.path[1] // the query worker that an address names
  const openInEditor = (q) => {
    editor.fill({ text: q.query, binds: q.bindJson ?? textsOf(q.bindVars) })
    go('editor')
  }
  const bar = tabs([
    { id: 'editor', label: 'Editor', testid: 'query-tab-editor', render: (panel) => { panel.append(editor.node) } },
    { id: 'running', label: 'Running', testid: 'query-tab-running', render: (panel) => runningTab(panel, context, { openInEditor }) },
    { id: 'slow', label: 'Slow', testid: 'query-tab-slow', render: (panel) => slowTab(panel, context, { openInEditor }) },
    {
      id: 'saved', label: 'Query workers', testid: 'query-tab-saved',
      render: (panel) => workersTab(panel, context, { schema, selected: wanted, openInEditor }),
    },
  ], { selected: tabOf(context.route), label: 'Query', onSelect: (id) => remember(id) })
  root.append(h('div', { class: 'query-page' }, bar.node))

  function go(id, name) {
    wanted = name
    bar.select(id)
    remember(id, name)
  }

  // remember puts the open tab into the address.
  function remember(id, name) {
    const path = id === 'editor' ? [] : name ? [id, name] : [id]
    if (path.join('/') !== context.route.path.join('/') || context.route.query?.get('text')) context.navigate('query', path, {}, { replace: true })
    context.route = { ...context.route, path, query: new URLSearchParams() }
  }

  function fromLink(route) {
    const text = route.query?.get('text')
    if (text === null || text === undefined) return
    editor.fill({ text, binds: bindsOf(route.query.get('bind')), note: 'This query came with a link, and was not run. Read it first: a query can change data.' })
    // The text leaves the address, so that loading the page anew does not undo what was written since.
    queueMicrotask(() => { if (!context.signal.aborted) context.navigate('query', [], {}, { replace: true }) })
  }
  fromLink(context.route)

  return {
    unmount() {
      bar.destroy()
      editor.destroy()
    },
    changed(route) {
      context.route = route
      wanted = route.path[1]
      bar.select(tabOf(route), { quiet: true })
      fromLink(route)
    },
  }
}

const tabOf = (route) => ['running', 'slow', 'saved'].includes(route.path[0]) ? route.path[0] : 'editor'

// textsOf gives the values of parameters as JSON texts.
const textsOf = (bindVars) => Object.fromEntries(Object.entries(bindVars ?? {}).map(([name, v]) => [name, stringify(v)]))

// bindsOf reads the values that a link carries; one that cannot be read fills nothing.
function bindsOf(text) {
  try {
    return text ? textsOf(parse(text)) : {}
  } catch {
    return {}
  }
}
