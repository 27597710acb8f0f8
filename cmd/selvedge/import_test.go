package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/selvedge-db/selvedge/internal/datatest"
)

// write makes an input file in a folder of its own.
func write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func numbered(n int) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, "{\"n\":%d}\n", i)
	}
	return b.String()
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

func TestImportReportsBadRows(t *testing.T) {
	t.Parallel()
	rows := "{\"_key\":\"a\"}\n{\"_key\":\"b/c\"}\nnot json\n{\"_key\":\"a\"}\n{\"_key\":\"d\",\"x\":\"poison\"}\n{\"_key\":\"e\"}\n"
	f := newFakeLocation(t)
	file := write(t, "rows.jsonl", rows)
	r := f.command(t, "import", file, "--to", "c", "--on-error", "skip")
	r.want(t, exitDone, "imported 2, skipped 4", file+":2: bad document key", file+":3: not valid JSON",
		file+":4: unique constraint violated", file+":5: the body is not one valid JSON value")
	if len(f.documents("c")) != 2 || exists(file+stateSuffix) {
		t.Errorf("%d documents, state left: %v", len(f.documents("c")), exists(file+stateSuffix))
	}
	f.command(t, "import", file, "--to", "d", "--on-error", "skip", "--overwrite", "--output", "json").want(t, exitDone, `"imported": 3`, `"skipped": 3`)
}

func TestImportStops(t *testing.T) {
	t.Parallel()
	f := newFakeLocation(t)
	file := write(t, "rows.jsonl", numbered(5)+"bad\n"+numbered(3))
	f.command(t, "import", file, "--to", "c").want(t, exitFailed, file+":6: not valid JSON", "imported 5, skipped 0", "--on-error skip")
	if !exists(file + stateSuffix) {
		t.Fatal("there is no state to resume from")
	}
	f.command(t, "import", file, "--to", "other", "--resume").want(t, exitFailed, "went to c in _system")
	f.command(t, "import", file, "--to", "c", "--resume").want(t, exitFailed, file+":6:", "imported 5, skipped 0")
	f.command(t, "import", file, "--to", "c", "--resume", "--on-error", "skip").want(t, exitDone, file+":6:", "imported 8, skipped 1")
	if len(f.documents("c")) != 8 || exists(file+stateSuffix) {
		t.Errorf("%d documents, state left: %v", len(f.documents("c")), exists(file+stateSuffix))
	}
}

func TestImportResumesAfterBreak(t *testing.T) {
	t.Parallel()
	f := newFakeLocation(t)
	f.refuseAfter = 3
	file := write(t, "rows.jsonl", numbered(100))
	f.command(t, "import", file, "--to", "c", "--batch", "10").want(t, exitFailed, "not authorized", "--resume goes on", "imported 30, skipped 0")
	f.refuseAfter = 0
	f.command(t, "import", file, "--to", "c", "--batch", "10", "--resume").want(t, exitDone, "imported 100, skipped 0")
	if n := len(f.documents("c")); n != 100 {
		t.Errorf("%d documents, want 100", n)
	}
	f.refuseAfter = f.writes + 1
	f.command(t, "import", file, "--to", "c", "--batch", "10").want(t, exitFailed)
	f.refuseAfter = 0
	f.command(t, "import", file, "--to", "c", "--batch", "10").want(t, exitDone, "stopped after 10 rows", "imported 100")
	f.refuseAfter = f.writes + 1
	f.command(t, "import", file, "--to", "c", "--batch", "10").want(t, exitFailed)
	if err := os.WriteFile(file, []byte(numbered(101)), 0o600); err != nil {
		t.Fatal(err)
	}
	f.command(t, "import", file, "--to", "c", "--resume").want(t, exitFailed, "has changed since")
}

// The answer to a batch was lost together with the run: the batch goes again
// and nothing is twice, also when the server has forgotten the call.
func TestImportLostAnswer(t *testing.T) {
	t.Parallel()
	for _, forgotten := range []bool{false, true} {
		f := newFakeLocation(t)
		file := write(t, "rows.csv", "id,x\n1,a\n2,b\n3,c\n4,d\n")
		f.busy = 0
		f.command(t, "import", file, "--to", "c", "--key", "id", "--batch", "2", "--quiet").want(t, exitDone, "imported 4")
		state, err := openImportState(file, false, target{f.URL, "_system", "c"})
		if err != nil {
			t.Fatal(err)
		}
		for key := range f.calls { // the run that was lost
			if run, _, found := strings.Cut(key, "-"); found {
				state.Run = run
			}
		}
		state.Rows, state.Imported = 2, 2
		if err := state.save(); err != nil {
			t.Fatal(err)
		}
		if forgotten {
			f.calls = map[string][]byte{}
		}
		f.command(t, "import", file, "--to", "c", "--key", "id", "--batch", "2", "--resume").want(t, exitDone, "imported 4, skipped 0")
	}
}

func TestImportWhileBusy(t *testing.T) {
	t.Parallel()
	f := newFakeLocation(t)
	f.busy = 3
	f.command(t, "import", write(t, "rows.jsonl", numbered(10)), "--to", "c").want(t, exitDone, "imported 10")
	if n := len(f.documents("c")); n != 10 {
		t.Errorf("%d documents, want 10", n)
	}
}

func TestImportOfNothing(t *testing.T) {
	t.Parallel()
	f := newFakeLocation(t)
	f.command(t, "import", write(t, "rows.jsonl", ""), "--to", "c").want(t, exitDone, "imported 0, skipped 0")
	f.command(t, "import", write(t, "rows.csv", ""), "--to", "c").want(t, exitFailed, "the input is empty")
	f.command(t, "import", t.TempDir(), "--to", "c", "--format", "csv").want(t, exitFailed, "is a folder")
	f.command(t, "import", "/nowhere/x.csv", "--to", "c").want(t, exitFailed, "no such file")
	if f.documents("c") == nil {
		t.Error("the collection is missing")
	}
}

// The list of airports has null texts, escaped and doubled quotes.
func TestImportAirports(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(datatest.Dir(t), "openflights", "airports.dat"))
	if err != nil {
		t.Fatal(err)
	}
	f := newFakeLocation(t)
	file := write(t, "airports.dat", string(text))
	f.command(t, "import", file, "--to", "airports", "--format", "csv", "--null", `\N`, "--escape", `\`, "--key", "id", "--columns",
		"id,name,city,country,iata,icao,latitude,longitude,altitude,offset,dst,zone,type,source").want(t, exitDone, "imported 7698, skipped 0")
	documents := f.documents("airports")
	if len(documents) != 7698 {
		t.Fatalf("%d documents", len(documents))
	}
	for key, want := range map[string]string{
		"4066": `"city":"Port O'Connor","country":"United States","iata":null,"icao":"XS46","latitude":28.429725`,
		"332":  `"name":"Magdeburg \"City\" Airport"`,
		"1":    `{"_key":"1","id":1,"name":"Goroka Airport"`,
	} {
		if !bytes.Contains(documents[key], []byte(want)) || !json.Valid(documents[key]) {
			t.Errorf("%s: %s lacks %s", key, documents[key], want)
		}
	}
}
