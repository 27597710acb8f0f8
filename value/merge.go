package value

// MergePatch applies a patch to a document as C8QL's UPDATE does. Members of the
// patch replace those of old. With mergeObjects an object in both is merged
// instead, at every level. Without keepNull a null in the patch removes the
// member, and nulls of objects that the patch brings are left out, at every
// level but not inside arrays; nulls that old holds untouched stay.
//
// If old or patch is not an object the result is the patch.
func MergePatch(old, patch Value, keepNull, mergeObjects bool) Value {
	m := merger{keepNull: keepNull, mergeObjects: mergeObjects}
	if old.kind != KindObject || patch.kind != KindObject {
		return m.fresh(patch)
	}
	return m.merge(old, patch)
}

type merger struct {
	keepNull     bool
	mergeObjects bool
}

// merge walks both sorted lists of members side by side.
func (m merger) merge(old, patch Value) Value {
	a, b := old.Members(), patch.Members()
	if len(b) == 0 {
		return old
	}
	out := make([]Member, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0].Name < b[0].Name:
			out = append(out, a[0])
			a = a[1:]
		case a[0].Name > b[0].Name:
			out = m.add(out, b[0])
			b = b[1:]
		default:
			out = m.replace(out, a[0].Value, b[0])
			a, b = a[1:], b[1:]
		}
	}
	out = append(out, a...)
	for _, member := range b {
		out = m.add(out, member)
	}
	return objectOf(out)
}

// add appends a member that only the patch has.
func (m merger) add(out []Member, member Member) []Member {
	if member.Value.IsNull() && !m.keepNull {
		return out
	}
	member.Value = m.fresh(member.Value)
	return append(out, member)
}

// replace appends the patch's member, merged with what was there.
func (m merger) replace(out []Member, old Value, member Member) []Member {
	if m.mergeObjects && old.kind == KindObject && member.Value.kind == KindObject {
		member.Value = m.merge(old, member.Value)
		return append(out, member)
	}
	return m.add(out, member)
}

// fresh returns a value of the patch without the nulls that are not to be kept.
func (m merger) fresh(v Value) Value {
	if m.keepNull || v.kind != KindObject {
		return v
	}
	v, _ = withoutNulls(v)
	return v
}

// withoutNulls leaves out null members at every level, arrays left out; most objects have none and are shared as they
// are.
func withoutNulls(v Value) (left Value, changed bool) {
	members := v.Members()
	var out []Member
	for i, member := range members {
		gone, other := member.Value.kind == KindNull, false
		if member.Value.kind == KindObject {
			member.Value, other = withoutNulls(member.Value)
		}
		if (gone || other) && !changed {
			changed = true
			out = append(make([]Member, 0, len(members)), members[:i]...)
		}
		if changed && !gone {
			out = append(out, member)
		}
	}
	if !changed {
		return v, false
	}
	return objectOf(out), true
}
