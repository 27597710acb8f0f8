package querytest

import (
	"bytes"
	"fmt"
	"math"
	"slices"

	"github.com/selvedge-db/selvedge/value"
)

// digits are those of a number that count: sums may add up in another order.
const digits = 9

// plainly brings a value into the form that is compared: numbers rounded, arrays sorted when their order does not matter.
func plainly(v value.Value, loose bool) value.Value {
	switch v.Kind() {
	case value.KindNumber:
		return value.Float(round(v.Float64()))
	case value.KindArray:
		items := make([]value.Value, v.Len())
		for i, item := range v.Items() {
			items[i] = plainly(item, loose)
		}
		if loose {
			slices.SortFunc(items, value.Compare)
		}
		return value.Array(items...)
	case value.KindObject:
		members := make([]value.Member, 0, v.Len())
		for _, m := range v.Members() {
			members = append(members, value.Member{Name: m.Name, Value: plainly(m.Value, loose)})
		}
		return value.Object(members...)
	}
	return v
}

func round(f float64) float64 {
	if f == 0 || math.Abs(f) < 1e-9 {
		return 0
	}
	scale := math.Pow(10, digits-math.Ceil(math.Log10(math.Abs(f))))
	if math.IsInf(scale, 0) || scale == 0 {
		return f
	}
	return math.Round(f*scale) / scale
}

// Difference says how two results differ, "" when they do not, by what is known of the query.
func Difference(q Generated, want, got []value.Value) string {
	if len(want) != len(got) {
		return fmt.Sprintf("%d rows instead of %d", len(got), len(want))
	}
	if q.CountOnly {
		return ""
	}
	a, b := keys(want, q.Loose), keys(got, q.Loose)
	if !q.Ordered {
		slices.SortFunc(a, bytes.Compare)
		slices.SortFunc(b, bytes.Compare)
	}
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			x, _, _ := value.DecodeKey(a[i])
			y, _, _ := value.DecodeKey(b[i])
			return fmt.Sprintf("row %d is %s instead of %s", i, shorten(y.String()), shorten(x.String()))
		}
	}
	return ""
}

func shorten(s string) string {
	const most = 600
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}

func keys(rows []value.Value, loose bool) [][]byte {
	list := make([][]byte, len(rows))
	for i, v := range rows {
		list[i] = value.AppendKey(nil, plainly(v, loose))
	}
	return list
}
