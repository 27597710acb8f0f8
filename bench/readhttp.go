package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// readOverHTTP reads documents at a steady rate; a latency counts from the planned time of its request.
func readOverHTTP(o Options) (r Result, err error) {
	r.Name = "read-http"
	l, err := startFilled(o)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	client := &http.Client{Transport: &http.Transport{MaxIdleConns: 256, MaxIdleConnsPerHost: 256, DisableCompression: true}}
	defer client.CloseIdleConnections()
	var took latencies
	var failures atomic.Int64
	call := func(i int64, planned time.Time) {
		key := fmt.Sprintf("k%d", int(spread(i))%o.Documents)
		if err := get(client, l.node.URL()+"/_fabric/_system/_api/document/"+benchDocuments+"/"+key); err != nil {
			failures.Add(1)
		}
		took.add(time.Since(planned))
	}
	openLoop(o.Rate, o.Warmup, call)
	took.clear()
	used := cpu()
	openLoop(o.Rate, o.Duration, call)
	r.set("rate", float64(o.Rate))
	r.set("answered", float64(took.count()))
	r.set("failures", float64(failures.Load()))
	for _, p := range []struct {
		name  string
		share float64
	}{{"p50_ms", 0.5}, {"p90_ms", 0.9}, {"p99_ms", 0.99}, {"p999_ms", 0.999}} {
		r.set(p.name, took.at(p.share))
	}
	r.set("cpu_seconds_both_ends", cpu()-used)
	if n := failures.Load(); n > 0 {
		err = fmt.Errorf("%d reads failed", n)
	}
	return r, err
}

func get(client *http.Client, url string) error {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "apikey "+rootKey)
	reply, err := client.Do(request)
	if err != nil {
		return err
	}
	n, err := io.Copy(io.Discard, reply.Body)
	if err = errors.Join(err, reply.Body.Close()); err != nil {
		return err
	}
	if reply.StatusCode != http.StatusOK || n < documentBytes {
		return fmt.Errorf("%s: status %d with %d bytes", short(url), reply.StatusCode, n)
	}
	return nil
}
