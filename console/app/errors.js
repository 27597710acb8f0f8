// What went wrong with a request, and what to do next, in words.

// ApiError is how every failed request ends. status is the HTTP status, 0 when
// no answer came; num and code are the server's errorNum and errorCode; next
// says what to do. body has the server's answer, when it was JSON.
export class ApiError extends Error {
  constructor({ status, num = 0, code = '', message, next, body = null, retryAfter = 0 }) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.num = num
    this.code = code
    this.body = body
    this.retryAfter = retryAfter
    this.next = next ?? nextStep(status, code)
  }
}

const steps = {
  'bad-parameter': 'The message says what would be right.',
  'bad-json': 'Correct the text at the line and column that the message names.',
  'bad-document': 'A document is a JSON object: it begins with { and ends with }.',
  'bad-key': "Take a key of 1 to 254 letters, digits and _ - : . @ ( ) + , = ; $ ! * ' %.",
  'bad-name': 'Take a name of up to 64 letters, digits, _ and -, with a letter first.',
  'bad-edge': 'Give _from and _to, each as collection/key.',
  unauthorized: 'Sign in with a user or key that is valid.',
  forbidden: 'Sign in as somebody who may do this.',
  'only-in-system': 'Choose the fabric _system at the top, then do it again.',
  'fabric-not-found': 'Choose another fabric at the top: this one was dropped, or does not live at this location.',
  'fabric-exists': 'Take another name.',
  'collection-not-found': 'It was dropped, perhaps at another location. Go back to the list and choose another one.',
  'collection-exists': 'Take another name.',
  'document-not-found': 'It was removed meanwhile. Go back to the list and load it anew.',
  'duplicate-key': 'Take another key, or open the document that has this one.',
  'unique-violated': 'Another document has the same value in a unique index; change this one or that one.',
  'revision-conflict': 'Somebody changed it meanwhile. Load it anew, compare, and save again.',
  'write-conflict': 'Others were writing the same; try again.',
  'index-not-found': 'Load the list of indexes anew.',
  'unique-needs-local': 'Make the collection as a local one to have unique indexes in it.',
  'crdt-unchangeable': 'Make a new field with the declaration that is wanted.',
  'document-too-large': 'Make the document smaller, or part it into several.',
  'body-too-large': 'Send it in several parts.',
  'history-gone': 'Read the data anew, then follow the changes from there.',
  'deadline-exceeded': 'Another location is behind or cut off; see the Planet page. Try again, or with more time.',
  overloaded: 'Wait a second and try again.',
  'read-only': 'This location takes no writes now; the message says why. Open the console at another location.',
  'shutting-down': 'Open the console at another location.',
  misdirected: 'Open the console under localhost or an IP address, or add the name to http.hosts.',
  'dev-only': 'Links of a real planet cannot be bent; start selvedge dev to try it.',
  'not-available': 'The message says what there is instead.',
  'route-not-found': 'This location runs an older version; bring it up to date.',
  'resource-limit': 'Ask for less: add a LIMIT or a FILTER that an index serves, or raise the limits of the configuration.',
  'query-killed': 'Run it again when it should go on.',
  'query-parse': 'Correct the query at the place that the message shows.',
  'query-queue-full': 'Wait a second and try again, or end a running query.',
  'query-bind-missing': 'Give a value for the bind parameter that the message names.',
  'query-bind-undeclared': 'Use the bind parameter in the query, or take its value out.',
  'cursor-not-found': 'Run the query again: its cursor was read to the end or has expired.',
  'too-many-open': 'Wait until others have ended, or close some.',
  'location-not-found': 'Choose a location that the Planet page shows.',
  refused: 'The message says by which rule.',
  internal: 'Look into the log of the location, under the request id of the message.',
}

// nextStep is what to do after a failure.
export function nextStep(status, code) {
  if (Object.hasOwn(steps, code)) return steps[code]
  if (code.startsWith('query-')) return 'Correct the query where the message says, and run it again.'
  if (code.startsWith('graph-')) return 'Correct the definition of the graph.'
  if (code.startsWith('transaction-')) return 'Begin the transaction anew.'
  if (status === 0) return 'See whether the location runs and can be reached; the console keeps trying.'
  if (status === 401) return steps.unauthorized
  if (status === 403) return steps.forbidden
  if (status === 404) return 'It is not there any more; load the list anew.'
  if (status === 503 || status === 429) return steps.overloaded
  return status >= 500 ? steps.internal : 'Change what was asked as the message says.'
}

// aborted tells whether a failure is only that somebody stopped waiting, which
// nobody has to be told.
export function aborted(error) {
  return error?.name === 'AbortError'
}

// ofReply makes the error of an answer that is no success.
export function ofReply(response, text) {
  let body = null
  try {
    body = JSON.parse(text)
  } catch {
    body = null // a proxy's page, or nothing
  }
  const said = body && typeof body === 'object' ? body : {}
  return new ApiError({
    status: response.status,
    num: Number(said.errorNum) || 0,
    code: typeof said.errorCode === 'string' ? said.errorCode : '',
    message: typeof said.errorMessage === 'string' && said.errorMessage ? said.errorMessage : `the location answered with status ${response.status}`,
    body,
    retryAfter: Number(response.headers.get('Retry-After')) || 0,
  })
}

// ofNetwork makes the error of a request that got no answer.
export function ofNetwork(cause, where) {
  if (cause?.name === 'TimeoutError') {
    return new ApiError({ status: 0, code: 'timeout', message: `${where} did not answer in time`, next: 'Try again; if it lasts, see the Planet page for links that are cut.' })
  }
  return new ApiError({ status: 0, code: 'unreachable', message: `${where} cannot be reached` })
}
