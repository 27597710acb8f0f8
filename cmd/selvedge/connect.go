package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/selvedge-db/selvedge/client"
	"github.com/selvedge-db/selvedge/cmd/selvedge/contexts"
)

// globalFlags are those of the commands that talk to a location.
type globalFlags struct {
	url, apiKey, fabric, output string
	user, password, ca, context string
}

// withClientFlags adds the flags of commands that talk to a location.
func (a *app) withClientFlags(c *cobra.Command) *cobra.Command {
	f := c.Flags()
	f.StringVar(&a.flags.url, "url", "", "address of the location ($SELVEDGE_URL, else that of the context, else "+client.DefaultURL+")")
	f.StringVar(&a.flags.apiKey, "api-key", "", "API key, TENANT.KEYID.SECRET ($SELVEDGE_API_KEY)")
	f.StringVar(&a.flags.user, "user", "", "user, instead of an API key ($SELVEDGE_USER)")
	f.StringVar(&a.flags.password, "password", "", "password of the user ($SELVEDGE_PASSWORD)")
	f.StringVar(&a.flags.ca, "ca", "", "PEM file with the authority of the server's certificate ($SELVEDGE_CA)")
	f.StringVar(&a.flags.fabric, "fabric", client.SystemFabric, "database ($SELVEDGE_FABRIC)")
	f.StringVar(&a.flags.context, "context", "", "where and as whom, under one name ($SELVEDGE_CONTEXT; selvedge help contexts)")
	return c
}

// layer is one of the places that say where to connect and as whom.
type layer struct {
	contexts.Context
	from string // in words, for messages
	kind layerKind
}

type layerKind uint8

const (
	spoken    layerKind = iota // flags
	ambient                    // the environment
	asked                      // --context
	preferred                  // $SELVEDGE_CONTEXT, or the context in use
)

// credentials tells whether those of the layer may go to an address that another layer gave. What belongs to the planet of
// a context goes to no other unless the command line says so, and a context that the command line names is whole: what the
// environment has for another planet does not go there.
func (l *layer) credentials(address layerKind) bool {
	switch l.kind {
	case ambient:
		return address != asked
	case preferred:
		return address == preferred
	}
	return true
}

// keyFrom is where the credentials of the layer came from, in words.
func (l *layer) keyFrom() string {
	key := l.APIKey != ""
	switch {
	case l.kind == spoken && key:
		return "--api-key"
	case l.kind == spoken:
		return "--user"
	case l.kind == ambient && key:
		return "$SELVEDGE_API_KEY"
	case l.kind == ambient:
		return "$SELVEDGE_USER"
	}
	return l.from
}

// layers lists the places, the strongest first: the flags, --context, the environment, and the context of
// $SELVEDGE_CONTEXT or else the one in use. The latter was chosen for its own planet: it does not count where an
// address is given, so that its credentials go nowhere else.
func (a *app) layers() ([]layer, error) {
	f := a.flags
	flags := layer{contexts.Context{URL: f.url, APIKey: f.apiKey, User: f.user, Password: f.password, CA: f.ca}, "--url", spoken}
	if f.fabric != client.SystemFabric || a.cmd != nil && a.cmd.Flags().Changed("fabric") {
		flags.Fabric = f.fabric
	}
	environment := layer{contexts.Context{URL: a.environ("SELVEDGE_URL", ""), APIKey: a.environ("SELVEDGE_API_KEY", ""), User: a.environ("SELVEDGE_USER", ""),
		Password: a.environ("SELVEDGE_PASSWORD", ""), CA: a.environ("SELVEDGE_CA", ""), Fabric: a.environ("SELVEDGE_FABRIC", "")}, "$SELVEDGE_URL", ambient}
	named := a.environ("SELVEDGE_CONTEXT", "")
	switch {
	case f.context != "":
		c, err := a.context(f.context)
		return []layer{flags, {c, "context " + f.context, asked}, environment}, err
	case named != "":
		c, err := a.context(named)
		return []layer{flags, environment, {c, "context " + named + ", which $SELVEDGE_CONTEXT names", preferred}}, err
	case flags.URL != "" || environment.URL != "":
		return []layer{flags, environment}, nil
	}
	book, err := a.book()
	if err != nil || book.Current == "" {
		return []layer{flags, environment}, err
	}
	c, err := book.Find(book.Current)
	return []layer{flags, environment, {c, "context " + book.Current + ", which is in use", preferred}}, err
}

func (a *app) context(name string) (contexts.Context, error) {
	book, err := a.book()
	if err != nil {
		return contexts.Context{}, err
	}
	c, err := book.Find(name)
	if err != nil {
		return c, usageError{err}
	}
	return c, nil
}

// book opens the file with the contexts.
func (a *app) book() (*contexts.Book, error) {
	file := contexts.File(func(name string) string { return a.environ(name, "") })
	book, wide, err := contexts.Open(file)
	if wide {
		fmt.Fprintf(a.err, "warning: others can read %s, which may hold secrets: chmod 600 it\n", file)
	}
	return book, err
}

// first is the strongest layer's text, and the layer's name.
func first(layers []layer, of func(*layer) string) (text, from string) {
	for i := range layers {
		if text := of(&layers[i]); text != "" {
			return text, layers[i].from
		}
	}
	return "", ""
}

// settings are where to connect and as whom. Credentials are taken from one layer; the password of a user may also
// come from the environment.
func (a *app) settings() (cfg client.Config, ca string, err error) {
	layers, err := a.layers()
	if err != nil {
		return cfg, "", err
	}
	cfg.URL, a.urlFrom = first(layers, func(l *layer) string { return l.URL })
	cfg.Fabric, _ = first(layers, func(l *layer) string { return l.Fabric })
	ca, _ = first(layers, func(l *layer) string { return l.CA })
	address := spoken
	if i := slices.IndexFunc(layers, func(l layer) bool { return l.URL != "" }); i >= 0 {
		address = layers[i].kind
	}
	for i, l := range layers {
		if l.APIKey == "" && l.User == "" || !l.credentials(address) {
			continue
		}
		cfg.APIKey, cfg.User, cfg.Password = l.APIKey, l.User, l.Password
		a.keyFrom = l.keyFrom()
		if cfg.Password == "" && i == 0 { // a user on the command line
			cfg.Password = a.environ("SELVEDGE_PASSWORD", "")
		}
		break
	}
	if a.flags.password != "" {
		cfg.Password = a.flags.password
	}
	if cfg.APIKey == "" && cfg.User != "" && cfg.Password == "" {
		a.keyFrom += ", without a password (--password, $SELVEDGE_PASSWORD)"
	}
	if cfg.URL != "" && !strings.Contains(cfg.URL, "://") {
		cfg.URL = "http://" + cfg.URL // an address, as listeners write it
	}
	return cfg, ca, nil
}

// connect makes the client that flags, environment and contexts ask for.
func (a *app) connect(sessionless bool) (*client.Client, error) {
	return a.connectWith(client.Config{Sessionless: sessionless})
}

// connectWith does so with what the configuration says about how to call.
func (a *app) connectWith(how client.Config) (*client.Client, error) {
	cfg, ca, err := a.settings()
	if err != nil {
		return nil, err
	}
	cfg.Sessionless, cfg.Retries = how.Sessionless, how.Retries
	if cfg.Fabric != "" {
		a.flags.fabric = cfg.Fabric
	}
	if ca != "" {
		if cfg.HTTP, err = trusting(ca); err != nil {
			return nil, err
		}
	}
	c, err := client.New(cfg)
	if err != nil {
		return nil, usageError{err}
	}
	a.url = c.URL()
	return c, nil
}

// trusting is an HTTP client for servers whose certificates the file vouches
// for.
func trusting(file string) (*http.Client, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("authority of the certificate: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate in PEM form", file)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true}
	return &http.Client{Transport: transport}, nil
}

// isHere tells whether a host is this machine.
func isHere(host string) bool {
	host = strings.TrimPrefix(host, "api-")
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
