// Package value holds JSON values: their kinds, text, order, keys and patches.
//
// Guarantees:
//   - A Value is immutable. The slices that Items and Members return are shared
//     and must only be read; every method that changes something returns a new
//     Value that shares what it did not change.
//   - The text of a Value is always valid UTF-8: Parse refuses anything else and
//     the constructors put U+FFFD where a Go string is broken.
//   - Canonical text (AppendJSON) is a function of the value alone: members
//     sorted by name in code point order, no spaces, the shortest escapes, and
//     numbers with the digits they were written with. Parse(AppendJSON(v)) is
//     Identical to v, apart from the limits of Parse.
//   - Compare is a total preorder: null < bool < number < string < array <
//     object. Numbers compare as IEEE doubles, strings by code point, arrays
//     position by position and objects name by name over the sorted union of
//     their names. What one side lacks counts as null.
//   - A lazy Value (Lazy, Extractor) is Identical to what Parse makes of its
//     text, and so is all that is taken out of it. It keeps nothing of what it
//     has found and may be read from many goroutines like any other.
//   - bytes.Compare of two AppendKey encodings has the sign of Compare of the
//     values, also when several encodings are put behind each other, and equal
//     values have equal encodings.
//
// Not guaranteed:
//   - Equal is coarser than Identical, by the rules above: 1 equals 1.0, two big
//     integers that round to the same double are equal, [1] equals [1,null] and
//     {} equals {"a":null}. Whoever needs "the very same value" uses Identical.
//   - The order of members in the text that was parsed is not kept.
//   - Strings order by code point, not by the rules of a language.
//   - A parsed Value keeps a copy of its whole text alive as long as any string
//     or number of it is in use; a long-lived small part of a large text should
//     be copied with Clone.
//   - A lazy Value refers to the bytes that it was given: whoever changes them
//     changes it. Its methods look for what they give each time they are called,
//     and Items and Members allocate. Text that is not canonical gives anything.
//   - Values built by callers may nest deeper than Parse or DecodeKey read.
//
// Shapes: a Path is the list of member names from the root of a document, the
// empty path being the document. Its text joins names with dots and puts a name
// that is empty or has a dot or a backtick between backticks, a backtick inside
// being doubled. A key is one tag byte and a payload:
//
//	null 0x10 | false 0x20 | true 0x21
//	number 0x30, 8 bytes of the double, big endian, made to sort
//	string 0x40, escaped bytes, end mark
//	array  0x50, elements without trailing nulls, 0x00
//	object 0x60, members that are not null: 0x01, name complemented, value; 0x00
//
// Names are complemented since the object with the smaller extra name is the
// larger one (the other has null there). In strings 0x00 becomes 0x00 0xFF and
// the end mark is 0x00 0x01.
//
// Units: sizes, offsets and columns start from bytes 0, line 1 and column 1; a
// column counts code points, an offset bytes.
//
// Errors: *ParseError from Parse and Number, *PathError from ParsePath, and
// errors that wrap ErrKey from the key decoders. Nothing here panics on input.
//
// The order is that of C8QL and its relatives; the double's sort form is the usual
// flip of the sign bit, or of all bits of a negative number.
package value
