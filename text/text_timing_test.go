package text

import (
	"strings"
	"testing"
)

// prose is what a document may say.
var prose = strings.Repeat("The quick brown foxes jumped over several lazy dogs, happily barking at 3.5 strangers' houses. ", 20)

func BenchmarkTokens(b *testing.B) {
	for _, c := range []struct{ name, analyzer, text string }{
		{"english", "text_en", prose},
		{"german", "text_de", strings.Repeat("Die schnellen Übungen der großen Häuser führten über mehrere Brücken. ", 25)},
		{"identity", Identity, prose},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Tokens(c.analyzer, c.text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkWords(b *testing.B) {
	for _, c := range []struct{ name, text string }{{"ascii", prose}, {"accents", strings.Replace(prose, "quick", "quïck", -1)}} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.text)))
			b.ReportAllocs()
			for b.Loop() {
				_ = Words(c.text, DefaultMinLength)
			}
		})
	}
}

func BenchmarkParseQuery(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("quick,|prefix:brow,-lazy"); err != nil {
			b.Fatal(err)
		}
	}
}
