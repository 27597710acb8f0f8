package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/selvedge-db/selvedge/internal/env"
)

// SystemFabric is the fabric that every tenant has.
const SystemFabric = "_system"

// DefaultURL is where a planet on this machine has its first location.
const DefaultURL = "http://127.0.0.1:8400"

// Config says where to connect and as whom. Only URL is compulsory, and of
// the credentials at most one kind is used: APIKey, then Token, then User.
type Config struct {
	// URL of the location, for example http://127.0.0.1:8400.
	URL string
	// APIKey has the form TENANT.KEYID.SECRET.
	APIKey string
	// Token is a JWT as Login returns it.
	Token string
	// User and Password are sent with each call (HTTP Basic).
	User, Password string
	// Fabric is the database; empty means SystemFabric.
	Fabric string
	// HTTP carries the calls; nil means a client of its own. It must not
	// have a Timeout if change feeds are used: bound calls by their context.
	HTTP *http.Client
	// Deadline is how long the server may wait for what a session or a
	// consistency level asks for; zero leaves it to the server.
	Deadline time.Duration
	// Consistency is the level asked for with each call; empty leaves it
	// to the server.
	Consistency string
	// Sessionless clients neither send nor keep session tokens.
	Sessionless bool
	// Retries is how often a call is repeated; zero means 4, below zero
	// means never.
	Retries int
	// Pause waits between two tries; nil waits by the real clock.
	Pause func(ctx context.Context, d time.Duration) error
}

const defaultRetries = 4

// Client is one connection pool with one identity, one fabric and one session.
type Client struct {
	cfg     Config
	base    string // scheme and host, no slash at the end
	http    *http.Client
	machine env.Env
	pause   func(ctx context.Context, d time.Duration) error
	session *session
	// transaction is the id of the one that calls belong to, empty for none.
	transaction string
}

// New checks the configuration; it does not connect.
func New(cfg Config) (*Client, error) {
	if cfg.URL == "" {
		cfg.URL = DefaultURL
	}
	base, err := parseBase(cfg.URL)
	if err != nil {
		return nil, err
	}
	if cfg.Fabric == "" {
		cfg.Fabric = SystemFabric
	}
	if cfg.Retries == 0 {
		cfg.Retries = defaultRetries
	}
	c := &Client{cfg: cfg, base: base, http: cfg.HTTP, machine: env.Real(), pause: cfg.Pause, session: &session{}}
	if c.http == nil {
		c.http = &http.Client{Transport: newTransport()}
	}
	if c.pause == nil {
		clock := c.machine.Clock
		c.pause = func(ctx context.Context, d time.Duration) error { return env.Sleep(ctx, clock, d) }
	}
	return c, nil
}

func parseBase(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil {
		return "", fmt.Errorf("url %q: %w", text, err)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return "", fmt.Errorf("url %q: want http://HOST:PORT or https://HOST:PORT", text)
	}
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return "", fmt.Errorf("url %q: want no path after the host; choose the fabric separately", text)
	}
	return u.Scheme + "://" + u.Host, nil
}

// newTransport keeps many idle connections to the one host it talks to.
func newTransport() http.RoundTripper {
	if t, ok := http.DefaultTransport.(*http.Transport); ok {
		t = t.Clone()
		t.MaxIdleConnsPerHost = 64
		return t
	}
	return http.DefaultTransport
}

// CloseIdle drops the connections that no call uses.
func (c *Client) CloseIdle() { c.http.CloseIdleConnections() }

// URL is the location this client talks to.
func (c *Client) URL() string { return c.base }

// FabricName is the fabric this client talks to.
func (c *Client) FabricName() string { return c.cfg.Fabric }

// InFabric returns a client for another fabric with the same connections,
// identity and session: a token names the fabrics that it speaks of.
func (c *Client) InFabric(name string) *Client {
	other := *c
	other.cfg.Fabric = name
	return &other
}

// At returns a client for another location with the same identity and a copy
// of the session, which is how a user moves without going back in time.
func (c *Client) At(locationURL string) (*Client, error) {
	base, err := parseBase(locationURL)
	if err != nil {
		return nil, err
	}
	other := *c
	other.cfg.URL, other.base = locationURL, base
	other.session = &session{}
	other.SetSession(c.Session())
	return &other, nil
}

// Session is what this client has seen, as text for SetSession. It is empty
// before the first answer.
func (c *Client) Session() string { return c.session.header() }

// SetSession makes later calls see at least what the given session has seen.
// It replaces what this client carried.
func (c *Client) SetSession(token string) { c.session.set(token) }

// Login exchanges a user's password for a token (JWT), to be used as
// Config.Token. The tenant may be empty when the user is an e-mail address.
func (c *Client) Login(ctx context.Context, tenant, user, password string) (string, error) {
	body := map[string]string{"password": password}
	if strings.Contains(user, "@") && tenant == "" {
		body["email"] = user
	} else {
		body["tenant"], body["username"] = tenant, user
	}
	var answer struct {
		JWT string `json:"jwt"`
	}
	err := c.do(ctx, &call{method: http.MethodPost, path: "/_open/auth", absolute: true,
		repeat: repeatSafe, body: body, anonymous: true}, &answer)
	if err != nil {
		return "", err
	}
	if answer.JWT == "" {
		return "", errors.New("login: the server's answer holds no token")
	}
	return answer.JWT, nil
}
