// Building the page out of nodes. Text only ever becomes a text node and an
// attribute only ever a plain attribute, so that data can never turn into
// markup, a handler or a style sheet.

const svgSpace = 'http://www.w3.org/2000/svg'

// h makes an HTML element. Props: class (string or array), data and aria
// (objects), style (object, set property by property), on* (listeners), and
// any other attribute; null, undefined and false leave one out, true makes it
// empty. `value`, `checked`, `selected`, `disabled`, `indeterminate` are set
// as properties.
export function h(tag, props, ...children) {
  return fill(document.createElement(tag), props, children)
}

// svg makes an SVG element, with the same props.
export function svg(tag, props, ...children) {
  return fill(document.createElementNS(svgSpace, tag), props, children)
}

// text makes a text node.
export function text(string) {
  return document.createTextNode(string)
}

// clear takes all children out.
export function clear(node) {
  node.replaceChildren()
  return node
}

// replace takes all children out and puts others in.
export function replace(node, ...children) {
  node.replaceChildren(...flat(children))
  return node
}

// append adds children as h takes them.
export function append(node, ...children) {
  node.append(...flat(children))
  return node
}

const asProperty = new Set(['value', 'checked', 'selected', 'disabled', 'indeterminate', 'open', 'muted'])

function fill(node, props, children) {
  // Children first, so that the value of a select finds its options.
  node.append(...flat(children))
  for (const [name, value] of Object.entries(props ?? {})) set(node, name, value)
  return node
}

function set(node, name, value) {
  if (value === null || value === undefined) return
  if (name === 'class') {
    const list = Array.isArray(value) ? value.filter(Boolean).join(' ') : value
    if (list) node.setAttribute('class', list)
  } else if (name === 'data') {
    for (const [key, one] of Object.entries(value)) if (one !== null && one !== undefined) node.dataset[key] = one
  } else if (name === 'aria') {
    for (const [key, one] of Object.entries(value)) if (one !== null && one !== undefined) node.setAttribute('aria-' + key.toLowerCase(), String(one))
  } else if (name === 'style') {
    for (const [key, one] of Object.entries(value)) {
      if (key.startsWith('--')) node.style.setProperty(key, one)
      else node.style[key] = one
    }
  } else if (name.startsWith('on') && typeof value === 'function') {
    node.addEventListener(name.slice(2).toLowerCase(), value)
  } else if (name.startsWith('on')) {
    throw new TypeError(`${name}: a listener is a function`)
  } else if (asProperty.has(name)) {
    node[name] = value
  } else if (value === true) {
    node.setAttribute(name, '')
  } else if (value !== false) {
    node.setAttribute(name, String(value))
  }
}

// flat gives the nodes and strings of nested lists, without the empty ones.
function flat(children) {
  const out = []
  for (const child of children) {
    if (child === null || child === undefined || child === false || child === true) continue
    if (Array.isArray(child)) out.push(...flat(child))
    else out.push(child instanceof Node ? child : String(child))
  }
  return out
}

let last = 0

// uniqueId gives an id for one element of the page, for labels and ARIA.
export function uniqueId(prefix = 'x') {
  last += 1
  return `${prefix}-${last}`
}
