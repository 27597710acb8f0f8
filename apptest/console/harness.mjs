// A planet, a browser, and tests that look at one through the other.
//
//	import { start, test } from './harness.mjs'
//	const planet = await start({ locations: 5 })
//	test('what it shows', async ({ page, url, api, axe, shot }) => { ... })
//
// start begins `selvedge dev` on free ports with a folder of its own, and a
// browser; both end with the file. Each test gets a page in a fresh
// context. A test fails with any error in the page, a breach of the content
// security policy, or a message of the browser's console that is an error, unless
// it said `expect.errors(/pattern/)` before.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import readline from 'node:readline'
import { after, test as nodeTest } from 'node:test'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const here = dirname(fileURLToPath(import.meta.url))
const require = createRequire(import.meta.url)
const binary = process.env.SELVEDGE_BINARY || join(here, '..', '..', 'bin', 'selvedge')
const browserPath = process.env.CHROMIUM || '/usr/bin/chromium'
const images = join(here, '..', '..', 'docs', 'images')

// long is how a slow machine may take; nothing waits that long when all is well.
export const long = 20_000

let current = null

// freePorts gives a port with n free ones from it on, of a block of 40 whose first port, which nobody is given, is
// listened on as long as this process lives: files that run at the same time never get the same ones. All lie below the
// ports that are given out to callers.
async function freePorts(n) {
  for (let block = 0; block < 300; block++) {
    const first = 20_000 + ((process.pid + block) % 300) * 40
    const guard = await listening(first)
    if (!guard) continue
    const free = await Promise.all(Array.from({ length: n }, async (_, i) => close(await listening(first + 1 + i))))
    if (free.every(Boolean)) return first + 1
    await close(guard)
  }
  throw new Error(`no ${n} free ports in a row`)
}

// listening gives a server on the port, or null when another has it.
function listening(port) {
  return new Promise((resolve) => {
    const server = net.createServer().unref()
    server.on('error', () => resolve(null))
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

// close tells whether there was anything to close.
function close(server) {
  return new Promise((resolve) => (server ? server.close(() => resolve(true)) : resolve(false)))
}

// What runs when this process ends early goes with it.
const running = new Set()
process.on('exit', () => running.forEach((one) => one.kill('SIGKILL')))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))

// Planet is one `selvedge dev`.
class Planet {
  constructor({ locations = 5, key = 'demo.root.secret', password = '', args = [] } = {}) {
    Object.assign(this, { locations, key, password, args })
    this.folder = mkdtempSync(join(tmpdir(), 'selvedge-console-'))
    this.process = null
    this.out = []
  }

  // open starts it, again with the same data when it had been killed.
  async open() {
    this.port ??= await freePorts(typeof this.locations === 'number' ? this.locations : this.locations.split(',').length)
    const args = ['dev', '--locations', String(this.locations), '--port', String(this.port), '--data', this.folder, '--root-password', this.password]
    if (this.key) args.push('--api-key', this.key)
    const started = spawn(binary, [...args, ...this.args], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.process = started
    running.add(started)
    started.once('close', () => running.delete(started))
    const errors = []
    this.process.stderr.on('data', (part) => errors.push(part))
    await new Promise((resolve, reject) => {
      this.process.once('error', reject)
      this.process.once('exit', (code) => reject(new Error(`selvedge dev ended with ${code}: ${Buffer.concat(errors)}`)))
      readline.createInterface({ input: this.process.stdout }).on('line', (line) => {
        this.out.push(line)
        if (line === 'ready') resolve()
      })
    })
    this.process.removeAllListeners('exit')
    return this
  }

  url(i = 0) {
    return `http://127.0.0.1:${this.port + i}`
  }

  // end stops the process, with SIGKILL when that is asked for.
  async end(signal = 'SIGTERM') {
    const ending = this.process
    this.process = null
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return
    const gone = new Promise((resolve) => ending.once('exit', resolve))
    const late = setTimeout(() => ending.kill('SIGKILL'), 10_000)
    ending.kill(signal)
    await gone
    clearTimeout(late)
  }

  async close() {
    await this.end()
    rmSync(this.folder, { recursive: true, force: true })
  }

  // api asks a location: a path below the fabric, or with a slash and an
  // underscore (/_api/..., /_fabric/...) as it is.
  async api(method, path, body, { fabric = '_system', at = 0, headers = {}, fail = true, raw = false } = {}) {
    const whole = path.startsWith('/_') ? path : `/_fabric/${encodeURIComponent(fabric)}/_api${path}`
    const auth = this.key ? { Authorization: `apikey ${this.key}` } : {}
    const response = await fetch(this.url(at) + whole, { method, headers: { ...auth, ...headers }, body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body) })
    const text = await response.text()
    if (fail && !response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return raw ? text : JSON.parse(text || 'null')
  }
}

// launch starts a planet beside the one of the file, for a test of its own; end it with close().
export async function launch(options) {
  return new Planet(options).open()
}

// start begins the planet and the browser of a file.
export async function start(options = {}) {
  const browser = await chromium.launch({
    executablePath: browserPath, env: { ...process.env, FONTCONFIG_FILE: join(here, 'fonts.conf') },
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--force-color-profile=srgb', '--font-render-hinting=none', ...(options.browserArgs ?? [])],
  })
  const planet = new Planet(options)
  try {
    await planet.open()
  } catch (error) {
    await browser.close()
    throw error
  }
  current = { planet, browser, api: (...args) => planet.api(...args) }
  after(async () => {
    await browser.close()
    await planet.close()
  })
  return current
}

// test runs one with a page. options: colorScheme, viewport, timeout,
// reducedMotion, and signedIn (false: the API key is not given to the page).
export function test(name, options, run) {
  if (typeof options === 'function') return test(name, {}, options)
  return nodeTest(name, { timeout: options.timeout ?? 90_000 }, async () => {
    const { planet, browser } = current
    const context = await browser.newContext({
      viewport: options.viewport ?? { width: 1280, height: 800 }, colorScheme: options.colorScheme ?? 'light',
      reducedMotion: options.reducedMotion ?? 'no-preference', locale: 'en-GB', timezoneId: 'UTC', acceptDownloads: true,
    })
    context.setDefaultTimeout(long)
    const watch = new Watch()
    try {
      const page = await context.newPage()
      await watch.page(page)
      const given = {
        page, context, browser, planet, expect: watch,
        url: planet.url(),
        api: (...args) => planet.api(...args),
        // open goes to an address of the console and waits until its page stands.
        open: (path = 'planet', to = page) => open(to, planet.url(), path),
        axe: (target = page) => axe(target),
        shot: (target, file, more) => shot(target, file, more),
        narrow: (target = page) => target.setViewportSize({ width: 390, height: 780 }),
      }
      await run(given)
      await watch.verdict(page)
    } finally {
      await context.close()
    }
  })
}

async function open(page, url, path) {
  await page.goto(`${url}/console/${path}`)
  const name = path.split(/[/?#]/)[0]
  await page.getByTestId(`page-${name}`).waitFor()
}

// Watch collects what must not happen.
class Watch {
  constructor() {
    this.allowed = []
    this.found = []
  }

  // errors says which ones a test brings about by itself.
  errors(...patterns) {
    this.allowed.push(...patterns)
  }

  async page(page) {
    page.on('pageerror', (error) => this.note(`error in the page: ${error.stack || error}`))
    page.on('crash', () => this.note('the page crashed'))
    page.on('console', (message) => {
      // The browser notes each answer that is an error; those of the interface are for the page to show.
      const refused = message.text().startsWith('Failed to load resource') && !/\/(console|docs)\//.test(message.location().url)
      if (message.type() === 'error' && !refused) this.note(`${message.text()} (${message.location().url})`)
    })
    await page.exposeFunction('selvedgeTestBreach', (text) => this.note(text))
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        window.selvedgeTestBreach(`content security policy: ${event.violatedDirective} ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber}`)
      })
    })
  }

  note(text) {
    this.found.push(text)
  }

  async verdict(page) {
    if (!page.isClosed()) await page.evaluate(() => 0).catch(() => {}) // what is under way arrives before
    const bad = this.found.filter((text) => !this.allowed.some((pattern) => pattern.test(text)))
    assert.deepEqual(bad, [], 'the page or the browser complained')
  }
}

const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

// axe fails with what keeps people out, of serious or critical weight.
async function axe(page) {
  // evaluate goes round the policy of the page, a script element would not.
  await page.evaluate(axeSource)
  const found = await page.evaluate(async () => {
    const result = await window.axe.run(document, { resultTypes: ['violations'] })
    return result.violations.filter((one) => one.impact === 'serious' || one.impact === 'critical')
      .map((one) => ({ id: one.id, help: one.help, nodes: one.nodes.slice(0, 5).map((node) => `${node.target.flat().join(' ')}: ${node.failureSummary}`) }))
  })
  assert.deepEqual(found, [], 'axe found what keeps people out')
}

// shot writes a picture for the documentation, when pictures are wanted.
async function shot(page, name, { clip } = {}) {
  if (!process.env.SHOTS) return
  mkdirSync(images, { recursive: true })
  await page.screenshot({ path: join(images, `${name}.jpg`), type: 'jpeg', quality: 80, clip, animations: 'disabled' })
}

// until asks again until the answer is true, at most ten seconds: for what is
// outside of the page (playwright waits for what is in it).
export async function until(ask, what) {
  const end = Date.now() + 10_000
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    if (Date.now() > end) throw new Error(`still not: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}
