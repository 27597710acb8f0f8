// Package datatest finds the data files that some tests read and that are too
// large, or not ours, to keep in the repository.
//
// # Guarantees
//
// Dir returns a folder that exists. Without the data a test skips, so that a
// fresh checkout passes; with the environment variable CI set it fails, so
// that no test is silently left out where it counts.
//
// # Where the data is
//
// In the folder that SELVEDGE_DATA names, else in ../shared/data beside the
// checkout.
package datatest

import (
	"os"
	"path/filepath"
	"testing"
)

// Dir returns the folder with the data.
func Dir(t testing.TB) string {
	t.Helper()
	folder := os.Getenv("SELVEDGE_DATA")
	if folder == "" {
		folder = filepath.Join(root(t), "..", "shared", "data")
	}
	info, err := os.Stat(folder)
	if err == nil && info.IsDir() {
		return folder
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("no data in %s (set SELVEDGE_DATA): under CI nothing may be skipped", folder)
	}
	t.Skipf("no data in %s (set SELVEDGE_DATA)", folder)
	return ""
}

// root returns the folder of go.mod above the test.
func root(t testing.TB) string {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			t.Fatal("no go.mod above the test")
		}
		folder = parent
	}
}
