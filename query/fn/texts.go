package fn

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/selvedge-db/selvedge/value"
)

// blanks are what TRIM takes off.
const blanks = "\r\n \t"

// joined puts texts behind each other; nulls are left out.
func joined(c *Context, parts []value.Value, separator string) value.Value {
	total, count := 0, 0
	for _, v := range parts {
		if !v.IsNull() {
			total += v.TextLen()
			count++
		}
	}
	if !c.grow(total + count*len(separator)) {
		return value.Null()
	}
	out := make([]byte, 0, total+count*len(separator))
	first := true
	for _, v := range parts {
		if v.IsNull() {
			continue
		}
		if !first {
			out = append(out, separator...)
		}
		first = false
		out = appendText(out, v)
	}
	return value.String(string(out))
}

// appendText appends a value as TO_STRING gives it.
func appendText(dst []byte, v value.Value) []byte {
	switch v.Kind() {
	case value.KindNull:
		return dst
	case value.KindArray, value.KindObject:
		return value.AppendJSON(dst, v)
	}
	return append(dst, ToString(v)...)
}

func evalConcatSeparator(c *Context, a []value.Value) value.Value {
	var parts []value.Value
	for _, v := range a[1:] {
		if v.Kind() != value.KindArray {
			parts = append(parts, v)
			continue
		}
		for _, item := range v.Items() {
			if item.Kind() == value.KindArray {
				item = joined(c, item.Items(), ",")
			}
			parts = append(parts, item)
		}
	}
	return joined(c, parts, ToString(a[0]))
}

func evalStartsWith(c *Context, a []value.Value) value.Value {
	text := a[0]
	if a[1].Kind() != value.KindArray {
		return value.Bool(text.Kind() == value.KindString && a[1].Kind() == value.KindString && strings.HasPrefix(text.Str(), a[1].Str()))
	}
	least := int64(1)
	if len(a) > 2 {
		if a[2].Kind() != value.KindNumber {
			return c.badType("STARTS_WITH")
		}
		least = toCount(a[2])
	}
	for _, prefix := range a[1].Items() {
		if text.Kind() == value.KindString && prefix.Kind() == value.KindString && strings.HasPrefix(text.Str(), prefix.Str()) {
			least--
		}
	}
	return value.Bool(least <= 0)
}

// byteAt gives the offset of a character, and the length of the text when it has fewer.
func byteAt(s string, character int64) int {
	if character <= 0 {
		return 0
	}
	if character >= int64(len(s)) {
		return len(s)
	}
	if isASCII(s[:character]) {
		return int(character)
	}
	at := 0
	for ; character > 0 && at < len(s); character-- {
		_, size := utf8.DecodeRuneInString(s[at:])
		at += size
	}
	return at
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// substring counts in characters; a negative offset counts from the end.
func substring(s string, offset, length int64) string {
	if offset < 0 {
		offset = max(int64(runes(s))+offset, 0)
	}
	s = s[byteAt(s, offset):]
	return s[:byteAt(s, length)]
}

// find is FIND_FIRST and FIND_LAST.
func find(a []value.Value, index func(s, search string) int) value.Value {
	text, search := ToString(a[0]), ToString(a[1])
	from, to := 0, len(text)
	if len(a) > 2 {
		start := toCount(a[2])
		if start < 0 || start > int64(runes(text)) {
			return value.Int(-1)
		}
		from = byteAt(text, start)
	}
	if len(a) > 3 && !a[3].IsNull() {
		end := toCount(a[3])
		if end < 0 {
			return value.Int(-1)
		}
		to = byteAt(text, end+1)
	}
	if from > to {
		return value.Int(-1)
	}
	at := index(text[from:to], search)
	if at < 0 {
		return value.Int(-1)
	}
	return value.Int(int64(runes(text[:from+at])))
}

// encodeURI leaves letters, digits and -_.!~*'() as they are, as JavaScript does.
func encodeURI(s string) string {
	const digits = "0123456789ABCDEF"
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		b := s[i]
		switch {
		case b|0x20 >= 'a' && b|0x20 <= 'z', b >= '0' && b <= '9', strings.IndexByte("-_.!~*'()", b) >= 0:
			out = append(out, b)
		default:
			out = append(out, '%', digits[b>>4], digits[b&15])
		}
	}
	return string(out)
}

func evalTrim(_ *Context, a []value.Value) value.Value {
	text := ToString(a[0])
	if len(a) < 2 || a[1].IsNull() {
		return value.String(strings.Trim(text, blanks))
	}
	if a[1].Kind() != value.KindNumber {
		return value.String(strings.Trim(text, ToString(a[1])))
	}
	switch toCount(a[1]) {
	case 1:
		return value.String(strings.TrimLeft(text, blanks))
	case 2:
		return value.String(strings.TrimRight(text, blanks))
	}
	return value.String(strings.Trim(text, blanks))
}

func evalRepeat(c *Context, a []value.Value) value.Value {
	text, separator := ToString(a[0]), ""
	if len(a) > 2 {
		separator = ToString(a[2])
	}
	count := toCount(a[1])
	if count < 0 {
		return c.badType("REPEAT")
	}
	total := float64(count) * float64(len(text)+len(separator))
	if count == 0 || total == 0 {
		return value.String("")
	}
	if total > longestText {
		return c.fail(&Error{Number: ErrorLimit, Text: "REPEAT() would make a text of more than 256 MB"})
	}
	if !c.grow(int(total)) {
		return value.Null()
	}
	return value.String(text + strings.Repeat(separator+text, int(count-1)))
}

// longestText bounds texts that are made of little.
const longestText = 256 << 20

func evalSplit(c *Context, a []value.Value) value.Value {
	text := ToString(a[0])
	limit := int64(-1)
	if len(a) > 2 && !a[2].IsNull() {
		if limit = toCount(a[2]); limit < 0 {
			return c.badType("SPLIT")
		}
	}
	if limit == 0 {
		return value.Array()
	}
	if len(a) < 2 {
		return value.Array(value.String(text))
	}
	separators, empty := separatorsOf(a[1])
	if empty || len(separators) == 0 {
		return characters(c, text, limit)
	}
	var out []value.Value
	s := searcher{patterns: separators}
	for limit < 0 || int64(len(out)) < limit {
		at, which := s.next(c, text)
		if at < 0 {
			out = append(out, value.String(text))
			break
		}
		out = append(out, value.String(text[:at]))
		text = text[at+len(separators[which]):]
	}
	if !c.items(len(out)) {
		return value.Null()
	}
	return value.OwnItems(out)
}

// separatorsOf lists the separators; empty tells that one of them is the empty text.
func separatorsOf(v value.Value) (out []string, empty bool) {
	if v.Kind() != value.KindArray {
		return []string{ToString(v)}, ToString(v) == ""
	}
	for _, item := range v.Items() {
		out = append(out, ToString(item))
		empty = empty || ToString(item) == ""
	}
	return out, empty
}

func characters(c *Context, text string, limit int64) value.Value {
	n := int64(runes(text))
	if limit >= 0 {
		n = min(n, limit)
	}
	if !c.items(int(n)) {
		return value.Null()
	}
	out := make([]value.Value, 0, n)
	for int64(len(out)) < n {
		_, size := utf8.DecodeRuneInString(text)
		out = append(out, value.String(text[:size]))
		text = text[size:]
	}
	return value.OwnItems(out)
}

// searcher finds the first of several texts. It remembers how far away each is, so that all matches of a text are found
// in one pass for each pattern.
type searcher struct {
	patterns []string
	// ends are the lengths of the rest of the text behind the beginning of the next match, -1 for no more of them, and
	// 0 (no match is that short, patterns not being empty) for not known.
	ends []int
}

// next gives the offset of the first match in the rest of the text and which pattern it is, -1 for none. Of several at
// one place the first pattern counts.
func (s *searcher) next(c *Context, rest string) (at, which int) {
	if s.ends == nil {
		s.ends = make([]int, len(s.patterns))
	}
	at = -1
	for i, p := range s.patterns {
		if p == "" || s.ends[i] < 0 {
			continue
		}
		if s.ends[i] == 0 || s.ends[i] > len(rest) {
			if i&63 == 63 && !c.check() {
				return -1, 0
			}
			found := strings.Index(rest, p)
			if found < 0 {
				s.ends[i] = -1
				continue
			}
			s.ends[i] = len(rest) - found
		}
		if found := len(rest) - s.ends[i]; at < 0 || found < at {
			at, which = found, i
		}
	}
	return at, which
}

func evalSubstitute(c *Context, a []value.Value) value.Value {
	text := ToString(a[0])
	search, replace, limitAt := substitutions(a)
	limit := int64(-1)
	if limitAt < len(a) && !a[limitAt].IsNull() {
		if a[limitAt].Kind() != value.KindNumber || a[limitAt].Float64() < 0 {
			return c.badType("SUBSTITUTE")
		}
		limit = toCount(a[limitAt])
	}
	if len(search) == 1 && search[0] != "" {
		return replaced(c, text, search[0], replace[0], limit)
	}
	var out []byte
	asked := 2 * len(text)
	s := searcher{patterns: search}
	for rounds := 1; limit != 0; limit-- {
		at, which := s.next(c, text)
		if at < 0 {
			break
		}
		out = append(append(out, text[:at]...), replace[which]...)
		text = text[at+len(search[which]):]
		if rounds++; rounds&1023 == 0 && !c.check() {
			return value.Null()
		}
		if len(out) > asked {
			asked = 2 * len(out)
			if !c.grow(asked) {
				return value.Null()
			}
		}
	}
	if out == nil {
		return value.String(text)
	}
	return value.String(string(append(out, text...)))
}

// replaced is SUBSTITUTE of one search text.
func replaced(c *Context, text, search, replace string, limit int64) value.Value {
	n := int64(strings.Count(text, search))
	if limit >= 0 {
		n = min(n, limit)
	}
	if more := int(n) * (len(replace) - len(search)); more > 0 && !c.grow(len(text)+more) {
		return value.Null()
	}
	return value.String(strings.Replace(text, search, replace, int(n)))
}

// substitutions reads the forms of SUBSTITUTE, and tells which argument the limit is.
func substitutions(a []value.Value) (search, replace []string, limitAt int) {
	switch a[1].Kind() {
	case value.KindObject:
		for _, m := range a[1].Members() {
			search, replace = append(search, m.Name), append(replace, ToString(m.Value))
		}
		return search, replace, 2
	case value.KindArray:
		for _, v := range a[1].Items() {
			search = append(search, ToString(v))
		}
	default:
		search = []string{ToString(a[1])}
	}
	replace = make([]string, len(search))
	if len(a) < 3 {
		return search, replace, 3
	}
	if a[2].Kind() == value.KindArray {
		for i, v := range a[2].Items()[:min(a[2].Len(), len(search))] {
			replace[i] = ToString(v)
		}
		return search, replace, 3
	}
	for i := range replace {
		replace[i] = ToString(a[2])
	}
	return search, replace, 3
}

// soundex is the American Soundex: h and w do not part letters of one code, vowels do.
func soundex(s string) string {
	const codes = "01230120022455012623010202" // of a to z
	out := make([]byte, 0, 4)
	last := byte('0')
	for _, r := range strings.ToUpper(s) {
		if r < 'A' || r > 'Z' {
			continue
		}
		code := codes[r-'A']
		switch {
		case len(out) == 0:
			out = append(out, byte(r))
		case code != '0' && code != last:
			out = append(out, code)
		case r == 'H' || r == 'W':
			continue
		}
		last = code
		if len(out) == cap(out) {
			break
		}
	}
	for len(out) > 0 && len(out) < 4 {
		out = append(out, '0')
	}
	return string(out)
}

func evalLevenshtein(c *Context, a []value.Value) value.Value {
	x, y := ToString(a[0]), ToString(a[1])
	if !c.grow(4*len(x) + 12*len(y)) {
		return value.Null()
	}
	p, q := []rune(x), []rune(y)
	for len(p) > 0 && len(q) > 0 && p[0] == q[0] {
		p, q = p[1:], q[1:]
	}
	for len(p) > 0 && len(q) > 0 && p[len(p)-1] == q[len(q)-1] {
		p, q = p[:len(p)-1], q[:len(q)-1]
	}
	row := make([]int, len(q)+1)
	for j := range row {
		row[j] = j
	}
	worked := 0
	for i := range p {
		if worked += len(q); worked > 1<<18 {
			worked = 0
			if !c.check() {
				return value.Null()
			}
		}
		editStep(row, p[i], i, q)
	}
	return value.Int(int64(row[len(q)]))
}

func evalRandomToken(c *Context, a []value.Value) value.Value {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	n := toCount(a[0])
	switch {
	case a[0].Kind() != value.KindNumber || n < 0 || n > 65536:
		return c.badType("RANDOM_TOKEN")
	case c.Random == nil:
		return c.noRandom("RANDOM_TOKEN")
	}
	out := make([]byte, 0, n)
	for int64(len(out)) < n {
		// Six bits at a time; the two numbers that are no letter are passed over, so that all are equally likely.
		for bits, left := c.Random(), 10; left > 0 && int64(len(out)) < n; left-- {
			if i := bits & 63; i < uint64(len(letters)) {
				out = append(out, letters[i])
			}
			bits >>= 6
		}
	}
	return value.String(string(out))
}

func evalUUID(c *Context, _ []value.Value) value.Value {
	if c.Random == nil {
		return c.noRandom("UUID")
	}
	const digits = "0123456789abcdef"
	high, low := c.Random(), c.Random()
	high = high&^0xF000 | 0x4000 // version 4
	low = low&^(3<<62) | 1<<63   // the variant of RFC 9562
	out := make([]byte, 0, 36)
	for i := range 32 {
		if i == 8 || i == 12 || i == 16 || i == 20 {
			out = append(out, '-')
		}
		half := high
		if i >= 16 {
			half = low
		}
		out = append(out, digits[half>>(60-4*(i%16))&15])
	}
	return value.String(string(out))
}

// Like applies the operator LIKE.
func Like(c *Context, text, pattern value.Value) bool {
	return like(c, ToString(text), ToString(pattern), false)
}

// like matches a pattern of % and _ against a whole text. On a mismatch it goes back to the last %, one character on,
// which is enough: an earlier % could only take in more. The time may grow with the product of both lengths, so it asks
// now and then whether the query goes on.
func like(c *Context, text, pattern string, ignoreCase bool) bool {
	if ignoreCase {
		text, pattern = strings.Map(fold, text), strings.Map(fold, pattern)
	}
	i, j := 0, 0
	star, back, steps := -1, 0, 0
	for i < len(text) {
		if steps++; steps&0xFFFF == 0 && !c.check() {
			return false
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		p, width, literal := likeRune(pattern, j)
		switch {
		case width > 0 && !literal && p == '%':
			star, back = j+width, i
			j += width
		case width > 0 && (!literal && p == '_' || p == r && (literal || p != '_')):
			i, j = i+size, j+width
		case star >= 0:
			_, step := utf8.DecodeRuneInString(text[back:])
			back += step
			i, j = back, star
		default:
			return false
		}
	}
	for j < len(pattern) && pattern[j] == '%' {
		j++
	}
	return j == len(pattern)
}

// likeRune reads one character of a pattern; literal tells that a backslash stood before it. The width is 0 at the end.
func likeRune(pattern string, at int) (r rune, width int, literal bool) {
	if at == len(pattern) {
		return 0, 0, false
	}
	if pattern[at] == '\\' && at+1 < len(pattern) {
		r, width = utf8.DecodeRuneInString(pattern[at+1:])
		return r, width + 1, true
	}
	r, width = utf8.DecodeRuneInString(pattern[at:])
	return r, width, false
}

func fold(r rune) rune { return unicode.ToLower(r) }
