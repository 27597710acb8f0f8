package rowset

import (
	"testing"

	"github.com/selvedge-db/selvedge/rows"
)

// TestEstimatesAreForgotten keeps estimates of what is there alone.
func TestEstimatesAreForgotten(t *testing.T) {
	t.Parallel()
	var e estimates
	e.init()
	for n := range uint32(10) {
		keep(&e, e.distinct, 100+n, []float64{1}, 1)
		keep(&e, e.split, cut{n, 2}, [][]byte{{1}}, 1)
	}
	e.prune(&catalogue{list: []*rows.Collection{{Number: 3, Indexes: []*rows.Index{{Number: 104}}}, {Number: 5}}})
	if _, ok := kept(&e, e.distinct, 104, 1); !ok || len(e.distinct) != 1 {
		t.Errorf("of indexes there is %v", e.distinct)
	}
	if _, ok := kept(&e, e.split, cut{5, 2}, 1); !ok || len(e.split) != 2 {
		t.Errorf("of collections there is %v", e.split)
	}
}
