// The Backup tab: a copy of everything into a new folder on the machine of the location. For root.

import { aborted } from '../../app/api.js'
import { h, replace } from '../../app/dom.js'
import { busy, failure } from '../../app/states.js'
import { ms, visible } from '../../app/text.js'

export function backupTab(panel, { source, context, signal }) {
  const path = h('input', { id: 'system-backup-path', required: true, autocomplete: 'off', spellcheck: 'false', placeholder: '/var/backups/selvedge/today', data: { testid: 'system-backup-path' } })
  const result = h('div', { aria: { live: 'polite' }, data: { testid: 'system-backup-result' } })
  const where = h('strong', {}, visible(source.shown))
  const button = h('button', { class: 'button primary', type: 'submit', data: { testid: 'system-backup-start' } }, 'Write backup')
  const stop = new AbortController()
  const both = AbortSignal.any([stop.signal, signal])
  const start = async () => {
    const folder = path.value.trim()
    const begin = performance.now()
    button.disabled = true
    replace(result, busy('Writing the backup; this may take minutes'))
    try {
      const reply = await source.api.call('POST', '/backup', { body: { path: folder }, signal: both, timeout: 0 })
      replace(result, h('p', {}, h('span', { class: 'badge good' }, 'Done'), ` The backup is in ${visible(reply.path ?? folder)}. It took ${ms(performance.now() - begin)}.`))
      context.toast('good', 'The backup is written.')
    } catch (error) {
      if (!both.aborted && !aborted(error)) replace(result, failure(error, null))
    } finally {
      button.disabled = false
    }
  }
  replace(panel, h('form', { class: 'card col system-narrow', onsubmit: (event) => { event.preventDefault(); start() } },
    h('h2', {}, 'Backup'),
    h('p', {}, 'Writes everything that ', where, ' holds into a new folder on its machine, while it goes on serving. Only root may do this.'),
    context.user !== 'root' && h('p', { class: 'warn' }, `You are signed in as ${visible(context.user)}. Sign in as root to write a backup.`),
    h('label', { class: 'field', for: 'system-backup-path' }, h('span', {}, 'New folder on the machine of the location'), path),
    h('div', { class: 'row' }, button, h('a', { href: '/docs/operate/backup' }, 'How to restore')),
    result))
  const end = source.on('location', () => {
    where.textContent = visible(source.shown)
    replace(result)
  })
  return () => {
    end()
    stop.abort()
  }
}
