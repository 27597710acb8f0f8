package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const oneChange = `{"transaction":"1-2","changes":[{"type":"write","collection":"c","key":"k%d","rev":"r","origin":7}]}`

// A feed that breaks goes on after the last message that was handed out.
func TestFeedResumes(t *testing.T) {
	t.Parallel()
	var since []string
	c, _ := serve(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		since = append(since, r.URL.Query().Get("since"))
		if r.URL.Query().Get("collection") != "c" || r.Header.Get("Accept") != "text/event-stream" {
			t.Errorf("asked with %s, %v", r.URL, r.Header)
		}
		switch len(since) {
		case 1: // a place, two messages, half a message, the end
			_, _ = fmt.Fprintf(w, "id: p0\n\n: alive\n\nid: p1\ndata: "+oneChange+"\n\nid: p2\r\ndata: "+oneChange+"\r\n\r\nid: p3\ndata: {\"tr", 1, 2)
		case 2:
			answer(w, 503, `{"error":true,"code":503,"errorNum":30,"errorMessage":"shutting down"}`)
		case 3:
			hangUp(w)
		default:
			_, _ = fmt.Fprintf(w, "id: p3\nevent: message\ndata: {\"transaction\":\"1-3\",\ndata: \"changes\":[]}\n\n")
		}
	})
	feed := c.Changes(FeedConfig{Collection: "c", Since: FromStart})
	defer func() { _ = feed.Close() }()
	var tokens []string
	for range 3 {
		message, err := feed.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, message.Token)
		if message.Token == "p2" && (message.Changes[0].Key != "k2" || message.Changes[0].Origin != "7") {
			t.Errorf("got %+v", message)
		}
	}
	if !slices.Equal(tokens, []string{"p1", "p2", "p3"}) || !slices.Equal(since, []string{"start", "p2", "p2", "p2"}) {
		t.Errorf("tokens %q, asked since %q", tokens, since)
	}
}

// A feed that breaks before its first message goes on from where it began, not
// from a later now.
func TestFeedResumesWhereItBegan(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"header", "event"} {
		var since []string
		c, _ := serve(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
			since = append(since, r.URL.Query().Get("since"))
			if len(since) > 1 {
				_, _ = fmt.Fprintf(w, "id: p1\ndata: "+oneChange+"\n\n", 1)
				return
			}
			if how == "header" {
				w.Header().Set("Selvedge-Feed-Token", "p0")
				_, _ = io.WriteString(w, ": hello\n\n")
			} else {
				_, _ = io.WriteString(w, ": hello\nid: p0\n\n")
			}
		})
		feed := c.Changes(FeedConfig{})
		if how == "header" {
			if err := feed.Open(t.Context()); err != nil || feed.Token() != "p0" {
				t.Errorf("opened at %q: %v", feed.Token(), err)
			}
		}
		if message, err := feed.Next(t.Context()); err != nil || message.Token != "p1" || !slices.Equal(since, []string{"now", "p0"}) {
			t.Errorf("%s: %+v, %v, asked since %q", how, message, err, since)
		}
		_ = feed.Close()
	}
}

func TestFeedEnds(t *testing.T) {
	t.Parallel()
	text, status := `{"error":true,"code":410,"errorNum":30010,"errorMessage":"gone"}`, 410
	c, _ := serve(t, Config{}, func(w http.ResponseWriter, _ *http.Request) { answer(w, status, text) })
	feed := c.Changes(FeedConfig{Since: "old"})
	if _, err := feed.Next(t.Context()); StatusOf(err) != 410 {
		t.Errorf("got %v", err)
	}
	text, status = "data: {\"error\":true,\"code\":410,\"errorNum\":30010,\"errorMessage\":\"gone\"}\nevent: error\n\n", 200
	if _, err := feed.Next(t.Context()); NumOf(err) != 30010 {
		t.Errorf("got %v", err)
	}
	text = "data: nonsense\n\n"
	if _, err := feed.Next(t.Context()); err == nil || !strings.Contains(err.Error(), "not understood") {
		t.Errorf("got %v", err)
	}
	if err := feed.Close(); err != nil {
		t.Error(err)
	}
}

// Ending a call ends the waiting but not the feed.
func TestFeedWaitsNoLongerThanItsContext(t *testing.T) {
	t.Parallel()
	connected := make(chan struct{}, 2)
	end := make(chan struct{})
	c, _ := serve(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "id: p1\n\n")
		_ = http.NewResponseController(w).Flush()
		connected <- struct{}{}
		select {
		case <-r.Context().Done():
		case <-end:
		}
	})
	defer close(end)
	feed := c.Changes(FeedConfig{})
	defer func() { _ = feed.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-connected
		cancel()
	}()
	if _, err := feed.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A connection that stays silent is given up.
func TestFeedGivesUpSilence(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	end := make(chan struct{})
	c, _ := serve(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) > 1 {
			_, _ = fmt.Fprintf(w, "id: p1\ndata: "+oneChange+"\n\n", 1)
			return
		}
		_ = http.NewResponseController(w).Flush()
		select {
		case <-r.Context().Done():
		case <-end:
		}
	})
	defer close(end)
	feed := c.Changes(FeedConfig{Silence: 20 * time.Millisecond})
	defer func() { _ = feed.Close() }()
	if message, err := feed.Next(t.Context()); err != nil || message.Token != "p1" {
		t.Errorf("got %+v, %v", message, err)
	}
}

func FuzzReadEvent(f *testing.F) {
	f.Add("id: 1\ndata: {}\n\n")
	f.Add(": x\r\n\r\nevent:error\ndata\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		lines := bufio.NewReaderSize(strings.NewReader(text), 16)
		for range len(text) + 1 {
			event, err := readEvent(lines, func() {})
			if err != nil {
				return
			}
			if len(event.data) > len(text) {
				t.Fatalf("more data than text: %q", event.data)
			}
		}
		t.Fatal("more events than bytes")
	})
}
