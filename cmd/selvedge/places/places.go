// Package places makes up places of interest: the same ones at every call,
// without limit, for trying things out.
//
// Place n depends on n alone, so any number of them, made in any order, agree.
// Cities and their coordinates are real; names, streets, ratings and visits
// are not. A place is a JSON object of 550 to 650 bytes, padded by its
// description, whose _key is "p" and its number from 1.
package places

import (
	"fmt"
	"strings"
)

// Default is how many places there are when nobody says: as many as the world
// has in the list of airports that many examples use.
const Default = 7698

// Place is one made-up place.
type Place struct {
	Key         string
	Name        string
	Kind        string
	City        string
	Country     string
	Address     string
	Latitude    float64
	Longitude   float64
	Rating      float64
	Visits      int
	Open        string
	Tags        []string
	Description string
}

// Columns are the names of the fields in the order of Fields.
func Columns() []string {
	return []string{"_key", "name", "kind", "city", "country", "address", "latitude", "longitude",
		"rating", "visits", "open", "tags", "description"}
}

// At makes place n, from 1.
func At(n int) Place {
	r := random(uint64(n) * 0x9e3779b97f4a7c15)
	c := cities()[r.below(len(cities()))]
	k := kinds()[r.below(len(kinds()))]
	street := streets()[r.below(len(streets()))]
	p := Place{
		Key: fmt.Sprintf("p%d", n), Kind: k.name, City: c.name, Country: c.country,
		Name:      firstNames()[r.below(len(firstNames()))] + " " + k.title,
		Address:   fmt.Sprintf("%d %s", 1+r.below(240), street),
		Latitude:  near(c.latitude, &r),
		Longitude: near(c.longitude, &r),
		Rating:    float64(20+r.below(31)) / 10,
		Visits:    r.below(100_000),
		Open:      fmt.Sprintf("%02d:00-%02d:00", 6+r.below(5), 16+r.below(8)),
		Tags:      pick(&r, tags(), 3),
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s is a %s in %s.", p.Name, k.name, c.name)
	all := sentences()
	next, step := r.below(len(all)), 1+2*r.below(len(all)/2) // odd, so none comes twice
	for range all {
		if text.Len() > 300 {
			break
		}
		text.WriteString(" " + all[next%len(all)])
		next += step
	}
	p.Description = text.String()
	return p
}

// Fields are the values as CSV has them, tags joined by a bar.
func (p Place) Fields() []string {
	return []string{p.Key, p.Name, p.Kind, p.City, p.Country, p.Address, number(p.Latitude, 5), number(p.Longitude, 5),
		number(p.Rating, 1), fmt.Sprint(p.Visits), p.Open, strings.Join(p.Tags, "|"), p.Description}
}

// number has no zeros at its end, so that its text is the same in every form.
func number(f float64, digits int) string {
	text := strings.TrimRight(fmt.Sprintf("%.*f", digits, f), "0")
	return strings.TrimSuffix(text, ".")
}

// near moves a coordinate by up to a tenth of a degree.
func near(degrees float64, r *random) float64 {
	return degrees + float64(r.below(20_001)-10_000)/100_000
}

func pick(r *random, from []string, n int) []string {
	start, step := r.below(len(from)), 1+r.below(len(from)-1)
	var out []string
	for i := range n {
		word := from[(start+i*step)%len(from)]
		if len(out) == 0 || out[0] != word {
			out = append(out, word)
		}
	}
	return out
}

// random is splitmix64 (Steele, Lea and Flood, 2014).
type random uint64

func (r *random) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (r *random) below(n int) int { return int(r.next() >> 33 % uint64(n)) }
