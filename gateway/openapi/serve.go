package openapi

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"net/http"
	"time"
)

// Handler serves the document of a version of the server.
func Handler(version string) (http.Handler, error) {
	text, err := Document(version)
	if err != nil {
		return nil, err
	}
	sum := fnv.New64a()
	_, _ = sum.Write(text) // a hash never fails
	tag := fmt.Sprintf(`"%016x"`, sum.Sum64())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("ETag", tag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(text))
	}), nil
}
