package shell

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// drive types keys into a shell and returns what it ran and what it showed.
func drive(t *testing.T, s *Shell, past *history, keys string) (ran []string, shown string) {
	t.Helper()
	var out bytes.Buffer
	terminal := s.terminal(strings.NewReader(keys), &out)
	terminal.History = past
	s.Run = func(_ context.Context, statement string) bool {
		ran = append(ran, statement)
		return statement == `\q`
	}
	if err := s.loop(t.Context(), terminal, func() (func(), error) { return func() {}, nil }); err != nil {
		t.Fatal(err)
	}
	return ran, out.String()
}

func TestStatements(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, keys string
		want       []string
	}{
		{"one line", "RETURN 1;\r", []string{"RETURN 1"}},
		{"several lines", "FOR a IN b\r  RETURN a ; \r", []string{"FOR a IN b\n  RETURN a"}},
		{"an empty line ends", "RETURN 2\r\r", []string{"RETURN 2"}},
		{"commands are one line", "\\timing\rRETURN 3;\r", []string{`\timing`, "RETURN 3"}},
		{"a command ends the shell", "\\q\rRETURN 4;\r", []string{`\q`}},
		{"nothing runs for nothing", "\r;\r  \r", nil},
		{"words that leave", "exit\rRETURN 4;\r", []string{`\q`}},
		{"words that leave, with a semicolon", "quit;\rRETURN 4;\r", []string{`\q`}},
		{"words that ask for help", "help\r?\r", []string{`\h`, `\h`}},
		{"within a statement they are words of it", "RETURN\rexit\r\r", []string{"RETURN\nexit"}},
		{"an interrupt drops what was entered", "FOR a\rIN b\x03RETURN 6;\r", []string{"RETURN 6"}},
		{"an interrupt within a line drops all of it", "RETURN 7;\x1b[D\x1b[D\x03RETURN 8;\r", []string{"RETURN 8"}},
		{"the end of input leaves", "\x04RETURN 9;\r", nil},
		{"an unfinished statement is dropped at the end", "RETURN 5\r", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if ran, _ := drive(t, &Shell{Prompt: "> ", More: ". "}, openHistory(""), c.keys); !slices.Equal(ran, c.want) {
				t.Fatalf("ran %q, want %q", ran, c.want)
			}
		})
	}
}

func TestPrompts(t *testing.T) {
	t.Parallel()
	_, shown := drive(t, &Shell{Prompt: "first> ", More: "more> "}, openHistory(""), "FOR\rx;\r")
	if strings.Count(shown, "first> ") < 2 || strings.Count(shown, "more> ") != 1 {
		t.Fatalf("shown %q", shown)
	}
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	words := []string{"FILTER", "FOR", "FULLTEXT(", "airports", "airlines", "DATE_ADD(", "DATE_DIFF("}
	for _, c := range []struct{ keys, want string }{
		{"fil\t x;\r", "FILTER  x"},
		{"FOR a IN airp\t;\r", "FOR a IN airports "},
		{"air\t;\r", "air"},     // both begin so
		{"date_\t;\r", "DATE_"}, // as far as they agree
		{"nothing\t;\r", "nothing"},
	} {
		s := &Shell{Prompt: "> ", Words: func() []string { return words }}
		ran, _ := drive(t, s, openHistory(""), c.keys)
		if len(ran) != 1 || ran[0] != strings.TrimSpace(c.want) {
			t.Errorf("%q ran %q, want %q", c.keys, ran, c.want)
		}
	}
}

func TestChoice(t *testing.T) {
	t.Parallel()
	words := []string{"FILTER", "airports", "airlines", "airways"}
	for range 45 {
		words = append(words, "zone")
	}
	for _, c := range []struct {
		name, keys, want string
		listed           bool
	}{
		{"a word that goes on is no choice", "a\t\x03", "> a", false},
		{"and the line is there again", "air\t\x03", "airports  airlines  airways\r\n> air", true},
		{"no more than a screen", "zone\t\x03", "zone  zone  zone  zone\r\nand 5 more\r\n", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, shown := drive(t, &Shell{Prompt: "> ", Words: func() []string { return words }}, openHistory(""), c.keys)
			if !strings.Contains(shown, c.want) || strings.Contains(shown, "airlines") != c.listed {
				t.Fatalf("showed %q, want %q", shown, c.want)
			}
		})
	}
}

func TestInterruptedLinesAreNoHistory(t *testing.T) {
	t.Parallel()
	past := openHistory("")
	drive(t, &Shell{Prompt: "> "}, past, "RETURN 1;\rRETURN 2\x03\r")
	if !slices.Equal(past.lines, []string{"RETURN 1;"}) {
		t.Fatalf("history %q", past.lines)
	}
}

func TestHistory(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "history")
	first := openHistory(path)
	drive(t, &Shell{Prompt: "> "}, first, "RETURN 1;\rRETURN 2;\r")
	first.close()
	second := openHistory(path)
	up := "\x1b[A"
	ran, _ := drive(t, &Shell{Prompt: "> "}, second, up+up+"\r")
	second.close()
	if !slices.Equal(ran, []string{"RETURN 1"}) {
		t.Fatalf("two up gave %q", ran)
	}
	if text, err := os.ReadFile(path); err != nil || !strings.HasPrefix(string(text), "RETURN 1;\nRETURN 2;\n") {
		t.Fatalf("history %q, %v", text, err)
	}
}
