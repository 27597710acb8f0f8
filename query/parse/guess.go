package parse

import (
	"strings"

	"github.com/selvedge-db/selvedge/query/ast"
)

// Words that begin an operation.
var operationWords = func() []string {
	return []string{"FOR", "FILTER", "SEARCH", "SORT", "LIMIT", "LET", "COLLECT", "WINDOW", "RETURN", "INSERT", "UPDATE", "REPLACE",
		"REMOVE", "UPSERT", "PRUNE", "OPTIONS"}
}()

// Words of SQL and other languages, and what is written here.
var foreignWords = func() map[string]string {
	return map[string]string{
		"SELECT": "a query reads FOR x IN collection ... RETURN x", "WHERE": "write FILTER for a condition",
		"ORDER": "write SORT to sort", "GROUP": "write COLLECT to group", "HAVING": "write FILTER behind COLLECT",
		"FROM": "write FOR x IN collection", "JOIN": "write one FOR within the other, and FILTER to join them",
		"DELETE": "write REMOVE key IN collection", "OFFSET": "write LIMIT offset, count",
		"BY": "leave BY out", "AS": "write LET name = value, or {name: value}", "IS": "write == null",
		"EXISTS": "write LENGTH(...) > 0", "BETWEEN": "write x >= a AND x <= b", "ELSE": "write condition ? value : other",
		"IF": "write condition ? value : other, or FILTER", "CASE": "write condition ? value : other", "VALUES": "write INSERT {...} INTO collection",
	}
}()

// guess says what was meant perhaps by a token that does not fit.
func (p *parser) guess(t token, expected string) string {
	if t.kind == sign && t.text == "=" {
		return "write == to compare"
	}
	if t.is(";") {
		return "a text holds one query and needs no semicolon"
	}
	if t.kind == str && strings.HasPrefix(expected, "name") {
		return "write names without quotation marks, or between backticks"
	}
	if t.kind != name {
		return ""
	}
	if strings.HasPrefix(expected, "name of") && isReserved(t) {
		return "'" + t.text + "' is a word of the language: put it between backticks to use it as a name"
	}
	if near := Nearest(t.text, guesses(expected)); near != "" && !strings.EqualFold(near, t.text) {
		return "did you mean " + near + "?"
	}
	return foreignWords[strings.ToUpper(t.text)]
}

func guesses(expected string) []string {
	words := append(append([]string{}, operationWords...), ast.Reserved()...)
	for _, w := range ast.Contextual() {
		if strings.Contains(expected, w) {
			words = append(words, w)
		}
	}
	return words
}
