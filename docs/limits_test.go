package docs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
)

const (
	limitsPage  = "operate/limits.md"
	limitsBegin = "<!-- limits: go test ./docs -run LimitsAreCurrent -update -->\n"
	limitsEnd   = "<!-- end of limits -->\n"
)

// limit is one of those that a location tells.
type limit struct {
	Name, Unit, Text string
	Value            float64
}

// amount is the value as people write it.
func (l limit) amount() string {
	scaled := func(v float64, units []string, steps []float64) string {
		i := 0
		for i < len(steps) && v >= steps[i] && v/steps[i] == float64(int64(v/steps[i])) {
			v /= steps[i]
			i++
		}
		return strconv.FormatFloat(v, 'f', -1, 64) + " " + units[i]
	}
	switch l.Unit {
	case "bytes":
		return scaled(l.Value, []string{"bytes", "KiB", "MiB", "GiB"}, []float64{1024, 1024, 1024})
	case "ms":
		return scaled(l.Value, []string{"ms", "s", "min", "h"}, []float64{1000, 60, 60})
	}
	return grouped(strconv.FormatFloat(l.Value, 'f', -1, 64))
}

// grouped writes a number with commas between thousands.
func grouped(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func (r *reader) limits(t *testing.T) []limit {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.urls["fra"]+"/_fabric/_system/_api/limits", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "apikey "+apiKey)
	answer, err := r.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var reply struct{ Result []limit }
	if err := json.NewDecoder(answer.Body).Decode(&reply); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%d %v", answer.StatusCode, err)
	}
	return reply.Result
}

// TestLimitsAreCurrent compares the table of limits with what a location tells.
func TestLimitsAreCurrent(t *testing.T) {
	t.Parallel()
	list := startReader(t).limits(t)
	if len(list) < 15 {
		t.Fatalf("a location tells %d limits", len(list))
	}
	var table strings.Builder
	table.WriteString("\n| limit | value | meaning |\n|---|---|---|\n")
	for _, l := range list {
		if l.Name == "" || l.Text == "" {
			t.Errorf("a limit without name or text: %+v", l)
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", l.Name, l.amount(), strings.ReplaceAll(l.Text, "|", `\|`))
	}
	table.WriteString("\n")
	page := read(t, limitsPage)
	before, rest, found := strings.Cut(page, limitsBegin)
	_, after, ended := strings.Cut(rest, limitsEnd)
	if !found || !ended {
		t.Fatalf("%s has lost the lines around its table", limitsPage)
	}
	want := before + limitsBegin + table.String() + limitsEnd + after
	if *update {
		if err := os.WriteFile(limitsPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if read(t, limitsPage) != want {
		t.Error("docs/operate/limits.md is not current: go test ./docs -run LimitsAreCurrent -update")
	}
}
