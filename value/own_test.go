package value

import "testing"

func TestOwnedSlicesAreValues(t *testing.T) {
	t.Parallel()
	if got := OwnItems([]Value{Int(1), String("a")}); !Identical(got, Array(Int(1), String("a"))) {
		t.Errorf("items came out as %s", got)
	}
	if got := OwnMembers([]Member{{Name: "a", Value: Int(1)}, {Name: "b"}}); !Identical(got, Object(Member{Name: "b"}, Member{Name: "a", Value: Int(1)})) {
		t.Errorf("members came out as %s", got)
	}
	if got := OwnItems(nil); !Identical(got, Array()) {
		t.Errorf("no items came out as %s", got)
	}
}
