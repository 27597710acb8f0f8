// Package docs is the documentation of Selvedge as files, and the tests that hold it to the code. Package site below shows it to
// browsers.
//
// # Guarantees
//
// Every example of the pages about concepts runs, in its order, against a planet of three locations in this process,
// and gives what the page shows; the commands of the quickstart run as a reader would type them, and so
// does the program of the page about the Go client; every link inside the
// repository leads to a file, and to a heading where it names one. A page that has lost its examples fails.
//
// # Form of an example
//
//	```http fra            the location asked; fra when there is none
//	GET /_api/...          the request line, then header lines, then the body
//	--> 200                the status, then header lines, then a part of the reply
//	```
//
// Members that the reply shows have that value, "..." stands for any; a document that is shown with _id, _key and _rev
// is shown whole. "$name" in a reply keeps a value under a name, if
// the name has none yet, and stands for it from then on. A GET is asked again until it gives what is shown, since
// locations converge in their time; everything else is asked once. After `--> 200 events` stand the messages of a
// change feed, one a line. Blocks of kind sh hold `selvedge link` commands there.
//
// # What is not tested
//
// Prose, and blocks of other kinds. The pages about operating a mesh and the reference of the REST surface are tested
// by apptest and gateway/http.
package docs

import (
	"embed"
	"io/fs"
)

//go:embed *.md concepts guides reference operate internals images
var files embed.FS

// Files are the pages and pictures, by their paths below this folder.
func Files() fs.FS { return files }
