// Signing in, with a user and password or with an API key: at first as a page
// of its own, later, when a credential ends, as a dialog above the page that is
// kept.

import { ApiError, plain } from './api.js'
import { dialog } from './dialog.js'
import { h, replace } from './dom.js'
import { logo } from './icons.js'
import * as session from './session.js'
import { failure } from './states.js'
import { tabs } from './tabs.js'

// open tells whether this planet needs no credential: a development planet
// without a password, asked from its own machine.
export async function open(signal) {
  try {
    await plain('GET', '/_fabric/_system/_api/database', { signal })
    return true
  } catch (error) {
    if (error.status === 401) return false
    throw error
  }
}

// verify asks whose a credential is, and fails when it is nobody's.
export async function verify(credential, signal) {
  const body = credential.kind === 'key' ? { apikey: credential.value } : { jwt: credential.value }
  const reply = await plain('POST', '/_api/key/validate', { body, authorization: session.authorization(credential), signal })
  const { tenant = credential.tenant, user = credential.user } = reply.result ?? {}
  return { ...credential, tenant, user }
}

// withPassword gets a token.
export async function withPassword({ tenant, user, password }) {
  const body = user.includes('@') && !tenant ? { email: user, password } : { username: user, password, ...(tenant ? { tenant } : {}) }
  const reply = await plain('POST', '/_open/auth', { body })
  return { kind: 'token', value: reply.jwt, tenant: reply.tenant, user: reply.username }
}

function field(label, props) {
  return h('label', { class: 'field' }, h('span', null, label), h('input', { type: 'text', spellcheck: 'false', autocapitalize: 'off', ...props }))
}

// form is the fields of both ways, and a function that reads them and gives a
// credential that the planet took.
function form(before) {
  const user = field('User or e-mail address', { name: 'user', autocomplete: 'username', required: true, value: before?.user ?? '', data: { testid: 'signin-user' } })
  const password = field('Password', { name: 'password', type: 'password', autocomplete: 'current-password', data: { testid: 'signin-password' } })
  const tenant = field('Tenant (only where there are several)', { name: 'tenant', autocomplete: 'organization', data: { testid: 'signin-tenant' } })
  const key = field('API key', { name: 'apikey', type: 'password', autocomplete: 'off', required: true, placeholder: 'TENANT.KEYID.SECRET', data: { testid: 'signin-key' } })
  const input = (label) => label.querySelector('input')
  const ways = tabs([
    { id: 'user', label: 'User', testid: 'signin-by-user', render: (panel) => panel.append(h('div', { class: 'col' }, user, password, tenant, h('p', { class: 'muted' }, 'The first user of a planet is called root.'))) },
    { id: 'key', label: 'API key', testid: 'signin-by-key', render: (panel) => panel.append(h('div', { class: 'col' }, key, h('p', { class: 'muted' }, 'It was printed when the planet started, or given to you by its owner.'))) },
  ], { selected: before?.kind === 'key' ? 'key' : 'user', label: 'How to sign in' })
  const trouble = h('div', { data: { testid: 'signin-error' } })

  async function read() {
    if (ways.selected === 'key') {
      const value = input(key).value.trim()
      const [tenantName = '', id = ''] = value.split('.')
      return verify({ kind: 'key', value, tenant: tenantName, user: '', key: id })
    }
    return withPassword({ tenant: input(tenant).value.trim(), user: input(user).value.trim(), password: input(password).value })
  }

  // submit answers the credential, or null when it was not taken and people
  // were told why.
  async function submit() {
    trouble.replaceChildren()
    try {
      return await read()
    } catch (error) {
      trouble.replaceChildren(failure(refined(error)))
      return null
    }
  }

  return { node: h('div', { class: 'signin col' }, ways.node, trouble), submit }
}

function refined(error) {
  if (!(error instanceof ApiError) || error.status !== 401) return error
  return new ApiError({
    status: 401, num: error.num, code: error.code, message: 'this user and password, or this key, is not known here',
    next: 'Look for a slip; a development planet prints its key and password when it starts.',
  })
}

// page shows the sign-in in place of a page and is fulfilled when somebody
// signed in, or with null when they went back, which `cancel` offers.
export function page(root, { reason = '', before = null, cancel = false } = {}) {
  return new Promise((resolve) => {
    const fields = form(before)
    const button = h('button', { class: 'button primary', type: 'submit', data: { testid: 'signin-submit' } }, 'Sign in')
    let left = false
    const leave = () => {
      left = true
      resolve(null)
    }
    const back = cancel ? h('button', { class: 'button', type: 'button', data: { testid: 'signin-cancel' }, onclick: leave }, 'Cancel') : null
    const card = h('form', { class: 'card signin-card col', aria: { label: 'Sign in' }, novalidate: true },
      h('div', { class: 'row' }, logo(), h('h1', null, 'Sign in')),
      reason ? h('p', { class: 'muted', role: 'status' }, reason) : null,
      fields.node, h('div', { class: 'toolbar' }, button, back))
    card.addEventListener('submit', async (event) => {
      event.preventDefault()
      if (!card.reportValidity()) return
      button.disabled = true
      const credential = await fields.submit()
      button.disabled = false
      if (!credential || left) return
      session.use(credential)
      resolve(credential)
    })
    replace(root, h('div', { class: 'signin-page' }, card))
    card.querySelector('input')?.focus()
  })
}

// again asks, above the page, somebody whose credential has ended; it answers
// the new one, which is not in use yet, or null.
export function again() {
  return new Promise((resolve) => {
    const fields = form(session.current())
    let found = null
    dialog({
      title: 'Sign in again',
      testid: 'signin-dialog',
      body: h('div', { class: 'col' }, h('p', { class: 'muted' }, 'The key or token that was in use is not valid any more. What is on the page is kept.'), fields.node),
      stays: true,
      onClose: () => resolve(found),
      actions: [
        { label: 'Not now', kind: '', testid: 'signin-cancel' },
        {
          label: 'Sign in', kind: 'primary', testid: 'signin-submit',
          run: async () => {
            found = await fields.submit()
            return found !== null
          },
        },
      ],
    })
  })
}
