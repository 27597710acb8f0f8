// Addresses of the console: /console/PAGE/SEGMENT...?fabric=F&... The frame
// keeps the fabric (left out for _system); the rest of the query is the page's.

export const base = '/console/'
export const systemFabric = '_system'

// parse reads an address, as {page, path, query, fabric}; fabric is null when it is
// not named.
export function parse(url) {
  const rest = url.pathname.startsWith(base) ? url.pathname.slice(base.length) : ''
  const [page = '', ...path] = rest.split('/').filter(Boolean).map(decode)
  const query = new URLSearchParams(url.search)
  const fabric = query.get('fabric')
  query.delete('fabric')
  return { page, path, query, fabric }
}

function decode(part) {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

// href writes an address.
export function href(page, path = [], query = {}, fabric = systemFabric) {
  const q = new URLSearchParams()
  for (const [name, value] of query instanceof URLSearchParams ? query : Object.entries(query)) {
    if (value !== undefined && value !== null && name !== 'fabric') q.append(name, value)
  }
  if (fabric && fabric !== systemFabric) q.set('fabric', fabric)
  const text = q.toString()
  return base + [page, ...path].map((part) => encodeURIComponent(part)).join('/') + (text ? '?' + text : '')
}

// router calls onRoute with the route of every address that comes, also by
// links of the page and by the browser's back and forward.
export function router(onRoute) {
  const arrive = () => onRoute(parse(new URL(location.href)))
  addEventListener('popstate', arrive)
  document.addEventListener('click', (event) => {
    const link = ours(event)
    if (!link) return
    event.preventDefault()
    go(link.pathname + link.search)
  })

  function go(address, replace = false) {
    if (replace || address === location.pathname + location.search) history.replaceState(null, '', address)
    else history.pushState(null, '', address)
    arrive()
  }

  return { go, arrive }
}

// ours gives the link of a plain click on a link into the console.
function ours(event) {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return null
  const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement)
  if (!link || link.origin !== location.origin || !link.pathname.startsWith(base) || link.hash) return null
  return link.target || link.hasAttribute('download') ? null : link
}
