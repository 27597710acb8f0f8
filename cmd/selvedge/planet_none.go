//go:build !selvedge_node

package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/selvedge-db/selvedge/node"
)

var errNoPlanet = errors.New("this build has client commands only")

func (a *app) dev(context.Context, node.DevConfig) error { return errNoPlanet }

func (a *app) serve(context.Context, node.Config) error { return errNoPlanet }

func restore(context.Context, string, string) error { return errNoPlanet }

func (a *app) laterCommands() []*cobra.Command { return nil }
