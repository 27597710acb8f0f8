// One stream of what happens on the planet, shared by all who look.

const silence = 10_000 // milliseconds: the location tells its state every second

// live gives {subscribe, use, stop, retry, last, connection}. subscribe takes
// 'state', 'travel', 'notable' or 'connection' and a function, and answers a
// function that ends it; who comes later gets the last state and connection at
// once. A connection is {state: 'none' | 'open' | 'lost' | 'refused', error, since,
// pause}; it is open once a state was heard, pause is the milliseconds until the
// next try.
export function live() {
  const listeners = { state: new Set(), travel: new Set(), notable: new Set(), connection: new Set() }
  let stopping = null
  let hurry = () => {}
  const shared = {
    last: null,
    connection: { state: 'none', error: null, since: Date.now(), pause: 0 },
    subscribe(event, listener) {
      const set = listeners[event]
      if (!set) throw new RangeError(`no event is called ${event}`)
      set.add(listener)
      if (event === 'state' && shared.last) listener(shared.last)
      if (event === 'connection') listener(shared.connection)
      return () => set.delete(listener)
    },
    use(api, interval = 250) {
      shared.stop()
      stopping = new AbortController()
      shared.last = null
      connection('none')
      follow(api, interval, stopping.signal)
    },
    stop() {
      stopping?.abort()
      stopping = null
    },
    retry: () => hurry(),
  }

  function tell(event, value) {
    for (const listener of [...listeners[event]]) {
      try {
        listener(value)
      } catch (error) {
        reportError(error) // one that fails keeps no news from the others
      }
    }
  }

  function connection(state, error = null, pause = 0) {
    const since = shared.connection.state === state ? shared.connection.since : Date.now()
    shared.connection = { state, error, since, pause }
    tell('connection', shared.connection)
  }

  function follow(api, interval, signal) {
    api.stream('/mesh/live', {
      query: { interval }, signal, silence,
      now: (done) => {
        hurry = done
      },
      onState: (state, error, pause) => {
        if (state === 'lost') connection('lost', error, pause)
      },
      onError: (error) => connection('refused', error),
      onEvent: (name, data) => {
        if (signal.aborted || !Object.hasOwn(listeners, name) || name === 'connection') return
        const value = JSON.parse(data)
        if (name === 'state') {
          shared.last = value
          if (shared.connection.state !== 'open') connection('open')
        }
        tell(name, value)
      },
    })
  }

  return shared
}
