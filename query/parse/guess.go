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
		"SELECT": writeFor, "WHERE": "write FILTER for a condition",
		"ORDER": "write SORT to sort", "GROUP": "write COLLECT to group", "HAVING": "write FILTER behind COLLECT",
		"FROM": "write FOR x IN collection", "JOIN": "write one FOR within the other, and FILTER to join them",
		"DELETE": "write REMOVE key IN collection", "OFFSET": "write LIMIT offset, count",
		"BY": "leave BY out", "AS": "write LET name = value, or {name: value}", "IS": "write == null",
		"EXISTS": "write LENGTH(...) > 0", "BETWEEN": "write x >= a AND x <= b", "ELSE": "write condition ? value : other",
		"ASCENDING": "write ASC", "DESCENDING": "write DESC", "SET": writeUpdate, "DB": writeFor,
		"IF": "write condition ? value : other, or FILTER", "CASE": "write condition ? value : other", "VALUES": writeInsert,
	}
}()

const (
	writeFor    = "a query reads FOR x IN collection ... RETURN x"
	writeInsert = "write INSERT {...} INTO collection"
	writeUpdate = "write UPDATE key WITH {...} IN collection"
)

// guess says what was meant perhaps by a token that does not fit.
func (p *parser) guess(t token, expected string) string {
	if t.is("=") {
		switch next := p.peek(1); {
		case next.is(">") && next.pos.Offset == t.end:
			return "write >= for 'greater or equal'"
		case next.is("<") && next.pos.Offset == t.end:
			return "write <= for 'less or equal'"
		}
		return "write == to compare"
	}
	if t.is(";") {
		return "a text holds one query and needs no semicolon"
	}
	if t.is("*") && expected == expectExpression {
		return "COUNT() counts the rows of a group, LENGTH(collection) documents"
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
	switch upper := strings.ToUpper(t.text); {
	case upper == "SET" && strings.HasPrefix(expected, "INTO"):
		return writeUpdate
	case upper == "INTO" && expected == expectExpression:
		return writeInsert
	case expected == expectEnd && (upper == "SORT" || upper == "LIMIT" || upper == "FILTER" || upper == "COLLECT"):
		return "RETURN comes last: put " + upper + " before it"
	}
	if word := foreignWords[strings.ToUpper(t.text)]; word != "" && !strings.HasPrefix(expected, "INTO") {
		return word
	}
	if isReserved(t) {
		return ""
	}
	if near := Nearest(t.text, guesses(expected)); near != "" && !strings.EqualFold(near, t.text) {
		return "did you mean " + near + "?"
	}
	return ""
}

// guesses are the words that could stand where something else was found. Behind an expression operators could, too.
func guesses(expected string) []string {
	words := strings.FieldsFunc(expected, func(r rune) bool { return r != '_' && (r < 'A' || r > 'Z') })
	if expected == expectOperation || expected == expectEnd {
		words = append(append(words, operationWords...), ast.Reserved()...)
	}
	return words
}
