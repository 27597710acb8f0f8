// Runs the tests of the console, each file in a browser of its own:
//
//	node run.mjs [NAME...]     planet data query graph system frame faults speed; all when absent
//
// The browser is Debian's, or $CHROMIUM. Ends with 1 when anything failed.

import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const chromium = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => path && existsSync(path))
const binary = process.env.SELVEDGE_BINARY || join(here, '..', '..', 'bin', 'selvedge')

function stop(text) {
  console.error(text)
  process.exit(1)
}

if (!chromium) stop('no Chromium found: apt-get install chromium, or name one in $CHROMIUM')
if (!existsSync(binary)) stop(`${binary} is not there: make builds it`)

const there = readdirSync(here).filter((name) => name.endsWith('.test.mjs')).sort()
const wanted = process.argv.slice(2).map((name) => `${name.replace(/\.test\.mjs$/, '')}.test.mjs`)
const missing = wanted.filter((name) => !there.includes(name))
if (missing.length > 0) stop(`there is no ${missing.join(', ')}; there are ${there.join(', ')}`)

// Each file has a planet and a browser of its own; $JOBS of them run at once, and
// one where figures are taken.
const jobs = process.env.FIGURES ? 1 : process.env.JOBS || 2
const args = ['--test', `--test-concurrency=${jobs}`, '--test-reporter=spec', ...(wanted.length > 0 ? wanted : there).map((name) => join(here, name))]
const tests = spawn(process.execPath, args, { stdio: 'inherit', env: { ...process.env, CHROMIUM: chromium, SELVEDGE_BINARY: binary } })
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => tests.kill(signal))
tests.on('exit', (code) => process.exit(code ?? 1))
