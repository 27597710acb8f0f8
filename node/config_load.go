package node

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/v2"
)

// environmentPrefix begins every variable that overrides a key.
const environmentPrefix = "SELVEDGE_"

func environmentOf(path string) string {
	return environmentPrefix + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(path))
}

// DefaultConfig is what a file without any key gives.
func DefaultConfig() Config {
	var c Config
	for _, k := range ConfigKeys() {
		// The defaults of the table are right; a test proves it.
		_ = k.assign(&c, defaultOf(k))
	}
	return c
}

func defaultOf(k ConfigKey) any {
	if k.Default == "" && k.Kind == "list" {
		return []any{}
	}
	return k.Default
}

// LoadConfig reads the text of a YAML file and the variables SELVEDGE_... of
// the environment (NAME=VALUE each), which win over the file. Unknown keys
// are errors, so that a misspelled one does not go unnoticed; unknown
// variables are not, since other programs read some too. All that is wrong
// comes in one error.
func LoadConfig(text []byte, environment []string) (Config, error) {
	k := koanf.New(".")
	if err := k.Load(textProvider(text), yaml.Parser()); err != nil {
		return Config{}, fmt.Errorf("configuration is not YAML: %w", err)
	}
	known := map[string]string{} // variable to key
	for _, key := range ConfigKeys() {
		known[key.Environment()] = key.Path
	}
	err := k.Load(env.Provider(".", env.Opt{
		Prefix:        environmentPrefix,
		EnvironFunc:   func() []string { return environment },
		TransformFunc: func(name, value string) (string, any) { return known[name], value },
	}), nil)
	if err != nil {
		return Config{}, fmt.Errorf("configuration from the environment: %w", err)
	}
	c := DefaultConfig()
	wrong := unknownKeys(k)
	for _, key := range ConfigKeys() {
		if !k.Exists(key.Path) || k.Get(key.Path) == nil {
			continue
		}
		if err := key.assign(&c, k.Get(key.Path)); err != nil {
			wrong = append(wrong, fmt.Sprintf("%s: %v", key.Path, err))
		}
	}
	if len(wrong) == 0 {
		wrong = c.Validate()
	}
	if len(wrong) > 0 {
		return Config{}, errors.New("configuration: " + strings.Join(wrong, "; "))
	}
	return c, nil
}

// textProvider gives koanf a text that is in memory already.
type textProvider []byte

func (t textProvider) ReadBytes() ([]byte, error)    { return t, nil }
func (t textProvider) Read() (map[string]any, error) { return nil, errors.New("needs a parser") }

func unknownKeys(k *koanf.Koanf) []string {
	var wrong []string
	all := ConfigKeys()
	for _, path := range k.Keys() {
		if slices.ContainsFunc(all, func(c ConfigKey) bool { return c.Path == path }) {
			continue
		}
		best, distance := "", 4
		for _, c := range all {
			if d := editDistance(path, c.Path); d < distance {
				best, distance = c.Path, d
			}
		}
		text := fmt.Sprintf("%s: there is no such key", path)
		if group := path + "."; slices.ContainsFunc(all, func(c ConfigKey) bool { return strings.HasPrefix(c.Path, group) }) {
			text = fmt.Sprintf("%s: want keys below it, not a value", path)
		} else if best != "" {
			text += fmt.Sprintf(", is %s meant?", best)
		}
		wrong = append(wrong, text)
	}
	return wrong
}

// assign converts what the file or the environment says to the member's type.
func (k ConfigKey) assign(c *Config, v any) error {
	switch place := k.place(c).(type) {
	case *string:
		if !isScalar(v) {
			return fmt.Errorf("want a text")
		}
		*place = fmt.Sprint(v)
		return nil
	case *[]string:
		list, err := listOf(v)
		*place = list
		return err
	}
	text := strings.TrimSpace(fmt.Sprint(v))
	var err error
	switch place := k.place(c).(type) {
	case *bool:
		*place, err = strconv.ParseBool(text)
	case *float64:
		*place, err = strconv.ParseFloat(text, 64)
	case *int64:
		*place, err = strconv.ParseInt(text, 10, 64)
	case *time.Duration:
		*place, err = time.ParseDuration(text)
	case *byteSize:
		*place, err = parseSize(text)
	}
	if err != nil {
		return fmt.Errorf("%q: want %s", text, wanted(k.Kind))
	}
	return nil
}

func wanted(kind string) string {
	switch kind {
	case "bool":
		return "true or false"
	case "integer":
		return "an integer"
	case "duration":
		return "a duration such as 500ms, 2s or 24h"
	case "size":
		return "a size such as 4194304, 512KiB, 64MiB or 1GiB"
	}
	return "a " + kind
}

func isScalar(v any) bool {
	switch v.(type) {
	case map[string]any, []any, nil:
		return false
	}
	return true
}

// listOf takes a YAML list, or text with commas as in the environment.
func listOf(v any) ([]string, error) {
	items, ok := v.([]any)
	if !ok {
		if !isScalar(v) {
			return nil, errors.New("want a list of texts")
		}
		for part := range strings.SplitSeq(fmt.Sprint(v), ",") {
			items = append(items, part)
		}
	}
	var list []string
	for _, item := range items {
		if !isScalar(item) {
			return nil, errors.New("want a list of texts")
		}
		if text := strings.TrimSpace(fmt.Sprint(item)); text != "" {
			list = append(list, text)
		}
	}
	return list, nil
}

// byteSize is a number of bytes that may be written with a unit.
type byteSize int64

func parseSize(text string) (byteSize, error) {
	unit := int64(1)
	for _, u := range []struct {
		suffix string
		bytes  int64
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}} {
		if rest, ok := strings.CutSuffix(text, u.suffix); ok {
			text, unit = strings.TrimSpace(rest), u.bytes
			break
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/unit {
		return 0, errors.New("not a size")
	}
	return byteSize(n * unit), nil
}

// editDistance counts the letters to insert, delete or exchange.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next := min(row[j]+1, row[j+1]+1, corner+cost)
			corner, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}
