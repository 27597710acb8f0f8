package series

import "math"

// Summary is what is kept of the values of one field within one span. Without values it is zero.
type Summary struct {
	Count               int64
	Sum, SumSquares     float64
	Min, Max            float64
	First, Last         float64
	FirstTime, LastTime int64
}

// Add adds values in order of time, behind those that were added before. Absent ones are passed over.
func (s *Summary) Add(times []int64, values []float64) {
	i := 0
	if s.Count == 0 {
		for i < len(values) && values[i] != values[i] {
			i++
		}
		if i == len(values) {
			return
		}
		v := values[i]
		*s = Summary{Min: v, Max: v, First: v, FirstTime: times[i]}
	}
	count, sum, squares, least, top := int64(0), s.Sum, s.SumSquares, s.Min, s.Max
	last := -1
	for j, v := range values[i:] {
		if v != v {
			continue
		}
		count++
		sum += v
		squares += float64(v * v) // rounded by itself, on every machine
		if v < least {
			least = v
		}
		if v > top {
			top = v
		}
		last = j
	}
	if last >= 0 {
		s.Last, s.LastTime = values[i+last], times[i+last]
	}
	s.Count += count
	s.Sum, s.SumSquares, s.Min, s.Max = sum, squares, least, top
}

// SummaryFields is how many numbers a summary is in a block.
const SummaryFields = 9

// Put writes the summary as the numbers of a point in a block, from a column on.
func (s *Summary) Put(b *Block, column int) {
	out := [SummaryFields]float64{float64(s.Count), s.Sum, s.SumSquares, s.Min, s.Max, s.First, s.Last, float64(s.FirstTime), float64(s.LastTime)}
	if s.Count == 0 {
		for i := 1; i < SummaryFields; i++ {
			out[i] = math.NaN()
		}
	}
	for i, v := range out {
		b.Values[column+i] = append(b.Values[column+i], v)
	}
}

// TakeSummary reads what Put wrote: point i of a block, from a column on.
func TakeSummary(b *Block, column, i int) Summary {
	at := func(n int) float64 { return b.Values[column+n][i] }
	if at(0) == 0 {
		return Summary{}
	}
	return Summary{Count: int64(at(0)), Sum: at(1), SumSquares: at(2), Min: at(3), Max: at(4), First: at(5), Last: at(6),
		FirstTime: int64(at(7)), LastTime: int64(at(8))}
}
