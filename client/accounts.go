package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// User is a user of the tenant.
type User struct {
	Name        string          `json:"user"`
	Tenant      string          `json:"tenant"`
	Email       string          `json:"email"`
	DisplayName string          `json:"displayName"`
	Active      bool            `json:"active"`
	Extra       json.RawMessage `json:"extra,omitempty"`
}

// Key is an API key of the tenant, without its secret, which nobody has any more.
type Key struct {
	ID     string `json:"keyid"`
	User   string `json:"user"`
	Tenant string `json:"tenant"`
	Active bool   `json:"active"`
}

// NewKey is a key that was just made, with the one copy of its secret.
type NewKey struct {
	ID     string `json:"keyid"`
	User   string `json:"user"`
	Tenant string `json:"tenant"`
	// Key is what Config.APIKey takes: TENANT.KEYID.SECRET.
	Key string `json:"key"`
}

func userPath(name string) string { return "/user/" + url.PathEscape(name) }

// Users lists the users of the tenant. It is for the user root.
func (c *Client) Users(ctx context.Context) ([]User, error) {
	var answer struct {
		Result []User `json:"result"`
	}
	err := c.do(ctx, &call{method: http.MethodGet, path: "/user", repeat: repeatSafe}, &answer)
	return answer.Result, err
}

// CreateUser makes a user of the tenant. The address and the name for people may be empty.
func (c *Client) CreateUser(ctx context.Context, user User, password string) (User, error) {
	body := map[string]any{"user": user.Name, "passwd": password, "active": true}
	for name, v := range map[string]string{"email": user.Email, "displayName": user.DisplayName} {
		if v != "" {
			body[name] = v
		}
	}
	var out User
	err := c.do(ctx, &call{method: http.MethodPost, path: "/user", body: body}, &out)
	return out, err
}

// SetPassword gives a user another password, which ends the tokens of the old one.
func (c *Client) SetPassword(ctx context.Context, user, password string) error {
	return c.do(ctx, &call{method: http.MethodPatch, path: userPath(user), repeat: repeatSafe,
		body: map[string]string{"passwd": password}}, nil)
}

// RemoveUser removes a user.
func (c *Client) RemoveUser(ctx context.Context, name string) error {
	return c.do(ctx, &call{method: http.MethodDelete, path: userPath(name)}, nil)
}

// Keys lists the API keys of the tenant.
func (c *Client) Keys(ctx context.Context) ([]Key, error) {
	var answer struct {
		Result []Key `json:"result"`
	}
	err := c.do(ctx, &call{method: http.MethodGet, path: "/key", repeat: repeatSafe}, &answer)
	return answer.Result, err
}

// CreateKey makes an API key of the user that this client calls as. Its secret is told this once.
func (c *Client) CreateKey(ctx context.Context, id string) (NewKey, error) {
	var out NewKey
	err := c.do(ctx, &call{method: http.MethodPost, path: "/key", body: map[string]string{"keyid": id}}, &out)
	return out, err
}

// RemoveKey removes an API key: calls with it are refused from then on.
func (c *Client) RemoveKey(ctx context.Context, id string) error {
	return c.do(ctx, &call{method: http.MethodDelete, path: "/key/" + url.PathEscape(id)}, nil)
}
