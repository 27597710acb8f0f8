// Package testport gives ports of 127.0.0.1 to tests that need several in a
// row, or need to know one before anything listens on it.
//
// # Guarantees
//
// No two calls get the same port while their tests run, neither in one process
// nor in several that run at once: ports come in blocks, and the first port of
// a block, which nobody is given, is listened on until the test has ended. All
// blocks lie below the ports that Linux gives out by itself, so no connection
// to elsewhere takes one.
//
// # Not guaranteed
//
// A program that knows nothing of the blocks may begin to listen on a port
// between the call and its use.
package testport

import (
	"fmt"
	"net"
	"os"
	"testing"
)

const (
	lowest  = 10_000
	block   = 25
	blocks  = (32_000 - lowest) / block
	perCall = block - 1 // what one call can be given
)

// Take gives the first of count free ports in a row, which are the test's until it ends.
func Take(t testing.TB, count int) int {
	t.Helper()
	if count < 1 || count > perCall {
		t.Fatalf("%d ports: 1 to %d can be had", count, perCall)
	}
	for i := range blocks {
		first := lowest + (os.Getpid()*7+i)%blocks*block
		guard, err := listen(first)
		if err != nil {
			continue
		}
		if free(first+1, count) {
			t.Cleanup(func() { _ = guard.Close() })
			return first + 1
		}
		_ = guard.Close()
	}
	t.Fatalf("no %d free ports in a row", count)
	return 0
}

func listen(port int) (net.Listener, error) {
	return net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
}

func free(first, count int) bool {
	for port := first; port < first+count; port++ {
		l, err := listen(port)
		if err != nil {
			return false
		}
		_ = l.Close()
	}
	return true
}
