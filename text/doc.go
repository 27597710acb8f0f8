// Package text parts texts into words: analyzers by name, the words of a fulltext index, and the language in which such
// an index is asked.
//
// Guarantees: everything is a function of its arguments. Match and Select agree: a text is found by a query exactly when
// its words match.
//
// Not guaranteed: that stems are words of the language. Stop words are kept.
//
// Shapes: words are what Unicode Standard Annex 29 calls words, without spaces and punctuation. An analyzer of a
// language makes letters small, takes accents off and then stems (Snowball); identity leaves the text whole. The words
// of an index are small, composed (NFC), keep their accents and are not stemmed; of a word longer than MaxWord only its
// beginning counts, in the index as in a query.
//
// A fulltext query is a list of terms, parted by commas: a word, or one with complete: or prefix: before it. Each term
// must match; with | before it it is enough, and with - it must not. Terms take effect from left to right: a,b,|c means
// (a and b) or c. A term of several words means all of them.
//
// Units: lengths of words are counted in code points, offsets in bytes.
//
// Errors: *AnalyzerError names the analyzers there are; *QueryError says where a query is wrong.
package text
