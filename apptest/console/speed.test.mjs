// How fast the console is. With $FIGURES the figures go to that file, as lines
// of JSON, and are taken as long as they claim; without, the run is short
// and only shows that they can be taken: a machine that does other things as
// well says nothing about speed.

import assert from 'node:assert/strict'
import { appendFileSync } from 'node:fs'
import { start, test } from './harness.mjs'
import { play, recording } from './recording.mjs'

const { FIGURES } = process.env
const seconds = FIGURES ? 30 : 4

await start({ locations: 1 })

function figure(what, values) {
  const line = JSON.stringify({ what, ...values })
  console.log(line)
  if (FIGURES) appendFileSync(FIGURES, line + '\n')
}

function percentile(values, p) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted.length === 0 ? NaN : sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))]
}

const round = (n) => Math.round(n * 100) / 100

test('the load event of the first view', async ({ page, url, browser }) => {
  await page.goto(`${url}/console/planet`) // warms the server
  await page.getByTestId('page-planet').waitFor()
  await page.goto('about:blank')
  const loads = []
  const painted = []
  for (let i = 0; i < (FIGURES ? 15 : 3); i++) {
    const context = await browser.newContext() // with an empty cache
    const fresh = await context.newPage()
    await fresh.goto(`${url}/console/planet`, { waitUntil: 'load' })
    await fresh.getByTestId('page-planet').waitFor()
    const times = await fresh.evaluate(() => ({
      load: performance.getEntriesByType('navigation')[0].loadEventEnd,
      paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null,
    }))
    loads.push(times.load)
    if (times.paint !== null) painted.push(times.paint)
    await context.close()
  }
  figure('first view, load event', { runs: loads.length, medianMs: round(percentile(loads, 0.5)), mostMs: round(Math.max(...loads)), firstPaintMs: round(percentile(painted, 0.5)) })
  assert.ok(loads.every((ms) => ms > 0), String(loads))
})

for (const locations of [10, 200]) {
  test(`the planet page at 500 moves a second, ${locations} locations`, { timeout: 180_000 }, async ({ page, url, browser }) => {
    const show = await play(recording({ locations, rate: 500, seconds: seconds + 20, url }), url)
    try {
      await page.goto(`${show.url}/console/planet`)
      await page.getByTestId('page-planet').waitFor()
      await page.waitForTimeout(2000) // the first drawing is not what is measured
      const before = show.sent()
      await browser.startTracing(page, { categories: ['toplevel', 'blink'] })
      await page.waitForTimeout(seconds * 1000)
      const trace = JSON.parse((await browser.stopTracing()).toString())
      const events = show.sent() - before
      const got = work(trace.traceEvents)
      figure(`planet page, 500 moves/s, ${locations} locations`, { seconds, events, ...got })
      assert.ok(got.frames >= seconds * 5, `${got.frames} frames were seen`)
      assert.ok(events >= seconds * 9, `${events} events were sent`)
      assert.ok(got.tasksOver50Ms < seconds * 20, `${got.tasksOver50Ms} tasks over 50 ms`)
      if (process.env.SPEED_SHOT) await page.screenshot({ path: `${process.env.SPEED_SHOT}-${locations}.png` })
    } finally {
      await page.goto('about:blank')
      await show.close()
    }
  })
}

// work sums what the main thread of the page does between two frames, out of a
// trace. `Ms` is time on the clock, `CpuMs` of the processor, which a busy machine
// does not stretch.
function work(events) {
  const names = events.filter((one) => one.name === 'thread_name' && one.args.name === 'CrRendererMain')
  const mine = names.map((one) => ({ pid: one.pid, tid: one.tid, tasks: events.filter((e) => e.pid === one.pid && e.tid === one.tid && e.ph === 'X' && e.name === 'ThreadControllerImpl::RunTask') }))
  const main = mine.sort((a, b) => sum(b.tasks, (e) => e.dur) - sum(a.tasks, (e) => e.dur))[0]
  assert.ok(main?.tasks.length > 0, 'the trace has no tasks')
  const begins = events.filter((e) => e.pid === main.pid && e.tid === main.tid && e.name === 'WebFrameWidgetImpl::BeginMainFrame').map((e) => e.ts).sort((a, b) => a - b)
  const outer = outermost(main.tasks)
  const frames = begins.slice(1).map(() => ({ wall: 0, cpu: 0 }))
  let at = 0
  for (const task of outer) {
    while (at < frames.length && task.ts >= begins[at + 1]) at += 1
    if (at === frames.length) break
    if (task.ts < begins[at]) continue
    frames[at].wall += task.dur / 1000
    frames[at].cpu += (task.tdur ?? task.dur) / 1000
  }
  const wall = frames.map((one) => one.wall)
  const cpu = frames.map((one) => one.cpu)
  const long = outer.filter((one) => one.dur > 50_000)
  return {
    frames: frames.length,
    workP50Ms: round(percentile(wall, 0.5)), workP95Ms: round(percentile(wall, 0.95)), workP95CpuMs: round(percentile(cpu, 0.95)),
    tasksOver50Ms: long.length, tasksOver50CpuMs: outer.filter((one) => (one.tdur ?? 0) > 50_000).length, longestTaskMs: round(Math.max(...outer.map((one) => one.dur)) / 1000),
  }
}

const sum = (list, of) => list.reduce((all, one) => all + (of(one) ?? 0), 0)

// outermost leaves out tasks that ran inside another.
function outermost(tasks) {
  const out = []
  let end = 0
  for (const task of tasks.sort((a, b) => a.ts - b.ts || b.dur - a.dur)) {
    if (task.ts < end) continue
    out.push(task)
    end = task.ts + task.dur
  }
  return out
}
