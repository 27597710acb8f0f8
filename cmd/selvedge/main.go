// Command selvedge runs locations of a planet and talks to them.
//
// The commands that serve (dev, serve) and those that work on a folder
// (restore) call package node, of which all take the version; all others go
// through package client alone, so whatever they can do, any client can.
//
// It ends with 0 when the command did its work, 1 when it failed, 2 when it
// was called wrongly, and 3 when the location could not be reached. Results go
// to the standard output, everything else to the standard error.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ())
	stop()
	os.Exit(code)
}
