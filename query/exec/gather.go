package exec

// gatherStep draws all rows before the first one goes on: what writes on its way has then written for all of them.
type gatherStep struct {
	below step
	width int
}

func (s *gatherStep) open(t *task, f *frame) (source, error) {
	below, err := s.below.open(t, f)
	out := &gathering{t: t, below: below, rows: store{width: s.width}, width: s.width}
	for i := range s.width {
		out.rows.alive = append(out.rows.alive, i)
	}
	return out, err
}

type gathering struct {
	t     *task
	below source
	rows  store
	out   builder
	width int
	at    int
	held  int64
	ready bool
}

func (g *gathering) next() (*block, error) {
	if !g.ready {
		if err := g.all(); err != nil {
			return nil, err
		}
		g.ready, g.at = true, 0
	}
	g.out.begin(g.width)
	for ; g.at < g.rows.n && !g.out.full(); g.at++ {
		g.out.add(g.rows.row(g.at))
	}
	return g.out.done()
}

func (g *gathering) all() error {
	for {
		b, err := g.below.next()
		if err != nil || b == nil {
			return err
		}
		for i := range b.n {
			bytes := g.rows.add(b.row(i))
			g.held += bytes
			if err := g.t.grow(bytes); err != nil {
				return err
			}
		}
	}
}

func (g *gathering) reset() {
	g.t.shrink(g.held)
	g.held, g.ready = 0, false
	g.rows.clear()
	g.out.reset()
	g.below.reset()
}

func (g *gathering) close() { g.below.close() }
