package apptest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/selvedge-db/selvedge/client"
)

// recorder stands outside the processes and knows what was acknowledged.
type recorder struct {
	mu           sync.Mutex
	acknowledged map[string]bool
	attempted    map[string]bool
}

func (r *recorder) attempt(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.attempted[id] = true
}

func (r *recorder) acknowledge(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.acknowledged[id] = true
}

// TestKill kills one of three locations at a random moment, again and again,
// on the disk that really loses what was not synced. What was acknowledged
// must be everywhere, and nothing twice.
func TestKill(t *testing.T) {
	t.Parallel()
	rounds := 5
	if text := os.Getenv("SELVEDGE_KILLS"); text != "" {
		n, err := strconv.Atoi(text)
		must(t, err)
		rounds = n
	}
	if wrong := killRounds(t, "strict", rounds); wrong != "" {
		t.Fatal(wrong)
	}
}

// TestKillSeesMissingSync: the same rounds must catch a location that says
// durable without syncing.
func TestKillSeesMissingSync(t *testing.T) {
	t.Parallel()
	if wrong := killRounds(t, "nosync", 5); wrong == "" {
		t.Fatal("5 rounds without any sync look right, so the check sees nothing")
	} else {
		t.Logf("caught: %s", wrong)
	}
}

// TestKillSeesLostWrites: on a disk that now and then leaves out a sync of the
// log and nothing else, a location that is alone starts again and has lost
// what it acknowledged last. The same rounds find nothing on the strict disk.
func TestKillSeesLostWrites(t *testing.T) {
	t.Parallel()
	if wrong := killAlone(t, "strict", 2); wrong != "" {
		t.Fatal(wrong)
	}
	wrong := killAlone(t, "slack", 5)
	if !strings.Contains(wrong, "which was acknowledged") {
		t.Fatalf("5 rounds on a disk that loses acknowledged writes find %q, want one that is lost", wrong)
	}
	t.Logf("caught: %s", wrong)
}

// killAlone kills a location that has no others to learn from, again and
// again, and returns what was wrong, or nothing.
func killAlone(t *testing.T, disk string, rounds int) string {
	t.Helper()
	m := newMesh(t, []string{"SELVEDGE_TEST_DISK=" + disk})
	m.files, m.names, m.processes = m.files[:1], m.names[:1], m.processes[:1]
	m.launch(0)
	m.processes[0].waitReady()
	m.createCollection("c")
	r := &recorder{acknowledged: map[string]bool{}, attempted: map[string]bool{}}
	for round := range rounds {
		wrong := m.killOnce(r, round, 0, time.Duration(300+100*round)*time.Millisecond)
		if wrong == "" {
			wrong = m.contentOf(r)
		}
		if wrong != "" {
			return fmt.Sprintf("round %d: %s", round, wrong)
		}
	}
	return ""
}

// killRounds returns what was wrong, or nothing.
func killRounds(t *testing.T, disk string, rounds int) string {
	t.Helper()
	m := newMesh(t, []string{"SELVEDGE_TEST_DISK=" + disk})
	for i := range m.files {
		m.launch(i)
		m.processes[i].waitReady()
	}
	m.createCollection("c")
	incarnations, wrong := m.incarnations()
	if wrong != "" {
		t.Fatal(wrong)
	}
	r := &recorder{acknowledged: map[string]bool{}, attempted: map[string]bool{}}
	seed := rand.Uint64()
	t.Logf("%s: seed %d", disk, seed)
	chance := rand.New(rand.NewPCG(seed, 1))
	for round := range rounds {
		victim := chance.IntN(len(m.files))
		if wrong := m.killOnce(r, round, victim, time.Duration(50+chance.IntN(900))*time.Millisecond); wrong != "" {
			return fmt.Sprintf("round %d, %s killed: %s", round, m.names[victim], wrong)
		}
		after, wrong := m.incarnations()
		if wrong == "" && after != incarnations {
			wrong = fmt.Sprintf("incarnations were %s and are %s: a killed location has forgotten what others know", incarnations, after)
		}
		if wrong == "" {
			wrong = m.checkContent(r)
		}
		if wrong != "" {
			return fmt.Sprintf("round %d, %s killed: %s", round, m.names[victim], wrong)
		}
	}
	if len(r.acknowledged) < rounds*50 {
		t.Fatalf("only %d writes were acknowledged in %d rounds", len(r.acknowledged), rounds)
	}
	t.Logf("%s: %d acknowledged, %d attempted", disk, len(r.acknowledged), len(r.attempted))
	return ""
}

const writersEach = 4

// killOnce writes at all locations, kills one after the pause, lets the others
// go on for a while and starts it again.
func (m *planetOfProcesses) killOnce(r *recorder, round, victim int, pause time.Duration) (wrong string) {
	ctx, stop := context.WithCancel(m.t.Context())
	defer stop()
	var writers sync.WaitGroup
	for i := range m.files {
		for w := range writersEach {
			writers.Go(func() { m.writeUntil(ctx, r, i, fmt.Sprintf("%d-%s-%d", round, m.names[i], w)) })
		}
	}
	wait(pause)
	m.processes[victim].kill()
	wait(pause / 2)
	m.launch(victim)
	select {
	case <-m.processes[victim].ready:
	case <-m.processes[victim].exited:
		wrong = "it does not start again"
	case <-time.After(patience):
		wrong = "it is not ready again"
	}
	wait(pause / 4)
	stop()
	writers.Wait()
	return wrong
}

// writeUntil inserts documents with names of its own. Each goes again under
// its Idempotency-Key until it is acknowledged or the round ends.
func (m *planetOfProcesses) writeUntil(ctx context.Context, r *recorder, i int, name string) {
	c := at(m.t, m.port+i)
	for n := 0; ctx.Err() == nil; n++ {
		id := fmt.Sprintf("%s-%d", name, n)
		r.attempt(id)
		for ctx.Err() == nil {
			_, err := c.Insert(ctx, "c", map[string]string{"id": id}, client.WriteOptions{IdempotencyKey: id})
			if err == nil {
				r.acknowledge(id)
				break
			}
			if ctx.Err() == nil {
				wait(20 * time.Millisecond)
			}
		}
	}
}

func wait(d time.Duration) { <-time.After(d) }

// incarnations of all locations as one text.
func (m *planetOfProcesses) incarnations() (text, wrong string) {
	for i, name := range m.names {
		mesh, err := at(m.t, m.port+i).Mesh(m.t.Context())
		if err != nil {
			return "", fmt.Sprintf("mesh at %s: %v", name, err)
		}
		text += fmt.Sprintf("%s=%s ", name, mesh.Incarnation)
	}
	return text, ""
}

// checkContent wants every location to hold, once, all that was acknowledged,
// at most once what was attempted, and nothing else.
func (m *planetOfProcesses) checkContent(r *recorder) string {
	for try := 0; ; try++ {
		wrong := m.contentOf(r)
		if wrong == "" {
			wrong = m.digestsDiffer()
		}
		if wrong == "" || try == 300 { // 30 seconds to converge
			return wrong
		}
		wait(100 * time.Millisecond)
	}
}

func (m *planetOfProcesses) contentOf(r *recorder) string {
	for i, name := range m.names {
		seen := map[string]int{}
		err := at(m.t, m.port+i).ExportEach(m.t.Context(), "c", func(document json.RawMessage) error {
			var d struct{ ID string }
			if err := json.Unmarshal(document, &d); err != nil {
				return err
			}
			if !r.attempted[d.ID] {
				return errors.New("nobody has written " + string(document))
			}
			seen[d.ID]++
			return nil
		})
		if err != nil {
			return fmt.Sprintf("%s: %v", name, err)
		}
		for id, count := range seen {
			if count > 1 {
				return fmt.Sprintf("%s holds %s %d times", name, id, count)
			}
		}
		for id := range r.acknowledged {
			if seen[id] == 0 {
				return fmt.Sprintf("%s has lost %s, which was acknowledged", name, id)
			}
		}
	}
	return ""
}
