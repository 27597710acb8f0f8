package querytest

import (
	"strings"

	"github.com/selvedge-db/selvedge/query/ast"
	"github.com/selvedge-db/selvedge/value"
)

// simple makes an expression that is an attribute, a variable or a constant.
func (g *generator) simple(k kind) string {
	if text := g.known(k); text != "" && g.chance(92) {
		return text
	}
	return g.constant(k)
}

// known makes an expression of a kind from the variables, "" when none gives one.
func (g *generator) known(k kind) string {
	for range 6 {
		if len(g.vars) == 0 {
			return ""
		}
		v := g.vars[g.below(len(g.vars))]
		if v.kind == k && (k != record || g.chance(50)) {
			return v.name
		}
		if k == anything && v.kind != bag && v.kind != inexact && g.chance(30) {
			return v.name
		}
		all := fields(v.kind)
		if len(all) == 0 {
			continue
		}
		f := pick(g.source, all...)
		if f.kind == k || k == anything {
			return g.access(v.name, f.path)
		}
	}
	return ""
}

// access writes an attribute in one of its forms.
func (g *generator) access(of, path string) string {
	switch {
	case strings.ContainsAny(path, "[") || g.chance(85):
		return of + "." + path
	case g.chance(40):
		names := strings.Split(path, ".")
		list := make([]value.Value, len(names))
		for i, n := range names {
			list[i] = value.String(n)
		}
		return of + ".@" + g.parameter("a", value.Array(list...))
	case g.chance(50):
		return of + `["` + strings.Join(strings.Split(path, "."), `"]["`) + `"]`
	}
	return of + ".`" + strings.Join(strings.Split(path, "."), "`.`") + "`"
}

func (g *generator) constant(k kind) string {
	v := g.constantValue(k)
	if g.chance(15) {
		return "@" + g.parameter("p", v)
	}
	if s := v.String(); v.Kind() == value.KindNumber && s[0] == '-' {
		return "(" + s + ")"
	}
	return ast.String(&ast.Literal{Value: v})
}

func (g *generator) constantValue(k kind) value.Value {
	switch k {
	case numeric:
		if g.chance(25) {
			return value.Float(quarter(g.source))
		}
		return number(g.below(10))
	case textual:
		if g.chance(10) {
			return value.String("i" + itoa(g.below(40)))
		}
		return value.String(word(g.source))
	case truth:
		return value.Bool(g.chance(50))
	case array, bag:
		return several(g.source, 4, func() value.Value { return g.constantValue(pick(g.source, numeric, numeric, textual)) })
	case record:
		return object{"x": number(g.below(5)), "y": value.String(word(g.source)), "k": number(g.below(3))}.value()
	case date:
		if g.chance(50) {
			return number(startMs + g.below(300)*dayMs/3)
		}
		return value.String("2022-0" + itoa(g.between(1, 9)) + "-1" + itoa(g.below(10)))
	}
	return odd(g.source)
}

func (g *generator) literalArray(k kind) string {
	var parts []string
	for range g.between(1, 4) {
		parts = append(parts, g.constant(k))
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// expr makes an expression of about a kind.
func (g *generator) expr(k kind, depth int) string {
	if depth <= 0 || g.chance(35) {
		return g.simple(k)
	}
	if g.chance(22) {
		if text := g.function(k, depth); text != "" {
			return text
		}
	}
	switch k {
	case numeric:
		return g.arithmetic(depth)
	case truth:
		return g.condition(depth)
	case array:
		return g.arrays(depth)
	case record:
		return g.records(depth)
	case anything:
		return g.expr(pick(g.source, numeric, textual, truth, array, record), depth)
	}
	if g.chance(20) {
		return g.ternary(k, depth)
	}
	if g.deeper() && g.chance(10) {
		return g.first()
	}
	return g.simple(k)
}

// first makes the first element of a subquery whose order is certain.
func (g *generator) first() string {
	mark := len(g.vars)
	text := g.inside(func() string {
		ops := g.loops(1)
		ops = append(ops, "SORT "+g.order(mark), "RETURN "+g.simple(pick(g.source, numeric, textual)))
		return strings.Join(ops, " ")
	})
	g.vars = g.vars[:mark]
	return pick(g.source, "FIRST("+text+")", "("+text+")[0]", "("+text+")[1]")
}

func (g *generator) ternary(k kind, depth int) string {
	if g.chance(30) {
		return "(" + g.expr(k, depth-1) + " ?: " + g.expr(k, depth-1) + ")"
	}
	return "(" + g.expr(truth, depth-1) + " ? " + g.expr(k, depth-1) + " : " + g.expr(k, depth-1) + ")"
}

func (g *generator) arithmetic(depth int) string {
	switch g.below(10) {
	case 0:
		return "(" + pick(g.source, "-", "+") + g.expr(numeric, depth-1) + ")"
	case 1:
		return g.ternary(numeric, depth)
	case 2:
		if bags := g.of(func(k kind) bool { return k == bag }); len(bags) > 0 {
			return pick(g.source, "LENGTH(", "COUNT(", "COUNT_DISTINCT(") + pick(g.source, bags...).name + ")"
		}
		return "LENGTH(" + g.expr(array, depth-1) + ")"
	case 3:
		return "(" + g.expr(array, depth-1) + ")[" + pick(g.source, "0", "1", "-1", "7") + "]"
	case 4:
		if g.deeper() && g.chance(40) {
			return "LENGTH(" + g.inside(g.subquery) + ")"
		}
	}
	op := g.cover.least(g.source, "operator", "+", "-", "*", "/", "%")
	return "(" + g.expr(numeric, depth-1) + " " + op + " " + g.expr(pick(g.source, numeric, numeric, numeric, anything), depth-1) + ")"
}

// filter makes a condition that many rows fulfil.
func (g *generator) filter() string {
	if g.chance(10) {
		return g.aimed()
	}
	for range 4 {
		docs := g.of(func(k kind) bool { return len(fields(k)) > 0 })
		if len(docs) == 0 || g.chance(12) {
			break
		}
		v := docs[len(docs)-1-g.below(min(2, len(docs)))]
		if text := g.likely(v); text != "" {
			switch {
			case g.chance(12):
				return text + pick(g.source, " OR ", " || ") + g.likely2(v, text)
			case g.chance(15):
				return text + pick(g.source, " AND ", " && ") + g.likely2(v, text)
			case g.chance(4):
				return "NOT (" + text + ")"
			}
			return text
		}
	}
	return g.expr(truth, 2)
}

func (g *generator) likely2(v variable, otherwise string) string {
	if text := g.likely(v); text != "" {
		return text
	}
	return otherwise
}

// aimed makes a condition of a form that planners look for.
func (g *generator) aimed() string {
	docs := g.of(func(k kind) bool { return isDocument(k) })
	if g.deeper() && g.chance(45) {
		text := "LENGTH(" + g.inside(g.subquery) + ")"
		if g.chance(30) {
			return pick(g.source, "0", "1", "2") + pick(g.source, " < ", " <= ", " != ", " == ") + text
		}
		return text + pick(g.source, " > 0", " == 0", " >= 2", " != 1", " < 3", " > 1")
	}
	if len(docs) == 0 {
		return g.expr(truth, 2)
	}
	v := pick(g.source, docs...)
	k := pick(g.source, numeric, textual)
	for range 10 {
		f := pick(g.source, fields(v.kind)...)
		if f.kind != k {
			continue
		}
		a := v.name + "." + f.path
		equal := func() string { return a + " == " + g.constant(k) }
		switch g.below(5) {
		case 0:
			return equal() + " OR " + equal() + " OR " + equal()
		case 1:
			return "(" + equal() + " OR " + a + " IN " + g.literalArray(k) + ")"
		case 2:
			return equal() + " OR " + v.name + pick(g.source, ".n", ".s", "._key") + " == " + g.constant(pick(g.source, numeric, textual))
		case 3:
			if lets := g.of(func(k kind) bool { return k == numeric }); len(lets) > 0 && k == numeric {
				return a + " < " + pick(g.source, lets...).name + " + " + g.constant(numeric)
			}
		}
		return equal() + " OR " + equal()
	}
	return g.expr(truth, 2)
}

// likely makes a comparison of an attribute with a value that it may well have.
func (g *generator) likely(v variable) string {
	f := pick(g.source, fields(v.kind)...)
	a := g.access(v.name, f.path)
	switch f.kind {
	case numeric, date:
		return g.compared(a, f.kind)
	case textual:
		switch g.below(8) {
		case 0:
			return a + " " + pick(g.source, "LIKE", "NOT LIKE") + ` "` + pick(g.source, "%a%", "_i%", "%e", "b%", "%") + `"`
		case 1:
			return a + " " + pick(g.source, "=~", "!~") + ` "` + pick(g.source, "^[a-f]", "e.*r", "[^x]$") + `"`
		}
		if f.path == "_key" && g.chance(60) {
			return a + pick(g.source, " >= ", " != ", " == ", " < ") + g.constant(textual)
		}
		return g.compared(a, textual)
	case truth:
		return pick(g.source, a, a+" == true", a+" != null", "!"+a)
	case array:
		return g.quantified(a)
	case anything:
		return g.compared(a, anything)
	}
	return ""
}

func (g *generator) compared(a string, k kind) string {
	switch n := g.below(20); {
	case n < 7:
		return a + " == " + g.constant(k)
	case n < 9:
		return g.constant(k) + " " + pick(g.source, "==", "<", ">=") + " " + a
	case n < 12:
		return a + " " + pick(g.source, "<", "<=", ">", ">=", "!=") + " " + g.constant(k)
	case n < 15:
		return a + " >= " + g.constant(k) + " AND " + a + " " + pick(g.source, "<", "<=") + " " + g.constant(k)
	case n < 18:
		return a + pick(g.source, " IN ", " IN ", " NOT IN ") + g.members(k)
	}
	return a + pick(g.source, " != null", " > null", " == null")
}

// members makes the array of IN.
func (g *generator) members(k kind) string {
	if g.chance(20) {
		return "@" + g.parameter("p", value.Array(g.constantValue(k), g.constantValue(k), g.constantValue(k)))
	}
	if k == numeric && g.chance(30) {
		return itoa(g.below(4)) + ".." + itoa(g.between(3, 8))
	}
	return g.literalArray(k)
}

func (g *generator) quantified(a string) string {
	k := numeric
	if strings.HasSuffix(a, "tags") || strings.HasSuffix(a, ".k") || strings.HasSuffix(a, "_key") {
		k = textual
	}
	switch g.below(6) {
	case 0, 1:
		return g.constant(k) + pick(g.source, " IN ", " IN ", " NOT IN ") + a
	case 2:
		return a + pick(g.source, " ANY", " ALL", " NONE", " AT LEAST ("+itoa(g.below(3))+")") + pick(g.source, " IN ", " NOT IN ") + g.literalArray(k)
	case 3:
		return "LENGTH(" + a + ")" + pick(g.source, " > 0", " >= 2", " == 1")
	}
	quantifier := g.cover.least(g.source, "quantifier", "ANY", "ALL", "NONE", "AT LEAST (2)", "AT LEAST (1)")
	return a + " " + quantifier + " " + pick(g.source, "==", "!=", "<", ">=", ">", "<=") + " " + g.constant(k)
}

func (g *generator) condition(depth int) string {
	switch g.below(9) {
	case 0:
		return "(" + g.expr(truth, depth-1) + pick(g.source, " && ", " AND ") + g.expr(truth, depth-1) + ")"
	case 1:
		return "(" + g.expr(truth, depth-1) + pick(g.source, " || ", " OR ") + g.expr(truth, depth-1) + ")"
	case 2:
		return pick(g.source, "!", "NOT ") + "(" + g.expr(truth, depth-1) + ")"
	case 3:
		return "(" + g.quantified("("+g.expr(array, depth-1)+")") + ")"
	case 4:
		return g.ternary(truth, depth)
	case 5:
		return "(" + g.expr(anything, depth-1) + pick(g.source, " IN ", " NOT IN ") + g.expr(array, depth-1) + ")"
	case 6:
		op := g.cover.least(g.source, "operator", "LIKE", "NOT LIKE", "=~", "!~")
		return "(" + g.expr(textual, depth-1) + " " + op + " " + pick(g.source, `"a%"`, `"^.*[ae]"`, `"%i%"`, `"[a-m]"`) + ")"
	}
	op := g.cover.least(g.source, "operator", "==", "!=", "<", "<=", ">", ">=")
	k := pick(g.source, numeric, textual, anything)
	return "(" + g.expr(k, depth-1) + " " + op + " " + g.expr(k, depth-1) + ")"
}

func (g *generator) arrays(depth int) string {
	switch g.below(6) {
	case 0:
		return "[" + g.expr(anything, depth-1) + ", " + g.expr(anything, depth-1) + "]"
	case 1:
		return "(" + pick(g.source, "0", "1", "-1", "2.5") + ".." + g.small() + ")"
	case 2:
		return g.expansion(g.expr(array, depth-1))
	case 3:
		return "[" + g.expr(array, depth-1) + ", " + g.expr(array, depth-1) + "][**]"
	case 4:
		return g.ternary(array, depth)
	}
	return g.simple(array)
}

func (g *generator) small() string { return itoa(g.between(-2, 6)) }

// expansion makes [*] with some of its inline parts.
func (g *generator) expansion(of string) string {
	text := "(" + of + ")[" + pick(g.source, "*", "*", "**", "***")
	if g.chance(50) {
		text += " FILTER CURRENT " + pick(g.source, "> 1", "!= null", `< "m"`, "IN [1, 2, 3]", "% 2 == 0")
	}
	if g.chance(25) {
		text += " LIMIT " + pick(g.source, "2", "1, 2", "0")
	}
	if g.chance(35) {
		text += " RETURN " + pick(g.source, "CURRENT * 2", "[CURRENT]", "{c: CURRENT}", "CURRENT")
	}
	return text + "]" + pick(g.source, "", "", "", ".c", "[0]")
}

func (g *generator) records(depth int) string {
	switch g.below(4) {
	case 0:
		return "{a: " + g.expr(anything, depth-1) + ", b: " + g.expr(numeric, depth-1) + "}"
	case 1:
		return "{[" + g.expr(textual, depth-1) + "]: " + g.expr(anything, depth-1) + "}"
	case 2:
		return "MERGE(" + g.expr(record, depth-1) + ", {m: " + g.expr(anything, depth-1) + "})"
	}
	return g.simple(record)
}
