package fn

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/selvedge-db/selvedge/value"
)

// measure declares a function of two vectors that gives a number.
func measure(name string, aliases []string, doc, query, result string, f func(x, y []float64) float64) Function {
	return Function{
		Name: name, Aliases: aliases, Family: "vector", Deterministic: true, Cost: 10, Returns: Number | Null,
		Params:   []Param{one("vector1", List), one("vector2", List)},
		Doc:      doc + vectorDoc,
		Examples: []Example{{query, result}},
		Eval: func(c *Context, a []value.Value) value.Value {
			v, ok := c.vectors(name, a)
			if !ok {
				return value.Null()
			}
			return c.number(f(v[0], v[1]))
		},
	}
}

// elementwise declares a function of vectors that gives a vector.
func elementwise(name, doc, query, result string, params []Param, f func(x, y float64) float64) Function {
	return Function{
		Name: name, Family: "vector", Deterministic: true, Cost: 15, Returns: List | Null, Params: params,
		Doc: doc + vectorDoc, Examples: []Example{{query, result}},
		Eval: func(c *Context, a []value.Value) value.Value {
			v, ok := c.vectors(name, a)
			if !ok {
				return value.Null()
			}
			for _, other := range v[1:] {
				for i, y := range other {
					v[0][i] = f(v[0][i], y)
				}
			}
			return c.vector(v[0])
		},
	}
}

const vectorDoc = " Vectors are arrays of numbers of the same length; anything else gives null and a warning."

var pairOfVectors = []Param{one("vector1", List), one("vector2", List)}

var vectorFunctions = []Function{
	measure("L2", []string{"L2_DISTANCE"}, "Gives the Euclidean distance of two vectors.", `RETURN L2([0, 3], [4, 0])`, `[5]`, euclidean),
	measure("L1_DISTANCE", nil, "Gives the sum of the distances of the elements of two vectors.", `RETURN L1_DISTANCE([0, 3], [4, 0])`, `[7]`, func(x, y []float64) float64 {
		total := 0.0
		for i := range x {
			total += math.Abs(x[i] - y[i])
		}
		return total
	}),
	measure("DOT_PRODUCT", nil, "Gives the inner product of two vectors.", `RETURN DOT_PRODUCT([10, 20, 30, 40], [5, 6, 7, 8])`, `[700]`, inner),
	measure("COSINE_SIM", []string{"COSINE_SIMILARITY"}, "Gives the cosine of the angle between two vectors, null when one has no length.",
		`RETURN ROUND(COSINE_SIM([10, 20, 30, 40], [5, 6, 7, 8]) * 100)`, `[97]`, cosine),
	{
		Name: "SIMILAR_TO_ARRAY", Family: "vector", Deterministic: true, Cost: 100, Returns: List | Null,
		Params: []Param{one("searchVector", List), one("inputVectors", List), one("distanceType", Text), opt("limit", Number)},
		Doc: "Ranks vectors by how similar they are to another and gives [position in the array, score] of the best, at most limit (100). " +
			"By 'l2' the score is the distance and the least comes first; by 'ip' it is the inner product, by 'cosine' the cosine, and the greatest comes first." + vectorDoc,
		Examples: []Example{{`RETURN SIMILAR_TO_ARRAY([0, 0], [[3, 4], [1, 0], [0, 2]], "l2", 2)`, `[[[1, 1], [2, 2]]]`}},
		Eval:     evalSimilar,
	},
	elementwise("VECTOR_ADD", "Adds vectors, element by element.", `RETURN VECTOR_ADD([1, 2], [5, 6], [9, 10])`, `[[15, 18]]`,
		[]Param{one("vector1", List), many("vectors", List)}, func(x, y float64) float64 { return x + y }),
	elementwise("VECTOR_SUBTRACT", "Takes a vector from another, element by element.", `RETURN VECTOR_SUBTRACT([10, 20], [5, 6])`, `[[5, 14]]`,
		pairOfVectors, func(x, y float64) float64 { return x - y }),
	elementwise("VECTOR_MULTIPLY", "Multiplies two vectors, element by element.", `RETURN VECTOR_MULTIPLY([10, 20], [5, 6])`, `[[50, 120]]`,
		pairOfVectors, func(x, y float64) float64 { return x * y }),
	elementwise("VECTOR_DIVIDE", "Divides a vector by another, element by element; what is divided by 0 is null, with a warning.", `RETURN VECTOR_DIVIDE([10, 21], [5, 6])`, `[[2, 3.5]]`,
		pairOfVectors, func(x, y float64) float64 {
			if y == 0 {
				return math.NaN()
			}
			return x / y
		}),
	{
		Name: "VECTOR_NORMALIZE", Family: "vector", Deterministic: true, Cost: 15, Returns: List | Null,
		Params:   unary("vector", List),
		Doc:      "Gives the vector of the same direction whose length is 1, null with a warning when it has no length." + vectorDoc,
		Examples: []Example{{`RETURN VECTOR_NORMALIZE([3, 4])`, `[[0.6, 0.8]]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			v, ok := c.vectors("VECTOR_NORMALIZE", a)
			if !ok {
				return value.Null()
			}
			length := math.Sqrt(inner(v[0], v[0]))
			if length == 0 {
				c.warn(WarnDivision, "division by zero: a vector of length 0 in call to function 'VECTOR_NORMALIZE()'")
				return value.Null()
			}
			for i := range v[0] {
				v[0][i] /= length
			}
			return c.vector(v[0])
		},
	},
}

func inner(x, y []float64) float64 {
	total := 0.0
	for i := range x {
		total += x[i] * y[i]
	}
	return total
}

func euclidean(x, y []float64) float64 {
	total := 0.0
	for i := range x {
		total += (x[i] - y[i]) * (x[i] - y[i])
	}
	return math.Sqrt(total)
}

func cosine(x, y []float64) float64 {
	return inner(x, y) / math.Sqrt(inner(x, x)*inner(y, y))
}

// vectors reads arrays of numbers of one length.
func (c *Context) vectors(name string, a []value.Value) ([][]float64, bool) {
	out := make([][]float64, len(a))
	for i, v := range a {
		if v.Kind() != value.KindArray || v.Len() != a[0].Len() {
			c.badType(name)
			return nil, false
		}
		if !c.grow(8 * v.Len()) {
			return nil, false
		}
		items := v.Items()
		out[i] = make([]float64, len(items))
		for j, item := range items {
			if item.Kind() != value.KindNumber {
				c.badType(name)
				return nil, false
			}
			out[i][j] = item.Float64()
		}
	}
	return out, true
}

// vector makes an array of numbers; what is not finite is null, with a warning.
func (c *Context) vector(numbers []float64) value.Value {
	if !c.items(len(numbers)) {
		return value.Null()
	}
	out := make([]value.Value, len(numbers))
	for i, f := range numbers {
		if out[i] = value.Float(f); out[i].IsNull() {
			c.warn(WarnDivision, "division by zero, or a number that is not finite, in a vector")
		}
	}
	return value.OwnItems(out)
}

func evalSimilar(c *Context, a []value.Value) value.Value {
	limit := int64(100)
	if len(a) > 3 && !a[3].IsNull() {
		limit = toCount(a[3])
	}
	score, sign := scoring(a[2].Str())
	if a[0].Kind() != value.KindArray || a[1].Kind() != value.KindArray || score == nil || limit < 0 {
		return c.badType("SIMILAR_TO_ARRAY")
	}
	type hit struct {
		at    int
		score float64
	}
	pair := []value.Value{a[0], {}}
	others := a[1].Items()
	hits := make([]hit, 0, len(others))
	for i, other := range others {
		if i&255 == 255 && !c.check() {
			return value.Null()
		}
		pair[1] = other
		v, ok := c.vectors("SIMILAR_TO_ARRAY", pair)
		if !ok {
			return value.Null()
		}
		if s := score(v[0], v[1]); s == s {
			hits = append(hits, hit{i, s})
		}
	}
	slices.SortStableFunc(hits, func(x, y hit) int { return sign * cmp.Compare(x.score, y.score) })
	hits = hits[:min(limit, int64(len(hits)))]
	if !c.items(3 * len(hits)) {
		return value.Null()
	}
	out := make([]value.Value, len(hits))
	for i, h := range hits {
		out[i] = value.OwnItems([]value.Value{value.Int(int64(h.at)), value.Float(h.score)})
	}
	return value.OwnItems(out)
}

// scoring gives the measure of a distance type and the sign by which the best comes first.
func scoring(distanceType string) (func(x, y []float64) float64, int) {
	switch strings.ToLower(distanceType) {
	case "l2":
		return euclidean, 1
	case "ip":
		return inner, -1
	case "cosine":
		return cosine, -1
	}
	return nil, 0
}
