package testport_test

import (
	"fmt"
	"net"
	"sync"
	"testing"

	"github.com/selvedge-db/selvedge/internal/testport"
)

func TestNoPortIsGivenTwice(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	given := map[int]bool{}
	var group sync.WaitGroup
	for i := range 30 {
		count := 1 + i%5
		group.Go(func() {
			first := testport.Take(t, count)
			mu.Lock()
			defer mu.Unlock()
			for port := first; port < first+count; port++ {
				if given[port] {
					t.Errorf("port %d was given twice", port)
				}
				given[port] = true
			}
		})
	}
	group.Wait()
}

func TestBlockIsGuarded(t *testing.T) {
	t.Parallel()
	if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", testport.Take(t, 2)-1)); err == nil {
		_ = l.Close()
		t.Error("another process could take the block")
	}
}
