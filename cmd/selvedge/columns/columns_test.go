package columns

import (
	"fmt"
	"testing"
)

func TestOf(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		`FOR a IN b RETURN {name: a.name, city: a.city}`:                                       "[name city]",
		`for a in b return distinct { "z z": 1, 'y': [1, 2, {x: 3}], a, b: F({c: 1}, 2) }`:     "[z z y a b]",
		`FOR a IN b LET s = (FOR c IN d RETURN {q: 1}) RETURN {z: s, a: 1}`:                    "[z a]",
		`FOR a IN b RETURN {c: 1, [a.x]: 2, d: 3}`:                                             "[c]",
		`FOR a IN b RETURN {c: 1, @p: 2, d: 3}`:                                                "[c]",
		`FOR a IN b RETURN a`:                                                                  "[]",
		`FOR a IN b RETURN {}`:                                                                 "[]",
		`FOR a IN b RETURN {x: "}", y: '{', /* RETURN {q: 1} */ w: 1 // , v: 2` + "\n , u: 3}": "[x y w u]",
		`FOR a IN b /* RETURN {q: 1} */ INSERT {z: 1} INTO c`:                                  "[]",
		"RETURN {`a b`: 1, \"q\\\"r\": 2}":                                                     `[a b q"r]`,
		`RETURN`:                                                                               "[]",
		`RETURN {a`:                                                                            "[a]",
		`RETURN {a: (`:                                                                         "[a]",
		`)))RETURN {a:1`:                                                                       "[]",
		``:                                                                                     "[]",
		`"`:                                                                                    "[]",
	} {
		if got := fmt.Sprint(Of(query)); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

func TestSort(t *testing.T) {
	t.Parallel()
	if got := fmt.Sprint(Sort([]string{"a", "b", "c", "d"}, []string{"d", "x", "b", "d"})); got != "[d b a c]" {
		t.Error(got)
	}
}
