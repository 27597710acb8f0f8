package apptest

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/client"
	"github.com/selvedge-db/selvedge/internal/datatest"
	"github.com/selvedge-db/selvedge/internal/testport"
)

// dev starts a planet and waits until it serves.
func dev(t *testing.T, folder string, port int, args ...string) *process {
	t.Helper()
	p := start(t, folder, nil, append([]string{"dev", "--port", strconv.Itoa(port)}, args...)...)
	p.waitReady()
	return p
}

func TestDevServesWhatItsFlagsSay(t *testing.T) {
	t.Parallel()
	folder, port := t.TempDir(), testport.Take(t, 3)
	p := dev(t, folder, port, "--locations", "fra,syd,tok", "--api-key", apiKey, "--data", "planet", "--wan", "none")
	for i, name := range []string{"fra", "syd", "tok"} {
		mesh, err := at(t, port+i).Mesh(t.Context())
		must(t, err)
		if mesh.Location != name || len(mesh.Locations) != 3 || len(mesh.Links) != 6 {
			t.Errorf("port %d is %s with %d locations and %d links", port+i, mesh.Location, len(mesh.Locations), len(mesh.Links))
		}
		stranger, err := client.New(client.Config{URL: url(port + i)})
		must(t, err)
		if _, err := stranger.Collections(t.Context(), false); client.StatusOf(err) != http.StatusUnauthorized {
			t.Errorf("a stranger at %s gets %v", name, err)
		}
		must(t, stranger.Ready(t.Context()))
		stranger.CloseIdle()
	}
	ca, err := os.ReadFile(filepath.Join(folder, "planet", "dev-ca.pem"))
	must(t, err)
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		t.Fatal("dev-ca.pem holds no certificate")
	}
	for _, host := range []string{"localhost", "127.0.0.1", "api-localhost"} {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: host}}
		c, err := client.New(client.Config{URL: fmt.Sprintf("https://127.0.0.1:%d", port+2), APIKey: apiKey, HTTP: &http.Client{Transport: transport}})
		must(t, err)
		if v, err := c.Version(t.Context()); err != nil || v.Server == "" {
			t.Errorf("over TLS as %s: %+v, %v", host, v, err)
		}
		c.CloseIdle()
	}
	p.stop()
}

func TestDevWithoutPassword(t *testing.T) {
	t.Parallel()
	port := testport.Take(t, 1)
	dev(t, t.TempDir(), port, "--locations", "1", "--root-password", "", "--wan", "none")
	c, err := client.New(client.Config{URL: url(port)})
	must(t, err)
	defer c.CloseIdle()
	_, err = c.CreateCollection(t.Context(), client.CollectionSpec{Name: "c"})
	must(t, err)
}

// The same folder goes on where it was, keys included.
func TestDevGoesOn(t *testing.T) {
	t.Parallel()
	folder, port := t.TempDir(), testport.Take(t, 2)
	args := []string{"--locations", "2", "--data", "planet", "--wan", "none"}
	first := dev(t, folder, port, args...)
	key := regexp.MustCompile(`API key\s+(\S+)`).FindStringSubmatch(first.text())
	if key == nil {
		t.Fatal("no API key is printed")
	}
	c, err := client.New(client.Config{URL: url(port), APIKey: key[1]})
	must(t, err)
	defer c.CloseIdle()
	_, err = c.CreateCollection(t.Context(), client.CollectionSpec{Name: "c"})
	must(t, err)
	before, err := c.Insert(t.Context(), "c", json.RawMessage(`{"_key":"a","n":1.50}`), client.WriteOptions{})
	must(t, err)
	mesh, err := c.Mesh(t.Context())
	must(t, err)
	first.stop()
	second := dev(t, folder, port, args...)
	var document json.RawMessage
	after, err := c.Get(t.Context(), "c", "a", &document)
	must(t, err)
	if after.Rev != before.Rev || !strings.Contains(string(document), `"n":1.50`) {
		t.Errorf("before %+v, after %+v: %s", before, after, document)
	}
	again, err := c.Mesh(t.Context())
	must(t, err)
	if again.Incarnation != mesh.Incarnation {
		t.Errorf("the incarnation was %s and is %s", mesh.Incarnation, again.Incarnation)
	}
	second.stop()
}

const airportColumns = "id,name,city,country,iata,icao,latitude,longitude,altitude,offset,dst,zone,type,source"

// All airports go in at the first location and come out at the third.
func TestAirports(t *testing.T) {
	t.Parallel()
	data := filepath.Join(datatest.Dir(t), "openflights", "airports.dat")
	text, err := os.ReadFile(data)
	must(t, err)
	folder, port := t.TempDir(), testport.Take(t, 3)
	file := filepath.Join(folder, "airports.dat")
	must(t, os.WriteFile(file, text, 0o600))
	dev(t, folder, port, "--locations", "fra,syd,tok", "--api-key", apiKey)
	code, out := command(t, folder, nil, "import", file, "--url", url(port), "--api-key", apiKey, "--to", "airports", "--format", "csv",
		"--columns", airportColumns, "--key", "id", "--null", `\N`, "--escape", `\`)
	if code != 0 || !strings.Contains(out, "imported 7698, skipped 0") {
		t.Fatalf("import ended with %d: %s", code, out)
	}
	tok := at(t, port+2)
	until(t, "airports in Tokyo", func() string {
		n, err := tok.Count(t.Context(), "airports")
		if err != nil || n != 7698 {
			return fmt.Sprintf("%d of 7698, %v", n, err)
		}
		return ""
	})
	for line := range strings.Lines(string(text)) {
		key, _, _ := strings.Cut(line, ",")
		if _, err := tok.Get(t.Context(), "airports", key, nil); err != nil {
			t.Fatalf("airport %s: %v", key, err)
		}
	}
	var one struct {
		City string
		IATA *string
		Lat  json.Number `json:"latitude"`
	}
	_, err = tok.Get(t.Context(), "airports", "4066", &one)
	must(t, err)
	if one.City != "Port O'Connor" || one.IATA != nil || one.Lat != "28.429725" {
		t.Errorf("airport 4066 is %+v", one)
	}
}

// A bulk call that is sent twice under one Idempotency-Key writes once.
func TestBulkCallsAreIdempotent(t *testing.T) {
	t.Parallel()
	port := testport.Take(t, 1)
	dev(t, t.TempDir(), port, "--locations", "1", "--api-key", apiKey, "--wan", "none")
	c := at(t, port)
	_, err := c.CreateCollection(t.Context(), client.CollectionSpec{Name: "c"})
	must(t, err)
	var keys [2][]string
	for i := range keys {
		items, err := c.InsertMany(t.Context(), "c", json.RawMessage(`[{"n":1},{"n":2},{"n":3}]`), client.WriteOptions{IdempotencyKey: "one"})
		must(t, err)
		for _, item := range items {
			if item.Err != nil {
				t.Fatal(item.Err)
			}
			keys[i] = append(keys[i], item.Key)
		}
	}
	if n, err := c.Count(t.Context(), "c"); err != nil || n != 3 || !slices.Equal(keys[0], keys[1]) {
		t.Errorf("%d documents, want 3; keys %v; %v", n, keys, err)
	}
}

// Sessions of concurrent calls join: the client's next read sees them all.
func TestConcurrentSession(t *testing.T) {
	t.Parallel()
	port := testport.Take(t, 3)
	dev(t, t.TempDir(), port, "--locations", "3", "--api-key", apiKey, "--wan", "40")
	c := at(t, port)
	_, err := c.CreateCollection(t.Context(), client.CollectionSpec{Name: "c"})
	must(t, err)
	done := make(chan error)
	const writers = 8
	for i := range writers {
		go func() {
			_, err := c.Insert(t.Context(), "c", map[string]string{"_key": fmt.Sprintf("k%d", i)}, client.WriteOptions{})
			done <- err
		}()
	}
	for range writers {
		must(t, <-done)
	}
	moved, err := c.At(url(port + 2))
	must(t, err)
	for i := range writers {
		if _, err := moved.Get(t.Context(), "c", fmt.Sprintf("k%d", i), nil); err != nil {
			t.Errorf("after moving: k%d: %v", i, err)
		}
	}
}
