// Package yaml writes JSON text as YAML.
//
// Guarantees: members keep their order and numbers their digits; what is read back is the same value. A string stands
// without quotes where nothing can take it for something else, and otherwise as in JSON, which YAML reads too.
//
// Not given: reading, comments, anchors and other styles than block style.
package yaml

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// Write writes JSON text as YAML in block style.
func Write(w io.Writer, text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	y := &writer{tokens: decoder, plain: regexp.MustCompile(`^[\pL_/][\pL\pN_ ./@()+*-]*$`)}
	if err := y.value(0, false); err != nil {
		return fmt.Errorf("result as YAML: %w", err)
	}
	_, err := w.Write(y.out.Bytes())
	return err
}

type writer struct {
	tokens *json.Decoder
	plain  *regexp.Regexp
	out    bytes.Buffer
}

// value writes one value and the end of its line. Within a line (after a name
// or a dash) a collection begins on the next one.
func (y *writer) value(depth int, within bool) error {
	token, err := y.tokens.Token()
	if err != nil {
		return err
	}
	delim, ok := token.(json.Delim)
	if !ok {
		y.space(within)
		y.scalar(token)
		y.out.WriteByte('\n')
		return nil
	}
	if !y.tokens.More() {
		y.space(within)
		y.out.WriteString(map[json.Delim]string{'{': "{}\n", '[': "[]\n"}[delim])
		_, err := y.tokens.Token()
		return err
	}
	if within {
		y.out.WriteByte('\n')
	}
	for y.tokens.More() {
		y.out.WriteString(strings.Repeat("  ", depth))
		if delim == '[' {
			y.out.WriteByte('-')
		} else {
			name, err := y.tokens.Token()
			if err != nil {
				return err
			}
			y.scalar(name)
			y.out.WriteByte(':')
		}
		if err := y.value(depth+1, true); err != nil {
			return err
		}
	}
	_, err = y.tokens.Token()
	return err
}

func (y *writer) space(within bool) {
	if within {
		y.out.WriteByte(' ')
	}
}

func (y *writer) scalar(token json.Token) {
	text, ok := token.(string)
	if !ok {
		if token == nil {
			token = "null"
		}
		fmt.Fprint(&y.out, token)
		return
	}
	words := []string{"null", "true", "false", "yes", "no", "on", "off", "y", "n"}
	if y.plain.MatchString(text) && !strings.HasSuffix(text, " ") && !slices.Contains(words, strings.ToLower(text)) {
		y.out.WriteString(text)
		return
	}
	quoted, err := quotedJSON(text)
	if err != nil {
		quoted = []byte(`""`) // can't be: the text came from JSON
	}
	y.out.Write(quoted)
}

func quotedJSON(text string) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		return nil, err
	}
	out := bytes.TrimSpace(b.Bytes())
	if len(out) < 2 {
		return nil, errors.New("no string")
	}
	return out, nil
}
