package value

// OwnItems returns the array of items without copying them: the caller gives the slice away and must not touch it again.
func OwnItems(items []Value) Value { return arrayOf(items) }

// OwnMembers returns the object of members without copying them: they must be sorted by name in code point order, each
// name once and valid UTF-8, and the caller gives the slice away.
func OwnMembers(members []Member) Value { return objectOf(members) }
