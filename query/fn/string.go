package fn

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/selvedge-db/selvedge/value"
)

// texts declares a function of one string.
func texts(name, doc, query, result string, cost float64, f func(string) string) Function {
	return Function{
		Name: name, Family: "string", Deterministic: true, Cost: cost, Returns: Text,
		Params: unary("value", Text), Doc: doc, Examples: []Example{{query, result}},
		Eval: func(_ *Context, a []value.Value) value.Value { return value.String(f(ToString(a[0]))) },
	}
}

var stringFunctions = []Function{
	{
		Name: "CHAR_LENGTH", Family: "string", Deterministic: true, Cost: 2, Returns: Number,
		Params:   unary("value", Anything),
		Doc:      "Counts the characters (code points) of the value as text.",
		Examples: []Example{{`RETURN [CHAR_LENGTH("电脑"), CHAR_LENGTH(true), CHAR_LENGTH(null)]`, `[[2, 4, 0]]`}},
		Eval:     func(_ *Context, a []value.Value) value.Value { return value.Int(int64(runes(ToString(a[0])))) },
	},
	{
		Name: "CONCAT", Family: "string", Deterministic: true, Cost: 5, Returns: Text,
		Params:   []Param{many("values", Anything)},
		Doc:      "Puts the values as texts behind each other; of a single array its elements. Nulls are left out.",
		Examples: []Example{{`RETURN CONCAT("foo", [5, 6], null, {bar: 1})`, `["foo[5,6]{\"bar\":1}"]`}, {`RETURN CONCAT(["a", 1])`, `["a1"]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			if len(a) == 1 && a[0].Kind() == value.KindArray {
				a = a[0].Items()
			}
			return joined(c, a, "")
		},
	},
	{
		Name: "CONCAT_SEPARATOR", Family: "string", Deterministic: true, Cost: 6, Returns: Text,
		Params: []Param{one("separator", Text), many("values", Anything)},
		Doc: "Puts the values as texts behind each other with the separator between them. Arrays stand for their elements; arrays " +
			"within them are joined by commas. Nulls are left out.",
		Examples: []Example{{`RETURN CONCAT_SEPARATOR("-", [1, 2, null], [4, 5])`, `["1-2-4-5"]`}, {`RETURN CONCAT_SEPARATOR(", ", "a", "b")`, `["a, b"]`}},
		Eval:     evalConcatSeparator,
	},
	{
		Name: "CONTAINS", Family: "string", Deterministic: true, Cost: 4, Returns: Bool | Number,
		Params:   []Param{one("text", Text), one("search", Text), opt("returnIndex", Bool)},
		Doc:      "Tells whether search is a part of the text; with returnIndex at which character it begins, -1 when it is none. An empty search is never found.",
		Examples: []Example{{`RETURN [CONTAINS("foobarbaz", "bar"), CONTAINS("foobarbaz", "ba", true)]`, `[[true, 3]]`}},
		Eval: func(_ *Context, a []value.Value) value.Value {
			text, search := ToString(a[0]), ToString(a[1])
			at := -1
			if search != "" {
				at = strings.Index(text, search)
			}
			if !flag(a, 2) {
				return value.Bool(at >= 0)
			}
			if at > 0 {
				at = runes(text[:at])
			}
			return value.Int(int64(at))
		},
	},
	{
		Name: "STARTS_WITH", Family: "string", Deterministic: true, Cost: 3, Returns: Bool | Null,
		Params: []Param{one("text", Text), one("prefix", Text|List), opt("least", Number)},
		Doc: "Tells whether the text begins with the prefix; of an array of prefixes at least one must fit, or as many as least says. " +
			"What is no string does not fit.",
		Examples: []Example{{`RETURN [STARTS_WITH("foobar", "foo"), STARTS_WITH("foobar", ["x", "f", "fo"], 2)]`, `[[true, true]]`}},
		Eval:     evalStartsWith,
	},
	{
		Name: "FIND_FIRST", Family: "string", Deterministic: true, Cost: 5, Returns: Number,
		Params: []Param{one("text", Text), one("search", Text), opt("start", Number), opt("end", Number)},
		Doc: "Gives the character at which search begins for the first time, -1 when it is not there. Start and end, the first and the " +
			"last character to look at, may narrow the text.",
		Examples: []Example{
			{`RETURN [FIND_FIRST("foobarbaz", "ba"), FIND_FIRST("foobarbaz", "ba", 4), FIND_FIRST("foobarbaz", "ba", 0, 3)]`, `[[3, 6, -1]]`},
		},
		Eval: func(_ *Context, a []value.Value) value.Value { return find(a, strings.Index) },
	},
	{
		Name: "FIND_LAST", Family: "string", Deterministic: true, Cost: 5, Returns: Number,
		Params: []Param{one("text", Text), one("search", Text), opt("start", Number), opt("end", Number)},
		Doc: "Gives the character at which search begins for the last time, -1 when it is not there. Start and end, the first and the " +
			"last character to look at, may narrow the text.",
		Examples: []Example{
			{`RETURN [FIND_LAST("foobarbaz", "ba"), FIND_LAST("foobarbaz", "ba", 7), FIND_LAST("foobarbaz", "ba", 0, 4)]`, `[[6, -1, 3]]`},
		},
		Eval: func(_ *Context, a []value.Value) value.Value { return find(a, strings.LastIndex) },
	},
	texts("ENCODE_URI_COMPONENT", "Encodes a text as a part of a URI.", `RETURN ENCODE_URI_COMPONENT("fünf & 6")`, `["f%C3%BCnf%20%26%206"]`, 8, encodeURI),
	{
		Name: "DECODE_URI_COMPONENT", Family: "string", Deterministic: true, Cost: 8, Returns: Text | Null,
		Params:   unary("value", Text),
		Doc:      "Decodes what ENCODE_URI_COMPONENT encoded; null with a warning when it cannot be.",
		Examples: []Example{{`RETURN DECODE_URI_COMPONENT("f%C3%BCnf%20%26%206")`, `["fünf & 6"]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			text, err := url.PathUnescape(ToString(a[0]))
			if err != nil {
				return c.badType("DECODE_URI_COMPONENT")
			}
			return value.String(text)
		},
	},
	{
		Name: "JSON_PARSE", Family: "string", Deterministic: true, Cost: 20, Returns: Anything,
		Params:   unary("text", Text),
		Doc:      "Reads a text of JSON; null with a warning when it is none.",
		Examples: []Example{{`RETURN JSON_PARSE('{"a": [1, true]}')`, `[{"a": [1, true]}]`}, {`RETURN JSON_PARSE("abc")`, `[null]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			if a[0].Kind() != value.KindString || !c.grow(8*len(a[0].Str())) {
				return c.badType("JSON_PARSE")
			}
			v, err := value.Parse([]byte(a[0].Str()), value.Limits{})
			if err != nil {
				return c.badType("JSON_PARSE")
			}
			return v
		},
	},
	{
		Name: "JSON_STRINGIFY", Family: "string", Deterministic: true, Cost: 10, Returns: Text,
		Params:   unary("value", Anything),
		Doc:      "Writes a value as text of JSON, attributes in the order of their names.",
		Examples: []Example{{`RETURN JSON_STRINGIFY({b: 1, a: "x"})`, `["{\"a\":\"x\",\"b\":1}"]`}},
		Eval:     func(_ *Context, a []value.Value) value.Value { return value.String(a[0].String()) },
	},
	{
		Name: "LEFT", Family: "string", Deterministic: true, Cost: 3, Returns: Text,
		Params:   []Param{one("value", Text), one("n", Number)},
		Doc:      "Gives the first n characters.",
		Examples: []Example{{`RETURN LEFT("foobar", 3)`, `["foo"]`}},
		Eval: func(_ *Context, a []value.Value) value.Value {
			return value.String(substring(ToString(a[0]), 0, max(toCount(a[1]), 0)))
		},
	},
	{
		Name: "RIGHT", Family: "string", Deterministic: true, Cost: 3, Returns: Text,
		Params:   []Param{one("value", Text), one("n", Number)},
		Doc:      "Gives the last n characters.",
		Examples: []Example{{`RETURN RIGHT("foobar", 3)`, `["bar"]`}},
		Eval: func(_ *Context, a []value.Value) value.Value {
			text, n := ToString(a[0]), toCount(a[1])
			if n <= 0 {
				return value.String("")
			}
			return value.String(substring(text, -n, math.MaxInt64))
		},
	},
	{
		Name: "SUBSTRING", Family: "string", Deterministic: true, Cost: 3, Returns: Text,
		Params:   []Param{one("value", Text), one("offset", Number), opt("length", Number)},
		Doc:      "Gives the part that begins at an offset, counted in characters from 0, or from the end when it is negative, of at most length characters.",
		Examples: []Example{{`RETURN [SUBSTRING("foobar", 3), SUBSTRING("foobar", 1, 2), SUBSTRING("foobar", -2)]`, `[["bar", "oo", "ar"]]`}},
		Eval: func(_ *Context, a []value.Value) value.Value {
			length := int64(math.MaxInt64)
			if len(a) > 2 && !a[2].IsNull() {
				length = max(toCount(a[2]), 0)
			}
			return value.String(substring(ToString(a[0]), toCount(a[1]), length))
		},
	},
	texts("LOWER", "Makes all letters small.", `RETURN LOWER("ÄBC")`, `["äbc"]`, 4, strings.ToLower),
	texts("UPPER", "Makes all letters capital.", `RETURN UPPER("äbc")`, `["ÄBC"]`, 4, strings.ToUpper),
	trimming("LTRIM", "at the beginning", `RETURN LTRIM("--==[foo]==--", "-=[]")`, `["foo]==--"]`, strings.TrimLeft),
	trimming("RTRIM", "at the end", `RETURN RTRIM("--==[foo]==--", "-=[]")`, `["--==[foo"]`, strings.TrimRight),
	{
		Name: "TRIM", Family: "string", Deterministic: true, Cost: 4, Returns: Text,
		Params: []Param{one("value", Text), opt("charsOrType", Text|Number)},
		Doc: "Takes blanks, tabs and line ends off both ends, or the characters of a text instead of them. " +
			"Number 1 takes them off the beginning only, 2 off the end only, 0 off both.",
		Examples: []Example{{`RETURN [TRIM("  foo "), TRIM(";foo;bar, ", ",; "), TRIM(" foo ", 1)]`, `[["foo", "foo;bar", "foo "]]`}},
		Eval:     evalTrim,
	},
	texts("TO_BASE64", "Encodes the bytes of a text in base64.", `RETURN TO_BASE64("ABC.")`, `["QUJDLg=="]`, 5,
		func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }),
	texts("TO_HEX", "Writes the bytes of a text as hexadecimal digits.", `RETURN TO_HEX("ABC.")`, `["4142432e"]`, 5,
		func(s string) string { return hex.EncodeToString([]byte(s)) }),
	{
		Name: "TO_CHAR", Family: "string", Deterministic: true, Cost: 2, Returns: Text | Null,
		Params:   unary("codepoint", Number),
		Doc:      "Gives the character of a code point of Unicode.",
		Examples: []Example{{`RETURN TO_CHAR(128519)`, `["😇"]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			n := toCount(a[0])
			if n < 0 || n > utf8.MaxRune || !utf8.ValidRune(rune(n)) {
				return c.badType("TO_CHAR")
			}
			return value.String(string(rune(n)))
		},
	},
	{
		Name: "REPEAT", Family: "string", Deterministic: true, Cost: 5, Returns: Text | Null,
		Params:   []Param{one("value", Text), one("count", Number), opt("separator", Text)},
		Doc:      "Puts a text count times behind itself, with the separator between.",
		Examples: []Example{{`RETURN REPEAT("ab", 3, "-")`, `["ab-ab-ab"]`}},
		Eval:     evalRepeat,
	},
	{
		Name: "SPLIT", Family: "string", Deterministic: true, Cost: 15, Returns: List | Null,
		Params: []Param{one("value", Text), opt("separator", Text|List), opt("limit", Number)},
		Doc: "Cuts a text at a separator, or at any of an array of separators, into at most limit parts; what follows those is left " +
			"out. An empty separator parts the characters; without one the whole text is the only part.",
		Examples: []Example{
			{`RETURN SPLIT("foo-bar-baz", "-")`, `[["foo", "bar", "baz"]]`}, {`RETURN SPLIT("foo-bar-baz", "-", 1)`, `[["foo"]]`},
			{`RETURN SPLIT("foo, bar & baz", [", ", " & "])`, `[["foo", "bar", "baz"]]`},
		},
		Eval: evalSplit,
	},
	{
		Name: "SUBSTITUTE", Family: "string", Deterministic: true, Cost: 15, Returns: Text | Null,
		Params: []Param{one("value", Text), one("search", Text|List|Object), opt("replace", Text|List|Number), opt("limit", Number)},
		Doc: "Puts other texts in the place of search: one text, an array of texts with an array of as many replacements (those that " +
			"lack are empty) or with one for all, or an object of search texts with their replacements, and then the limit follows at once. " +
			"The limit is the most replacements made. Where several search texts fit, the first counts.",
		Examples: []Example{
			{`RETURN SUBSTITUTE("the quick brown foxx", ["quick", "foxx"], ["slow", "dog"])`, `["the slow brown dog"]`},
			{`RETURN SUBSTITUTE("the quick brown foxx", {quick: "small", brown: null, foxx: "ant"})`, `["the small  ant"]`},
			{`RETURN SUBSTITUTE("the quick brown foxx", ["the", "foxx"], ["that", "dog"], 1)`, `["that quick brown foxx"]`},
		},
		Eval: evalSubstitute,
	},
	{
		Name: "LIKE", Family: "string", Deterministic: true, Cost: 6, Returns: Bool,
		Params: []Param{one("text", Text), one("search", Text), opt("caseInsensitive", Bool)},
		Doc:    "Tells whether the whole text fits a pattern in which % is any text and _ any one character; a backslash takes that meaning away.",
		Examples: []Example{
			{`RETURN [LIKE("carrot", "ca%t"), LIKE("cart", "ca_t"), LIKE("FoO bAz", "fOo%", true)]`, `[[true, true, true]]`},
		},
		Eval: func(c *Context, a []value.Value) value.Value {
			return value.Bool(like(c, ToString(a[0]), ToString(a[1]), flag(a, 2)))
		},
	},
	texts("SOUNDEX", "Gives a code of how an English word sounds.", `RETURN [SOUNDEX("example"), SOUNDEX("ekzampul"), SOUNDEX("soundex")]`, `[["E251", "E251", "S532"]]`, 5, soundex),
	{
		Name: "LEVENSHTEIN_DISTANCE", Family: "string", Deterministic: true, Cost: 50, Returns: Number | Null,
		Params:   []Param{one("value1", Text), one("value2", Text)},
		Doc:      "Counts the characters that must be inserted, removed or changed to make one text of the other.",
		Examples: []Example{{`RETURN [LEVENSHTEIN_DISTANCE("foobar", "bar"), LEVENSHTEIN_DISTANCE("der mötör trötet", "der trötet")]`, `[[3, 6]]`}},
		Eval:     evalLevenshtein,
	},
	{
		Name: "RANDOM_TOKEN", Family: "string", Cost: 10, Returns: Text | Null,
		Params:   unary("length", Number),
		Doc:      "Makes a text of that many random letters and digits, at most 65536, another one each time.",
		Examples: []Example{{`RETURN LENGTH(RANDOM_TOKEN(8))`, `[8]`}},
		Eval:     evalRandomToken,
	},
	{
		Name: "UUID", Family: "string", Cost: 10, Returns: Text,
		Doc:      "Makes a random universally unique identifier (version 4), another one each time.",
		Examples: []Example{{`RETURN LENGTH(UUID())`, `[36]`}},
		Eval:     evalUUID,
	},
}

// trimming declares LTRIM and RTRIM.
func trimming(name, where, query, result string, trim func(s, chars string) string) Function {
	return Function{
		Name: name, Family: "string", Deterministic: true, Cost: 4, Returns: Text,
		Params:   []Param{one("value", Text), opt("chars", Text)},
		Doc:      "Takes blanks, tabs and line ends off " + where + ", or the characters of a text instead of them.",
		Examples: []Example{{query, result}},
		Eval: func(_ *Context, a []value.Value) value.Value {
			chars := blanks
			if len(a) > 1 && !a[1].IsNull() {
				chars = ToString(a[1])
			}
			return value.String(trim(ToString(a[0]), chars))
		},
	}
}
