package yaml

import (
	"bytes"
	"testing"
)

func TestYAML(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`7.50`:                                "7.50\n",
		`"a b"`:                               "a b\n",
		`{}`:                                  "{}\n",
		`{"b":1e3,"a":[],"c":{"x":null}}`:     "b: 1e3\na: []\nc:\n  x: null\n",
		`[{"a":true},[1,"2"],"no"]`:           "-\n  a: true\n-\n  - 1\n  - \"2\"\n- \"no\"\n",
		`{"k: v":"x: y","m":"-1","t":"a\nb"}`: "\"k: v\": \"x: y\"\nm: \"-1\"\nt: \"a\\nb\"\n",
		`["São Paulo","<&>","~","# x","Null"," a","a "]`: "- São Paulo\n- \"<&>\"\n- \"~\"\n- \"# x\"\n- \"Null\"\n- \" a\"\n- \"a \"\n",
	} {
		var out bytes.Buffer
		if err := Write(&out, []byte(in)); err != nil || out.String() != want {
			t.Errorf("%s: got %q, want %q (%v)", in, out.String(), want, err)
		}
	}
	if err := Write(&bytes.Buffer{}, []byte(`{"a":`)); err == nil {
		t.Error("half a value is taken")
	}
}
