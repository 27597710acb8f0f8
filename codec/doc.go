// Package codec is how entries, changes, vectors and documents look as bytes,
// on disk and between locations.
//
// # Guarantees
//
//   - What was appended decodes to the same, and what decodes can be appended
//     and decoded again without change.
//   - A decoder never panics, reads every length before it makes room, and
//     refuses what is cut off, too long or not of the format. It does not make
//     more than a fixed multiple of what it reads, but for vectors: an entry of
//     a few bytes may have a row per origin, so rows and entries are capped
//     (MaxRows, MaxBatchEntries).
//   - Everything that is stored or sent by itself begins with a version, or is
//     part of something that does. What a later version wrote gives ErrNewer,
//     not ErrMalformed, so that it can be told from damage.
//   - Everything is pure. Append functions only append; decoders never change
//     their input or the past that they are given.
//
// # What is not guaranteed
//
//   - Byte slices that decoders give (bodies, data) are parts of the input: the
//     caller keeps it unchanged as long as they are used. Texts and values are
//     copies.
//   - The chain hash is short. It finds forks and damage, not forgery, and it
//     covers time and body, not the dependencies; those are under the checksums
//     of the store and of the connection.
//   - Append functions take what they are given. An entry that does not come
//     after its Prev, a change of an unknown kind or a value nested deeper than
//     1000 can be written and will be refused when read.
//   - The coding of dependencies is chosen by size: two versions may write the
//     same entry in different bytes. Only the body is the same everywhere.
//
// # Numbers
//
// uvarint and varint are those of encoding/binary. A time apart from another is
//
//	+---------------------------------------+- - - - - - - - -+
//	| uvarint: milliseconds * 2 + (count>0) | uvarint: count  |
//	+---------------------------------------+- - - - - - - - -+
//
// with the milliseconds taken within 48 bits, so that any two times have one.
// Fixed numbers have the low byte first; times and stamps by themselves have
// the high byte first, to sort as keys.
//
// # A log record (disk)
//
// The stamp is in the key. A record with neither whole nor local ends with its
// body, and the body has no length.
//
//	+-------------+------------------+-----------+- - - - - -+- - - - - -
//	| version (4) | prev: apart from | chain     | system:   | length,
//	| flags   (4) | the stamp        | (4 bytes) | apart     | rows
//	+-------------+------------------+-----------+- - - - - -+- - - - - -
//	 - - - - -+------+- - - - - - - - -+- - - - - - - - - - - - - - - - -+
//	  length, | body | length, local   | system (8 bytes), whole vector  |
//	 - - - - -+------+- - - - - - - - -+- - - - - - - - - - - - - - - - -+
//
//	flags: 1 whole, 2 local, 4 rows follow, 8 system follows
//
// Rows are the difference of the dependencies to those of the entry before. A
// whole record has them once more, at its end, for a reader that comes without a
// past; a batch on the wire leaves those out and copies the rest.
//
// # A batch (wire)
//
//	+---------+-----------------+------------------+- - - - - - - - +-------------+
//	| version | uvarint: origin | after: from zero | uvarint: count | first chain |
//	+---------+-----------------+------------------+- - - - - - - - +-------------+
//	for each entry
//	+-------+------------------+- - - - -+- - - - - - - -+--------------+
//	| flags | time: apart from | system  | length, rows  | length, body |
//	|       | the entry before |         |               |              |
//	+-------+------------------+- - - - -+- - - - - - - -+--------------+
//	and, with more than one
//	+------------+
//	| last chain |
//	+------------+
//
// From zero: a time apart from 0. 128 beside the version says that there is one
// entry, and no count. The receiver computes all chain hashes but the first, and
// knows the one before that (Batch.Follows).
//
// # Rows
//
// The difference of two vectors is coded to the bit, since at many locations it
// is most of what an entry costs beside its body.
//
//	+-----------------------------------------+- - - - - - - - - - - - - -+
//	| mode (2) sparse (1) reshape (1) rice (4)| rows gone, rows that come |
//	+-----------------------------------------+- - - - - - - - - - - - - -+
//	+----------------------------------------------+-----------------------+
//	| which rows moved: a bit each, or a list of   | for each: rice code,  |
//	| gaps in gamma codes                          | 0 or 1 and gamma code |
//	+----------------------------------------------+-----------------------+
//
// The Rice code is of the milliseconds: how far the row moved, how long before
// the entry it lies, or how much further it moved than the entry's own origin
// did, whichever takes the fewest bits. The gamma code is of the count. The
// rest of the last byte is zero.
//
// # Changes (the body)
//
//	+--------------------+- - - - - - - - - - - - - - - - - - - - -+-------------+
//	| kind (7), same (1) | length, collection, uvarint: generation | length, key |
//	+--------------------+- - - - - - - - - - - - - - - - - - - - -+-------------+
//	a document                              any other kind
//	+----------------+------------+         +--------------+
//	| uvarint: count | operations |         | length, data |
//	+----------------+------------+         +--------------+
//	an operation
//	+-------------------------------+- - - - - -+- - - - +- - - - - - -+- - - - -+
//	| kind (4), names (3), like (1) | names like| names  | length and  | varint  |
//	|                               | before    |        | name, each  | or JSON |
//	+-------------------------------+- - - - - -+- - - - +- - - - - - -+- - - - -+
//
// same: the collection of the change before. like: the path begins with so many
// names of the path before. Seven names or more have their number behind. A
// delta has a varint, an unset nothing, all others a length and canonical JSON.
// Any bodies can be put behind one another, if each begins with a collection.
//
// # Sources
//
// Golomb and Rice codes: R. F. Rice, "Some Practical Universal Noiseless Coding
// Techniques" (1979). Gamma code: P. Elias (1975). The mixing function is the
// finalizer of SplitMix64 (Steele, Lea, Flood, 2014); bodies are hashed by
// xxHash64.
//
// # Errors
//
// Decoders give a *FormatError with format, byte and reason, which wraps
// ErrMalformed or ErrNewer. AppendBatch gives ErrBatch for records that do not
// follow each other.
package codec
