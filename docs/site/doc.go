// Package site shows the documentation to browsers: the Markdown files of package docs as pages under /docs/.
//
// # Guarantees
//
// All pages are made from the files that are in the binary, on the first request and once; afterwards a request copies
// bytes. Nothing outside the binary is asked for: no fonts, no scripts, no network. Pages work without JavaScript, save
// for search, copy buttons and the choice of light or dark. Their order, and what stands in the navigation, is that of
// the links in docs/README.md, section by section. A page has the anchors that the same file has where repositories are
// shown, so links inside the files work in both places.
//
// Every answer has an ETag, and is compressed for those who ask for it. Headers that keep a page from doing harm are set
// unless somebody around the handler has set them already.
//
// # Non-guarantees
//
// Colouring of code is a help for the eye and knows words, strings, numbers and comments alone. Raw HTML in a Markdown
// file is left out. Links to files of the repository that are no pages lead to the repository on the web.
//
// # Shapes
//
// The handler wants its requests with their whole paths, /docs/ included:
//
//	/docs/                   the map, README.md
//	/docs/guides/geo         a page: guides/geo.md
//	/docs/images/NAME        a picture
//	/docs/assets/NAME        style and scripts
//	/docs/search.json        the index that search.js reads
//
// Addresses with .md or a slash at the end, and those of a section alone, are led to the page. What does not exist is a
// page with status 404 that offers search. Methods besides GET and HEAD are answered with 405.
//
// # Errors
//
// Mistakes in the files (a link that leads nowhere, a page without a title, or one that the map does not name) do not keep
// the pages from being shown; they are noted while the pages are made, and the tests of this package demand that there are
// none. What cannot be shown at all is answered with 500 and the reason.
package site
