// The About tab: version, documentation, and the licences of what the console is made with.

import { h, replace } from '../../app/dom.js'
import { aborted } from '../../app/api.js'
import { busy, failure } from '../../app/states.js'
import { visible } from '../../app/text.js'

const links = [
  ['Concepts', '/docs/concepts/what-selvedge-is', 'What it is, and how writes merge'],
  ['Quickstart', '/docs/guides/quickstart', 'From nothing to a planet on this machine'],
  ['C8QL', '/docs/reference/c8ql', 'The query language'],
  ['REST', '/docs/reference/rest', 'Every path, with examples'],
  ['Errors', '/docs/reference/errors', 'Every error and what to do about it'],
  ['Configuration', '/docs/reference/configuration', 'Every key of a location'],
  ['Running', '/docs/operate/running', 'Starting, stopping and changing locations'],
  ['Monitoring', '/docs/operate/monitoring', 'What to watch, and what the figures mean'],
  ['Trouble', '/docs/operate/troubleshooting', 'What went wrong and what to do'],
  ['Backup', '/docs/operate/backup', 'Backup and restore'],
  ['Security', '/docs/operate/security', 'Users, keys, certificates'],
]

export function aboutTab(panel, { source, signal }) {
  const version = h('span', { data: { testid: 'system-about-version' } }, '…')
  const licences = h('div', { data: { testid: 'system-licences' } })
  const showLicences = () => {
    replace(licences, busy('Loading licences'))
    readLicences(signal).then(
      (text) => replace(licences, h('pre', { class: 'system-licences', tabindex: 0, aria: { label: 'Licences' } }, visible(text, { lines: true }))),
      (error) => !aborted(error) && replace(licences, failure(error, showLicences)),
    )
  }
  const showVersion = () => source.api.call('GET', '/version', { signal }).then(
    (reply) => { version.textContent = `Selvedge ${visible(reply.version)} at ${visible(source.shown)}, licence ${visible(reply.license)}` },
    (error) => { if (!aborted(error)) version.textContent = `The version is not known: ${visible(error.message)}` },
  )
  replace(panel,
    h('section', { class: 'card col' }, h('h2', {}, 'Version'), h('p', {}, version)),
    h('section', { class: 'card col' }, h('h2', {}, 'Documentation'),
      h('ul', { class: 'system-links' }, ...links.map(([words, href, what]) => h('li', {}, h('a', { href }, words), h('span', { class: 'muted' }, ` ${what}`))),
        h('li', {}, h('a', { href: '/openapi.json' }, 'OpenAPI'), h('span', { class: 'muted' }, ' The REST interface for machines')))),
    h('section', { class: 'card col' }, h('h2', {}, 'Licences'), h('p', { class: 'muted' }, 'Libraries that are part of this console.'), licences))
  showVersion()
  showLicences()
  return source.on('location', showVersion)
}

async function readLicences(signal) {
  const response = await fetch('/console/vendor/LICENSES.txt', { credentials: 'omit', signal })
  if (!response.ok) throw Object.assign(new Error(`The licences did not come: status ${response.status}`), { next: 'They are in the folder console/vendor of the source.' })
  return response.text()
}
