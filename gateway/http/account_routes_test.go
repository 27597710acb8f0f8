package http

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/value"
)

func TestCredentials(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	basic := func(s string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, header := range []string{"", "apikey", "apikey x", "apikey demo.root.wrong", "apikey demo.none.secret", "apikey .root.secret", "apikey demo..secret",
		"bearer x.y.z", "Basic", "Basic !!", basic("root"), basic("demo/root:"), basic("demo/root:wrong"), basic("nobody:x"), "Digest x",
		// A token without signature must never pass.
		"bearer " + base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." +
			base64.RawURLEncoding.EncodeToString([]byte(`{"tenant":"demo","username":"root","exp":99999999999,"iss":"selvedge"}`)) + "."} {
		v := w.bad(401, 11, "GET", base+"/collection", "", "Authorization", header)
		if strings.Contains(v.String(), "secret") && strings.Contains(header, "secret") {
			t.Errorf("an error repeats a secret: %s", v)
		}
	}
	for _, path := range []string{"/_api/version", "/metrics", "/datacenter/local", "/_api/user", "/nothing", "/_api/cursor"} {
		w.bad(401, 11, "GET", path, "", "Authorization", "")
	}
	for _, path := range []string{"/health/live", "/health/ready"} {
		if a := w.call("GET", path, "", "Authorization", ""); a.status != 200 {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	w.good(201, "POST", "/_api/user", `{"user":"ann","email":"ann@example.org","passwd":"long enough"}`)
	w.good(200, "GET", base+"/collection", "", "Authorization", basic("demo/ann:long enough"))
	w.good(200, "GET", base+"/collection", "", "Authorization", basic("ann@example.org:long enough"))
	login := w.good(200, "POST", "/_open/auth", `{"tenant":"demo","username":"ann","password":"long enough"}`, "Authorization", "")
	token := "Bearer " + field(t, login, "jwt").Str()
	w.good(200, "POST", "/_open/auth", `{"email":"ann@example.org","password":"long enough"}`, "Authorization", "")
	w.bad(401, 11, "POST", "/_open/auth", `{"tenant":"demo","username":"ann","password":"wrong"}`, "Authorization", "")
	w.bad(401, 11, "POST", "/_open/auth", `{"email":"nobody@example.org","password":"wrong"}`, "Authorization", "")
	w.bad(400, 10, "POST", "/_open/auth", `{"password":"wrong"}`, "Authorization", "")
	w.bad(400, 10, "POST", "/_open/auth", `{"username":7}`, "Authorization", "")
	w.good(200, "GET", base+"/collection", "", "Authorization", token)
	w.bad(403, 11, "POST", "/_api/user", `{"user":"eve","passwd":"x"}`, "Authorization", token)
	w.bad(403, 11, "DELETE", base+"/mesh/links", "", "Authorization", token)
	w.bad(403, 11, "PUT", base+"/database/locations/_system", `{"locations":["fra"]}`, "Authorization", token)
	w.good(200, "PATCH", "/_api/user/ann", `{"active":false}`)
	w.bad(401, 11, "GET", base+"/collection", "", "Authorization", token)
	w.bad(401, 11, "GET", base+"/collection", "", "Authorization", basic("demo/ann:long enough"))
}

// A token ends with the password and the user that it was given for.
func TestTokensEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	login := func(password string) string {
		v := w.good(200, "POST", "/_open/auth", `{"tenant":"demo","username":"ann","password":"`+password+`"}`, "Authorization", "")
		return "bearer " + field(t, v, "jwt").Str()
	}
	use := func(token string, status int) {
		t.Helper()
		if a := w.call("GET", base+"/collection", "", "Authorization", token); a.status != status {
			t.Errorf("status %d, want %d: %s", a.status, status, a.body)
		}
	}
	w.good(201, "POST", "/_api/user", `{"user":"ann","passwd":"first"}`)
	first := login("first")
	w.good(200, "PATCH", "/_api/user/ann", `{"displayName":"Ann","extra":{"a":1}}`)
	use(first, 200)
	w.good(200, "PATCH", "/_api/user/ann", `{"passwd":"second"}`)
	use(first, 401)
	second := login("second")
	use(second, 200)
	w.good(200, "PATCH", "/_api/user/ann", `{"passwd":"first"}`)
	use(first, 401)
	use(second, 401)
	third := login("first")
	w.good(202, "DELETE", "/_api/user/ann", "")
	use(third, 401)
	w.good(201, "POST", "/_api/user", `{"user":"ann","passwd":"first"}`)
	use(third, 401)
	use(login("first"), 200)
}

// The admin's root makes users of tenants that have a fabric, and of no other.
func TestUsersNeedTheirTenantsFabric(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.access.CreateUser(context.Background(), api.User{Tenant: "_mm", Name: "root", Active: true, Extra: value.Object()}, "pw"); err != nil {
		t.Fatal(err)
	}
	admin := "Basic " + base64.StdEncoding.EncodeToString([]byte("_mm/root:pw"))
	w.good(201, "POST", "/_tenant/demo/_api/user", `{"user":"ann","passwd":"x"}`, "Authorization", admin)
	w.bad(404, 1228, "POST", "/_tenant/nobody/_api/user", `{"user":"ann","passwd":"x"}`, "Authorization", admin)
}

func TestEmailAddressesAreUnique(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(201, "POST", "/_api/user", `{"user":"ann","email":"ann@example.org","passwd":"x"}`)
	w.good(201, "POST", "/_api/user", `{"user":"bob","passwd":"x"}`)
	w.good(201, "POST", "/_api/user", `{"user":"cid","passwd":"x"}`)
	w.bad(409, 100012, "POST", "/_api/user", `{"user":"eve","email":"ann@example.org","passwd":"x"}`)
	w.bad(409, 100012, "POST", "/_api/user", `{"user":"eve","email":"Ann@Example.org","passwd":"x"}`)
	w.bad(409, 100012, "POST", "/_api/user", `{"user":"eve","email":"ann@example.org","passwd":"x"}`, "Authorization", "apikey other.root.secret")
	w.bad(404, 1703, "GET", "/_api/user/eve", "")
	for _, change := range []string{"PATCH", "PUT"} {
		w.bad(409, 100012, change, "/_api/user/bob", `{"email":"ann@example.org"}`)
	}
	w.good(200, "PATCH", "/_api/user/ann", `{"email":"ANN@example.org"}`)
	w.good(200, "PATCH", "/_api/user/ann", `{"email":"ann2@example.org"}`)
	w.good(200, "PATCH", "/_api/user/bob", `{"email":"ann@example.org"}`)
	w.bad(409, 1702, "POST", "/_api/user", `{"user":"bob","email":"bob@example.org","passwd":"x"}`)
}

func TestOneTenantDoesNotSeeAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	w.bad(404, 1203, "GET", base+"/collection/c", "", "Authorization", "apikey other.root.secret")
	w.bad(403, 11, "GET", "/_tenant/demo"+base+"/collection/c", "", "Authorization", "apikey other.root.secret")
	users := w.good(200, "GET", "/_api/user", "", "Authorization", "apikey other.root.secret")
	if strings.Contains(users.String(), "demo") {
		t.Errorf("users of another tenant: %s", users)
	}
	w.bad(404, 100015, "DELETE", "/_api/key/nothing", "", "Authorization", "apikey other.root.secret")
	if got := w.good(200, "GET", "/_api/tenants", "").String(); strings.Contains(got, "other") {
		t.Errorf("tenants: %s", got)
	}
}

func TestUsersAndKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.good(201, "POST", "/_fabric/_system/_admin/user", `{"email":"bob@example.org","passwd":"pw","extra":{"a":1}}`)
	if field(t, made, "user").Str() != "bob_example.org" || field(t, made, "extra.a").Digits() != "1" || strings.Contains(made.String(), "argon") {
		t.Errorf("made: %s", made)
	}
	w.bad(409, 1702, "POST", "/_api/user", `{"user":"bob_example.org","passwd":"pw"}`)
	w.good(200, "PATCH", "/_api/user/bob_example.org", `{"displayName":"Bob","newEmail":"b@example.org"}`)
	if got := w.good(200, "GET", "/_api/user/bob_example.org", ""); field(t, got, "displayName").Str() != "Bob" || field(t, got, "email").Str() != "b@example.org" {
		t.Errorf("user: %s", got)
	}
	w.good(200, "PUT", "/_api/user/bob_example.org", `{"passwd":"other"}`)
	w.bad(404, 1703, "GET", "/_api/user/nobody", "")
	w.bad(404, 1703, "PATCH", "/_api/user/nobody", `{}`)
	w.bad(404, 1703, "DELETE", "/_api/user/nobody", "")
	w.bad(501, 9, "GET", "/_api/user/root/database", "")
	for _, body := range []string{`{}`, `[]`, `{"user":1}`, `{"user":"a b","passwd":"x"}`, `{"user":"nopw"}`, `{"user":"x","passwd":"y","extra":7}`, `{"user":"x","passwd":"y","active":"yes"}`} {
		w.bad(400, 10, "POST", "/_api/user", body)
	}
	key := field(t, w.good(201, "POST", base+"/key", `{"keyid":"k1"}`), "key").Str()
	w.bad(409, 100020, "POST", "/_api/key", `{"keyid":"k1"}`)
	w.good(200, "GET", base+"/collection", "", "Authorization", "apikey "+key)
	got := w.good(200, "POST", base+"/key/validate", `{"apikey":"`+key+`"}`)
	if field(t, got, "result.keyid").Str() != "k1" || field(t, got, "result.tenant").Str() != "demo" {
		t.Errorf("validate: %s", got)
	}
	w.bad(401, 11, "POST", base+"/key/validate", `{"apikey":"demo.k1.no"}`)
	if list := w.good(200, "GET", "/_api/key", "").String(); strings.Contains(list, strings.Split(key, ".")[2]) || !strings.Contains(list, `"k1"`) {
		t.Errorf("keys: %s", list)
	}
	w.good(200, "GET", "/_api/key/k1", "")
	w.good(202, "DELETE", "/_api/key/k1", "")
	w.bad(401, 11, "GET", base+"/collection", "", "Authorization", "apikey "+key)
	w.bad(404, 100015, "GET", "/_api/key/k1", "")
	w.bad(400, 100020, "POST", "/_api/key", `{"keyid":"1x"}`)
	w.good(202, "DELETE", "/_api/user/bob_example.org", "")
}

func TestFabrics(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(201, "POST", base+"/database", `{"name":"shop","users":["root"],"options":{"dcList":"fra,syd","spotDc":"","metadata":{"a":1}}}`)
	w.bad(409, 1207, "POST", base+"/database", `{"name":"shop"}`)
	if got := field(t, w.good(200, "GET", base+"/database", ""), "result").String(); got != `["_system","shop"]` {
		t.Errorf("names: %s", got)
	}
	if got := field(t, w.good(200, "GET", "/_fabric/shop/database/current", ""), "result"); field(t, got, "options.metadata.a").Digits() != "1" || field(t, got, "isSystem").Bool() {
		t.Errorf("current: %s", got)
	}
	w.good(201, "PATCH", "/_fabric/shop/database/metadata", `{"metadata":{"b":2}}`)
	if got := w.good(200, "GET", "/_fabric/shop/database/metadata", ""); field(t, got, "result.options.metadata").String() != `{"a":1,"b":2}` {
		t.Errorf("metadata: %s", got)
	}
	w.good(200, "PUT", base+"/database/locations/shop", `{"locations":["fra"]}`)
	w.bad(404, 102024, "PUT", base+"/database/locations/shop", `{"locations":["moon"]}`)
	w.bad(404, 102024, "POST", base+"/database", `{"name":"x","options":{"dcList":"moon"}}`)
	w.bad(403, 1230, "POST", "/_fabric/shop/_api/database", `{"name":"x"}`)
	w.bad(400, 1208, "POST", base+"/database", `{"name":"_x"}`)
	w.bad(400, 1208, "POST", base+"/database", `{"name":"x y"}`)
	w.bad(400, 10, "POST", base+"/database", `{"name":7}`)
	w.good(200, "POST", "/_fabric/shop/collection", `{"name":"c"}`)
	w.bad(404, 1203, "GET", base+"/collection/c", "")
	w.bad(403, 11, "DELETE", base+"/database/_system", "")
	w.good(200, "DELETE", base+"/database/shop", "")
	w.bad(404, 1228, "DELETE", base+"/database/shop", "")
}

func TestMeshAndPlaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.good(200, "GET", base+"/mesh", "")
	if field(t, got, "location").Str() != "fra" || field(t, got, "links").Items()[0].String() !=
		`{"from":"fra","lag":{"bytes":0,"entries":0,"ms":0},"oneWayMs":125,"rttMs":250,"state":"up","to":"syd"}` || len(field(t, got, "vector.fra").Str()) != 16 {
		t.Errorf("mesh: %s", got)
	}
	if got := w.good(200, "GET", base+"/mesh/digest", ""); len(field(t, got, "digest").Str()) != 16 {
		t.Errorf("digest: %s", got)
	}
	w.bad(400, 10, "GET", base+"/mesh/digest?at=noon", "")
	w.good(200, "PUT", base+"/mesh/links/fra/syd", `{"state":"cut","jitterMs":2}`)
	if c := w.links["fra>syd"]; *c.State != "cut" || *c.JitterMs != 2 || c.OneWayMs != nil {
		t.Errorf("link: %+v", c)
	}
	for _, body := range []string{`{"state":"gone"}`, `{"state":1}`, `{"oneWayMs":-1}`, `{"lossPercent":90.5}`, `{"lossPercent":-1}`, `{"oneWayMs":"5"}`, `7`} {
		w.bad(400, 10, "PUT", base+"/mesh/links/fra/syd", body)
	}
	w.good(200, "PUT", base+"/mesh/links/fra/syd", `{"lossPercent":90}`)
	w.bad(404, 102024, "PUT", base+"/mesh/links/moon/syd", `{}`)
	w.good(200, "DELETE", base+"/mesh/links", "")
	if len(w.links) != 0 {
		t.Errorf("links after healing: %v", w.links)
	}
	if got := w.good(200, "GET", "/datacenter/local", ""); field(t, got, "tags.url").Str() != "localhost:8400" || field(t, got, "locationInfo.latitude").Digits() != "50.1" {
		t.Errorf("local: %s", got)
	}
	if got := w.call("GET", "/datacenter/all", ""); got.status != 200 || strings.Count(got.body, `"_key"`) != 2 {
		t.Errorf("all: %s", got.body)
	}
	w.good(200, "GET", "/datacenter/syd", "")
	w.bad(404, 102024, "GET", "/datacenter/moon", "")
	w.bad(403, 11, "GET", "/datacenter/_tenant/other", "")
	if got := w.good(200, "GET", base+"/version?details=true", ""); field(t, got, "server").Str() != "C8DB" || field(t, got, "version").Str() != "0.1.0" {
		t.Errorf("version: %s", got)
	}
	w.good(200, "POST", "/_api/backup", `{"path":"/tmp/new"}`)
	w.bad(400, 10, "POST", "/_api/backup", `{}`)
	w.bad(400, 10, "POST", "/_api/backup", `{"path":"new"}`)
	w.health = api.Health{Live: true, Reasons: []string{"the disk is full"}, ReadOnly: "disk"}
	if a := w.call("GET", "/health/ready", "", "Authorization", ""); a.status != 503 || !strings.Contains(a.body, "the disk is full") {
		t.Errorf("ready: %d %s", a.status, a.body)
	}
	w.call("GET", base+"/collection", "")
	if a := w.call("GET", "/metrics", ""); a.status != 200 || !strings.Contains(a.body, `selvedge_http_requests_total{class="2xx",method="GET"}`) {
		t.Errorf("metrics: %d %s", a.status, a.body)
	}
}

func TestReadOnlyAndRetryAfter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.good(200, "POST", base+"/collection", `{"name":"c"}`)
	w.fabrics["demo/_system"].RefuseWrites("disk", "the disk is nearly full: free room")
	a := w.call("POST", base+"/document/c", `{"_key":"k"}`)
	if a.status != 503 || a.header.Get("Retry-After") == "" || !strings.Contains(a.body, "nearly full") {
		t.Errorf("refused: %d %v %s", a.status, a.header, a.body)
	}
	w.bad(404, 1202, "GET", base+"/document/c/k", "")
	w.fabrics["demo/_system"].AllowWrites("disk")
	w.good(202, "POST", base+"/document/c", `{"_key":"k"}`)
}

func TestOpenForThisMachineOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		remote, origin, site string
		local                bool
	}{
		{"127.0.0.1:5", "", "", true}, {"[::1]:5", "", "", true}, {"[::ffff:127.0.0.1]:5", "", "", true}, {"192.0.2.1:1234", "", "", false}, {"x", "", "", false},
		{"127.0.0.1:5", "http://localhost:8400", "same-origin", true}, {"127.0.0.1:5", "http://127.0.0.1:8401", "", true},
		{"127.0.0.1:5", "https://evil.example", "cross-site", false}, {"127.0.0.1:5", "https://evil.example", "", false},
		{"127.0.0.1:5", "null", "", false}, {"127.0.0.1:5", "", "cross-site", false}, {"127.0.0.1:5", "http://localhost.evil.example", "", false},
		{"127.0.0.1:5", "", "none", true}, {"127.0.0.1:5", "", "same-origin", true}, {"127.0.0.1:5", "", "same-site", false},
		{"127.0.0.1:5", "http://localhost:3000", "same-site", false}, {"127.0.0.1:5", "http://192.0.2.7", "cross-site", false}, {"127.0.0.1:5", "http://192.0.2.7:8400", "", false},
		{"127.0.0.1:5", "http://[::1]:8400", "cross-site", true}, {"127.0.0.1:5", "http://localhost", "same-origin", true},
	} {
		q := &request{server: w.server, hr: httptest.NewRequest(http.MethodGet, "http://localhost/", nil)}
		q.hr.RemoteAddr = c.remote
		for name, v := range map[string]string{"Origin": c.origin, "Sec-Fetch-Site": c.site} {
			if v != "" {
				q.hr.Header.Set(name, v)
			}
		}
		if q.fill(); q.envelope.Local != c.local {
			t.Errorf("%+v: local %v", c, q.envelope.Local)
		}
	}
}
