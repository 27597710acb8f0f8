// Examples to begin with. Those of the first group need no data; the others need the collections of a demo.

const planetDemo = (name) => `Needs the collections of the demo: selvedge dev --demo ${name}`

// examples are groups of {title, needs: collections, how: where those are from, queries: [{title, text, binds?}]}.
export const examples = [
  {
    title: 'Without data', needs: [], how: '',
    queries: [
      {
        title: 'One row for each number; drawn as a chart',
        text: 'FOR n IN 1..50\n  RETURN {n, sine: SIN(n / 5), square: n * n / 1000}\n',
      },
      {
        title: 'A parameter: its value stands below the editor',
        text: 'FOR n IN 1..@max\n  FILTER n % 2 == 1\n  RETURN n\n', binds: { max: '9' },
      },
      {
        title: 'Groups and sums',
        text: 'FOR p IN [{c: "is", n: 1}, {c: "no", n: 2}, {c: "is", n: 5}]\n' +
          '  COLLECT country = p.c AGGREGATE sum = SUM(p.n), most = MAX(p.n)\n  RETURN {country, sum, most}\n',
      },
      {
        title: 'Places; drawn on the map',
        text: 'FOR p IN [\n    {name: "Frankfurt", lat: 50.11, lon: 8.68}, {name: "Sydney", lat: -33.87, lon: 151.21},\n' +
          '    {name: "S\u00e3o Paulo", lat: -23.55, lon: -46.63}, {name: "Tokyo", lat: 35.68, lon: 139.69}]\n  RETURN p\n',
      },
      {
        title: 'A value for each minute; drawn over time',
        text: 'FOR i IN 0..119\n  RETURN {at: DATE_ISO8601(DATE_ADD("2030-01-01T00:00:00Z", i, "minutes")), load: 50 + 40 * SIN(i / 10)}\n',
      },
    ],
  },
  {
    title: 'Flights', needs: ['airports', 'routes', 'aircraft'], how: planetDemo('flights'),
    queries: [
      { title: 'Where the aircraft are; drawn on the map', text: 'FOR a IN aircraft\n  RETURN {flight: a._key, position: a.position, altitude: a.altitude, by: a.handledBy}\n' },
      {
        title: 'The aircraft that are nearest to a place, by its geo index',
        text: 'FOR a IN aircraft\n  LET metres = GEO_DISTANCE(@here, a.position)\n  SORT metres\n  LIMIT 5\n' +
          '  RETURN {flight: a._key, to: a.to, km: ROUND(metres / 1000), position: a.position}\n',
        binds: { here: '[8.57, 50.03]' },
      },
      { title: 'The routes; drawn as a graph', text: 'FOR r IN routes\n  RETURN r\n' },
      { title: 'Where one gets to with one stop; drawn as a graph', text: 'FOR a IN airports\n  LIMIT 1\n  FOR v, e, p IN 1..2 ANY a routes\n    RETURN p\n' },
      { title: 'How many aircraft each location handles', text: 'FOR a IN aircraft\n  COLLECT location = a.handledBy WITH COUNT INTO aircraft\n  SORT aircraft DESC\n  RETURN {location, aircraft}\n' },
    ],
  },
  {
    title: 'Auction', needs: ['lots'], how: planetDemo('auction'),
    queries: [
      {
        title: 'The open lots with the highest bids',
        text: 'FOR l IN lots\n  FILTER l.closesAt > DATE_NOW() / 1000\n  SORT l.bid.amount DESC\n' +
          '  RETURN {title: l.title, bid: l.bid.amount, by: l.bid.bidder, bids: l.bids, watchers: LENGTH(l.watchers)}\n',
      },
      { title: 'Where the highest bids come from', text: 'FOR l IN lots\n  COLLECT location = l.bid.at AGGREGATE lots = COUNT(), most = MAX(l.bid.amount)\n  RETURN {location, lots, most}\n' },
    ],
  },
  {
    title: 'Sensors', needs: ['stations', 'climate'], how: planetDemo('sensors'),
    queries: [
      {
        title: 'The last minutes, summed up by the minute; drawn over time',
        text: 'FOR p IN climate\n  FILTER p.at > DATE_NOW() - 30 * 60 * 1000\n  COLLECT minute = DATE_TRUNC(p.at, "minute") AGGREGATE celsius = AVG(p.celsius), humidity = AVG(p.humidity)\n' +
          '  RETURN {minute, celsius, humidity}\n',
      },
      { title: 'The stations; drawn on the map', text: 'FOR s IN stations\n  RETURN s\n' },
      { title: 'The stations with the most alarms', text: 'FOR s IN stations\n  SORT s.alarms DESC\n  LIMIT 10\n  RETURN {name: s.name, alarms: s.alarms, threshold: s.threshold}\n' },
    ],
  },
]
