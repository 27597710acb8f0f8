// The data page: fabrics, collections of every kind, and what is in them.
//   /console/data                  all collections; ?tab=fabrics, conflicts
//   /console/data/COLLECTION       a collection; ?tab= says which part
//   /console/data/COLLECTION/KEY   a document
import { h, replace } from '../../app/dom.js'
import { aborted, problem } from './parts.js'
import { Store } from './store.js'
import { collectionList } from './list.js'
import { collectionView } from './collection.js'
import { homeView } from './home.js'

export const title = 'Data'

export function mount(root, context) {
  const store = new Store(context)
  const list = collectionList(store)
  const main = h('div', { class: 'data-main', role: 'region', aria: { label: 'Data' } })
  root.classList.add('data-page')
  replace(root, list.node, main)
  const views = switcher(store, main, list)

  async function load() {
    replace(main, h('p', { class: 'muted', role: 'status' }, 'Loading collections'))
    try {
      await store.load()
      views.show(context.route)
    } catch (error) {
      if (aborted(error)) return
      list.failed(error, load)
      replace(main, problem(error, load))
    }
  }
  let ready = load()
  return {
    unmount() { views.close(); list.close() },
    changed(route) { ready = ready.then(() => { if (!context.signal.aborted) views.show(route) }) },
  }
}

/** Keeps the view that belongs to the address, and makes another when it must. */
function switcher(store, main, list) {
  let current = null
  let name
  const drop = () => { current?.close(); current = null }
  return {
    show(route) {
      const [collection = ''] = route.path
      root(main).classList.toggle('data-inside', collection !== '')
      list.select(collection || null)
      if (current && name === collection) return current.changed(route)
      drop()
      name = collection
      current = collection ? collectionView(store, collection, route) : homeView(store, route)
      replace(main, current.node)
    },
    close: drop,
  }
}

const root = main => main.parentElement ?? main
