// Requests to a location. Everything goes through here: the credential, the
// words of an error, and people who have to sign in again.

import { Attempt, seen } from './attempt.js'
import { ApiError, aborted, ofNetwork, ofReply } from './errors.js'
import { events } from './eventstream.js'
import * as session from './session.js'

export { ApiError, aborted } from './errors.js'

// segment makes one segment of a path out of a name. Browsers take . and .. out
// of every address, however they are written: those names it refuses.
export function segment(name) {
  const s = encodeURIComponent(String(name).toWellFormed?.() ?? String(name))
  if (s !== '.' && s !== '..') return s
  throw new ApiError({
    status: 0, code: 'bad-name', message: `${s} cannot be part of an address: browsers take it out`,
    next: `Use a query for it, such as FOR d IN name FILTER d._key == "${s}" RETURN d.`,
  })
}

const patience = 60_000 // milliseconds, for an answer to end

// A request leaves no trace in caches and takes no rights along that the
// browser holds: no cookies, no password dialog of the browser.
const manners = { credentials: 'omit', cache: 'no-store', redirect: 'error', referrerPolicy: 'no-referrer' }

let region = '' // the location that answered last, here

// here is the name of the location that serves this page, as soon as it has
// answered anything.
export function here() {
  return region
}

// api gives the calls into one fabric at one location. origin is '' for the
// location that serves this page, else its URL.
export function api(fabric, origin = '') {
  const base = `${origin.replace(/\/+$/, '')}/_fabric/${segment(fabric)}/_api`
  const where = origin ? origin.replace(/^https?:\/\//, '') : 'the location'
  const context = { base, origin, where }
  return {
    fabric,
    origin,
    // call answers the parsed JSON, with raw the text. A string as body is sent
    // as it is. timeout is in milliseconds, 0 for none. With keepalive it is sent
    // even when the tab is closed then.
    call: (method, path, options = {}) => call(context, method, path, options),
    // response is for those who read the answer as it comes.
    response: (method, path, options = {}) => request(context, method, path, options),
    stream: (path, options = {}) => stream(context, path, options),
    download: (path, options = {}) => download(context, path, options),
    at: (url, other = fabric) => api(other, url),
    get system() {
      return fabric === '_system' ? this : api('_system', origin)
    },
  }
}

function address(base, path, query) {
  const q = new URLSearchParams()
  for (const [name, value] of query instanceof URLSearchParams ? query : Object.entries(query ?? {})) {
    if (value !== undefined && value !== null) q.append(name, value)
  }
  const text = q.toString()
  return base + path + (text ? (path.includes('?') ? '&' : '?') + text : '')
}

// limited joins the caller's signal with the time that a request may take.
function limited(signal, timeout) {
  const all = [signal, timeout > 0 ? AbortSignal.timeout(timeout) : null].filter(Boolean)
  return all.length > 1 ? AbortSignal.any(all) : all[0]
}

async function send(context, method, path, { body, query, signal, headers, timeout = patience, keepalive = false, authorization }) {
  const all = new Headers(headers)
  if (authorization) all.set('Authorization', authorization)
  let content
  if (body !== undefined) {
    content = typeof body === 'string' || body instanceof Blob || body instanceof ArrayBuffer ? body : JSON.stringify(body)
    if (!all.has('Content-Type')) all.set('Content-Type', 'application/json')
  }
  try {
    const response = await fetch(address(context.base, path, query), { ...manners, method, headers: all, body: content, keepalive, signal: limited(signal, timeout) })
    if (!context.origin) region = response.headers.get('X-Gdn-Region') || region
    return response
  } catch (cause) {
    throw aborted(cause) ? cause : ofNetwork(cause, context.where)
  }
}

// request gives an answer that is a success, and asks people to sign in again
// when the credential was refused.
async function request(context, method, path, options) {
  for (let again = false; ; again = true) {
    const who = session.current()
    const authorization = session.authorization()
    options.watch?.heard()
    const response = await send(context, method, path, { ...options, authorization })
    options.watch?.answered()
    if (response.ok || response.status === 304) return response
    const error = ofReply(response, await read(context, response))
    // Another location may only not have heard of the credential yet.
    if (response.status !== 401 || again || context.origin || options.renew === false) throw error
    if (!(await session.renew(authorization))) throw error
    options.signal?.throwIfAborted()
    // What one user began is not done as another.
    if (!session.same(who, session.current())) throw new DOMException('Somebody else has signed in', 'AbortError')
  }
}

async function read(context, response) {
  try {
    return await response.text()
  } catch (cause) {
    throw aborted(cause) ? cause : ofNetwork(cause, context.where)
  }
}

async function call(context, method, path, options) {
  const response = await request(context, method, path, options)
  const text = await read(context, response)
  if (options.raw) return text
  if (text === '') return null
  try {
    return JSON.parse(text)
  } catch {
    throw new ApiError({
      status: response.status, code: 'broken-answer', message: 'the answer broke off, or is no JSON',
      next: 'Try again; if it lasts, look into the log of the location.',
    })
  }
}

const firstPause = 500
const longestPause = 8000

// stream follows server-sent events until the signal ends it. onEvent gets
// (name, data, id), onState 'open' and 'lost' (with the error and the
// milliseconds until the next try). It begins again by itself, from the last
// id, unless retry is false. The promise is fulfilled when the signal ended it
// or the server did and retry is false; a refusal that trying again would not
// change rejects it, or goes to onError when that is given. now, when given,
// gets a function that cuts a pause short. A stream rests while the tab is in
// the background, and goes on from the last id. silence, when given, is how many
// milliseconds may pass before the first event and between two.
async function stream(context, path, { onError, ...options }) {
  try {
    await follow(context, path, options)
  } catch (error) {
    if (aborted(error) && options.signal?.aborted) return
    if (!onError) throw error
    onError(error)
  }
}

async function follow(context, path, { query, signal, headers, onEvent, onState = () => {}, retry = true, now = () => {}, silence = 0 }) {
  let pause = firstPause
  let id = ''
  while (!signal?.aborted) {
    let failure = null
    const attempt = new Attempt(signal, silence, context.where)
    try {
      const all = { Accept: 'text/event-stream', ...headers, ...(id ? { 'Last-Event-ID': id } : {}) }
      const response = await request(context, 'GET', path, { query, signal: attempt.signal, headers: all, timeout: 0, watch: attempt })
      onState('open')
      attempt.heard()
      await events(response.body, (name, data, newest) => {
        attempt.heard()
        pause = firstPause
        id = newest || id
        onEvent(name, data, newest)
      })
      if (!retry) return
    } catch (cause) {
      if (signal?.aborted) return
      const error = attempt.failure(cause)
      failure = error instanceof ApiError || aborted(error) ? error : ofNetwork(error, context.where)
      const final = failure.status >= 400 && failure.status < 500 && failure.status !== 429
      if (!attempt.left && (!retry || final)) throw failure
    } finally {
      attempt.end()
    }
    if (attempt.left) {
      await seen(signal)
      continue
    }
    onState('lost', failure, pause)
    await rest(pause, signal, now)
    pause = Math.min(longestPause, pause * 2)
  }
}

// rest waits, at most until the signal ends it or somebody wants it now.
function rest(milliseconds, signal, now) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    signal?.addEventListener('abort', done)
    now(done)
  })
}

// download hands an answer to the browser as a file called name. onProgress
// gets the bytes so far.
async function download(context, path, { method = 'GET', body, query, signal, headers, name = 'download.json', onProgress = () => {} }) {
  const response = await request(context, method, path, { body, query, signal, headers, timeout: 0 })
  const parts = []
  let size = 0
  try {
    const reader = response.body.getReader()
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parts.push(part.value)
      size += part.value.length
      onProgress(size)
    }
  } catch (cause) {
    throw aborted(cause) ? cause : new ApiError({
      status: 0, code: 'broken-answer', message: `the answer broke off after ${size} bytes`, next: 'Try again; nothing was saved.',
    })
  }
  save(new Blob(parts, { type: response.headers.get('Content-Type') ?? 'application/octet-stream' }), name)
  return size
}

// save hands data to the browser as a file.
export function save(blob, name) {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

// plain makes one request outside of any fabric with a credential that is not
// in use yet: for signing in.
export async function plain(method, path, { body, authorization = null, signal } = {}) {
  const context = { base: '', origin: '', where: 'the location' }
  const response = await send(context, method, path, { body, authorization, signal, timeout: 20_000 })
  const text = await read(context, response)
  if (!response.ok) throw ofReply(response, text)
  try {
    return JSON.parse(text)
  } catch {
    throw new ApiError({ status: response.status, message: 'this address does not answer as a location does', next: 'See whether the address is that of a location.' })
  }
}
