// Package shell reads statements from a terminal: lines with history and completion, several lines to a statement.
//
// Guarantees: a statement ends with a line that ends in a semicolon (which is taken off), or with an empty line; a
// command is one line that begins with a backslash; help, ?, exit and quit alone on a first line are the commands \h and
// \q. While a statement runs the terminal is as it was before, so that an interrupt reaches Run as the end of its
// context and the shell goes on; while one is entered an interrupt drops it. The terminal is restored when Loop returns.
//
// Not guaranteed: that a history of several shells at once is in order.
package shell

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
	t := s.terminal(in, out)
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

func (s *Shell) terminal(in io.Reader, out io.Writer) *term.Terminal {
	return term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{&keys{in: in}, out}, s.Prompt)
}

// The terminal takes an interrupt for the end of input. So the key is read as another one, to the end of the line, and
// a line that ends with a mark.
const (
	interruptKey  = 3
	interruptMark = "^C"
	interruption  = "\x05" + interruptMark + "\r"
)

// keys is what is typed, with interruptions in the place of interrupts.
type keys struct {
	in   io.Reader
	rest []byte
}

func (k *keys) Read(p []byte) (int, error) {
	if len(k.rest) == 0 {
		typed := make([]byte, len(p))
		n, err := k.in.Read(typed)
		if n == 0 {
			return 0, err
		}
		k.rest = bytes.ReplaceAll(typed[:n], []byte{interruptKey}, []byte(interruption))
	}
	n := copy(p, k.rest)
	k.rest = k.rest[n:]
	return n, nil
}

// loop is Loop over any terminal; raw puts it into the mode for editing.
func (s *Shell) loop(ctx context.Context, t *term.Terminal, raw func() (func(), error)) error {
	t.AutoCompleteCallback = func(line string, at int, key rune) (string, int, bool) {
		if key != '\t' || s.Words == nil {
			return "", 0, false
		}
		line, at, choice := s.complete(line, at)
		if len(choice) > 1 {
			_, _ = io.WriteString(t, columns(choice, listed))
		}
		return line, at, true
	}
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
		if strings.HasSuffix(line, interruptMark) {
			lines = nil
			continue
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
	if len(*lines) == 0 {
		if command := command(trimmed); command != "" {
			return command, true
		}
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

// command is the command that a first line is, empty for none. What people type to leave a shell they do not know is
// no query.
func command(line string) string {
	switch strings.TrimSuffix(line, ";") {
	case "help", "?":
		return `\h`
	case "exit", "quit":
		return `\q`
	}
	if strings.HasPrefix(line, `\`) {
		return line
	}
	return ""
}

// run carries out a statement; an interrupt ends only that.
func (s *Shell) run(ctx context.Context, statement string) bool {
	ctx, stop := signal.NotifyContext(context.WithoutCancel(ctx), os.Interrupt)
	defer stop()
	return s.Run(ctx, statement)
}

// complete completes the word before the cursor as far as the words that begin so agree. When that is no further than
// it is written already, choice is all of them.
func (s *Shell) complete(line string, at int) (completed string, cursor int, choice []string) {
	at = min(at, len(line))
	start := at
	for start > 0 && IsWord(line[start-1]) {
		start--
	}
	prefix := line[start:at]
	if prefix == "" {
		return line, at, nil
	}
	for _, word := range s.Words() {
		if len(word) >= len(prefix) && strings.EqualFold(word[:len(prefix)], prefix) {
			choice = append(choice, word)
		}
	}
	if len(choice) == 0 {
		return line, at, nil
	}
	common := choice[0]
	for _, word := range choice[1:] {
		common = agree(common, word)
	}
	switch {
	case len(common) < len(prefix):
		return line, at, choice
	case len(choice) == 1:
		common += " "
	case len(common) > len(prefix):
		choice = nil
	}
	return line[:start] + common + line[at:], start + len(common), choice
}

// listed is how many words are shown of those that a word could become.
const listed = 40

// columns writes words in lines of four, and how many more there are than a limit.
func columns(words []string, limit int) string {
	more := len(words) - limit
	words = words[:min(limit, len(words))]
	width := 0
	for _, word := range words {
		width = max(width, len(word))
	}
	var b strings.Builder
	for i, word := range words {
		switch {
		case i%4 == 3 || i == len(words)-1:
			b.WriteString(word + "\n")
		default:
			fmt.Fprintf(&b, "%-*s  ", width, word)
		}
	}
	if more > 0 {
		fmt.Fprintf(&b, "and %d more\n", more)
	}
	return b.String()
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

// Add keeps a line that was not interrupted.
func (h *history) Add(entry string) {
	if strings.TrimSpace(entry) == "" || strings.HasSuffix(entry, interruptMark) || (len(h.lines) > 0 && h.lines[len(h.lines)-1] == entry) {
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
