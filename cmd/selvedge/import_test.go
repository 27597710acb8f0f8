package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
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

// A second import of the same file says in a few lines what is wrong, and what
// to do.
func TestImportTwice(t *testing.T) {
	t.Parallel()
	f := newFakeLocation(t)
	var rows strings.Builder
	for i := range 20 {
		fmt.Fprintf(&rows, "{\"_key\":\"%d\"}\n", i)
		if i == 12 {
			rows.WriteString("{}\n")
		}
	}
	file := write(t, "rows.jsonl", rows.String())
	f.command(t, "import", file, "--to", "c").want(t, exitDone, "imported 21, skipped 0")
	r := f.command(t, "import", file, "--to", "c")
	r.want(t, exitFailed, file+":1: unique constraint violated", file+":5: unique", "--overwrite replaces it",
		file+": and 15 more, lines 6 to 13, 15 to 21: unique constraint violated",
		"stopped after the request with the first bad row", "--resume goes on when the row is mended; --on-error skip leaves bad rows out")
	if n := strings.Count(r.err, "\n"); n > 10 {
		t.Errorf("%d lines:\n%s", n, r.err)
	}
	f.command(t, "import", file, "--to", "c", "--overwrite").want(t, exitDone, "imported 21, skipped 0")
}

// Input that can't be followed to its end is no success, whatever is skipped.
func TestImportOfOpenQuote(t *testing.T) {
	t.Parallel()
	f := newFakeLocation(t)
	file := write(t, "rows.csv", "_key,n,m,city\na,a,1,Rome\nb,b,2,Bonn\nbb,b,2,Bonn\nc,\"unclosed,4,Oslo\nd,d,5,Lyon\ne,e,6,Kiel\nf,f,7,Bern\ng,g,8,Gent\nh,h,9,Graz\n")
	f.command(t, "import", file, "--to", "c", "--on-error", "skip").want(t, exitFailed, "imported 3, skipped 0",
		"line 5: a quote opens here and is never closed, so lines 5 to 10 could not be read")
	if !exists(file + stateSuffix) {
		t.Error("the state is gone as if all were in")
	}
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

// What the server refused is met again by the next run, and what stood behind
// it in the same call does not come in twice.
func TestImportStopsAtRefusedRows(t *testing.T) {
	t.Parallel()
	f := newFakeLocation(t)
	rows := "{\"n\":1}\n{\"_key\":\"b/c\"}\n{\"n\":2}\n{\"_key\":\"a\"}\n{\"_key\":\"a\"}\n{\"n\":3}\nbad\n{\"n\":4}\n"
	file := write(t, "rows.jsonl", rows)
	stopped := []string{file + ":2: bad document key", file + ":5: unique constraint violated", file + ":7: not valid JSON", "skipped 0"}
	r := f.command(t, "import", file, "--to", "c")
	r.want(t, exitFailed, append(stopped, "imported 4")...)
	if all := r.out + r.err; strings.Index(all, ":2: ") > strings.Index(all, ":5: ") || strings.Index(all, ":5: ") > strings.Index(all, ":7: ") {
		t.Errorf("not in the order of lines:\n%s", all)
	}
	for _, size := range []string{"1000", "1", "2"} {
		f.command(t, "import", file, "--to", "c", "--resume", "--batch", size).want(t, exitFailed, file+":2: bad document key", "imported 4, skipped 0")
	}
	f.command(t, "import", file, "--to", "c", "--resume", "--on-error", "skip", "--batch", "2").want(t, exitDone,
		file+":2: bad document key", file+":5: unique constraint violated", file+":7: not valid JSON", "imported 5, skipped 3")
	if n := len(f.documents("c")); n != 5 || exists(file+stateSuffix) {
		t.Errorf("%d documents, want 5; state left: %v", n, exists(file+stateSuffix))
	}
}

// A row that the server refused may be mended at the server: then it comes in.
func TestImportMeetsRefusedRowsAgain(t *testing.T) {
	t.Parallel()
	f := newFakeLocation(t)
	file := write(t, "rows.jsonl", "{\"_key\":\"a\"}\n{\"_key\":\"b\"}\n")
	first := write(t, "first.jsonl", "{\"_key\":\"a\"}\n")
	f.command(t, "import", first, "--to", "c").want(t, exitDone, "imported 1")
	f.command(t, "import", file, "--to", "c").want(t, exitFailed, file+":1: unique", "imported 1, skipped 0")
	f.command(t, "import", file, "--to", "c", "--resume").want(t, exitFailed, file+":1: unique", "imported 1, skipped 0")
	f.command(t, "import", file, "--to", "c", "--resume", "--overwrite").want(t, exitDone, "imported 2, skipped 0")
}

// Nothing can be written beside the end of a pipe, or what looks like one.
func TestImportWithoutState(t *testing.T) {
	t.Parallel()
	f := newFakeLocation(t)
	in, err := os.Open(write(t, "rows.jsonl", numbered(3)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	file := fmt.Sprintf("/proc/self/fd/%d", in.Fd())
	f.command(t, "import", file, "--to", "c", "--format", "jsonl", "--resume").want(t, exitFailed, "state of the import")
	f.command(t, "import", file, "--to", "c", "--format", "jsonl").want(t, exitDone, "cannot be resumed", "imported 3")
	for _, err := range []error{os.ErrPermission, syscall.EROFS, syscall.EACCES} {
		if !cannotKeep(fmt.Errorf("state: %w", &os.PathError{Op: "open", Err: err})) {
			t.Errorf("%v is not understood", err)
		}
	}
	if cannotKeep(syscall.ENOSPC) {
		t.Error("a full disk is no folder of somebody else")
	}
}

func TestBackupFolder(t *testing.T) {
	t.Parallel()
	here, err := filepath.Abs("copy")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ folder, at, want string }{
		{"/a/copy", "http://fra.example.org:8400", "/a/copy"},
		{"copy", "http://127.0.0.1:8400", here},
		{"copy", "https://api-localhost:8400", here},
		{"copy", "http://[::1]:8400", here},
		{"copy", "http://fra.example.org:8400", ""},
		{"copy", "http://10.0.0.1:8400", ""},
	} {
		var usage usageError
		got, err := backupFolder(test.folder, test.at)
		if got != test.want || (test.want == "") != errors.As(err, &usage) {
			t.Errorf("%s at %s: %q, %v, want %q", test.folder, test.at, got, err, test.want)
		}
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

// An import of which no row is good makes no collection; what holds no rows at all is no failure.
func TestImportMakesCollectionForRows(t *testing.T) {
	t.Parallel()
	f := newFakeLocation(t)
	for name, text := range map[string]string{"empty.csv": "", "open.csv": "a,b\n\"1,2\n", "twice.csv": "a,a\n1,2\n", "bad.jsonl": "no\n{}\n", "bad.json": "[7]"} {
		file := write(t, name, text)
		f.command(t, "import", file, "--to", "c").want(t, exitFailed, file)
		if f.documents("c") != nil {
			t.Errorf("%s makes a collection", name)
		}
	}
	f.command(t, "import", write(t, "good.jsonl", "{}\nno\n"), "--to", "c").want(t, exitFailed, "imported 1")
	if len(f.documents("c")) != 1 {
		t.Error("the good row has no collection")
	}
	file := write(t, "good.jsonl", "{}\n")
	f.command(t, "import", file, "--to", "refused").want(t, exitFailed, "collection refused", "not authorized")
	if exists(file + stateSuffix) {
		t.Error("something is to be resumed, though nothing was sent")
	}
}

// A file with another delimiter is not read as one column, and the way to read it is told.
func TestImportOfSemicolons(t *testing.T) {
	t.Parallel()
	f := newFakeLocation(t)
	file := write(t, "s.csv", "id;name;city\n1;Müller;Köln\n2;\"a;b\";Bonn\n")
	f.command(t, "import", file, "--to", "semi").want(t, exitFailed, "there is only one, \"id;name;city\"", "--delimiter ';'")
	f.command(t, "import", file, "--to", "semi", "--columns", "id,name,city").want(t, exitFailed, file+":1: the row has 1 fields, want 3; want --delimiter ';'")
	f.command(t, "import", file, "--to", "semi", "--delimiter", ";", "--key", "id").want(t, exitDone, "imported 2, skipped 0")
	if got := string(f.documents("semi")["2"]); got != `{"_key":"2","id":2,"name":"a;b","city":"Bonn"}` {
		t.Error(got)
	}
	tabs := write(t, "t.csv", "id\tname\n7\tx,y\n")
	f.command(t, "import", tabs, "--to", "tabs").want(t, exitFailed, "--delimiter tab")
	for i, tab := range []string{"tab", `\t`, "\t"} {
		f.command(t, "import", tabs, "--to", fmt.Sprint("tabs", i), "--delimiter", tab, "--key", "id").want(t, exitDone, "imported 1")
		if got := string(f.documents(fmt.Sprint("tabs", i))["7"]); got != `{"_key":"7","id":7,"name":"x,y"}` {
			t.Error(got)
		}
	}
	for _, wrong := range []string{";;", "§", "\"", "\n"} {
		f.command(t, "import", file, "--to", "semi", "--delimiter", wrong).want(t, exitUsage, "--delimiter")
		f.command(t, "export", "semi", "--format", "csv", "--columns", "id", "--delimiter", wrong).want(t, exitUsage, "--delimiter")
	}
	f.command(t, "import", file, "--to", "semi", "--delimiter", ";", "--escape", ";").want(t, exitUsage, "--escape")
	f.command(t, "export", "semi", "--format", "csv", "--columns", "id,name", "--delimiter", ";").want(t, exitDone, "id;name\n1;Müller\n2;\"a;b\"\n")
	f.command(t, "export", "semi", "--delimiter", ";").want(t, exitUsage, "--delimiter")
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
