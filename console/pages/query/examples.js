// Examples to begin with. Those of the first group need no data; the others need the collections of a demo.

export const examples = [
  {
    title: 'Without data',
    needs: [],
    how: '',
    queries: [
      { title: 'One row for each number; drawn as a chart', text: 'FOR n IN 1..50\n  RETURN {n, sine: SIN(n / 5), square: n * n / 1000}\n' },
      { title: 'A parameter: give @max a value below the editor', text: 'FOR n IN 1..@max\n  FILTER n % 2 == 1\n  RETURN n\n', binds: { max: '9' } },
      { title: 'Groups and sums', text: 'FOR p IN [{c: "is", n: 1}, {c: "no", n: 2}, {c: "is", n: 5}]\n  COLLECT country = p.c AGGREGATE sum = SUM(p.n), most = MAX(p.n)\n  RETURN {country, sum, most}\n' },
      { title: 'Places; drawn on the map', text: 'FOR p IN [\n    {name: "Frankfurt", lat: 50.11, lon: 8.68}, {name: "Sydney", lat: -33.87, lon: 151.21},\n    {name: "S\u00e3o Paulo", lat: -23.55, lon: -46.63}, {name: "Tokyo", lat: 35.68, lon: 139.69}]\n  RETURN p\n' },
      { title: 'A value for each minute; drawn over time', text: 'FOR i IN 0..119\n  RETURN {at: DATE_ISO8601(DATE_ADD("2030-01-01T00:00:00Z", i, "minutes")), load: 50 + 40 * SIN(i / 10)}\n' },
    ],
  },
]
