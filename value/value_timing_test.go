package value

import (
	"strings"
	"testing"
)

// document is about 600 bytes of what applications store: short members, some
// nesting, one longer text, members not in order.
var document = `{"name":"Anna Lindqvist","email":"anna.lindqvist@example.com","age":34,"active":true,` +
	`"address":{"street":"Storgatan 12","city":"Uppsala","zip":"753 31","country":"SE"},` +
	`"tags":["priority","nordic","newsletter","beta"],"balance":1043.75,"visits":1829,` +
	`"created":"2024-03-18T09:24:51Z","updated":"2025-11-02T17:03:09Z",` +
	`"geometry":{"type":"Point","coordinates":[17.638927,59.858564]},"manager":null,` +
	`"note":"` + strings.Repeat("Prefers to be called in the morning. ", 5) + `","score":0.873}`

func BenchmarkParse(b *testing.B) {
	text := []byte(document)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(text, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseCanonical(b *testing.B) {
	text := AppendJSON(nil, mustParse(b, document))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(text, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	v := mustParse(b, document)
	buf := make([]byte, 0, 2*len(document))
	b.SetBytes(int64(len(document)))
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendJSON(buf[:0], v)
	}
}

func BenchmarkHash(b *testing.B) {
	v := mustParse(b, document)
	b.ReportAllocs()
	for b.Loop() {
		Hash(v)
	}
}

func BenchmarkAppendKey(b *testing.B) {
	v := Array(String("anna.lindqvist@example.com"), Int(1829), Float(17.638927))
	buf := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendKey(buf[:0], v)
	}
}

func BenchmarkMergePatch(b *testing.B) {
	old := mustParse(b, document)
	patch := mustParse(b, `{"visits":1830,"address":{"zip":"753 32"},"manager":null}`)
	b.ReportAllocs()
	for b.Loop() {
		MergePatch(old, patch, false, true)
	}
}

func BenchmarkGet(b *testing.B) {
	v := mustParse(b, document)
	b.ReportAllocs()
	for b.Loop() {
		v.Get("score")
	}
}

// BenchmarkExtract takes three fields out of a document in one pass: from its beginning, middle and end.
func BenchmarkExtract(b *testing.B) {
	text := AppendJSON(nil, mustParse(b, document))
	x := NewExtractor(Path{"age"}, Path{"geometry", "type"}, Path{"score"})
	dst := make([]Value, x.Len())
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		dst = x.Extract(text, dst)
	}
}

func BenchmarkFieldText(b *testing.B) {
	text := AppendJSON(nil, mustParse(b, document))
	path := Path{"geometry", "type"}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, ok := FieldText(text, path); !ok {
			b.Fatal("it is not there")
		}
	}
}
