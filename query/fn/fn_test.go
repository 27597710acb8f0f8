package fn_test

import (
	"errors"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/query/fn"
	"github.com/selvedge-db/selvedge/value"
)

// documented are the functions of the reference system by page. Those of search views and similarity views come with
// views.
var documented = map[string]string{
	"array": `APPEND CONTAINS_ARRAY COUNT COUNT_DISTINCT COUNT_UNIQUE FIRST FLATTEN INTERSECTION LAST LENGTH MINUS NTH OUTERSECTION POP
		POSITION PUSH REMOVE_NTH REMOVE_VALUE REMOVE_VALUES REVERSE SHIFT SLICE SORTED SORTED_UNIQUE UNION UNION_DISTINCT UNIQUE UNSHIFT`,
	"control":  `NOT_NULL FIRST_LIST FIRST_DOCUMENT`,
	"database": `COLLECTION_COUNT COLLECTIONS COUNT CURRENT_USER CURRENT_USER_ATTRIBUTE CURRENT_APIKEY_ATTRIBUTE DECODE_REV DOCUMENT LENGTH`,
	"date": `DATE_NOW DATE_ISO8601 DATE_TIMESTAMP IS_DATESTRING DATE_DAYOFWEEK DATE_YEAR DATE_MONTH DATE_DAY DATE_HOUR DATE_MINUTE DATE_SECOND
		DATE_MILLISECOND DATE_DAYOFYEAR DATE_ISOWEEK DATE_LEAPYEAR DATE_QUARTER DATE_DAYS_IN_MONTH DATE_TRUNC DATE_FORMAT DATE_ADD
		DATE_SUBTRACT DATE_DIFF DATE_COMPARE`,
	"document": `ATTRIBUTES COUNT HAS IS_SAME_COLLECTION KEEP LENGTH MATCHES MERGE MERGE_RECURSIVE PARSE_IDENTIFIER TRANSLATE UNSET
		UNSET_RECURSIVE VALUES ZIP`,
	"call":     `APPLY ASSERT WARN CALL SLEEP`,
	"fulltext": `FULLTEXT TOKENS`,
	"geo": `DISTANCE GEO_CONTAINS GEO_DISTANCE GEO_AREA GEO_EQUALS GEO_INTERSECTS GEO_LINESTRING GEO_MULTILINESTRING GEO_MULTIPOINT GEO_POINT
		GEO_POLYGON GEO_MULTIPOLYGON NEAR WITHIN`,
	"hash": `HASH CRC32 FNV64 MD5 SHA1 SHA512`,
	"numeric": `ABS ACOS ASIN ATAN ATAN2 AVERAGE AVG CEIL COS DEGREES EXP EXP2 FLOOR LOG LOG2 LOG10 MAX MEDIAN MIN PERCENTILE PI POW RADIANS
		RAND RANGE ROUND SIN SQRT STDDEV_POPULATION STDDEV_SAMPLE STDDEV SUM TAN VARIANCE_POPULATION VARIANCE_SAMPLE VARIANCE`,
	"string": `CHAR_LENGTH CONCAT CONCAT_SEPARATOR CONTAINS COUNT CRC32 ENCODE_URI_COMPONENT FIND_FIRST FIND_LAST FNV64 JSON_PARSE
		JSON_STRINGIFY LEFT LENGTH LEVENSHTEIN_DISTANCE LIKE LOWER LTRIM MD5 RANDOM_TOKEN REGEX_MATCHES REGEX_SPLIT REGEX_TEST REGEX_REPLACE
		REVERSE RIGHT RTRIM SHA1 SHA512 SOUNDEX SPLIT SUBSTITUTE SUBSTRING TOKENS TO_BASE64 TO_HEX TRIM UPPER UUID`,
	"cast":   `TO_BOOL TO_NUMBER TO_STRING TO_ARRAY TO_LIST`,
	"type":   `IS_NULL IS_BOOL IS_NUMBER IS_STRING IS_ARRAY IS_LIST IS_OBJECT IS_DOCUMENT IS_DATESTRING IS_KEY TYPENAME`,
	"search": `IN_RANGE MIN_MATCH STARTS_WITH TOKENS`,
	"vector": `L2 DOT_PRODUCT COSINE_SIM SIMILAR_TO_ARRAY VECTOR_ADD VECTOR_SUBTRACT VECTOR_MULTIPLY VECTOR_DIVIDE VECTOR_NORMALIZE`,
	"time":   `TIME_BUCKET GAP_FILL INTERPOLATE RATE`,
}

func TestEveryDocumentedFunctionIsThere(t *testing.T) {
	t.Parallel()
	for page, names := range documented {
		for _, name := range strings.Fields(names) {
			if _, ok := fn.Lookup(name); !ok {
				t.Errorf("%s: %s is missing", page, name)
			}
		}
	}
	for _, name := range strings.Fields(`LENGTH COUNT MIN MAX SUM AVERAGE AVG STDDEV_POPULATION STDDEV STDDEV_SAMPLE VARIANCE_POPULATION VARIANCE
		VARIANCE_SAMPLE UNIQUE SORTED_UNIQUE COUNT_DISTINCT COUNT_UNIQUE FIRST LAST RATE PERCENTILE MEDIAN`) {
		if _, ok := fn.LookupAggregate(strings.ToLower(name)); !ok {
			t.Errorf("aggregate %s is missing", name)
		}
	}
}

func TestDeclarationsAreComplete(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, f := range fn.All() {
		for _, name := range append([]string{f.Name}, f.Aliases...) {
			if seen[name] || name != strings.ToUpper(name) {
				t.Errorf("%s: the name %s is there twice, or not in capital letters", f.Name, name)
			}
			seen[name] = true
		}
		switch {
		case f.Doc == "" || !strings.HasSuffix(f.Doc, ".") || f.Family == "" || f.Cost <= 0 || f.Returns == 0 || f.Eval == nil:
			t.Errorf("%s: something is missing in its declaration", f.Name)
		case len(f.Examples) == 0 && f.Deterministic:
			t.Errorf("%s: has no example", f.Name)
		case f.Deterministic && (f.Stable || f.Reads):
			t.Errorf("%s: what reads, or may change from one execution to another, is not deterministic", f.Name)
		}
		checkParams(t, f.Name, f.Params)
		if target, ok := fn.Lookup(f.OnCollection); f.OnCollection != "" && (!ok || !target.Reads) {
			t.Errorf("%s: calls %s on a collection, which is none that reads", f.Name, f.OnCollection)
		}
	}
	for _, a := range fn.AllAggregates() {
		if a.Doc == "" || a.Cost <= 0 || a.Returns == 0 || a.New == nil || len(a.Examples) == 0 || len(a.Params) == 0 {
			t.Errorf("aggregate %s: something is missing in its declaration", a.Name)
		}
		checkParams(t, a.Name, a.Params)
	}
}

func checkParams(t *testing.T, name string, params []fn.Param) {
	t.Helper()
	for i, p := range params {
		if p.Name == "" || p.Types == 0 || p.Variadic && i != len(params)-1 || i > 0 && params[i-1].Optional && !p.Optional {
			t.Errorf("%s: parameter %d is not declared well", name, i)
		}
	}
}

func TestLookupAndSuggest(t *testing.T) {
	t.Parallel()
	if f, ok := fn.Lookup("count_unique"); !ok || f.Name != "COUNT_DISTINCT" {
		t.Errorf("an alias in small letters gave %v, %v", f, ok)
	}
	for asked, want := range map[string]string{"LENGHT": "LENGTH", "substr": "SUBSTRING", "DATE_NWO": "DATE_NOW", "geo_dist": "GEO_DISTANCE"} {
		if got := fn.Suggest(asked); !slices.Contains(got, want) {
			t.Errorf("Suggest(%s) = %v, want %s among them", asked, got, want)
		}
	}
	if got := fn.Suggest("XYZZY_QWERTY"); len(got) != 0 {
		t.Errorf("nothing is near, but Suggest gave %v", got)
	}
	if got := fn.SuggestAggregate("AVRAGE"); len(got) == 0 || got[0] != "AVERAGE" {
		t.Errorf("SuggestAggregate(AVRAGE) = %v", got)
	}
}

// randomValue makes a value of any kind, often one that functions look for.
func randomValue(r *rand.Rand, depth int) value.Value {
	texts := []string{
		"", "a", "foo-bar", "ÄÖ电", "2024-02-30", "2024-05-07T14:19:09.5+01:00", "P1Y2M", "day", "month", "1h", "rank", "linear", "previous", "l2",
		"text_en", "%a_", "(a|b)+", "users/1", "\\", "wgs84", "Point", "$1", "-17.5e3", "{\"a\":[1]}", "AZXTsEiAAAIAAAABAAAAAA", "LENGTH",
	}
	numbers := []float64{0, 1, -1, 2, 3, 0.5, -2.5, 10, 90, 180, 255, 1e3, 65537, 1e9, 1e12, 1399472349522, -62167219200001, 1e17, -1e17, 9e15, 1e300, -1e300, 5e-324}
	switch n := r.IntN(12); {
	case n == 0:
		return value.Null()
	case n == 1:
		return value.Bool(r.IntN(2) == 0)
	case n < 5:
		return value.Float(numbers[r.IntN(len(numbers))])
	case n < 8 || depth == 0:
		return value.String(texts[r.IntN(len(texts))])
	case n < 11:
		items := make([]value.Value, r.IntN(5))
		for i := range items {
			items[i] = randomValue(r, depth-1)
		}
		return value.Array(items...)
	}
	var members []value.Member
	for _, name := range []string{"_id", "_key", "a", "b", "coordinates", "type"} {
		if r.IntN(2) == 0 {
			members = append(members, value.Member{Name: name, Value: randomValue(r, depth-1)})
		}
	}
	return value.Object(members...)
}

var errNoRoom = errors.New("no room")

// TestFunctionsTakeAnything calls every function with random values: nothing may panic, and what is deterministic must
// give the same again, in a context without anything.
func TestFunctionsTakeAnything(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 5))
	for _, f := range fn.All() {
		least, most := f.Arity()
		if most < 0 {
			most = least + 3
		}
		for range 300 {
			args := make([]value.Value, least+r.IntN(most-least+1))
			for i := range args {
				args[i] = randomValue(r, 3)
			}
			var w warnings
			c := testContext(&w)
			left := 1 << 20
			c.Grow = func(bytes int) error {
				if left -= bytes; left < 0 || bytes < 0 {
					return errNoRoom
				}
				return nil
			}
			first := f.Eval(c, args)
			if !f.Deterministic || w.failed != nil {
				continue
			}
			again := f.Eval(&fn.Context{Grow: c.Grow}, args)
			if !value.Identical(first, again) && left >= 0 {
				t.Fatalf("%s(%s) = %s, and then %s", f.Name, value.Array(args...), first, again)
			}
		}
	}
}

// TestResultsAreOfDeclaredTypes calls every function with values of the types that it declares.
func TestResultsAreOfDeclaredTypes(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 11))
	kinds := map[value.Kind]fn.Types{
		value.KindNull: fn.Null, value.KindBool: fn.Bool, value.KindNumber: fn.Number, value.KindString: fn.Text,
		value.KindArray: fn.List, value.KindObject: fn.Object,
	}
	for _, f := range fn.All() {
		least, _ := f.Arity()
		if f.Reads || least == 0 {
			continue
		}
		for range 200 {
			args := make([]value.Value, least)
			for i := range args {
				for args[i] = randomValue(r, 2); kinds[args[i].Kind()]&f.Params[min(i, len(f.Params)-1)].Types == 0; {
					args[i] = randomValue(r, 2)
				}
			}
			var w warnings
			c := testContext(&w)
			left := 1 << 20
			c.Grow = func(bytes int) error {
				if left -= bytes; left < 0 || bytes < 0 {
					return errNoRoom
				}
				return nil
			}
			got := f.Eval(c, args)
			if w.failed == nil && kinds[got.Kind()]&(f.Returns|fn.Null) == 0 {
				t.Fatalf("%s(%s) = %s, which is not among the types that it declares", f.Name, value.Array(args...), got)
			}
			if got.IsNull() && f.Returns&fn.Null == 0 && w.failed == nil {
				t.Fatalf("%s(%s) is null, which it does not declare", f.Name, value.Array(args...))
			}
		}
	}
}

// TestGrowthIsBounded checks that what would be much larger than its arguments is refused before it is made.
func TestGrowthIsBounded(t *testing.T) {
	t.Parallel()
	long := value.String(strings.Repeat("a", 1000))
	many := make([]value.Value, 2000)
	for i := range many {
		many[i] = value.Int(int64(i))
	}
	list := value.Array(many...)
	number := func(f float64) value.Value { return value.Float(f) }
	calls := map[string][]value.Value{
		"RANGE":         {number(1), number(1e12)},
		"REPEAT":        {long, number(1e9)},
		"UNION":         {list, list},
		"FLATTEN":       {value.Array(list, list)},
		"APPEND":        {list, list},
		"INTERLEAVE":    {list, list},
		"CONCAT":        {value.Array(slices.Repeat([]value.Value{long}, 100)...)},
		"SUBSTITUTE":    {long, value.String("a"), long},
		"REGEX_REPLACE": {long, value.String("a"), long},
		"ZIP":           {list, list},
		"SPLIT":         {value.String(strings.Repeat("a", 5000)), value.String("")},
		"GAP_FILL":      {value.Array(), value.String("t"), number(0), number(1e12), number(1)},
		"DATE_FORMAT":   {number(0), value.String(strings.Repeat("%z", 10000))},
		"TOKENS":        {value.String(strings.Repeat("a b ", 2000)), value.String("text_en")},
		"UNIQUE":        {list},
	}
	for name, args := range calls {
		f, _ := fn.Lookup(name)
		var w warnings
		c := testContext(&w)
		asked := 0
		c.Grow = func(bytes int) error {
			if asked += bytes; asked > 50_000 {
				return errNoRoom
			}
			return nil
		}
		if got := f.Eval(c, args); w.failed == nil {
			t.Errorf("%s made %.80s unasked", name, got.String())
		}
	}
}

// FuzzLike compares the operator with a regular expression made of the pattern.
func FuzzLike(f *testing.F) {
	for _, seed := range [][2]string{{"carrot", "ca%t"}, {"a%c", "a\\%c"}, {"äöü", "_ö%"}, {"aaab", "%a%b"}, {"\\", "\\\\"}, {"a\nb", "a_b"}, {"\xff", "_"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, text, pattern string) {
		if len(text)+len(pattern) > 1000 {
			return
		}
		text, pattern = strings.ToValidUTF8(text, "?"), strings.ToValidUTF8(pattern, "?")
		expression := strings.Builder{}
		expression.WriteString(`(?s)^`)
		points := []rune(pattern)
		for i := 0; i < len(points); i++ {
			switch {
			case points[i] == '\\' && i+1 < len(points):
				i++
				expression.WriteString(regexp.QuoteMeta(string(points[i])))
			case points[i] == '%':
				expression.WriteString(`.*`)
			case points[i] == '_':
				expression.WriteString(`.`)
			default:
				expression.WriteString(regexp.QuoteMeta(string(points[i])))
			}
		}
		expression.WriteString(`$`)
		want := regexp.MustCompile(expression.String()).MatchString(text)
		if got := fn.Like(&fn.Context{}, value.String(text), value.String(pattern)); got != want {
			t.Fatalf("%q LIKE %q is %v", text, pattern, got)
		}
	})
}

// TestLongWorkAsks checks that quadratic work can be stopped.
func TestLongWorkAsks(t *testing.T) {
	t.Parallel()
	x, y := value.String(strings.Repeat("ab", 20000)), value.String(strings.Repeat("ba", 20001)+"c")
	same := strings.Repeat("a", 20000)
	for name, args := range map[string][]value.Value{
		"LEVENSHTEIN_DISTANCE": {x, y}, "LIKE": {value.String(same), value.String("%" + same[:10000] + "b")},
	} {
		var w warnings
		c := testContext(&w)
		c.Check = func() error { return errNoRoom }
		if fn.Call(c, name, args); !errors.Is(w.failed, errNoRoom) {
			t.Errorf("%s did not ask whether the query goes on: %v", name, w.failed)
		}
	}
}
