package client

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// TestWritesInATransactionDoNotGoAgain: a transaction knows no keys of calls, so that a second try would write twice.
func TestWritesInATransactionDoNotGoAgain(t *testing.T) {
	t.Parallel()
	var writes atomic.Int32
	c, _ := serve(t, Config{Retries: 3}, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/begin"):
			answer(w, 201, `{"result":{"id":"7","status":"running"}}`)
		case r.Method == http.MethodGet && r.Header.Get("x-gdn-trxid") == "7":
			answer(w, 200, `{"count":1}`)
		default:
			if writes.Add(1); r.Header.Get("Idempotency-Key") != "" {
				t.Error("a key that nobody heeds was sent")
			}
			hangUp(w)
		}
	})
	trx, err := c.Begin(t.Context(), TransactionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var unreachable *UnreachableError
	if _, err := trx.Insert(t.Context(), "c", map[string]int{"a": 1}, WriteOptions{}); !errors.As(err, &unreachable) || writes.Load() != 1 {
		t.Errorf("%v after %d calls", err, writes.Load())
	}
	if n, err := trx.Count(t.Context(), "c"); err != nil || n != 1 {
		t.Errorf("count: %d %v", n, err)
	}
}

// TestRowsAreFreed: rows that nobody will fetch are not kept at the server, unless it has said that it does not.
func TestRowsAreFreed(t *testing.T) {
	t.Parallel()
	freed := 0
	status := 200
	c, _ := serve(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost:
			answer(w, 201, `{"result":[1,2],"hasMore":true,"id":"5"}`)
		case r.Method == http.MethodDelete && strings.HasSuffix(r.URL.Path, "/cursor/5"):
			freed++
			answer(w, 202, `{"id":"5"}`)
		case status != 200:
			answer(w, status, `{"error":true,"code":410,"errorNum":1500,"errorMessage":"query killed"}`)
		default:
			answer(w, 200, `{"result":[3],"hasMore":false}`)
		}
	})
	for _, one := range []struct {
		name   string
		read   int
		leave  bool
		status int
		freed  int
	}{{"half read", 1, false, 200, 1}, {"read to the end", 4, false, 200, 0}, {"the caller left", 3, true, 200, 1}, {"killed", 3, false, 410, 0}} {
		freed, status = 0, one.status
		ctx, leave := context.WithCancel(t.Context())
		rows, err := c.Query(ctx, Query{Text: "FOR i IN 1..3 RETURN i"})
		if err != nil {
			t.Fatal(err)
		}
		for i := range one.read {
			if one.leave && i == 2 {
				leave()
			}
			rows.Next(ctx)
		}
		leave()
		for range 2 {
			if err := rows.Close(t.Context()); err != nil {
				t.Errorf("%s: close: %v", one.name, err)
			}
		}
		if freed != one.freed {
			t.Errorf("%s: freed %d times, want %d", one.name, freed, one.freed)
		}
		if rows.Next(t.Context()) {
			t.Errorf("%s: a row after the end", one.name)
		}
	}
}
