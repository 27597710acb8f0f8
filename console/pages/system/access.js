// The Users and keys tab: who may come in.

import { aborted, segment } from '../../app/api.js'
import { dialog } from '../../app/dialog.js'
import { h, replace } from '../../app/dom.js'
import { icon } from '../../app/icons.js'
import { current } from '../../app/session.js'
import { busy, failure } from '../../app/states.js'
import { table } from '../../app/table.js'
import { visible } from '../../app/text.js'
import { hold } from '../../app/unload.js'

export function accessTab(panel, { context, signal }) {
  const stop = new AbortController()
  const work = { api: context.api.system, context, signal: AbortSignal.any([signal, stop.signal]), users: null, keys: null }
  work.users = section({
    work, title: 'Users', testid: 'system-users', path: '/user', add: ['New user', 'system-user-new', () => userDialog(work)],
    text: 'Every user of a tenant may use all of its fabrics. Only root makes and removes users; all others change only themselves.',
    columns: [
      { name: 'user', title: 'User', width: 'minmax(110px, 1fr)' },
      { name: 'displayName', title: 'Name', width: 'minmax(110px, 1fr)' },
      { name: 'email', title: 'E-mail', width: 'minmax(140px, 1.2fr)' },
      { name: 'active', title: 'State', width: 90, cell: (u) => h('span', { class: ['badge', u.active ? 'good' : 'warn'] }, u.active ? 'active' : 'inactive') },
      { name: 'do', title: 'Actions', width: 270, cell: (u) => userActions(work, u) },
    ],
    rowId: (u) => u.user,
  })
  work.keys = section({
    work, title: 'API keys', testid: 'system-keys', path: '/key', add: ['New key', 'system-key-new', () => keyDialog(work)],
    text: 'A key may do what its user may. Its secret is shown once, when the key is made.',
    columns: [
      { name: 'keyid', title: 'Key', width: 'minmax(140px, 1fr)' },
      { name: 'user', title: 'User', width: 'minmax(120px, 1fr)' },
      { name: 'tenant', title: 'Tenant', width: 'minmax(120px, 1fr)' },
      { name: 'do', title: 'Actions', width: 120, cell: (k) => small('Remove', `system-key-remove-${k.keyid}`, () => removeKey(work, k), 'danger') },
    ],
    rowId: (k) => k.keyid,
  })
  replace(panel, work.users.node, work.keys.node)
  work.users.load()
  work.keys.load()
  return () => stop.abort()
}

const small = (words, testid, onclick, kind = '') => h('button', { class: ['button', 'small', kind], type: 'button', data: { testid }, onclick }, words)

function section({ work, title, testid, path, add, text, columns, rowId }) {
  const trouble = h('div')
  const rows = table({ label: title, testid, columns, rowId, empty: `No ${title.toLowerCase()} yet` })
  const load = async () => {
    replace(trouble, busy('Loading'))
    try {
      const reply = await work.api.call('GET', path, { signal: work.signal })
      replace(trouble)
      rows.setRows(reply.result ?? [])
    } catch (error) {
      if (!work.signal.aborted && !aborted(error)) replace(trouble, failure(error, load))
    }
  }
  const [words, id, run] = add
  return {
    load,
    node: h('section', { class: 'card col', aria: { label: title } },
      h('div', { class: 'row' }, h('h2', { class: 'grow' }, title), h('button', { class: 'button primary', type: 'button', data: { testid: id }, onclick: run }, words)),
      h('p', { class: 'muted' }, text), trouble, rows.node),
  }
}

const input = (words, testid, props = {}) => {
  const node = h('input', { autocomplete: 'off', data: { testid }, ...props })
  return { node: h('label', { class: 'field' }, h('span', {}, words), node), input: node }
}

function passwordField(testid, words = 'Password') {
  return input(words, testid, { type: 'password', autocomplete: 'new-password', required: true, minlength: 1 })
}

function userActions(work, user) {
  return h('span', { class: 'row system-actions' },
    small('Change', `system-user-change-${user.user}`, () => changeDialog(work, user)),
    small('Password', `system-user-password-${user.user}`, () => passwordDialog(work, user)),
    user.user !== 'root' && small('Remove', `system-user-remove-${user.user}`, () => removeUser(work, user), 'danger'))
}

function userDialog(work) {
  const name = input('User', 'system-user-name', { required: true, spellcheck: 'false' })
  const shown = input('Name', 'system-user-display')
  const email = input('E-mail', 'system-user-email', { type: 'email' })
  const password = passwordField('system-user-passwd')
  dialog({
    title: 'New user',
    testid: 'system-user-dialog',
    body: h('div', { class: 'col' }, name.node, shown.node, email.node, password.node),
    actions: [{ label: 'Cancel', kind: '' }, {
      label: 'Make user', kind: 'primary', testid: 'system-user-save',
      run: async () => {
        const body = { user: name.input.value.trim(), displayName: shown.input.value.trim(), passwd: password.input.value, active: true }
        if (email.input.value.trim()) body.email = email.input.value.trim()
        await work.api.call('POST', '/user', { body, signal: work.signal })
        return done(work, 'users', `The user ${visible(body.user)} was made.`)
      },
    }],
  })
}

function changeDialog(work, user) {
  const shown = input('Name', 'system-user-display', { value: user.displayName ?? '' })
  const email = input('E-mail', 'system-user-email', { type: 'email', value: user.email ?? '' })
  const active = h('input', { type: 'checkbox', checked: user.active, disabled: user.user === 'root', data: { testid: 'system-user-active' } })
  dialog({
    title: `User ${visible(user.user)}`,
    testid: 'system-user-change-dialog',
    body: h('div', { class: 'col' }, shown.node, email.node, h('label', { class: 'check' }, active, 'Active: may sign in')),
    actions: [{ label: 'Cancel', kind: '' }, {
      label: 'Save', kind: 'primary', testid: 'system-user-save',
      run: async () => {
        const body = { displayName: shown.input.value.trim() }
        if (email.input.value.trim() !== (user.email ?? '')) body.email = email.input.value.trim()
        if (active.checked !== user.active) body.active = active.checked
        await work.api.call('PATCH', `/user/${segment(user.user)}`, { body, signal: work.signal })
        return done(work, 'users', `The user ${visible(user.user)} was changed.`)
      },
    }],
  })
}

function passwordDialog(work, user) {
  const password = passwordField('system-password', 'New password')
  const again = passwordField('system-password-again', 'New password again')
  const wrong = h('p', { class: 'bad', role: 'alert' })
  dialog({
    title: `Password of ${visible(user.user)}`,
    testid: 'system-password-dialog',
    body: h('div', { class: 'col' }, password.node, again.node, wrong,
      h('p', { class: 'muted' }, 'Everybody who signed in with the old password has to sign in again. API keys stay good.')),
    actions: [{ label: 'Cancel', kind: '' }, {
      label: 'Set password', kind: 'primary', testid: 'system-password-save',
      run: async () => {
        wrong.textContent = password.input.value === again.input.value ? '' : 'The two are not the same. Type the password again.'
        if (wrong.textContent) return false
        await work.api.call('PATCH', `/user/${segment(user.user)}`, { body: { passwd: password.input.value }, signal: work.signal })
        return done(work, 'users', `The password of ${visible(user.user)} was set.`)
      },
    }],
  })
}

function keyDialog(work) {
  const id = input('Id of the key', 'system-key-id', { required: true, spellcheck: 'false', pattern: '[A-Za-z_][A-Za-z0-9_\\-]{0,99}', title: 'Letters, digits, _ and -, a letter or _ first' })
  dialog({
    title: 'New API key',
    testid: 'system-key-dialog',
    body: h('div', { class: 'col' }, id.node, h('p', { class: 'muted' }, `It may do what ${visible(work.context.user ?? 'you')} may do.`)),
    actions: [{ label: 'Cancel', kind: '' }, {
      label: 'Make key', kind: 'primary', testid: 'system-key-save',
      run: async () => {
        const reply = await work.api.call('POST', '/key', { body: { keyid: id.input.value.trim() }, signal: work.signal })
        secretDialog(work, reply)
        return done(work, 'keys', null)
      },
    }],
  })
}

// secretDialog shows a new key, once. It closes by its button alone, so that the secret is not lost by a slip.
function secretDialog(work, reply) {
  const field = h('input', { class: 'mono', readonly: true, value: reply.key, aria: { label: 'The whole key' }, data: { testid: 'system-key-secret' }, onfocus: () => field.select() })
  const told = h('p', { class: 'muted', role: 'status', data: { testid: 'system-key-copied' } })
  const copy = h('button', { class: 'button', type: 'button', data: { testid: 'system-key-copy' }, onclick: async () => {
    told.textContent = (await copied(field)) ? 'Copied.' : 'The browser does not let the page copy: the key is selected, copy it with the keyboard.'
  } }, icon('copy'), 'Copy')
  const shown = dialog({
    title: `API key ${visible(reply.keyid)}`,
    testid: 'system-secret-dialog',
    closable: false,
    body: h('div', { class: 'col' }, h('p', {}, 'This is the only time that the secret is shown. Keep it where secrets are kept.'),
      h('div', { class: 'row system-secret' }, field, copy), told),
    actions: [{ label: 'I have kept it', kind: 'primary', testid: 'system-secret-close' }],
  })
  hold(shown.node) // the browser asks before the secret goes with the tab
}

async function copied(field) {
  try {
    await navigator.clipboard.writeText(field.value)
    return true
  } catch {
    field.focus()
    field.select()
    return false
  }
}

function done(work, which, message) {
  if (message) work.context.toast('good', message)
  work[which].load()
  return true
}

async function removeUser(work, user) {
  const sure = await work.context.confirm({ title: `Remove the user ${visible(user.user)}?`, body: 'The user and the user’s API keys go at all locations. What they wrote stays.', action: 'Remove user', danger: true })
  if (sure) await removal(work, `/user/${segment(user.user)}`, `The user ${visible(user.user)} was removed.`)
}

async function removeKey(work, key) {
  const own = current()?.key === key.keyid && current().tenant === key.tenant ? ' This tab is signed in with it, and asks for another then.' : ''
  const sure = await work.context.confirm({ title: `Remove the key ${visible(key.keyid)}?`, body: `Programs that use it are refused from then on, at all locations.${own}`, action: 'Remove key', danger: true })
  if (sure) await removal(work, `/key/${segment(key.keyid)}`, `The key ${visible(key.keyid)} was removed.`)
}

async function removal(work, path, message) {
  try {
    await work.api.call('DELETE', path, { signal: work.signal })
    done(work, 'users', message)
    work.keys.load()
  } catch (error) {
    if (!aborted(error)) work.context.toast('bad', error.next ? `${error.message}. ${error.next}` : error.message)
  }
}
