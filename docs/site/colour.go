package site

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// language is what colouring knows of one.
type language struct {
	comments []string // what begins a comment that ends with its line
	block    bool     // has comments between /* and */
	quotes   string
	signs    string // what begins a parameter or variable
	fold     bool   // words are known in capitals, however they are written
	calls    bool   // a word before ( is a function
	words    string // those with a meaning, between blanks
}

func languageOf(kind string) language {
	switch kind {
	case "sh":
		return language{comments: []string{"# "}, quotes: `"'`, signs: "$", words: " selvedge curl make export go npm cat kill openssl wait "}
	case "c8ql", "explain":
		return language{comments: []string{"//"}, block: true, quotes: "\"'`", signs: "@", fold: true, calls: true,
			words: " FOR IN FILTER SORT LIMIT RETURN LET COLLECT INTO WITH COUNT AGGREGATE INSERT UPDATE REPLACE REMOVE UPSERT OLD NEW AND OR NOT" +
				" ASC DESC DISTINCT OUTBOUND INBOUND ANY GRAPH PRUNE OPTIONS SEARCH WINDOW KEEP SHORTEST_PATH K_SHORTEST_PATHS K_PATHS" +
				" ALL_SHORTEST_PATHS TO LIKE ALL NONE NULL TRUE FALSE CURRENT "}
	case "go":
		return language{comments: []string{"//"}, block: true, quotes: "\"`'", calls: true,
			words: " package import func type struct interface map chan return if else for range switch case default go defer var const nil true false break continue select "}
	case "js":
		return language{comments: []string{"//"}, block: true, quotes: "\"'`", calls: true,
			words: " import from export const let var function return if else for of in while new await async class null true false undefined try catch throw "}
	case "python":
		return language{comments: []string{"#"}, quotes: `"'`, calls: true,
			words: " import from def return if else elif for in while with as class None True False try except raise lambda not and or print "}
	case "json", "http":
		return language{quotes: `"`, words: " true false null "}
	case "yaml":
		return language{comments: []string{"#"}, quotes: `"'`, words: " true false null "}
	}
	return language{}
}

// colour is the HTML of a block of code, with classes on its parts.
func colour(info, code string) string {
	kind, _, _ := strings.Cut(info, " ")
	var out strings.Builder
	switch kind {
	case "http":
		colourHTTP(&out, code)
	case "sh":
		for line := range strings.Lines(code) {
			if strings.HasPrefix(line, "#>") {
				span(&out, "out", line)
			} else {
				languageOf(kind).write(&out, line)
			}
		}
	case "c8ql", "explain":
		query, gives, found := strings.Cut(code, "\n-->")
		languageOf(kind).write(&out, query)
		if found {
			out.WriteByte('\n')
			span(&out, "mark", "-->")
			if kind == "c8ql" {
				languageOf("json").write(&out, gives)
			} else {
				out.WriteString(html.EscapeString(gives))
			}
		}
	default:
		languageOf(kind).write(&out, code)
	}
	return out.String()
}

// colourHTTP colours a request: its first line, headers, and body; and behind --> the same of the reply.
func colourHTTP(out *strings.Builder, code string) {
	start := true
	for line := range strings.Lines(code) {
		mark, rest, found := strings.Cut(line, " ")
		if found {
			rest = " " + rest
		}
		switch {
		case mark == "-->":
			span(out, "mark", mark)
			span(out, "num", rest)
			start = false
		case start:
			span(out, "word", mark)
			out.WriteString(html.EscapeString(rest))
			start = false
		case isHeader(line):
			name, value, _ := strings.Cut(line, ":")
			span(out, "name", name)
			out.WriteString(":" + html.EscapeString(value))
		default:
			languageOf("http").write(out, line)
		}
	}
}

func isHeader(line string) bool {
	name, _, found := strings.Cut(line, ": ")
	return found && name != "" && name[0] >= 'A' && name[0] <= 'Z' && !strings.ContainsAny(name, " \"{}[]")
}

func span(out *strings.Builder, class, code string) {
	body, end := strings.TrimSuffix(code, "\n"), ""
	if body != code {
		end = "\n"
	}
	out.WriteString(`<span class="` + class + `">` + html.EscapeString(body) + "</span>" + end)
}

// write colours code of a language.
func (l language) write(out *strings.Builder, code string) {
	for code != "" {
		n, class := l.next(code)
		if class == "" {
			out.WriteString(html.EscapeString(code[:n]))
		} else {
			span(out, class, code[:n])
		}
		code = code[n:]
	}
}

// next is the length and the class of what code begins with.
func (l language) next(code string) (int, string) {
	for _, c := range l.comments {
		if strings.HasPrefix(code, c) {
			return lineEnd(code), "note"
		}
	}
	first, size := utf8.DecodeRuneInString(code)
	switch {
	case l.block && strings.HasPrefix(code, "/*"):
		if end := strings.Index(code, "*/"); end > 0 {
			return end + 2, "note"
		}
		return len(code), "note"
	case strings.ContainsRune(l.quotes, first):
		return quoted(code, first), "text"
	case strings.ContainsRune(l.signs, first):
		if n := wordEnd(strings.TrimLeft(code, string(first))); n > 0 {
			return len(code) - len(strings.TrimLeft(code, string(first))) + n, "name"
		}
	case unicode.IsDigit(first):
		return numberEnd(code), l.class("num")
	case unicode.IsLetter(first) || first == '_':
		n := wordEnd(code)
		return n, l.word(code[:n], code[n:])
	}
	return size, ""
}

// class is a class where a language is known at all.
func (l language) class(name string) string {
	if l.words == "" {
		return ""
	}
	return name
}

func (l language) word(word, rest string) string {
	if l.fold {
		word = strings.ToUpper(word)
	}
	switch {
	case strings.Contains(l.words, " "+word+" "):
		return "word"
	case l.calls && strings.HasPrefix(rest, "("):
		return "call"
	}
	return ""
}

func lineEnd(code string) int {
	if n := strings.IndexByte(code, '\n'); n >= 0 {
		return n
	}
	return len(code)
}

// quoted is the length of a text in quotes; one without an end goes to the end of its line.
func quoted(code string, quote rune) int {
	for i := 1; i < len(code); i++ {
		switch {
		case code[i] == '\\':
			i++
		case rune(code[i]) == quote:
			return i + 1
		case code[i] == '\n' && quote != '`':
			return i
		}
	}
	return len(code)
}

func wordEnd(code string) int {
	for i, c := range code {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '_' {
			return i
		}
	}
	return len(code)
}

func numberEnd(code string) int {
	for i, c := range code {
		if !unicode.IsDigit(c) && !unicode.IsLetter(c) && c != '.' && c != '_' {
			return i
		}
	}
	return len(code)
}
