package conform

import (
	"strings"
	"testing"
)

func TestChecker(t *testing.T) {
	t.Parallel()
	c, err := New()
	if err != nil {
		t.Fatal(err)
	}
	all := len(c.Unseen())
	for _, x := range []struct {
		method, url, body string
		status            int
		answer, wrong     string
	}{
		{"GET", "/_api/database", "", 200, `{"error":false,"code":200,"result":["_system"]}`, ""},
		{"GET", "/_tenant/t/_fabric/f/_api//database/", "", 200, `{"error":false,"code":200,"result":[]}`, ""},
		{"GET", "/_api/database", "", 200, `{"error":false,"code":200,"result":[],"more":1}`, "more"},
		{"GET", "/_api/database", "", 200, `{"error":false,"code":200}`, "result"},
		{"GET", "/_api/database", "", 200, `{"error":false,"code":200,"result":[7]}`, "/result/0"},
		{"GET", "/_api/database", "", 201, `{"error":false,"code":200,"result":[]}`, "status 201"},
		{"GET", "/_api/database?x=1", "", 200, `{"error":false,"code":200,"result":[]}`, `parameter "x"`},
		{"GET", "/_api/nothing", "", 200, `{}`, "not described"},
		{"GET", "/_api/nothing", "", 404, `{"error":true,"code":404,"errorNum":404,"errorMessage":"no"}`, ""},
		{"GET", "/_api/nothing", "", 404, `{"error":true}`, "refusal"},
		{"GET", "/_api/nothing", "", 404, `not found`, "not JSON"},
		{"PUT", "/_api/database/locations/shop", `{"locations":"fra"}`, 200, `{"error":false,"code":200,"result":true}`, "accepted"},
		{"PUT", "/_api/database/locations/shop", `{"locations":["fra"]}`, 200, `{"error":false,"code":200,"result":true}`, ""},
		{"GET", "/_db/_system/_api/gharial/g/edge/lines/l", "", 200, `{"error":false,"code":200,"edge":{"_id":"lines/l","at":1}}`, ""},
		{"HEAD", "/_api/document/c/k", "", 404, ``, ""},
		{"GET", "/console/data", "", 200, `<!doctype html>`, ""},
		{"GET", "/health/ready", "", 503, `{"live":true,"ready":false,"reasons":["disk"],"readOnly":""}`, ""},
	} {
		err := c.Check(Exchange{Method: x.method, URL: x.url, Body: []byte(x.body), Status: x.status, Answer: []byte(x.answer)})
		if x.wrong == "" && err != nil || x.wrong != "" && (err == nil || !strings.Contains(err.Error(), x.wrong)) {
			t.Errorf("%s %s %d %s: %v, want %q", x.method, x.url, x.status, x.answer, err, x.wrong)
		}
	}
	if left := len(c.Unseen()); left != all-3 {
		t.Errorf("of %d operations %d are left, want 3 fewer", all, left)
	}
}
