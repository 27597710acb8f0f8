package codec

import "github.com/selvedge-db/selvedge/clock"

// AppendShared appends a log record without what is local, as another location may have it.
func AppendShared(dst []byte, t clock.Time, data []byte) ([]byte, error) {
	p, err := splitRecord(t, data)
	if err != nil {
		return dst, err
	}
	if p.flags&flagLocal == 0 {
		return append(dst, data...), nil
	}
	flags := p.flags &^ flagLocal
	dst = appendApart(append(dst, flags), t, p.prev, true)
	dst = AppendUint32(dst, p.chain)
	dst = append(append(dst, p.system...), p.deps...)
	if flags&flagWhole == 0 {
		return append(dst, p.body...), nil
	}
	return append(AppendBytes(dst, p.body), p.whole...), nil
}
