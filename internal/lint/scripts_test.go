package lint

import (
	"fmt"
	"go/token"
	"strings"
	"testing"
)

// TestScriptRulesBite breaks every rule once.
func TestScriptRulesBite(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("  x()\n", maxFunctionLines)
	for _, c := range []struct{ path, text, want string }{
		{"console/app/x.js", "// innerHTML = is banned\nconst s = node.innerHTML === '' ? `a ${b ? `}` : /[/}]{/.test(c)} {` : 1 / 2 / 3\n", ""},
		{"console/app/x.js", "node.innerHTML = text\n", "text nodes"},
		{"console/app/x.js", "node.insertAdjacentHTML('x', text)\n", "text nodes"},
		{"console/app/x.js", "eval(text)\n", "becomes code"},
		{"console/app/x.js", "setTimeout('f()', 1)\n", "becomes code"},
		{"console/app/x.js", "node.setAttribute('style', 'x')\n", "style attributes"},
		{"console/app/x.js", "import x from 'https://example.org/x.js'\n", "elsewhere"},
		{"console/app/x.js", "const x = await import('//example.org/x.js')\n", "elsewhere"},
		{"console/app/x.js", strings.Repeat("\n", maxFileLines+1), "the limit is 600"},
		{"console/app/x.js", "function f(a, { b }) {\n" + long + "}\n", "the function has 72 lines"},
		{"console/app/x.js", "const f = async (a) => {\n" + long + "}\n", "the function has 72 lines"},
		{"console/app/x.js", "class A {\n  f() {\n" + long + "  }\n}\n", "the function has 72 lines"},
		{"console/app/x.js", "class A {\n" + long + "}\nconst o = {\n" + long + "}\nif (a) {\n" + long + "}\nfor await (const x of y) {\n" + long + "}\n", ""},
		{"apptest/console/x.test.mjs", "node.innerHTML = 1\ntest('x', () => {\n" + long + "})\n", ""},
		{"console/index.html", `<p class="x">1</p><script src="/a.js"></script>`, ""},
		{"console/index.html", `<p style="x">`, "inline style"},
		{"console/index.html", `<p onclick="x">`, "inline style or handler"},
		{"console/index.html", `<script>x()</script>`, "inline script"},
		{"console/index.html", `<script src="https://example.org/a.js"></script>`, "elsewhere"},
	} {
		tree := &Tree{fset: token.NewFileSet(), Scripts: []Script{{c.path, c.text}}}
		got := checkScripts(tree)
		if c.want == "" && len(got) != 0 || c.want != "" && (len(got) != 1 || !strings.Contains(fmt.Sprint(got), c.want)) {
			t.Errorf("%.60q: %v, want %q", c.text, got, c.want)
		}
	}
}
