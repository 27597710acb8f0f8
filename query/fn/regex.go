package fn

import (
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"

	"github.com/selvedge-db/selvedge/value"
)

var regexFunctions = []Function{
	{
		Name: "REGEX_TEST", Family: "string", Deterministic: true, Cost: 40, Returns: Bool | Null,
		Params:   []Param{one("text", Text), one("regex", Text), opt("caseInsensitive", Bool)},
		Doc:      "Tells whether the regular expression matches anywhere in the text. " + regexDoc,
		Examples: []Example{{`RETURN REGEX_TEST("the quick brown fox", "the.*fox")`, `[true]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			re := c.pattern("REGEX_TEST", a, 2)
			if re == nil {
				return value.Null()
			}
			return value.Bool(re.MatchString(ToString(a[0])))
		},
	},
	{
		Name: "REGEX_MATCHES", Family: "string", Deterministic: true, Cost: 60, Returns: List | Null,
		Params:   []Param{one("text", Text), one("regex", Text), opt("caseInsensitive", Bool)},
		Doc:      "Gives the first match and what its groups matched, or null without a match. " + regexDoc,
		Examples: []Example{{`RETURN REGEX_MATCHES("john@doe.com", "^([a-z]+)@([a-z]+)[.]([a-z]+)$")`, `[["john@doe.com", "john", "doe", "com"]]`}},
		Eval:     evalRegexMatches,
	},
	{
		Name: "REGEX_SPLIT", Family: "string", Deterministic: true, Cost: 80, Returns: List | Null,
		Params: []Param{one("text", Text), one("regex", Text), opt("caseInsensitive", Bool), opt("limit", Number)},
		Doc: "Cuts the text at each match and gives the parts, at most limit of them. What groups of the expression matched stands " +
			"between the parts. " + regexDoc,
		Examples: []Example{{`RETURN REGEX_SPLIT("hypertext language, programming", "[ ,]+")`, `[["hypertext", "language", "programming"]]`}},
		Eval:     evalRegexSplit,
	},
	{
		Name: "REGEX_REPLACE", Family: "string", Deterministic: true, Cost: 80, Returns: Text | Null,
		Params: []Param{one("text", Text), one("regex", Text), one("replacement", Text), opt("caseInsensitive", Bool)},
		Doc: "Puts the replacement in the place of each match; $1 in it is what the first group matched, $0 the whole match, and a " +
			"backslash takes away the meaning of what follows. " + regexDoc,
		Examples: []Example{
			{`RETURN REGEX_REPLACE("the quick brown fox", "the.*fox", "jumped over")`, `["jumped over"]`},
			{`RETURN REGEX_REPLACE("2024-05", "([0-9]+)-([0-9]+)", "$2/$1")`, `["05/2024"]`},
		},
		Eval: evalRegexReplace,
	},
}

const regexDoc = "Regular expressions are those of RE2, which always take linear time: no back references and no look-around. " +
	"One that is not valid gives null and a warning."

// patterns keeps compiled regular expressions.
type patterns struct {
	last     pattern // the last one, so that one expression for all rows costs a comparison
	compiled map[string]pattern
}

// pattern is a compiled regular expression; nil when it is not valid.
type pattern struct {
	text       string
	ignoreCase bool
	re         *regexp.Regexp
}

const (
	mostPatterns    = 64
	longestPattern  = 16 << 10
	mostPatternSize = 20000 // instructions, about 1 MB
)

// Pattern compiles a regular expression, or finds it among those compiled before. It is nil for one that is not valid,
// or that is too large. The text need not outlive the call.
func (c *Context) Pattern(text string, ignoreCase bool) *regexp.Regexp {
	if c == nil {
		return compile(text, ignoreCase)
	}
	p := &c.patterns
	if p.compiled != nil && p.last.text == text && p.last.ignoreCase == ignoreCase {
		return p.last.re
	}
	found, ok := p.compiled[text]
	if !ok || found.ignoreCase != ignoreCase {
		found = pattern{strings.Clone(text), ignoreCase, compile(text, ignoreCase)}
		switch {
		case p.compiled == nil:
			p.compiled = map[string]pattern{}
		case len(p.compiled) >= mostPatterns:
			clear(p.compiled)
		}
		p.compiled[found.text] = found
	}
	p.last = found
	return found.re
}

func compile(text string, ignoreCase bool) *regexp.Regexp {
	if len(text) > longestPattern {
		return nil
	}
	if ignoreCase {
		text = "(?i)" + text
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil || patternSize(tree) > mostPatternSize {
		return nil
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil
	}
	return re
}

// patternSize bounds the instructions of a compiled expression: repetitions multiply.
func patternSize(re *syntax.Regexp) int {
	size := 1 + len(re.Rune)
	for _, sub := range re.Sub {
		if size += patternSize(sub); size > mostPatternSize {
			return size
		}
	}
	if re.Op == syntax.OpRepeat {
		size *= max(re.Min, re.Max, 1)
	}
	return size
}

// pattern gives the expression in a[1]; ignore is where the flag for upper and lower case is.
func (c *Context) pattern(name string, a []value.Value, ignore int) *regexp.Regexp {
	re := c.Pattern(ToString(a[1]), flag(a, ignore))
	if re == nil {
		c.warn(WarnRegex, "invalid regular expression in call to function '%s()'", name)
	}
	return re
}

func evalRegexMatches(c *Context, a []value.Value) value.Value {
	re := c.pattern("REGEX_MATCHES", a, 2)
	if re == nil {
		return value.Null()
	}
	found := re.FindStringSubmatch(ToString(a[0]))
	if found == nil {
		return value.Null()
	}
	return textArray(found)
}

func textArray(texts []string) value.Value {
	out := make([]value.Value, len(texts))
	for i, t := range texts {
		out[i] = value.String(t)
	}
	return value.OwnItems(out)
}

func evalRegexSplit(c *Context, a []value.Value) value.Value {
	re := c.pattern("REGEX_SPLIT", a, 2)
	if re == nil {
		return value.Null()
	}
	limit := -1
	if len(a) > 3 && !a[3].IsNull() {
		n := toCount(a[3])
		if n < 0 {
			return c.badType("REGEX_SPLIT")
		}
		limit = int(min(n, 1<<30))
	}
	text := ToString(a[0])
	var out []value.Value
	from := 0
	for _, m := range re.FindAllStringSubmatchIndex(text, limit) {
		if m[1] == 0 || m[0] == m[1] && m[0] == len(text) {
			continue // an empty match at an end parts nothing
		}
		out = append(out, value.String(text[from:m[0]]))
		for g := 2; g < len(m); g += 2 {
			if m[g] >= 0 {
				out = append(out, value.String(text[m[g]:m[g+1]]))
			}
		}
		from = m[1]
	}
	out = append(out, value.String(text[from:]))
	if !c.items(len(out)) {
		return value.Null()
	}
	if limit >= 0 {
		out = out[:min(limit, len(out))]
	}
	return value.OwnItems(out)
}

func evalRegexReplace(c *Context, a []value.Value) value.Value {
	re := c.pattern("REGEX_REPLACE", a, 3)
	if re == nil {
		return value.Null()
	}
	text, replacement := ToString(a[0]), ToString(a[2])
	groups := re.NumSubexp()
	var out []byte
	from, asked := 0, len(text)
	for at := re.FindAllStringSubmatchIndex(text, -1); len(at) > 0; at = at[1:] {
		m := at[0]
		out = append(out, text[from:m[0]]...)
		out = expand(out, replacement, text, m, groups)
		from = m[1]
		if len(out) > asked {
			asked = 2 * len(out)
			if !c.grow(asked) {
				return value.Null()
			}
		}
	}
	return value.String(string(append(out, text[from:]...)))
}

// expand appends the replacement for one match.
func expand(out []byte, replacement, text string, match []int, groups int) []byte {
	for i := 0; i < len(replacement); i++ {
		switch next := i + 1; {
		case replacement[i] == '\\' && next < len(replacement):
			out = append(out, replacement[next])
			i++
		case replacement[i] == '$' && next < len(replacement) && replacement[next]-'0' <= 9:
			group, length := groupNumber(replacement[next:], groups)
			if group >= 0 && match[2*group] >= 0 {
				out = append(out, text[match[2*group]:match[2*group+1]]...)
			}
			i += length
		default:
			out = append(out, replacement[i])
		}
	}
	return out
}

// groupNumber reads as many digits as still name a group; -1 when not even the first does, which stands for nothing.
func groupNumber(text string, groups int) (group, length int) {
	group = -1
	for end := 1; end <= len(text) && text[end-1]-'0' <= 9; end++ {
		n, err := strconv.Atoi(text[:end])
		if err != nil || n > groups {
			break
		}
		group, length = n, end
	}
	return group, max(length, 1)
}
