package node

import (
	"fmt"
	"strings"
)

// ConfigReference is the table of all keys as the documentation shows it.
func ConfigReference() string {
	var b strings.Builder
	b.WriteString("| key | variable | kind | default | meaning |\n| --- | --- | --- | --- | --- |\n")
	for _, k := range ConfigKeys() {
		value := ""
		if k.Default != "" {
			value = "`" + k.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s | %s |\n", k.Path, k.Environment(), k.Kind, value, k.Text)
	}
	return b.String()
}
