package node

import (
	"os"
	"strings"
	"testing"
	"time"
)

const smallConfig = `
location: {name: fra, latitude: 50.1, longitude: 8.7, city: Frankfurt, country: DE}
data: /var/lib/selvedge
http:
  listen: 0.0.0.0:8400
  hosts: [fra.example.org]
mesh:
  listen: 0.0.0.0:8500
  key: a-secret-of-sixteen-bytes
  join: [10.0.0.1:8500, 10.0.0.2:8500]
limits:
  document: 8MiB
  history-age: 48h
log: {level: debug}
`

func TestLoadConfig(t *testing.T) {
	t.Parallel()
	c, err := LoadConfig([]byte(smallConfig), []string{
		"SELVEDGE_HTTP_LISTEN=127.0.0.1:9000", "SELVEDGE_MESH_JOIN=a:1, b:2", "SELVEDGE_LIMITS_QUEUE=17",
		"SELVEDGE_URL=http://ignored", "SELVEDGE_TEST_DISK=strict", "HOME=/root",
	})
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case c.HTTP.Listen != "127.0.0.1:9000", strings.Join(c.Mesh.Join, "|") != "a:1|b:2", c.Limits.Queue != 17:
		t.Errorf("the environment does not win: %+v", c)
	case c.Location.Name != "fra", c.Location.Latitude != 50.1, c.HTTP.Hosts[0] != "fra.example.org":
		t.Errorf("the file is not read: %+v", c)
	case c.Limits.Document != 8<<20, c.Limits.HistoryAge != 48*time.Hour, c.Log.SlogLevel() != -4:
		t.Errorf("the file is not read: %+v", c)
	case c.Limits.Body != 64<<20, c.Limits.HistorySize != 1<<30, c.Log.Format != "text":
		t.Errorf("defaults are missing: %+v", c)
	}
}

func TestLoadConfigRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ from, to, want string }{
		{"listen: 0.0.0.0:8400", "lisen: 0.0.0.0:8400", "http.lisen: there is no such key, is http.listen meant?"},
		{"data: /var/lib/selvedge", "data: ", "data: missing"},
		{"name: fra", "name: FRA", "location.name"},
		{"latitude: 50.1", "latitude: 95", "location.latitude: 95: want -90 to 90"},
		{"latitude: 50.1", "latitude: north", "want a number"},
		{"document: 8MiB", "document: 17MiB", "limits.document"},
		{"document: 8MiB", "document: eight", "want a size such as"},
		{"history-age: 48h", "history-age: 2 days", "want a duration"},
		{"key: a-secret-of-sixteen-bytes", "key: short", "mesh.key: 5 bytes"},
		{"data: /var/lib/selvedge", "data: /d\nroot-key: 9emo.root.x", "root-key: "},
		{"join: [10.0.0.1:8500, 10.0.0.2:8500]", "create: perhaps", "want true or false"},
		{"join: [10.0.0.1:8500, 10.0.0.2:8500]", "create: false", "give either create: true"},
		{"join: [10.0.0.1:8500, 10.0.0.2:8500]", "join: [nowhere]", "mesh.join: \"nowhere\""},
		{"key: a-secret-of-sixteen-bytes", "tls: {ca: a.pem}", "ca, cert and key belong together"},
		{"key: a-secret-of-sixteen-bytes", "advertise: x:1", "give either key or tls"},
		{"log: {level: debug}", "log: {level: loud}", "log.level"},
		{"log: {level: debug}", "log: 7", "log: want keys below it"},
		{"log: {level: debug}", "log: {", "not YAML"},
	} {
		if !strings.Contains(smallConfig, test.from) {
			t.Fatalf("%q is not in the file", test.from)
		}
		_, err := LoadConfig([]byte(strings.Replace(smallConfig, test.from, test.to, 1)), nil)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: got %v, want %q", test.to, err, test.want)
		}
	}
}

func TestConfigKeysAreRight(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, k := range ConfigKeys() {
		var c Config
		if err := k.assign(&c, defaultOf(k)); err != nil && k.Default != "" {
			t.Errorf("%s: default %q: %v", k.Path, k.Default, err)
		}
		if seen[k.Path] || seen[k.Environment()] {
			t.Errorf("%s comes twice, as key or as variable", k.Path)
		}
		seen[k.Path], seen[k.Environment()] = true, true
		if !strings.HasSuffix(k.Text, ".") || k.Kind == "" {
			t.Errorf("%s is not documented", k.Path)
		}
	}
	if len(seen) < 60 {
		t.Errorf("saw only %d keys and variables", len(seen))
	}
}

// The reference page holds exactly the table that the keys make.
func TestConfigurationPageIsCurrent(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/reference/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := ConfigReference(); !strings.Contains(string(page), want) {
		t.Errorf("docs/reference/configuration.md is not current; its table should be:\n%s", want)
	}
}

func TestParsePlaces(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"fra,syd,tok": "fra syd tok", " tok , fra": "tok fra", "here,fra": "here fra", "1": "fra",
	} {
		places, err := ParsePlaces(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		var names []string
		for _, p := range places {
			names = append(names, p.ID)
			if p.City == "" {
				t.Errorf("%q: %s has no city", text, p.ID)
			}
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{"", "0", "33", "-1", "fra,fra", "fra,", "Fra", "a b", strings.Repeat("x", 32)} {
		if places, err := ParsePlaces(text); err == nil {
			t.Errorf("%q is taken: %v", text, places)
		}
	}
	if places, err := ParsePlaces("32"); err != nil || len(places) != 32 {
		t.Errorf("32: %v, %v", len(places), err)
	}
}

func TestParseWAN(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]WAN{
		"real": {Measured: true}, "none": {}, "20": {RoundTrip: 20 * time.Millisecond}, "0.5ms": {RoundTrip: 500 * time.Microsecond},
	} {
		if got, err := ParseWAN(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "fast", "-1", "60001", "NaN", "1e300"} {
		if got, err := ParseWAN(text); err == nil {
			t.Errorf("%q is taken: %+v", text, got)
		}
	}
}

func TestCheckAPIKey(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"demo.root.secret", "a.b.example.root.s3cret"} {
		if err := CheckAPIKey(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "demo", "demo.root", "demo..secret", "demo.root.", "de mo.root.secret", "a/b.c.d", "9emo.root.x", "demo.9root.x", "de%mo.root.x"} {
		if CheckAPIKey(bad) == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func FuzzLoadConfig(f *testing.F) {
	f.Add([]byte(smallConfig))
	f.Add([]byte("mesh: [1, {a: b}]\nlimits: {document: 99999999999TiB}"))
	f.Add([]byte("location: {latitude: .nan, name: [a]}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := LoadConfig(text, nil)
		if err == nil && len(c.Validate()) > 0 {
			t.Errorf("taken though wrong: %v", c.Validate())
		}
	})
}
