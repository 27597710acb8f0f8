package mesh

import (
	"bytes"
	"errors"
	"testing"
)

// wire gives a frame's messages as they are on the stream.
func wire(f Frame) [][]byte {
	var messages [][]byte
	for _, p := range split(f) {
		messages = append(messages, append(bytes.Clone(p.head), p.body...))
	}
	return messages
}

// noise is not compressible.
func noise(n int) []byte {
	e := NewEmulator[int](uint64(n))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(e.next())
	}
	return b
}

func TestFramesSurviveTheWire(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		frame    Frame
		messages int
		smaller  bool
	}{
		{"empty", Frame{"f", Control, nil}, 1, false},
		{"small", Frame{"", Entries, []byte("hello")}, 1, false},
		{"compressible", Frame{"fabric", Entries, bytes.Repeat([]byte("document "), 200_000)}, 1, true},
		{"control stays as it is", Frame{"fabric", Control, make([]byte, 5000)}, 1, false},
		{"noise in parts", Frame{"fabric", Entries, noise(3*maxPart + 1)}, 4, false},
		{"exactly one part", Frame{"fabric", Entries, noise(maxPart)}, 1, false},
		{"large control", Frame{"fabric", Control, noise(2 * maxPart)}, 2, false},
	}
	var a assembler
	for _, tt := range tests {
		messages := wire(tt.frame)
		if len(messages) != tt.messages {
			t.Errorf("%s: %d messages, want %d", tt.name, len(messages), tt.messages)
		}
		size := 0
		for i, m := range messages {
			size += len(m)
			got, complete, err := a.add(m)
			clear(m) // the assembler must not have kept it
			if err != nil || complete != (i == len(messages)-1) {
				t.Fatalf("%s: message %d: complete %v, %v", tt.name, i, complete, err)
			}
			if complete && (got.Fabric != tt.frame.Fabric || got.Class != tt.frame.Class || !bytes.Equal(got.Payload, tt.frame.Payload)) {
				t.Errorf("%s: came out different", tt.name)
			}
		}
		if smaller := size < len(tt.frame.Payload)/2; smaller != tt.smaller {
			t.Errorf("%s: %d bytes of %d", tt.name, size, len(tt.frame.Payload))
		}
	}
}

func TestControlPassesBetweenParts(t *testing.T) {
	t.Parallel()
	big, small := Frame{"f", Entries, noise(2*maxPart + 5)}, Frame{"f", Control, []byte("now")}
	o := newOutbox([classes]int{1 << 20, 1 << 20})
	if err := o.put(big); err != nil {
		t.Fatal(err)
	}
	var a assembler
	var order []Class
	for i := 0; ; i++ {
		m, ok := o.take()
		if !ok {
			break
		}
		if i == 0 {
			if err := o.put(small); err != nil {
				t.Fatal(err)
			}
		}
		f, complete, err := a.add(append(bytes.Clone(m.head), m.body...))
		if err != nil || complete != m.last {
			t.Fatalf("message %d: %v, %v", i, complete, err)
		}
		if complete {
			order = append(order, f.Class)
		}
	}
	if len(order) != 2 || order[0] != Control || order[1] != Entries {
		t.Errorf("frames completed in the order %v", order)
	}
}

func TestOutboxBounds(t *testing.T) {
	t.Parallel()
	o := newOutbox([classes]int{200, 1000})
	huge := Frame{"f", Entries, make([]byte, 5000)}
	if err := o.put(huge); err != nil {
		t.Fatalf("a frame larger than the empty queue: %v", err)
	}
	if err := o.put(Frame{"f", Entries, nil}); !errors.Is(err, ErrOverflow) {
		t.Fatalf("behind it: %v", err)
	}
	if err := o.put(Frame{"f", Control, make([]byte, 60)}); err != nil {
		t.Fatalf("full entries must not stop control: %v", err)
	}
	if q := o.queued(); q[Control] != 125 || q[Entries] != 5065 {
		t.Errorf("queued %v", q)
	}
	o.putRaw(encodePong(7))
	if m, ok := o.take(); !ok || m.head[0] != kindPong || m.last {
		t.Error("a pong goes first")
	}
	for _, want := range []int{60, 5000} {
		if m, ok := o.take(); !ok || m.size() < 8 || !m.last {
			t.Errorf("took %v, want the frame of %d", m.size(), want)
		}
	}
	if q := o.queued(); q != [classes]int{} {
		t.Errorf("empty, but queued %v", q)
	}
	o.close()
	if err := o.put(huge); !errors.Is(err, ErrNotConnected) {
		t.Errorf("after close: %v", err)
	}
	if _, ok := o.take(); ok {
		t.Error("a closed outbox gives something")
	}
}

func TestMalformedMessages(t *testing.T) {
	t.Parallel()
	first := wire(Frame{"f", Entries, noise(maxPart + 1)})[0]
	tests := []struct {
		name     string
		messages [][]byte
	}{
		{"nothing", [][]byte{{}}},
		{"only a kind", [][]byte{{kindData}}},
		{"unknown flags", [][]byte{{kindData, 0xf0, 0, 0}}},
		{"continued without a beginning", [][]byte{{kindData, flagLast, 'x'}}},
		{"begun twice", [][]byte{first, first}},
		{"too large", [][]byte{{kindData, flagFirst, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0}}},
		{"fabric cut off", [][]byte{{kindData, flagFirst | flagLast, 0, 9, 'f'}}},
		{"more than announced", [][]byte{{kindData, flagFirst | flagLast, 1, 0, 'x', 'y'}}},
		{"less than announced", [][]byte{{kindData, flagFirst | flagLast, 9, 0, 'x'}}},
		{"not s2", [][]byte{{kindData, flagFirst | flagLast | flagCompressed, 3, 0, 9, 9, 9}}},
		{"s2 bomb", [][]byte{{kindData, flagFirst | flagLast | flagCompressed, 5, 0, 0xff, 0xff, 0xff, 0xff, 0x0f}}},
	}
	for _, tt := range tests {
		var a assembler
		var err error
		for _, m := range tt.messages {
			if _, _, err = a.add(m); err != nil {
				break
			}
		}
		if !errors.Is(err, errMalformed) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func FuzzAssembler(f *testing.F) {
	for _, frame := range []Frame{{"f", Control, []byte("x")}, {"f", Entries, bytes.Repeat([]byte("ab"), 4000)}} {
		for _, m := range wire(frame) {
			f.Add(m, m)
		}
	}
	f.Add([]byte{kindData, flagFirst, 3, 1, 'f', 'a'}, []byte{kindData, flagLast, 'b', 'c'})
	f.Fuzz(func(t *testing.T, a, b []byte) {
		var asm assembler
		for _, m := range [][]byte{a, b} {
			frame, complete, err := asm.add(m)
			if err != nil {
				return
			}
			if complete && len(frame.Payload) > MaxFrame {
				t.Fatalf("%d bytes", len(frame.Payload))
			}
		}
	})
}

func FuzzGreetingsAndCalls(f *testing.F) {
	f.Add(hello{ProtocolVersion, 42, "fra"}.encode())
	f.Add(appendString(appendString([]byte{ProtocolVersion}, "fra"), "join"))
	f.Add(encodeRefusal(&CallError{"evicted", "this incarnation has ended"}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, err := decodeHello(b); err == nil {
			again, err := decodeHello(h.encode())
			if err != nil || again != h {
				t.Fatalf("greeting %+v came back as %+v, %v", h, again, err)
			}
		}
		if from, method, _, err := decodeRequest(b); err == nil && (checkName(from) != nil || len(method) > maxMethod) {
			t.Fatalf("call from %q, method %q", from, method)
		}
		_, _ = decodeReply(b)
	})
}
