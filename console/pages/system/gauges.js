// Which lines are drawn, in which groups, and how they are computed from two readings of the metrics. Pure.
//
// A reading is {at: seconds, families}. A line's value gets the present reading, the one before (null at first) and answers
// a number, or null where there is nothing to show.

import { most, total } from './prometheus.js'

// rate is the growth per second of a counter; null after a restart, when it is smaller than before.
export function rate(now, before, name, wanted) {
  if (!before) return null
  const seconds = now.at - before.at
  if (!now.families.has(name) || seconds <= 0) return null
  // What was never counted has no sample yet: it is zero.
  const growth = (total(now.families, name, wanted) ?? 0) - (total(before.families, name, wanted) ?? 0)
  return growth < 0 ? null : growth / seconds
}

// mean is milliseconds per request, of those between two readings; null when there was none.
export function mean(now, before, methods) {
  const wanted = { method: (m) => methods.includes(m) }
  const spent = rate(now, before, 'selvedge_http_request_seconds_total', wanted)
  const requests = rate(now, before, 'selvedge_http_requests_total', wanted)
  return requests ? (1000 * (spent ?? 0)) / requests : null
}

const requests = (kind) => (now, before) => rate(now, before, 'selvedge_http_requests_total', { class: kind })
const fabric = (event) => (now, before) => rate(now, before, 'selvedge_fabric_events_total', { event })
const replication = (event) => (now, before) => rate(now, before, 'selvedge_replication_events_total', { event })
const store = (of) => (now) => total(now.families, 'selvedge_store_bytes', { of })
const open = (what) => (now) => total(now.families, 'selvedge_open', { what })
const gauge = (name) => (now) => total(now.families, name)

const line = (label, color, value) => ({ label, color, value })

export const groups = [
  {
    id: 'requests', title: 'Requests', unit: '/s', lines: [
      line('2xx', '--good', requests('2xx')), line('3xx', '--muted', requests('3xx')), line('4xx', '--warn', requests('4xx')), line('5xx', '--bad', requests('5xx')),
    ],
  },
  {
    id: 'latency', title: 'Latency, mean', unit: 'ms', lines: [
      line('reads', '--accent', (now, before) => mean(now, before, ['GET', 'HEAD'])), line('writes and queries', '--warn', (now, before) => mean(now, before, ['POST', 'PUT', 'PATCH', 'DELETE'])),
    ],
  },
  {
    id: 'queries', title: 'Queries', unit: '/s', lines: [
      line('started', '--accent', (now, before) => rate(now, before, 'selvedge_queries_total', { event: 'started' })),
      line('failed', '--bad', (now, before) => rate(now, before, 'selvedge_queries_total', { event: 'failed' })),
    ],
  },
  { id: 'open', title: 'Open now', unit: '', lines: [line('queries', '--accent', open('running')), line('cursors', '--warn', open('cursors')), line('transactions', '--good', open('transactions'))] },
  {
    id: 'commits', title: 'Commits', unit: '/s', lines: [
      line('begun here', '--accent', fabric('commits')), line('of others, applied', '--good', fabric('entries_applied')), line('conflicts', '--bad', fabric('conflicts')),
    ],
  },
  { id: 'traffic', title: 'Replication traffic', unit: 'bytes/s', bytes: true, lines: [line('sent', '--accent', replication('bytes_sent')), line('received', '--good', replication('bytes_received'))] },
  { id: 'lag', title: 'Replication lag, largest', unit: 's', lines: [line('lag', '--warn', (now) => most(now.families, 'selvedge_replication_lag_seconds'))] },
  {
    id: 'storage', title: 'Storage', unit: 'bytes', bytes: true, lines: [
      line('disk', '--accent', store('disk')), line('log', '--warn', store('log')), line('memtable', '--good', store('memtable')), line('cache', '--muted', store('cache')),
    ],
  },
  {
    id: 'memory', title: 'Memory of the process', unit: 'bytes', bytes: true, lines: [
      line('resident', '--accent', gauge('process_resident_memory_bytes')), line('heap in use', '--good', gauge('go_memstats_heap_inuse_bytes')),
    ],
  },
  {
    id: 'processor', title: 'Processor time', unit: 'cores', lines: [line('busy', '--accent', (now, before) => rate(now, before, 'process_cpu_seconds_total'))],
  },
]

const pointsMost = 1200

// History keeps what was computed since it was made: for each group [times, values of the first line, ...].
export class History {
  constructor() {
    this.before = null
    this.data = new Map(groups.map((group) => [group.id, [[], ...group.lines.map(() => [])]]))
  }

  // add takes a reading and answers the new point: a Map from group to values.
  add(reading) {
    const point = new Map()
    for (const group of groups) {
      const values = group.lines.map((l) => l.value(reading, this.before))
      const columns = this.data.get(group.id)
      columns[0].push(reading.at)
      values.forEach((value, i) => columns[i + 1].push(value))
      if (columns[0].length > pointsMost) columns.forEach((column) => column.shift())
      point.set(group.id, values)
    }
    this.before = reading
    return point
  }

  // gap marks that nothing was read for a while, so that no line is drawn through it.
  gap(at) {
    this.before = null
    for (const columns of this.data.values()) {
      if (columns[0].length === 0) continue
      columns[0].push(at)
      for (const column of columns.slice(1)) column.push(null)
    }
  }
}
