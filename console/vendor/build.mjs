// Bundles the libraries of package-lock.json into the files that the console
// loads. The result depends on the lock file and on src alone, byte by byte.
//
//	node build.mjs [--out FOLDER]
//
// Without --out the files stand beside this one. Needs `npm ci` before.

import { build } from 'esbuild'
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = realpathSync(dirname(fileURLToPath(import.meta.url)))
const at = process.argv.indexOf('--out')
const out = at < 0 ? here : process.argv[at + 1]
const modules = join(here, 'node_modules')

const banner = '// Made by build.mjs from the libraries in LICENSES.txt; do not edit.\n'

async function bundle(name) {
  const result = await build({
    entryPoints: [join(here, 'src', name)],
    absWorkingDir: here,
    outfile: join(out, name),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    charset: 'utf8',
    legalComments: 'none',
    metafile: true,
    banner: { js: banner },
    logLevel: 'warning',
  })
  return Object.keys(result.metafile.inputs)
}

// packageOf names the package that a bundled file belongs to.
function packageOf(file) {
  const parts = relative(modules, join(here, file)).split(sep)
  if (parts[0] === '..') return null
  return parts[0].startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]
}

function licence(name) {
  const folder = join(modules, name)
  const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one))
  const text = file ? readFileSync(join(folder, file), 'utf8').replace(/\r\n/g, '\n').trim() : `${about.license}`
  return `${name} ${about.version} (${about.license})\n\n${text}\n`
}

const used = new Set(['world-atlas', 'uplot'])
mkdirSync(out, { recursive: true })
for (const name of readdirSync(join(here, 'src')).filter((one) => one.endsWith('.js')).sort()) {
  for (const file of await bundle(name)) {
    const found = packageOf(file)
    if (found) used.add(found)
  }
}

const land = JSON.parse(readFileSync(join(modules, 'world-atlas/land-110m.json'), 'utf8'))
writeFileSync(join(out, 'world.json'), JSON.stringify(land) + '\n')
copyFileSync(join(modules, 'uplot/dist/uPlot.min.css'), join(out, 'uplot.css'))

const line = `\n${'-'.repeat(72)}\n\n`
const texts = [...used].sort().map((name) => {
  if (!existsSync(join(modules, name))) throw new Error(`${name} is bundled and not installed`)
  return licence(name)
})
texts.push('Natural Earth, the source of world-atlas, is in the public domain.\n')
writeFileSync(join(out, 'LICENSES.txt'), `The files of this folder hold these libraries, unchanged but bundled and minified.\n${line}${texts.join(line)}`)
