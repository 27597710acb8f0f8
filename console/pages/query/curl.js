// A line for a shell that calls a query worker. The key is never in it: the shell puts it in.

import { segment } from '/console/app/api.js'

// curlLine writes it. binds: name -> JSON text. missing: names that need a value and have none; a placeholder <name> stands
// for each, which is no JSON, so that nobody sends it by mistake.
export function curlLine({ origin, fabric, name, binds, missing = [] }) {
  const holders = missing.map((n) => [n, n.startsWith('@') ? `"<${n}>"` : `<${n}>`])
  const values = [...Object.entries(binds), ...holders].map(([n, json]) => `${JSON.stringify(n)}: ${json}`).join(', ')
  const body = values ? `{"bindVars": {${values}}}` : '{}'
  const address = `${origin}/_fabric/${segment(fabric)}/_api/restql/execute/${segment(name)}`
  return `curl -X POST ${quoted(address)} -H "Authorization: apikey $SELVEDGE_API_KEY" -H 'Content-Type: application/json' -d ${quoted(body)}`
}

// quoted puts a text between single quotes, in which a shell reads nothing.
const quoted = (s) => "'" + s.replaceAll("'", "'\\''") + "'"
