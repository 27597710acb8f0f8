package http

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/value"
)

// quiet is a ResponseWriter that keeps nothing.
type quiet struct {
	header http.Header
	status int
}

func (w *quiet) Header() http.Header         { return w.header }
func (w *quiet) WriteHeader(status int)      { w.status = status }
func (w *quiet) Write(b []byte) (int, error) { return len(b), nil }

func payload(size int) string {
	return fmt.Sprintf(`{"name":"Frankfurt am Main","city":"Frankfurt","lat":50.1109,"lon":8.6821,"tags":["a","b"],"text":%q}`, strings.Repeat("x", size-110))
}

// BenchmarkPost is the whole of a POST from router to durable in memory,
// without a socket.
func BenchmarkPost(b *testing.B) {
	w := newWorld(b)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	body := payload(600)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			one(b, w, http.MethodPost, base+"/document/c", body, 202)
		}
	})
}

// BenchmarkPostWithoutHTTP is the same commit without this package, for the
// difference.
func BenchmarkPostWithoutHTTP(b *testing.B) {
	w := newWorld(b)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	body := []byte(payload(600))
	ctx := context.Background()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			var c api.Call
			if err := w.server.service.Begin(ctx, &c, &api.Envelope{Authorization: "apikey " + rootKey}); err != nil {
				b.Error(err)
				return
			}
			v, err := value.Parse(body, value.Limits{})
			if err != nil {
				b.Error(err)
				return
			}
			o := api.DefaultWriteOptions()
			if _, err := w.server.service.Write(ctx, &c, api.OpInsert, "c", "", v, &o); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func BenchmarkGet(b *testing.B) {
	w := newWorld(b)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	const documents = 1000
	for i := range documents {
		w.good(202, "POST", base+"/document/c", `{"_key":"k`+fmt.Sprint(i)+`",`+payload(600)[1:])
	}
	var next atomic.Int64
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			one(b, w, http.MethodGet, base+"/document/c/k"+fmt.Sprint(next.Add(1)%documents), "", 200)
		}
	})
}

// BenchmarkQuery is a query through the cursor from router to reply: the least there is, and a point lookup.
func BenchmarkQuery(b *testing.B) {
	w := newWorld(b)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	const documents = 1000
	for i := range documents {
		w.good(202, "POST", base+"/document/c", `{"_key":"k`+fmt.Sprint(i)+`",`+payload(600)[1:])
	}
	for name, body := range map[string]string{"one": `{"query":"RETURN 1"}`,
		"point": `{"query":"FOR d IN c FILTER d._key == @k RETURN d","bindVars":{"k":"k7"}}`} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					one(b, w, http.MethodPost, base+"/cursor", body, 201)
				}
			})
		})
	}
}

func one(b *testing.B, w *world, method, path, body string, status int) {
	hr := httptest.NewRequest(method, "http://localhost"+path, nil)
	hr.Body, hr.ContentLength = io.NopCloser(bytes.NewReader([]byte(body))), int64(len(body))
	hr.Header["Authorization"] = []string{"apikey " + rootKey}
	out := quiet{header: http.Header{}}
	w.server.ServeHTTP(&out, hr)
	if out.status != status {
		b.Fatalf("status %d", out.status)
	}
}
