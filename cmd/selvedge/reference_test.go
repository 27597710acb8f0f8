package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

const referencePage = "../../docs/reference/cli.md"

const referenceHead = `# Command line

The page is made from the commands themselves: ` + "`go test ./cmd/selvedge -run Reference -update`" + `.

Commands end with 0 when they did their work, 1 when they failed, 2 when they were called wrongly, and 3 when the
location could not be reached. Results go to the standard output, everything else to the standard error; every command
takes ` + "`--output`" + `, for errors too. [Topics](#topics) at the end tell more.

` + "`selvedge completion bash|zsh|fish`" + ` makes the tab key complete commands and names, ` + "`selvedge man DIR`" + ` writes
manual pages. Commands that talk to a location take these:

`

var _ = flag.Bool("update", false, "write the page instead of comparing it")

// TestReferenceIsCurrent compares the page with what the commands say.
func TestReferenceIsCurrent(t *testing.T) {
	t.Parallel()
	want := reference(t)
	if update := flag.Lookup("update"); update != nil && update.Value.String() == "true" {
		if err := os.WriteFile(referencePage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(referencePage)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != want {
		t.Error("docs/reference/cli.md is not current: go test ./cmd/selvedge -run Reference -update")
	}
}

func reference(t *testing.T) string {
	t.Helper()
	root := (&app{}).root()
	status, _, err := root.Find([]string{"status"})
	if err != nil {
		t.Fatal(err)
	}
	common := map[string]bool{}
	for _, name := range []string{"url", "api-key", "user", "password", "ca", "fabric", "context", "output"} {
		common[name] = true
	}
	var b strings.Builder
	b.WriteString(referenceHead)
	for _, name := range flagNames(status) {
		if common[name] {
			b.WriteString(flagLine(status, name))
		}
	}
	seen := 0
	for _, c := range all(root) {
		if c == root || c.HasSubCommands() || c.IsAdditionalHelpTopicCommand() {
			continue
		}
		seen++
		describe(&b, c, common)
	}
	b.WriteString("\n## Topics\n\nWhat `selvedge help TOPIC` tells.\n")
	for _, c := range all(root) {
		if c.IsAdditionalHelpTopicCommand() {
			fmt.Fprintf(&b, "\n### %s\n\n```text\n%s\n```\n", c.Name(), c.Long)
		}
	}
	if seen < 14 {
		t.Fatalf("saw only %d commands", seen)
	}
	return b.String()
}

func describe(b *strings.Builder, c *cobra.Command, common map[string]bool) {
	text := c.Long
	if text == "" {
		text = c.Short + "."
	}
	fmt.Fprintf(b, "\n## %s\n\n`%s`\n\n%s\n", c.CommandPath(), c.UseLine(), quoteFlags(text))
	talks := c.Flags().Lookup("url") != nil
	var flags strings.Builder
	for _, name := range flagNames(c) {
		if name != "help" && (!talks || !common[name]) {
			flags.WriteString(flagLine(c, name))
		}
	}
	if flags.Len() > 0 {
		b.WriteString("\n" + flags.String())
	}
	example := strings.ReplaceAll("  "+strings.TrimSpace(c.Example), "\n  ", "\n")
	fmt.Fprintf(b, "\n```sh\n%s\n```\n", strings.TrimSpace(example))
}

func flagLine(c *cobra.Command, name string) string {
	f := c.Flags().Lookup(name)
	value := ""
	if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" {
		value = fmt.Sprintf(" (default `%s`)", f.DefValue)
	}
	return fmt.Sprintf("- `--%s`: %s%s\n", f.Name, quoteFlags(f.Usage), value)
}

// quoteFlags puts the flags in prose between backticks, and the values of two that are always named with one.
func quoteFlags(text string) string {
	return regexp.MustCompile(`(^|[\s(])((?:link heal )?--(?:(?:output|on-error) [a-z]+|[a-z][a-z-]*))`).ReplaceAllString(text, "$1`$2`")
}
