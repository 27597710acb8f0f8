// Who is at the console. The credential is kept for this tab alone
// (sessionStorage) and goes out as a header only, never as a cookie, so that
// no other site can use it.

const store = 'selvedge.credential'

let credential = read()
let renewing = null
let declined = null // the header for which people would not sign in again
let ask = async () => false
const listeners = new Set()

// A credential is {kind: 'key' | 'token', value, user, tenant}; null on a
// planet that needs none.

function read() {
  try {
    const found = JSON.parse(sessionStorage.getItem(store))
    return found && typeof found.value === 'string' && (found.kind === 'key' || found.kind === 'token') ? found : null
  } catch {
    return null // storage is off, or somebody wrote something else there
  }
}

// current is the credential, or null.
export function current() {
  return credential
}

// authorization is the header of a request, or null.
export function authorization(of = credential) {
  if (!of) return null
  return `${of.kind === 'key' ? 'apikey' : 'bearer'} ${of.value}`
}

// same tells whether two credentials are of one user. Nobody is a user, too.
export function same(a, b) {
  return (a?.tenant ?? '') === (b?.tenant ?? '') && (a?.user ?? '') === (b?.user ?? '') && !a === !b
}

// use takes a credential from now on, null for none.
export function use(next) {
  credential = next
  declined = null
  try {
    if (next) sessionStorage.setItem(store, JSON.stringify(next))
    else sessionStorage.removeItem(store)
  } catch {
    // Without storage it lasts until the page is loaded again.
  }
  for (const listener of [...listeners]) listener(next)
}

// forget signs out, and drops what this tab kept for whoever was there.
export function forget() {
  try {
    for (const name of Object.keys(sessionStorage)) if (name.startsWith('selvedge.')) sessionStorage.removeItem(name)
  } catch {
    // Nothing is kept without storage.
  }
  use(null)
}

// subscribe calls a function whenever the credential changes.
export function subscribe(listener) {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

// onRenew says who asks people to sign in again: an async function that tells
// whether they did.
export function onRenew(fn) {
  ask = fn
}

// renew is called by whoever was refused with 401, and answers whether to try
// again. All who come while people are asked wait for the same answer, and who
// would not sign in is not asked again unless it is `urgent`: by their own
// wish. `used` is the header that was refused: when the credential has changed
// since, there is nothing to ask.
export function renew(used, urgent = false) {
  if (used !== authorization()) return Promise.resolve(true)
  if (declined !== null && declined === (used ?? '') && !urgent) return Promise.resolve(false)
  renewing ??= ask().then((signedIn) => {
    if (!signedIn) declined = used ?? ''
    return signedIn
  }).finally(() => {
    renewing = null
  })
  return renewing
}

// fromFragment takes an API key out of the address (#apikey=...) and removes it
// there. It never goes to a server, but the browser has written the address into
// its history by then, on disk: links with a key are for trials (selvedge dev).
export function fromFragment() {
  const found = /^#apikey=(.+)$/.exec(location.hash)
  if (!found) return null
  history.replaceState(history.state, '', location.pathname + location.search)
  let value = found[1]
  try {
    value = decodeURIComponent(value)
  } catch {
    // It is taken as it stands.
  }
  const [tenant = '', id = ''] = value.split('.')
  return { kind: 'key', value, tenant, user: '', key: id }
}
