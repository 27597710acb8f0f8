// Writing into the page only what differs: most of what a state says is what
// the one before said, and a write that changes nothing can still cost a
// layout.

export function say(node, text) {
  if (node.data !== undefined && node.nodeType === 3) {
    if (node.data !== text) node.data = text
    return
  }
  const only = node.firstChild
  if (only && only.nodeType === 3 && !only.nextSibling) {
    if (only.data !== text) only.data = text
  } else if (node.textContent !== text) {
    node.textContent = text
  }
}

export function mark(node, name, value) {
  if (value === null || value === undefined || value === false) {
    if (node.hasAttribute(name)) node.removeAttribute(name)
    return
  }
  const text = value === true ? '' : String(value)
  if (node.getAttribute(name) !== text) node.setAttribute(name, text)
}

export function show(node, shown) {
  if (node.hidden === shown) node.hidden = !shown
}

export function flag(node, name, on) {
  if (node.classList.contains(name) !== on) node.classList.toggle(name, on)
}
