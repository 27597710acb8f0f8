package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/selvedge-db/selvedge/client"
)

// version is set by the linker (see Makefile) and never changed.
var version string

// versionAnswer is what the version command tells.
type versionAnswer struct {
	Version  string          `json:"version"`
	Commit   string          `json:"commit,omitempty"`
	Go       string          `json:"go"`
	Platform string          `json:"platform"`
	Server   *client.Version `json:"server,omitempty"`
}

func (a *app) versionCommand() *cobra.Command {
	var server bool
	c := a.withClientFlags(&cobra.Command{
		Use:     "version",
		Short:   "Print the version of this program, or of the location too",
		Example: "  selvedge version\n  selvedge version --server --url http://127.0.0.1:8400",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.connect(true)
			if err != nil {
				return err
			}
			v := ownVersion()
			if server {
				answer, err := c.Version(cmd.Context())
				if err != nil {
					return fmt.Errorf("version: %w", err)
				}
				v.Server = &answer
			}
			return a.print(v, func(w io.Writer) {
				fmt.Fprintf(w, "selvedge %s %s %s\n", v.Version, v.Go, v.Platform)
				if v.Server != nil {
					fmt.Fprintf(w, "location: selvedge %s, which answers clients as %s\n", v.Server.Version, v.Server.Server)
				}
			})
		},
	})
	c.Flags().BoolVar(&server, "server", false, "ask the location as well")
	return c
}

func ownVersion() versionAnswer {
	v := versionAnswer{Version: "devel", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if version != "" {
		v.Version = version
		return v
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v.Commit = s.Value
		}
	}
	return v
}
