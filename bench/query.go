package bench

import (
	"bufio"
	"fmt"
	"os"
)

// queryDocument is a JSON document of 600 bytes for queries: score, of which a tenth is below 100, lies in the middle of
// the text, between two long fields. Members are in their canonical order.
func queryDocument(dst []byte, i int64) []byte {
	begin := len(dst)
	dst = fmt.Appendf(dst, `{"_key":"k%d",`, i)
	whole := len(dst) - begin - 1 + documentBytes // the key comes on top
	dst = append(dst, `"about":"`...)
	dst = filler(dst, 190)
	dst = fmt.Appendf(dst, `","city":"city-%03d","country":"Selvedgia","lat":%.6f,"lon":%.6f,"name":"Place %09d","score":%d,"tags":["alpha","beta","gamma"],"text":"`,
		i*7919%1000, float64(i%180_000)/1000-90, float64(i%360_000)/1000-180, i, i*104_729%1000)
	tail := fmt.Sprintf(`","visits":%d}`, i%10_000)
	dst = filler(dst, whole-(len(dst)-begin)-len(tail))
	return append(dst, tail...)
}

func filler(dst []byte, n int) []byte {
	for at := range n {
		dst = append(dst, "the selvedge is the self finished edge of a woven fabric "[at%57])
	}
	return dst
}

// queryDocuments writes the documents of the query workloads to a file, so that other databases can be given the same.
func queryDocuments(o Options) (r Result, err error) {
	r.Name = "query-documents"
	if o.Dir == "" {
		return r, fmt.Errorf("query-documents needs --data, the file to write")
	}
	file, err := os.Create(o.Dir)
	if err != nil {
		return r, err
	}
	w := bufio.NewWriterSize(file, 1<<20)
	var text []byte
	for i := range int64(o.Documents) {
		text = append(queryDocument(text[:0], i), '\n')
		if _, err = w.Write(text); err != nil {
			break
		}
	}
	if err == nil {
		err = w.Flush()
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	r.set("documents", float64(o.Documents))
	return r, err
}
