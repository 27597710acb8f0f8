// The console begins here: who is there, which fabric, which page.

import { aborted, api, here } from './api.js'
import { closeAll, confirm } from './dialog.js'
import { clear, h, replace } from './dom.js'
import { live } from './live.js'
import { href, router, systemFabric } from './router.js'
import * as session from './session.js'
import { pages, shell } from './shell.js'
import * as signin from './signin.js'
import { busy, empty, failure } from './states.js'
import { visible } from './text.js'
import { announce, forget, toast } from './toast.js'

const fabricStore = 'selvedge.fabric'

class Console {
  constructor(root) {
    this.live = live()
    this.fabric = systemFabric
    this.fabrics = []
    this.shown = null // {name, fabric, control, stopping} of the page in sight
    this.ready = false
    this.asking = false // for who is there, after a refusal
    this.frame = shell(root, {
      fabric: (name) => this.choose(name),
      opened: () => this.listFabrics(),
      locations: () => this.otherLocations(),
      account: () => this.accountItems(),
      retry: () => this.retry(),
    })
    this.live.subscribe('connection', () => {
      this.showConnection()
      this.frame.setLocation(here())
    })
    this.live.subscribe('state', (state) => this.frame.setLocation(state.location))
    this.router = router((route) => this.arrive(route))
    session.onRenew(() => this.renew())
    session.subscribe(() => {
      if (this.live.connection.state === 'refused' && this.shown) this.live.use(api(this.fabric))
    })
    addEventListener('hashchange', () => this.takeFragment())
  }

  // begin finds out who is there and shows the page of the address.
  async begin(linked = session.fromFragment()) {
    replace(this.frame.main, busy('Asking the location'))
    try {
      if (linked) await this.takeOver(linked)
      await this.enter()
    } catch (error) {
      replace(this.frame.main, failure(error, () => this.begin(linked)))
      return
    }
    this.ready = true
    this.frame.setOpen(true)
    this.router.arrive()
  }

  // enter is fulfilled when the location takes requests from whoever is there.
  async enter() {
    const had = session.current()
    if (had) {
      try {
        session.use(await signin.verify(had))
        await this.listFabrics(true)
        return
      } catch (error) {
        if (error.status !== 401) throw error
        session.use(null)
      }
    }
    if (!(await signin.open())) {
      this.frame.setOpen(false)
      document.title = 'Sign in · Selvedge'
      this.frame.setLocation(here())
      await signin.page(this.frame.main, { before: had, reason: had ? 'The key or token that this tab had is not valid here any more.' : '' })
      forget()
    }
    await this.listFabrics(true)
  }

  // renew asks people to sign in again. Another user sees nothing of what
  // the one before had on the page.
  async renew() {
    this.asking = true
    this.showConnection()
    const next = await signin.again()
    this.asking = false
    this.showConnection()
    if (!next) return false
    if (this.become(next)) {
      await this.listFabrics()
      this.router.arrive()
    }
    return true
  }

  // showConnection tells how the stream is. While people are asked to sign in it may
  // wait for them: the location does answer then.
  showConnection() {
    const connection = this.live.connection
    this.frame.setConnection(this.asking ? { ...connection, state: 'refused', error: { status: 401 } } : connection, here())
  }

  // become takes a credential, and tells whether it is another user's. The page
  // is left before that: what it still has to do it does as the user before.
  become(next) {
    const other = !session.same(session.current(), next)
    if (other) {
      this.leave()
      replace(this.frame.main, busy('Signing in'))
    }
    session.use(next)
    return other
  }

  // retry is what the button of the banner does.
  retry() {
    if (this.live.connection.state === 'refused') session.renew(session.authorization(), true)
    else this.live.retry()
  }

  async takeFragment() {
    const linked = session.fromFragment()
    if (!linked) return
    try {
      if (!(await this.takeOver(linked))) return
    } catch (error) {
      toast('bad', `The key of the link was not taken: ${error.message}. ${error.next}`)
      return
    }
    if (!this.ready) {
      location.reload()
      return
    }
    toast('good', 'Signed in with the key of the link')
    await this.listFabrics()
    this.remount()
  }

  // takeOver signs in with the key of a link, if it is good. Anybody can make a
  // link, so whoever is at work already is asked.
  async takeOver(linked) {
    const now = session.current()
    if (now?.value === linked.value) return false
    let found
    try {
      found = await signin.verify(linked)
    } catch (error) {
      if (error.status !== 401) throw error
      toast('bad', 'The key of the link was not taken: it is not known here. Ask for another link, or sign in by hand.')
      return false
    }
    if (now || this.ready) {
      const who = now ? `is signed in as ${now.user || now.key || 'somebody'} of ${now.tenant || 'the planet'}` : 'is used as root: this planet needs no sign-in'
      const body = visible(`This tab ${who}. The link has the key ${found.key}, of ${found.user || 'a user'} of ${found.tenant}.`)
      if (!(await confirm({ title: 'Sign in with the key of this link?', body, action: 'Sign in with it' }))) return false
    }
    this.become(found)
    return true
  }

  // listFabrics fills the picker. A failure matters only at the beginning: the
  // page itself says what is wrong.
  async listFabrics(must = false) {
    const turn = (this.listing = {})
    try {
      const reply = await api(systemFabric).call('GET', '/database/user')
      if (turn !== this.listing) return // it was asked again since
      this.fabrics = (reply.result ?? []).map((one) => one.name)
      this.frame.setFabrics(this.fabrics, this.fabric)
      this.frame.setLocation(here())
    } catch (error) {
      if (must) throw error
    }
  }

  otherLocations() {
    return (this.live.last?.locations ?? []).filter((one) => one.url && /^https?:/.test(one.url) && one.name !== this.live.last.location)
  }

  accountItems() {
    const who = session.current()
    if (!this.ready && !who) return [{ heading: 'Nobody is signed in' }]
    if (!who) {
      return [{ heading: 'root; this planet needs no sign-in' }, { label: 'Sign in as somebody', run: () => this.renewAs(), testid: 'sign-in' }]
    }
    return [
      { heading: visible(`${who.user || who.key || 'somebody'} of ${who.tenant || 'the planet'}`) },
      { heading: who.kind === 'key' ? 'with an API key' : 'with a password' },
      { label: 'Sign out', run: () => this.signOut(), testid: 'sign-out' },
    ]
  }

  async renewAs() {
    this.leave()
    this.live.stop()
    this.frame.setOpen(false)
    await signin.page(this.frame.main, { cancel: true })
    this.frame.setOpen(true)
    await this.listFabrics()
    this.remount()
  }

  // signOut lets pages end what they do as this user before. The browser may ask
  // whether to leave: who stays finds the way from here.
  signOut() {
    this.leave()
    this.live.stop()
    session.forget()
    replace(this.frame.main, empty({ title: 'Nobody is signed in', text: 'This tab was signed out.', action: h('button', { class: 'button', type: 'button', onclick: () => location.reload() }, 'Sign in') }))
    location.assign(href('planet'))
  }

  // choose goes to the same page in another fabric.
  choose(name) {
    const page = this.shown?.name ?? 'planet'
    this.router.go(href(page, [], {}, name))
  }

  arrive(route) {
    if (!this.ready) return
    this.frame.setOpen(true)
    const fabric = route.fabric ?? (this.shown ? systemFabric : remembered()) ?? systemFabric
    if (!route.page || (route.fabric === null && fabric !== systemFabric)) {
      this.router.go(href(route.page || 'planet', route.path, route.query, fabric), true)
      return
    }
    if (fabric !== this.fabric || !this.shown) {
      this.fabric = fabric
      remember(fabric)
      this.live.use(api(fabric))
    }
    this.frame.setFabrics(this.fabrics, fabric)
    this.frame.setPage(route.page, fabric)
    const shown = this.shown
    if (shown && shown.name === route.page && shown.fabric === fabric) {
      shown.route = route
      shown.control?.changed?.(routeOf(route))
      return
    }
    this.show(route)
  }

  remount() {
    this.leave()
    this.router.arrive()
  }

  leave() {
    const shown = this.shown
    this.shown = null
    closeAll()
    if (!shown) return
    shown.stopping.abort()
    try {
      shown.control?.unmount?.()
    } catch (error) {
      reportError(error)
    }
    shown.sheet?.remove()
  }

  // show loads a page and gives it the room below the bar.
  async show(route, attempt = 0) {
    const before = this.shown?.name
    this.leave()
    if (before) forget()
    const known = pages.find((one) => one.name === route.page)
    const shown = { name: route.page, fabric: this.fabric, route, control: null, stopping: new AbortController(), sheet: null }
    this.shown = shown
    document.title = `${known?.title ?? 'Not found'} · Selvedge`
    const name = known?.name ?? 'none'
    const root = h('div', { class: `page page-${name}` }, known ? busy() : nowhere(route.page))
    replace(this.frame.main, root)
    let module
    try {
      module = known && (await this.load(name, shown, attempt))
    } catch (error) {
      const trouble = await missing(known, error, () => this.show(shown.route, attempt + 1))
      if (this.shown === shown) replace(root, trouble)
    }
    if (this.shown !== shown) return
    if (before && before !== name) this.arriveAt(known)
    if (module) this.mount(module, clear(root), shown)
    root.dataset.testid = `page-${name}` // tests wait for it: it stands when the page does
  }

  arriveAt(page) {
    this.frame.main.focus({ preventScroll: true })
    announce(page ? `Page ${page.title}` : 'There is no such page')
  }

  // load brings a page and its style sheet. A browser may remember that a module
  // did not come, so that another attempt has another address.
  async load(name, shown, attempt) {
    const folder = `/console/pages/${name}/`
    shown.sheet = h('link', { rel: 'stylesheet', href: folder + 'style.css' })
    const styled = new Promise((resolve, reject) => {
      shown.sheet.addEventListener('load', resolve)
      shown.sheet.addEventListener('error', () => reject(new Error('The style sheet of the page did not come')))
    })
    document.head.append(shown.sheet)
    const again = attempt > 0 ? `?attempt=${attempt}` : ''
    const [module] = await Promise.all([import(folder + 'page.js' + again), styled])
    return module
  }

  mount(module, root, shown) {
    if (module.title) document.title = `${module.title} · ${visible(here() || 'Selvedge')} · Selvedge`
    try {
      shown.control = module.mount(root, this.context(shown)) ?? {}
    } catch (error) {
      reportError(error)
      replace(root, failure(error, () => this.remount()))
    }
  }

  context(shown) {
    const calls = api(shown.fabric)
    const shared = this.live
    return {
      api: calls,
      fabric: shown.fabric,
      route: routeOf(shown.route),
      // navigate keeps the fabric unless the query names another one.
      navigate: (page, path = [], query = {}, { replace: instead = false } = {}) => {
        const other = query instanceof URLSearchParams ? query.get('fabric') : query.fabric
        this.router.go(href(page, path, query, other || shown.fabric), instead)
      },
      href: (page, path = [], query = {}) => href(page, path, query, shown.fabric),
      signal: shown.stopping.signal,
      toast,
      confirm,
      live: shared,
      get location() {
        return shared.last?.location ?? here()
      },
      announce,
      fabricsChanged: () => this.listFabrics(),
      user: session.current()?.user || 'root',
      tenant: session.current()?.tenant || '',
    }
  }
}

function routeOf(route) {
  return { page: route.page, path: route.path, query: route.query }
}

function remembered() {
  try {
    return sessionStorage.getItem(fabricStore)
  } catch {
    return null
  }
}

function remember(fabric) {
  try {
    sessionStorage.setItem(fabricStore, fabric)
  } catch {
    // Then the next load begins in _system.
  }
}

function nowhere(name) {
  return empty({
    title: `There is no page ${visible(name)}`,
    text: 'The five pages are in the list of pages.',
    action: h('a', { class: 'button', href: href('planet') }, 'To the planet'),
  })
}

// missing tells a page that is not in this console from one that did not come.
async function missing(page, error, retry) {
  try {
    const response = await fetch(`/console/pages/${page.name}/page.js`, { method: 'HEAD', credentials: 'omit', cache: 'no-store' })
    if (response.status === 404) return empty({ title: `${page.title} is not part of this console`, text: 'A newer version of the location has it.' })
  } catch (cause) {
    if (!aborted(cause)) error = Object.assign(new Error('The page did not come: the location cannot be reached'), { next: 'See whether the location runs, then try again.' })
  }
  return failure(error, retry)
}

new Console(document.getElementById('console')).begin()
