package fn_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/query/fn"
	"github.com/selvedge-db/selvedge/value"
)

// cases are expressions with their result and the number of the warning, 0 for none.
var cases = []struct {
	expr, want string
	warning    int
}{
	// Nulls and other kinds.
	{`APPEND(null, [1])`, `[1]`, 0},
	{`APPEND([1], null)`, `[1]`, 0},
	{`APPEND(5, [1])`, `null`, fn.WarnArgumentType},
	{`APPEND([1, 1], [1, 2, 2], true)`, `[1, 1, 2]`, 0},
	{`PUSH(null, 1)`, `[1]`, 0},
	{`PUSH("a", 1)`, `null`, fn.WarnArgumentType},
	{`FIRST("abc")`, `null`, fn.WarnArrayExpected},
	{`LAST(null)`, `null`, fn.WarnArrayExpected},
	{`NTH("abc", 0)`, `null`, 0},
	{`NTH([1, 2], -0.5)`, `null`, 0},
	{`POP(null)`, `null`, 0},
	{`POP([1])`, `[]`, 0},
	{`SHIFT([])`, `[]`, 0},
	{`REMOVE_VALUE(null, 1)`, `[]`, 0},
	{`REMOVE_NTH([1, 2], 5)`, `[1, 2]`, 0},
	{`REMOVE_VALUES([1, 2], null)`, `[1, 2]`, 0},
	{`POSITION([1, 2], 2.0)`, `true`, 0},
	{`POSITION({}, 2)`, `null`, fn.WarnArrayExpected},
	{`REPLACE_NTH([1, 2], -1, 5)`, `[1, 5]`, 0},
	{`REPLACE_NTH([1, 2], 2, 5)`, `[1, 2]`, fn.WarnArgumentType},
	{`REPLACE_NTH(null, 1, 5, 0)`, `[0, 5]`, 0},
	{`SLICE([1, 2, 3, 4, 5], 1, -1)`, `[2, 3, 4]`, 0},
	{`SLICE([1, 2, 3], -10)`, `[1, 2, 3]`, 0},
	{`SLICE([1, 2, 3], 3)`, `[]`, 0},
	{`SLICE([1, 2, 3], 1e300)`, `[]`, 0},
	{`SLICE("abc", 1)`, `null`, fn.WarnArrayExpected},
	{`SORTED(["b", 2, null, true, [1], {}])`, `[null, true, 2, "b", [1], {}]`, 0},
	{`SORTED(1)`, `null`, fn.WarnArrayExpected},
	{`UNIQUE([1, 1.0, "1", [1], [1, null]])`, `[1, "1", [1]]`, 0},
	{`UNIQUE([1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3])`, `[1, 2, 3, 4, 5, 6, 7, 8, 9]`, 0},
	{`UNION([1], 2)`, `null`, fn.WarnArgumentType},
	{`FLATTEN([1, [2, [3, [4]]]], 10)`, `[1, 2, 3, 4]`, 0},
	{`FLATTEN([[]])`, `[]`, 0},
	{`FLATTEN([[1]], -1)`, `[1]`, 0},
	{`LENGTH(true)`, `1`, 0},
	{`LENGTH(false)`, `0`, 0},
	{`COUNT_DISTINCT([1, 1.0, 2])`, `2`, 0},
	{`JACCARD([], [])`, `1`, 0},

	// Strings are counted in code points.
	{`SUBSTRING("电脑坏了", 1, 2)`, `"脑坏"`, 0},
	{`SUBSTRING("abc", -2, 1)`, `"b"`, 0},
	{`SUBSTRING("abc", -9)`, `"abc"`, 0},
	{`SUBSTRING("abc", 1, -1)`, `""`, 0},
	{`SUBSTRING("abc", 9)`, `""`, 0},
	{`SUBSTRING(12345, 1, 2)`, `"23"`, 0},
	{`SUBSTRING("aäb", 2)`, `"b"`, 0},
	{`LEFT("äöü", 2)`, `"äö"`, 0},
	{`LEFT("abc", -1)`, `""`, 0},
	{`RIGHT("äöü", 2)`, `"öü"`, 0},
	{`RIGHT("foobar", 10)`, `"foobar"`, 0},
	{`RIGHT("foobar", 0)`, `""`, 0},
	{`FIND_FIRST("äöüöx", "ö", 2)`, `3`, 0},
	{`FIND_FIRST("foo", "", 1)`, `1`, 0},
	{`FIND_FIRST("foo", "o", -1)`, `-1`, 0},
	{`FIND_LAST("foo", "")`, `3`, 0},
	{`FIND_LAST("foobar", "", 0, 3)`, `4`, 0},
	{`CONTAINS("foo", "")`, `false`, 0},
	{`CONTAINS("foo", "", true)`, `-1`, 0},
	{`CONTAINS("äbc", "c", true)`, `2`, 0},
	{`CONCAT(null, true, 1.5)`, `"true1.5"`, 0},
	{`CONCAT_SEPARATOR(", ", ["foo", ["b", "a", "r"], "baz"])`, `"foo, b,a,r, baz"`, 0},
	{`CONCAT_SEPARATOR("-", [1, 2, 3, null], [4, null, 5])`, `"1-2-3-4-5"`, 0},
	{`TRIM("  foobar\t \r\n ")`, `"foobar"`, 0},
	{`TRIM(";foo;bar;baz, ", ",; ")`, `"foo;bar;baz"`, 0},
	{`TRIM(" a ", 2)`, `" a"`, 0},
	{`LTRIM("  foo bar  ")`, `"foo bar  "`, 0},
	{`SPLIT("abc", "")`, `["a", "b", "c"]`, 0},
	{`SPLIT("äöü", "", 2)`, `["ä", "ö"]`, 0},
	{`SPLIT("foo")`, `["foo"]`, 0},
	{`SPLIT("a-b", "-", 0)`, `[]`, 0},
	{`SPLIT("a-b", "-", -1)`, `null`, fn.WarnArgumentType},
	{`SPLIT("", "-")`, `[""]`, 0},
	{`SPLIT("-a-", "-")`, `["", "a", ""]`, 0},
	{`SUBSTITUTE("the quick brown foxx", "quick")`, `"the  brown foxx"`, 0},
	{`SUBSTITUTE("the quick brown foxx", ["the", "quick", "foxx"], ["A", "VOID!"])`, `"A VOID! brown "`, 0},
	{`SUBSTITUTE("the quick brown foxx", ["quick", "foxx"], "xx")`, `"the xx brown xx"`, 0},
	{`SUBSTITUTE("the quick brown foxx", {quick: "small", brown: "slow", foxx: "ant"}, 2)`, `"the small slow foxx"`, 0},
	{`SUBSTITUTE("aaa", "a", "aa", 2)`, `"aaaaa"`, 0},
	{`SUBSTITUTE("aaa", "a", "b", 0)`, `"aaa"`, 0},
	{`SUBSTITUTE("aaa", "a", "b", -1)`, `null`, fn.WarnArgumentType},
	{`SUBSTITUTE("abcd", ["bc", "b"], ["1", "2"])`, `"a1d"`, 0},
	{`SUBSTITUTE("abcd", ["", "b"], ["1", "2"])`, `"a2cd"`, 0},
	{`LIKE("foo bar baz", "bar")`, `false`, 0},
	{`LIKE("bar", "%bar%")`, `true`, 0},
	{`LIKE("a%c", "a\\%c")`, `true`, 0},
	{`LIKE("abc", "a\\%c")`, `false`, 0},
	{`LIKE("aaab", "%a%b")`, `true`, 0},
	{`LIKE("ä", "_")`, `true`, 0},
	{`LIKE("", "%")`, `true`, 0},
	{`LIKE("", "_")`, `false`, 0},
	{`LIKE("ab", "a%%")`, `true`, 0},
	{`LIKE("FoO bAr BaZ", "fOo%bAz")`, `false`, 0},
	{`LIKE("a_b", "a__b")`, `false`, 0},
	{`LEVENSHTEIN_DISTANCE("The quick brown fox jumps over the lazy dog", "The quick black dog jumps over the brown fox")`, `13`, 0},
	{`LEVENSHTEIN_DISTANCE(" ", "")`, `1`, 0},
	{`SOUNDEX("sounteks")`, `"S532"`, 0},
	{`SOUNDEX("")`, `""`, 0},
	{`SOUNDEX("Ashcraft")`, `"A261"`, 0},
	{`JSON_PARSE("{")`, `null`, fn.WarnArgumentType},
	{`JSON_PARSE(1)`, `null`, fn.WarnArgumentType},
	{`TO_CHAR(55296)`, `null`, fn.WarnArgumentType},
	{`RANDOM_TOKEN(65537)`, `null`, fn.WarnArgumentType},
	{`RANDOM_TOKEN(0)`, `""`, 0},
	{`STARTS_WITH(1, "1")`, `false`, 0},
	{`REPEAT("a", -1)`, `null`, fn.WarnArgumentType},
	{`REPEAT("", 1e18)`, `""`, 0},
	{`ENCODE_URI_COMPONENT("a-b_c.d!e~f*g'h(i)/")`, `"a-b_c.d!e~f*g'h(i)%2F"`, 0},

	// Regular expressions.
	{`REGEX_TEST("the\nquick", "^the(\n[a-w]+)")`, `true`, 0},
	{`REGEX_TEST("ABC", "b")`, `false`, 0},
	{`REGEX_TEST("ABC", "b", true)`, `true`, 0},
	{`REGEX_TEST("a", "(")`, `null`, fn.WarnRegex},
	{`REGEX_TEST("a", "((((a{100}){100}){100}){100})")`, `null`, fn.WarnRegex},
	{`REGEX_MATCHES("My-us3r_n4m3", "^[a-z0-9_-]{3,16}$", true)`, `["My-us3r_n4m3"]`, 0},
	{`REGEX_MATCHES("#4d82h4", "^#?([a-f0-9]{6}|[a-f0-9]{3})$", true)`, `null`, 0},
	{`REGEX_MATCHES("a", "(b)?a")`, `["a", ""]`, 0},
	{`REGEX_SPLIT("ca,bc,a,bca,bca,bc", "a,b", true, 5)`, `["c", "c,", "c", "c", "c"]`, 0},
	{`REGEX_SPLIT("a1b2c", "[0-9]", false, 2)`, `["a", "b"]`, 0},
	{`REGEX_SPLIT("abc", "")`, `["a", "b", "c"]`, 0},
	{`REGEX_SPLIT("", "x")`, `[""]`, 0},
	{`REGEX_REPLACE("the quick brown fox", "o", "i")`, `"the quick briwn fix"`, 0},
	{`REGEX_REPLACE("ab", "(a)(b)", "\\$1$2$3$1x")`, `"$1bax"`, 0},

	// Numbers.
	{`ROUND(-2.49)`, `-2`, 0},
	{`CEIL(-2.51)`, `-2`, 0},
	{`ABS("5")`, `5`, 0},
	{`SQRT([9])`, `3`, 0},
	{`LOG(-1)`, `null`, 0},
	{`POW(10, 400)`, `null`, fn.WarnNumberRange},
	{`AVERAGE([])`, `null`, 0},
	{`AVERAGE([999, 80, 4, 4, 4, 3, 3, 3])`, `137.5`, 0},
	{`SUM([0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1])`, `1`, 0},
	{`SUM([1, "2"])`, `null`, fn.WarnArgumentType},
	{`SUM(1)`, `null`, fn.WarnArrayExpected},
	{`MIN([null, null])`, `null`, 0},
	{`MAX(["a", 1, [0]])`, `[0]`, 0},
	{`VARIANCE_SAMPLE([1])`, `null`, 0},
	{`VARIANCE([1, 3, 6, 5, 2])`, `3.4400000000000004`, 0},
	{`VARIANCE_SAMPLE([1, 3, 6, 5, 2])`, `4.300000000000001`, 0},
	{`MEDIAN([999, 80, 4, 4, 4, 3, 3, 3])`, `4`, 0},
	{`PERCENTILE([1, 2, 3, 4], 100, "interpolation")`, `4`, 0},
	{`PERCENTILE([5], 1)`, `5`, 0},
	{`PERCENTILE([1, 2], 0)`, `null`, fn.WarnArgumentType},
	{`PERCENTILE([1, 2], 50, "guess")`, `null`, fn.WarnArgumentType},
	{`PERCENTILE([null], 50)`, `null`, 0},
	{`RANGE(1, 4, 3)`, `[1, 4]`, 0},
	{`RANGE(1.5, 2.5)`, `[1, 2]`, 0},
	{`RANGE(-0.75, 1.1, 0.5)`, `[-0.75, -0.25, 0.25, 0.75]`, 0},
	{`RANGE(1, 4, 0)`, `null`, fn.WarnArgumentType},
	{`RANGE(1, 4, -1)`, `null`, fn.WarnArgumentType},
	{`PRODUCT([])`, `1`, 0},
	{`BIT_AND([1, -1])`, `null`, fn.WarnArgumentType},
	{`BIT_OR(1)`, `null`, fn.WarnArgumentType},

	// Documents.
	{`HAS(1, "a")`, `false`, 0},
	{`ATTRIBUTES([1])`, `null`, fn.WarnArgumentType},
	{`MERGE({a: 1}, 2)`, `null`, fn.WarnArgumentType},
	{`MERGE([])`, `{}`, 0},
	{`MERGE({a: {b: 1}}, {a: {c: 1}}, {a: null})`, `{"a": null}`, 0},
	{`MERGE({a: 1}, {b: 1}, {c: 1}, {a: 2}, {d: 1}, {b: 2})`, `{"a": 2, "b": 2, "c": 1, "d": 1}`, 0},
	{`MERGE_RECURSIVE({a: {b: 1}}, {a: {c: null}})`, `{"a": {"b": 1, "c": null}}`, 0},
	{`UNSET({a: 1, b: 2}, "x")`, `{"a": 1, "b": 2}`, 0},
	{`UNSET({a: 1}, 1)`, `null`, fn.WarnArgumentType},
	{`UNSET_RECURSIVE({a: 1, b: [{a: 1}], c: {a: {d: 1}, e: 1}}, "a")`, `{"b": [{"a": 1}], "c": {"e": 1}}`, 0},
	{`KEEP({a: 1}, [])`, `{}`, 0},
	{`MATCHES({name: "jane", age: 27, active: true}, {age: 27, active: true})`, `true`, 0},
	{`MATCHES({a: 1}, {b: null})`, `true`, 0},
	{`MATCHES({a: 1}, {})`, `true`, 0},
	{`MATCHES(1, {})`, `false`, 0},
	{`MATCHES({a: 1}, [])`, `null`, fn.WarnArgumentType},
	{`PARSE_IDENTIFIER("users")`, `null`, fn.WarnArgumentType},
	{`PARSE_IDENTIFIER({_id: "a/b"})`, `{"collection": "a", "key": "b"}`, 0},
	{`IS_SAME_COLLECTION("_users", {_id: "something/else"})`, `false`, 0},
	{`IS_SAME_COLLECTION("_users", {})`, `null`, fn.WarnArgumentType},
	{`ZIP(["a", "a", "b"], [1, 2, 3])`, `{"a": 1, "b": 3}`, 0},
	{`ZIP(["a"], [])`, `null`, fn.WarnArgumentType},
	{`VALUES({b: 1, a: 2})`, `[2, 1]`, 0},

	// Dates.
	{`DATE_TIMESTAMP("2014-05-07 14:19:09.522Z")`, `1399472349522`, 0},
	{`DATE_TIMESTAMP(2014, 5, 7, 14, 19, 9, 522)`, `1399472349522`, 0},
	{`DATE_TIMESTAMP(1970, 1, 1, 26)`, `93600000`, 0},
	{`DATE_TIMESTAMP(2016, 12, -1)`, `null`, fn.WarnDate},
	{`DATE_TIMESTAMP(2016, 12)`, `null`, fn.WarnArgumentNumber},
	{`DATE_TIMESTAMP("2014-05-07T14:19:09+07:30")`, `1399445349000`, 0},
	{`DATE_TIMESTAMP("2014-05-07Z")`, `1399420800000`, 0},
	{`DATE_TIMESTAMP("2014-5-7")`, `1399420800000`, 0},
	{`DATE_TIMESTAMP("2014-05-07T14:19")`, `1399472340000`, 0},
	{`DATE_TIMESTAMP("2015-05-15T24:00:00.000Z") == DATE_TIMESTAMP("2015-05-16")`, `true`, 0},
	{`DATE_TIMESTAMP("0000-01-01")`, `-62167219200000`, 0},
	{`DATE_TIMESTAMP("9999-12-31T23:59:59.999Z")`, `253402300799999`, 0},
	{`DATE_TIMESTAMP(253402300800000)`, `null`, fn.WarnDate},
	{`DATE_TIMESTAMP("10000-01-01")`, `null`, fn.WarnDate},
	{`DATE_TIMESTAMP("2014-13-01")`, `null`, fn.WarnDate},
	{`DATE_TIMESTAMP("2014-05-07T1:19:09")`, `null`, fn.WarnDate},
	{`DATE_TIMESTAMP("today")`, `null`, fn.WarnDate},
	{`DATE_TIMESTAMP(null)`, `null`, fn.WarnDate},
	{`DATE_ISO8601(-1)`, `"1969-12-31T23:59:59.999Z"`, 0},
	{`DATE_ISO8601("2015-02-31")`, `"2015-03-03T00:00:00.000Z"`, 0},
	{`DATE_ISO8601("2016-02-29T12:00:00.1234567Z")`, `"2016-02-29T12:00:00.123Z"`, 0},
	{`DATE_HOUR(2 * 60 * 60 * 1000)`, `2`, 0},
	{`DATE_DAYOFWEEK("2024-05-05")`, `0`, 0},
	{`DATE_DAYOFWEEK("1969-12-28")`, `0`, 0},
	{`DATE_DAYOFYEAR("2023-03-01")`, `60`, 0},
	{`DATE_ISOWEEK("2020-12-31")`, `53`, 0},
	{`DATE_ISOWEEK("2018-12-31")`, `1`, 0},
	{`DATE_LEAPYEAR("1900-01-01")`, `false`, 0},
	{`DATE_LEAPYEAR("2000-01-01")`, `true`, 0},
	{`DATE_DAYS_IN_MONTH("2023-12-31")`, `31`, 0},
	{`DATE_TRUNC("2017-02-03", "month")`, `"2017-02-01T00:00:00.000Z"`, 0},
	{`DATE_TRUNC("2024-05-08", "w")`, `"2024-05-06T00:00:00.000Z"`, 0},
	{`DATE_TRUNC("2017-02-03", "nonsense")`, `null`, fn.WarnArgumentType},
	{`DATE_TRUNC("1969-06-15T12:30:00", "Y")`, `"1969-01-01T00:00:00.000Z"`, 0},
	{`DATE_FORMAT("2016-03-01", "%xxx%")`, `"061"`, 0},
	{`DATE_FORMAT("2016-03-01", "%m%&month %Q/%YYYY %yyyyyy %t %z %kk %a")`, `"3month 1/2016 +002016 1456790400000 2016-03-01T00:00:00.000Z 09 31"`, 0},
	{`DATE_ADD("2015-01-31", 1, "month")`, `"2015-03-03T00:00:00.000Z"`, 0},
	{`DATE_ADD("2015-04-01", 0.5, "day")`, `"2015-04-01T12:00:00.000Z"`, 0},
	{`DATE_ADD("2015-04-01", "5", "d")`, `"2015-04-06T00:00:00.000Z"`, 0},
	{`DATE_ADD("2000-01-01", "PT30M44.4S")`, `"2000-01-01T00:30:44.400Z"`, 0},
	{`DATE_ADD("2000-01-01", "P5DT26H")`, `"2000-01-07T02:00:00.000Z"`, 0},
	{`DATE_ADD("2000-01-01", "P1H")`, `null`, fn.WarnArgumentType},
	{`DATE_ADD("2000-01-01", "PT1S2H")`, `null`, fn.WarnArgumentType},
	{`DATE_ADD("9999-01-01", 1, "y")`, `null`, fn.WarnDate},
	{`DATE_ADD("2000-01-01", 1, "fortnight")`, `null`, fn.WarnArgumentType},
	{`DATE_SUBTRACT("2000-01-01", "P4D")`, `"1999-12-28T00:00:00.000Z"`, 0},
	{`DATE_DIFF("2000-01-01", "1999-01-01", "y")`, `-1`, 0},
	{`DATE_DIFF("2000-01-01", "2000-01-01T00:00:01", "f")`, `1000`, 0},
	{`DATE_COMPARE("2001-01-01T15:30:45.678Z", "2001-01-01T08:08:08.008Z", "years", "days")`, `true`, 0},
	{`DATE_COMPARE("2001-01-01", "2001-02-01", "days", "years")`, `null`, fn.WarnArgumentType},
	{`DATE_COMPARE("1984-02-29", "2023-02-28", "months", "days")`, `false`, 0},
	{`IS_DATESTRING("2015-02-31T25:00:00")`, `false`, 0},
	{`IS_DATESTRING(" 2015-10 ")`, `true`, 0},

	// The rest.
	{`COUNT(CURRENT_USER())`, `4`, 0},
	{`CURRENT_USER_ATTRIBUTE("department")`, `"finance"`, 0},
	{`CURRENT_USER_ATTRIBUTE("nothing")`, `null`, 0},
	{`CURRENT_APIKEY_ATTRIBUTE()`, `{}`, 0},
	{`DECODE_REV("short")`, `null`, fn.WarnArgumentType},
	{`L2([10, 20, 30, 40], [5, 6, 7, 8]) > 42.11 AND L2([10, 20, 30, 40], [5, 6, 7, 8]) < 42.12`, `true`, 0},
	{`L2([1], [1, 2])`, `null`, fn.WarnArgumentType},
	{`L2([1], ["1"])`, `null`, fn.WarnArgumentType},
	{`COSINE_SIM([0], [1])`, `null`, fn.WarnNumberRange},
	{`VECTOR_DIVIDE([1, 1], [0, 2])`, `[null, 0.5]`, fn.WarnDivision},
	{`VECTOR_NORMALIZE([0, 0])`, `null`, fn.WarnDivision},
	{`VECTOR_MULTIPLY([10, 20, 30, 40], [5, 6, 7, 8])`, `[50, 120, 210, 320]`, 0},
	{`SIMILAR_TO_ARRAY([100, 200, 150, 100], [[30, 50, 60, 70], [10, 20, 15, 10], [4, 5, 6, 7]], "cosine", 1)`, `[[1, 1]]`, 0},
	{`SIMILAR_TO_ARRAY([1], [[1]], "manhattan")`, `null`, fn.WarnArgumentType},
	{`DISTANCE(91, 0, 0, 0)`, `null`, fn.WarnGeo},
	{`DISTANCE("1", 0, 0, 0)`, `null`, fn.WarnArgumentType},
	{`GEO_DISTANCE([0, 0], [0, 0], "moon")`, `null`, fn.WarnArgumentType},
	{`GEO_DISTANCE(null, [0, 0])`, `null`, fn.WarnArgumentType},
	{`GEO_CONTAINS([0, 0], [0, 0])`, `null`, fn.WarnGeo},
	{`GEO_POINT(200, 0)`, `null`, fn.WarnGeo},
	{`GEO_LINESTRING([[0, 0]])`, `null`, fn.WarnArgumentType},
	{`GEO_POLYGON([])`, `null`, fn.WarnArgumentType},
	{`TOKENS(["Hello World", "Foxes"], "text_en")`, `[["hello", "world"], ["fox"]]`, 0},
	{`TOKENS("a B", "identity")`, `["a B"]`, 0},
	{`TOKENS("a", "klingon")`, `null`, fn.WarnArgumentType},
	{`HASH([1, 2]) == HASH([1, 2.0])`, `true`, 0},
	{`HASH("a")`, `1149715311225509`, 0},
	{`TIME_BUCKET("2024-05-08T10:00:00Z", "1w")`, `"2024-05-06T00:00:00.000Z"`, 0},
	{`TIME_BUCKET("2024-05-08T10:00:00Z", "quarter")`, `null`, fn.WarnArgumentType},
	{`TIME_BUCKET("2024-05-08T10:00:00Z", "P3M")`, `"2024-04-01T00:00:00.000Z"`, 0},
	{`TIME_BUCKET(-1, "1h")`, `-3600000`, 0},
	{`TIME_BUCKET("nonsense", "1h")`, `null`, fn.WarnDate},
	{`RATE([[0, 1]])`, `null`, 0},
	{`RATE([[1000, 8], [0, 5]])`, `3`, 0},
	{`GAP_FILL([{t: 25, v: 5}, {t: 3, v: 1}], "t", 0, 30, 10, "previous")`, `[{"t": 3, "v": 1}, {"t": 10, "v": 1}, {"t": 25, "v": 5}]`, 0},
	{`GAP_FILL([{t: "2024-01-01T00:00:00Z", v: "a"}], "t", "2024-01-01", "2024-03-01", "1mo", "linear")`, `[{"t": "2024-01-01T00:00:00Z", "v": "a"}, {"t": "2024-02-01T00:00:00.000Z", "v": null}]`, 0},
	{`GAP_FILL([{v: 1}], "t", 0, 10, 5)`, `null`, fn.WarnDate},
	{`APPLY("SUM", [[1, 2]])`, `3`, 0},
	{`CALL(1)`, `null`, fn.WarnArgumentType},
	{`CALL("call", "Apply", "length", [[1, 2]])`, `2`, 0},
	{`APPLY("PI")`, `3.141592653589793`, 0},
	{`APPLY("PI", 1)`, `null`, fn.WarnArgumentType},
}

func TestSemantics(t *testing.T) {
	t.Parallel()
	for _, test := range cases {
		var w warnings
		got := value.Null()
		if rows := run(t, testContext(&w), "RETURN "+test.expr).Items(); len(rows) == 1 {
			got = rows[0]
		}
		if want := parsed(t, test.want); !value.Identical(got, want) {
			t.Errorf("%s = %s, want %s", test.expr, got, want)
		}
		switch {
		case w.failed != nil:
			t.Errorf("%s ended the query: %v", test.expr, w.failed)
		case test.warning == 0 && len(w.list) > 0, test.warning != 0 && (len(w.list) == 0 || !strings.HasPrefix(w.list[0], value.Int(int64(test.warning)).Digits())):
			t.Errorf("%s warned %q, want %d", test.expr, w.list, test.warning)
		}
	}
}

func TestWhatEndsTheQuery(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string]string{
		`ASSERT(1 > 2, "one is less")`: "one is less", `CALL("LENGHT", 1)`: "did you mean LENGTH()", `CALL("LENGTH")`: "got 0, expected 1",
		`RANGE(1, 1e9)`: "more than 10000000", `REPEAT("a", 1e15)`: "256 MB",
	} {
		var w warnings
		run(t, testContext(&w), "RETURN "+expr)
		if w.failed == nil || !strings.Contains(w.failed.Error(), want) {
			t.Errorf("%s ended with %v, want %q", expr, w.failed, want)
		}
	}
}

// twoDocuments is data of two documents.
type twoDocuments struct{ asked []string }

func (d *twoDocuments) Document(id string) (value.Value, bool, error) {
	if d.asked = append(d.asked, id); strings.HasPrefix(id, "broken/") {
		return value.Null(), false, errNoRoom
	}
	return value.Object(value.Member{Name: "_id", Value: value.String(id)}), id == "users/john" || id == "users/amy", nil
}

func (d *twoDocuments) Count(collection string) (int64, bool, error) {
	return 2, collection == "users", nil
}
func (d *twoDocuments) Names() []string { return []string{"cars", "users"} }
func (d *twoDocuments) Near(collection string, latitude, longitude float64, limit int, distance string) ([]value.Value, error) {
	return []value.Value{value.String(fmt.Sprint(collection, latitude, longitude, limit, distance))}, nil
}
func (d *twoDocuments) Within(collection string, latitude, longitude, radius float64, distance string) ([]value.Value, error) {
	return []value.Value{value.String(fmt.Sprint(collection, latitude, longitude, radius, distance))}, nil
}
func (d *twoDocuments) Fulltext(collection, attribute, query string, limit int) ([]value.Value, error) {
	return []value.Value{value.String(fmt.Sprint(collection, " ", attribute, " ", query, " ", limit))}, nil
}

func TestWhatReads(t *testing.T) {
	t.Parallel()
	for call, want := range map[string]string{
		`DOCUMENT ["users/john"]`: `{"_id":"users/john"}`, `DOCUMENT ["users", "john"]`: `{"_id":"users/john"}`,
		`DOCUMENT ["users", "users/john"]`: `{"_id":"users/john"}`, `DOCUMENT ["cars", "users/john"]`: `null`, `DOCUMENT ["john"]`: `null`,
		`DOCUMENT ["users/none"]`: `null`, `DOCUMENT [["users/john", "users/none", "users/amy", 5]]`: `[{"_id":"users/john"},{"_id":"users/amy"}]`,
		`DOCUMENT ["users", ["john", "users/amy"]]`: `[{"_id":"users/john"},{"_id":"users/amy"}]`, `DOCUMENT [null]`: `null`,
		`COLLECTION_COUNT ["users"]`: `2`, `COLLECTION_COUNT [1]`: `null`,
		`COLLECTIONS []`:   `[{"_id":"cars","name":"cars"},{"_id":"users","name":"users"}]`,
		`NEAR ["c", 1, 2]`: `["c1 2 100"]`, `NEAR ["c", 1, 2, 5, "d"]`: `["c1 2 5d"]`, `NEAR ["c", "1", 2]`: `null`,
		`WITHIN ["c", 1, 2, 3]`: `["c1 2 3"]`, `WITHIN ["c", 1, 2, null]`: `null`, `WITHIN ["c", 1, 2, 3, 4]`: `null`,
		`FULLTEXT ["c", "a", "q"]`: `["c a q 0"]`, `FULLTEXT ["c", "a", "q", 7]`: `["c a q 7"]`, `FULLTEXT ["c", "a", 1]`: `null`,
	} {
		name, args, _ := strings.Cut(call, " ")
		var w warnings
		c := testContext(&w)
		c.Data = &twoDocuments{}
		if got := fn.Call(c, name, parsed(t, args).Items()); got.String() != want || w.failed != nil {
			t.Errorf("%s = %s, want %s (%v)", call, got, want, w.failed)
		}
	}
	for call, want := range map[string]string{`DOCUMENT ["broken/x"]`: "no room", `DOCUMENT ["broken", ["x"]]`: "no room", `COLLECTION_COUNT ["none"]`: "not found: none"} {
		name, args, _ := strings.Cut(call, " ")
		var w warnings
		c := testContext(&w)
		c.Data = &twoDocuments{}
		if fn.Call(c, name, parsed(t, args).Items()); w.failed == nil || !strings.Contains(w.failed.Error(), want) {
			t.Errorf("%s ended with %v, want %s", call, w.failed, want)
		}
	}
}

// TestNothingIsThere calls what needs data or randomness in a context that has none.
func TestNothingIsThere(t *testing.T) {
	t.Parallel()
	text, number := value.String("c/1"), value.Int(1)
	for name, args := range map[string][]value.Value{
		"DOCUMENT": {text}, "COLLECTIONS": {}, "COLLECTION_COUNT": {text}, "NEAR": {text, number, number}, "WITHIN": {text, number, number, number},
		"FULLTEXT": {text, text, text}, "RAND": {}, "UUID": {}, "RANDOM_TOKEN": {number}, "SLEEP": {number},
	} {
		var failed error
		c := &fn.Context{Fail: func(err error) { failed = err }}
		if fn.Call(c, name, args); failed == nil || !strings.Contains(failed.Error(), name) {
			t.Errorf("%s without anything: %v", name, failed)
		}
	}
}

// TestPartsOfAggregatesMerge checks that it does not matter how rows are parted, and that rows in another order give the
// same where the declaration does not say otherwise.
func TestPartsOfAggregatesMerge(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for _, a := range fn.AllAggregates() {
		for range 50 {
			rows := randomRows(r, a)
			whole, parts := a.New(), []fn.Accumulator{a.New(), a.New(), a.New()}
			for i, row := range rows {
				whole.Add(row)
				parts[i*len(parts)/len(rows)].Add(row)
			}
			before := whole.Result()
			if again := whole.Result(); !value.Identical(before, again) {
				t.Fatalf("%s gives %s and then %s", a.Name, before, again)
			}
			parts[1].Merge(parts[2])
			parts[0].Merge(parts[1])
			if !close(before, parts[0].Result()) {
				t.Fatalf("%s of %s is %s, in parts %s", a.Name, value.Array(rows...), before, parts[0].Result())
			}
			if a.Ordered || a.Name == "PERCENTILE" || a.Name == "RATE" {
				continue
			}
			r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
			other := a.New()
			for _, row := range rows {
				other.Add(row)
			}
			if !close(before, other.Result()) {
				t.Fatalf("%s of %s is %s in this order, %s in another", a.Name, value.Array(rows...), other.Result(), before)
			}
		}
	}
}

func randomRows(r *rand.Rand, a *fn.Aggregate) []value.Value {
	rows := make([]value.Value, r.IntN(40))
	for i := range rows {
		v := value.Float(math.Trunc(r.Float64()*2000-500) / 8)
		if r.IntN(10) == 0 {
			v = value.Null()
		}
		switch {
		case strings.HasPrefix(a.Name, "BIT"):
			v = value.Int(r.Int64N(1 << 32))
		case a.Name == "MIN" || a.Name == "UNIQUE" || a.Name == "COUNT_DISTINCT":
			v = value.Array(value.Int(r.Int64N(4)), value.Int(r.Int64N(4)))
		}
		second := value.Int(r.Int64N(1000))
		if a.Name == "PERCENTILE" {
			second = value.Int(30)
		}
		if rows[i] = v; a.Wide() {
			rows[i] = value.Array(v, second)
		}
	}
	return rows
}

// close tells whether values are the same but for the last digits of numbers.
func close(x, y value.Value) bool {
	if x.Kind() != value.KindNumber || y.Kind() != value.KindNumber {
		return value.Equal(x, y)
	}
	p, q := x.Float64(), y.Float64()
	return math.Abs(p-q) <= 1e-9*max(math.Abs(p), math.Abs(q), 1)
}

func TestAccumulatorsCountWhatTheyHold(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"UNIQUE", "SORTED_UNIQUE", "COUNT_DISTINCT", "PUSH", "MEDIAN", "PERCENTILE", "RATE"} {
		a, _ := fn.LookupAggregate(name)
		all := a.New()
		for i := range 1000 {
			v := value.Int(int64(i))
			if a.Wide() {
				v = value.Array(v, value.Int(int64(i%100+1)))
			}
			all.Add(v)
		}
		if n := all.Bytes(); n < 8000 || n > 1<<20 {
			t.Errorf("%s of 1000 numbers says that it holds %d bytes", name, n)
		}
	}
}

// TestWhatIsKeptIsCopied overwrites the text of a value after it was given away.
func TestWhatIsKeptIsCopied(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"MIN": `{"a":"x"}`, "MAX": `{"a":"x"}`, "UNIQUE": `[{"a":"x"}]`, "SORTED_UNIQUE": `[{"a":"x"}]`, "PUSH": `[{"a":"x"}]`, "FIRST": `{"a":"x"}`, "LAST": `{"a":"x"}`,
	} {
		a, _ := fn.LookupAggregate(name)
		text := []byte(`{"a":"x"}`)
		v := value.Lazy(text)
		if a.Wide() {
			v = value.OwnItems([]value.Value{v, value.Int(1)})
		}
		all := a.New()
		all.Add(v)
		text[6] = 'y'
		if got := all.Result().String(); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	polygon := []byte(`{"coordinates":[[[0,0],[9,0],[9,9],[0,9],[0,0]]],"type":"Polygon"}`)
	c := &fn.Context{}
	inside := func() value.Value {
		return fn.Call(c, "GEO_CONTAINS", []value.Value{value.Lazy(polygon), value.Array(value.Int(8), value.Int(8))})
	}
	before := inside()
	copy(polygon, `{"coordinates":[[[0,0],[1,0],[1,1],[0,1],[0,0]]],"type":"Polygon"}`)
	if after := inside(); !before.Bool() || after.Bool() {
		t.Errorf("a polygon that became another one was taken for the first: %s, %s", before, after)
	}
	regex := []byte(`"ab"`)
	test := func() value.Value {
		return fn.Call(c, "REGEX_TEST", []value.Value{value.String("ab"), value.Lazy(regex)})
	}
	before = test()
	copy(regex, `"xy"`)
	if after := test(); !before.Bool() || after.Bool() {
		t.Errorf("an expression that became another one was taken for the first: %s, %s", before, after)
	}
}

func TestWrongValuesMakeAggregatesNull(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"SUM", "AVERAGE", "VARIANCE", "VARIANCE_SAMPLE", "STDDEV", "MEDIAN", "BIT_AND"} {
		a, _ := fn.LookupAggregate(name)
		all, none := a.New(), a.New()
		for _, v := range []value.Value{value.Int(1), value.String("2"), value.Int(3)} {
			all.Add(v)
		}
		if got := all.Result(); !got.IsNull() {
			t.Errorf("%s of a string is %s", name, got)
		}
		if got := none.Result(); !got.IsNull() {
			t.Errorf("%s of nothing is %s", name, got)
		}
	}
}

// A text that a function does not know is shown, with what it would know.
func TestWarningsSayWhatIsWanted(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string]string{
		`DATE_ADD("2024", 1, "fortnight")`:                     `'DATE_ADD()': "fortnight"; want a unit`,
		`DATE_ADD("2024", "1 day")`:                            `"1 day"; want an ISO 8601 duration`,
		`DATE_SUBTRACT("2024", [], "day")`:                     `'DATE_SUBTRACT()'`,
		`DATE_ADD("2024", 1, 5)`:                               `'DATE_ADD()'`,
		`DATE_TRUNC("2024", "q")`:                              `"q"; want a unit`,
		`DATE_DIFF("2024", "2025", "decades")`:                 `"decades"; want a unit`,
		`DATE_ROUND("2024", 15, "m")`:                          `"m"; want days or smaller`,
		`TIME_BUCKET("2024", "1 hour")`:                        `"1 hour"; want a span`,
		`RATE([[0, 1], [5, 2]], "x")`:                          `"x"; want a span`,
		`GAP_FILL([], "t", 0, 1, "10q")`:                       `"10q"; want a span`,
		`GAP_FILL([], "t", 0, 1, 1, "prev")`:                   `"prev"; want null, previous or linear`,
		`DATE_TRUNC("2024", REPEAT("ü", 100))`:                 `üü..."; want a unit`,
		`IS_ARRAY([DATE_TRUNC("2024", REPEAT("y", 1000000))])`: `yy..."; want a unit`,
	} {
		var w warnings
		run(t, testContext(&w), "RETURN "+expr)
		if len(w.list) != 1 || !strings.Contains(w.list[0], want) || len(w.list[0]) > 200 {
			t.Errorf("%s warned %q, want %s", expr, w.list, want)
		}
	}
}

func TestSuggestions(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"LENGHT": "LENGTH", "now": "DATE_NOW", "COALESCE": "NOT_NULL", "SUBSTR": "SUBSTRING", "ZZZZZZ": ""} {
		got := ""
		if near := fn.Suggest(name); len(near) > 0 {
			got = near[0]
		}
		if got != want {
			t.Errorf("for %s: %q, want %q", name, got, want)
		}
	}
}
