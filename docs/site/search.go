package site

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode"
)

// How much a word counts, by the place where it stands.
const (
	inTitle     = 12 // of a section
	inPageTitle = 4
	inText      = 1
	mostInText  = 3 // a word that a section repeats counts no more than this
	excerpt     = 150
)

// searchIndex is what search.js reads. Places are numbers: of Pages in Sections, of Sections in Places.
type searchIndex struct {
	Pages    []searchPage    `json:"pages"`
	Sections []searchSection `json:"sections"`
	// Words are sorted, so that those with one beginning stand together. Places has for each of them pairs: how many sections
	// further than the pair before, and how much the word counts there.
	Words  []string `json:"words"`
	Places [][]int  `json:"places"`
	// Common words are kept from headings alone; in a search beside others they are passed over.
	Common []string `json:"common"`
}

type searchPage struct {
	Address string `json:"address"`
	Title   string `json:"title"`
	Group   string `json:"group"`
}

type searchSection struct {
	Page   int    `json:"page"`
	Anchor string `json:"anchor"`
	Title  string `json:"title"`
	Text   string `json:"text"`
}

// indexOf makes the index of all pages.
func indexOf(b *book) searchIndex {
	out := searchIndex{Common: strings.Fields(common)}
	counts := map[string]map[int]int{} // word, section: how much it counts
	for number, p := range b.pages {
		out.Pages = append(out.Pages, searchPage{Address: p.address, Title: p.title, Group: p.group})
		for i := range p.sections {
			s := &p.sections[i]
			at := len(out.Sections)
			body := strings.TrimSpace(strings.TrimPrefix(s.text.String(), s.title))
			out.Sections = append(out.Sections, searchSection{Page: number, Anchor: s.anchor, Title: s.title, Text: shorten(body, excerpt)})
			add := func(text string, weight, most int, common bool) {
				for _, w := range wordsOf(text) {
					if !common && isCommon(w) {
						continue
					}
					if counts[w] == nil {
						counts[w] = map[int]int{}
					}
					if counts[w][at] < most {
						counts[w][at] += weight
					}
				}
			}
			add(body, inText, mostInText, false)
			add(p.title, inPageTitle, mostInText+inPageTitle, true)
			add(s.title, inTitle, inTitle+inPageTitle+mostInText, true)
			if i == 0 {
				add(strings.TrimSuffix(p.file, ".md"), inTitle, inTitle, true) // who types geo wants guides/geo.md
			}
		}
	}
	for w := range counts {
		out.Words = append(out.Words, w)
	}
	slices.Sort(out.Words)
	for _, w := range out.Words {
		out.Places = append(out.Places, pairs(counts[w]))
	}
	return out
}

// pairs writes where a word stands as differences and weights.
func pairs(weights map[int]int) []int {
	var at []int
	for section := range weights {
		at = append(at, section)
	}
	slices.Sort(at)
	out, last := make([]int, 0, 2*len(at)), 0
	for _, section := range at {
		out, last = append(out, section-last, weights[section]), section
	}
	return out
}

// wordsOf parts a text into words, in small letters. One with dots, hyphens or underscores inside, as limits.history-age, is
// there as a whole and in its parts. search.js does the same with what is typed.
func wordsOf(text string) []string {
	var out []string
	for _, whole := range strings.FieldsFunc(strings.ToLower(text), func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("._-", c)
	}) {
		whole = strings.Trim(whole, "._-")
		parts := strings.FieldsFunc(whole, func(c rune) bool { return strings.ContainsRune("._-", c) })
		if len(parts) > 1 && len(whole) <= 40 {
			out = append(out, whole)
		}
		for _, part := range parts {
			if len(part) > 1 && len(part) <= 40 {
				out = append(out, part)
			}
		}
	}
	return out
}

// common words stand everywhere and say nothing. In headings they count: IN and NOT are words of C8QL.
const common = " the of to and is in that it an as are be by on or not for with at from this has have was how what when which one its" +
	" so no but if than they all can may them there here does do will more other others only also "

func isCommon(word string) bool { return strings.Contains(common, " "+word+" ") }

func (x searchIndex) encode() ([]byte, error) { return json.Marshal(x) }
