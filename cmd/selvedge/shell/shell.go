// Package shell reads statements from a terminal: lines with history and completion, several lines to a statement.
//
// Guarantees: a statement ends with a line that ends in a semicolon (which is taken off), or with an empty line; a
// command is one line that begins with a backslash. While a statement runs the terminal is as it was before, so that
// an interrupt reaches Run as the end of its context and the shell goes on. The terminal is restored when Loop returns.
//
// Not guaranteed: that a history of several shells at once is in order.
package shell

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"

	"golang.org/x/term"
)

// Shell is one session at a terminal.
type Shell struct {
	Prompt, More string // at the first line of a statement, and at the others
	// Run carries out a statement or a command; done ends the shell.
	Run func(ctx context.Context, statement string) (done bool)
	// Words lists what a word can be completed to.
	Words func() []string
	// History is a file, empty for none.
	History string
}

// Loop reads from a terminal until the end of input, or until Run says that it is done.
func (s *Shell) Loop(ctx context.Context, in, out *os.File) error {
	fd := int(in.Fd())
	t := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{in, out}, s.Prompt)
	if width, height, err := term.GetSize(fd); err == nil {
		_ = t.SetSize(width, height)
	}
	past := openHistory(s.History)
	defer past.close()
	t.History = past
	return s.loop(ctx, t, func() (restore func(), err error) {
		before, err := term.MakeRaw(fd)
		if err != nil {
			return nil, err
		}
		return func() { _ = term.Restore(fd, before) }, nil
	})
}

// loop is Loop over any terminal; raw puts it into the mode for editing.
func (s *Shell) loop(ctx context.Context, t *term.Terminal, raw func() (func(), error)) error {
	t.AutoCompleteCallback = s.complete
	var lines []string
	for {
		line, err := s.line(t, len(lines) > 0, raw)
		if errors.Is(err, term.ErrPasteIndicator) {
			err = nil
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		statement, complete := add(&lines, line)
		if !complete || statement == "" {
			continue
		}
		if s.run(ctx, statement) {
			return nil
		}
	}
}

func (s *Shell) line(t *term.Terminal, more bool, raw func() (func(), error)) (string, error) {
	restore, err := raw()
	if err != nil {
		return "", err
	}
	defer restore()
	t.SetPrompt(s.Prompt)
	if more {
		t.SetPrompt(s.More)
	}
	return t.ReadLine()
}

// add takes one more line in and says whether the statement is whole.
func add(lines *[]string, line string) (statement string, complete bool) {
	trimmed := strings.TrimSpace(line)
	if len(*lines) == 0 && strings.HasPrefix(trimmed, `\`) {
		return trimmed, true
	}
	ended := trimmed == ""
	if strings.HasSuffix(trimmed, ";") {
		ended, line = true, strings.TrimRight(strings.TrimRight(line, " \t"), ";")
	}
	*lines = append(*lines, line)
	if !ended {
		return "", false
	}
	statement = strings.TrimSpace(strings.Join(*lines, "\n"))
	*lines = nil
	return statement, true
}

// run carries out a statement; an interrupt ends only that.
func (s *Shell) run(ctx context.Context, statement string) bool {
	ctx, stop := signal.NotifyContext(context.WithoutCancel(ctx), os.Interrupt)
	defer stop()
	return s.Run(ctx, statement)
}

// complete completes the word before the cursor as far as the words that begin so agree.
func (s *Shell) complete(line string, at int, key rune) (string, int, bool) {
	if key != '\t' || s.Words == nil {
		return "", 0, false
	}
	runes := []byte(line)
	if at > len(runes) {
		at = len(runes)
	}
	start := at
	for start > 0 && IsWord(runes[start-1]) {
		start--
	}
	prefix := line[start:at]
	if prefix == "" {
		return line, at, true
	}
	var common string
	found := 0
	for _, word := range s.Words() {
		if len(word) < len(prefix) || !strings.EqualFold(word[:len(prefix)], prefix) {
			continue
		}
		if found++; found == 1 {
			common = word
		} else {
			common = agree(common, word)
		}
	}
	if found == 0 || len(common) < len(prefix) {
		return line, at, true
	}
	if found == 1 {
		common += " "
	}
	return line[:start] + common + line[at:], start + len(common), true
}

// agree is the beginning that two words share, whatever their case.
func agree(a, b string) string {
	n := min(len(a), len(b))
	for i := range n {
		if !strings.EqualFold(a[i:i+1], b[i:i+1]) {
			return a[:i]
		}
	}
	return a[:n]
}

// IsWord tells whether a byte belongs to a word that can be completed.
func IsWord(b byte) bool {
	return b == '_' || b == '\\' || b >= 0x80 || (b >= '0' && b <= '9') || (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z')
}

// historyLimit is how many lines are kept.
const historyLimit = 1000

// history is the lines that were entered, the newest last, in memory and in a file.
type history struct {
	lines []string
	file  *os.File
}

// openHistory reads what earlier shells left. A file that cannot be used is done without: nobody should be kept from
// asking by it.
func openHistory(path string) *history {
	h := &history{}
	if path == "" {
		return h
	}
	if text, err := os.ReadFile(path); err == nil {
		h.lines = strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' })
		h.lines = slices.Clone(h.lines[max(0, len(h.lines)-historyLimit):])
	}
	h.file, _ = os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	return h
}

// Add keeps a line.
func (h *history) Add(entry string) {
	if strings.TrimSpace(entry) == "" || (len(h.lines) > 0 && h.lines[len(h.lines)-1] == entry) {
		return
	}
	if h.lines = append(h.lines, entry); len(h.lines) > historyLimit {
		h.lines = slices.Delete(h.lines, 0, 1)
	}
	if h.file != nil {
		_, _ = h.file.WriteString(entry + "\n")
	}
}

// Len is how many lines there are.
func (h *history) Len() int { return len(h.lines) }

// At is a line; 0 is the newest.
func (h *history) At(i int) string { return h.lines[len(h.lines)-1-i] }

func (h *history) close() {
	if h.file != nil {
		_ = h.file.Close()
	}
}
