package http

import (
	"context"
	"net/http"

	"github.com/selvedge-db/selvedge/api"
	"github.com/selvedge-db/selvedge/value"
)

// login answers POST /_open/auth, the one path without credentials that does
// something.
func (q *request) login() error {
	if q.hr.Method != http.MethodPost {
		return q.allow("POST")
	}
	ctx, err := q.context()
	if err != nil {
		return err
	}
	body, err := q.json()
	if err != nil {
		return err
	}
	f := object(body)
	tenant, user, email, password := f.text("tenant"), f.text("username"), f.text("email"), f.text("password")
	if f.err == nil && user == "" && email == "" {
		f.err = api.Fail(api.BadParameter, "username or email is missing")
	}
	if f.err != nil {
		return f.err
	}
	token, id, err := q.server.service.Login(ctx, tenant, user, email, password, q.local())
	if err != nil {
		return err
	}
	return q.ok(http.StatusOK, str("jwt", token), str("tenant", id.Tenant), str("username", id.User))
}

func userMembers(u *api.User) []value.Member {
	return []value.Member{str("user", u.Name), str("tenant", u.Tenant), str("email", u.Email), str("displayName", u.DisplayName),
		member("active", value.Bool(u.Active)), member("extra", u.Extra)}
}

// users answers /user and /user/U.
func (q *request) users() error {
	ctx, err := q.apart(q.identify())
	if err != nil {
		return err
	}
	service, name, m := q.server.service, q.path.at(1), q.hr.Method
	switch {
	case q.path.n == 1 && m == http.MethodGet:
		all, err := service.Users(ctx, &q.call)
		if err != nil {
			return err
		}
		one := func(u *api.User) value.Value { return value.Object(userMembers(u)...) }
		return q.result(http.StatusOK, each(all, one))
	case q.path.n == 1 && m == http.MethodPost:
		return q.createUser(ctx)
	case q.path.n == 1:
		return q.allow("GET, POST")
	case q.path.n > 2:
		return q.later("permissions and attributes of users come later: every user of a tenant may use all of its fabrics")
	case m == http.MethodGet:
		u, err := service.User(ctx, &q.call, name)
		return q.user(http.StatusOK, u, err)
	case m == http.MethodPatch, m == http.MethodPut:
		return q.changeUser(ctx, name, m == http.MethodPut)
	case m == http.MethodDelete:
		if err := service.DropUser(ctx, &q.call, name); err != nil {
			return err
		}
		return q.ok(http.StatusAccepted, str("user", name))
	}
	return q.allow("GET, PATCH, PUT, DELETE")
}

func (q *request) user(status int, u api.User, err error) error {
	if err != nil {
		return err
	}
	return q.ok(status, userMembers(&u)...)
}

// decodeUser reads the body of POST /user.
func decodeUser(body value.Value) (api.User, string, error) {
	f := object(body)
	u := api.User{Name: f.text("user"), Email: f.text("email"), DisplayName: f.text("displayName"), Active: f.flag("active", true), Extra: f.sub("extra")}
	password := f.text("passwd")
	if password == "" {
		password = f.text("password")
	}
	if f.err == nil && u.Name == "" && u.Email == "" {
		f.err = api.Fail(api.BadParameter, "user or email is missing")
	}
	return u, password, f.err
}

func (q *request) createUser(ctx context.Context) error {
	body, err := q.json()
	if err != nil {
		return err
	}
	u, password, err := decodeUser(body)
	if err != nil {
		return err
	}
	u, err = q.server.service.CreateUser(ctx, &q.call, u, password)
	return q.user(http.StatusCreated, u, err)
}

// decodeUserChange reads the body of PATCH and PUT /user/U; PUT sets what the
// body leaves out to its default.
func decodeUserChange(body value.Value, whole bool) (api.UserChange, error) {
	f := object(body)
	c := api.UserChange{Email: f.textOr("newEmail"), DisplayName: f.textOr("displayName"), Password: f.textOr("passwd"), Active: f.flagOr("active")}
	if c.Email == nil {
		c.Email = f.textOr("email")
	}
	if v, ok := f.find("extra", value.KindObject); ok {
		c.Extra = &v
	}
	if whole {
		empty, yes, none := "", true, value.Object()
		if c.DisplayName == nil {
			c.DisplayName = &empty
		}
		if c.Active == nil {
			c.Active = &yes
		}
		if c.Extra == nil {
			c.Extra = &none
		}
	}
	return c, f.err
}

func (q *request) changeUser(ctx context.Context, name string, whole bool) error {
	body, err := q.json()
	if err != nil {
		return err
	}
	change, err := decodeUserChange(body, whole)
	if err != nil {
		return err
	}
	u, err := q.server.service.ChangeUser(ctx, &q.call, name, change)
	return q.user(http.StatusOK, u, err)
}

// keys answers /key, /key/validate and /key/ID.
func (q *request) keys() error {
	ctx, err := q.identify()
	if q.path.at(1) != "validate" {
		ctx, err = q.apart(ctx, err)
	}
	if err != nil {
		return err
	}
	service, id, m := q.server.service, q.path.at(1), q.hr.Method
	switch {
	case q.path.n == 1 && m == http.MethodGet:
		all, err := service.Keys(ctx, &q.call)
		if err != nil {
			return err
		}
		return q.result(http.StatusOK, each(all, keyValueOf))
	case q.path.n == 1 && m == http.MethodPost:
		return q.createKey(ctx)
	case q.path.n == 1:
		return q.allow("GET, POST")
	case q.path.n == 2 && id == "validate" && m == http.MethodPost:
		return q.validate(ctx)
	case q.path.n > 2:
		return q.later("permissions and attributes of API keys come later: a key may do what its user may")
	case m == http.MethodGet:
		k, err := service.Key(ctx, &q.call, id)
		if err != nil {
			return err
		}
		return q.ok(http.StatusOK, keyMembers(&k)...)
	case m == http.MethodDelete:
		if err := service.DropKey(ctx, &q.call, id); err != nil {
			return err
		}
		return q.ok(http.StatusAccepted, str("keyid", id))
	}
	return q.allow("GET, DELETE")
}

func keyMembers(k *api.Key) []value.Member {
	return []value.Member{str("keyid", k.ID), str("user", k.User), str("tenant", k.Tenant), member("active", value.Bool(k.Active))}
}

func keyValueOf(k *api.Key) value.Value { return value.Object(keyMembers(k)...) }

func (q *request) createKey(ctx context.Context) error {
	body, err := q.json()
	if err != nil {
		return err
	}
	f := object(body)
	id := f.want("keyid")
	if f.err != nil {
		return f.err
	}
	whole, err := q.server.service.CreateKey(ctx, &q.call, id)
	if err != nil {
		return err
	}
	return q.ok(http.StatusCreated, str("key", whole), str("keyid", id), str("tenant", q.call.Tenant), str("user", q.call.Identity.User))
}

func (q *request) validate(ctx context.Context) error {
	body, err := q.json()
	if err != nil {
		return err
	}
	f := object(body)
	key, token := f.text("apikey"), f.text("jwt")
	if f.err == nil && key == "" && token == "" {
		f.err = api.Fail(api.BadParameter, "apikey or jwt is missing")
	}
	if f.err != nil {
		return f.err
	}
	id, err := q.server.service.Validate(ctx, key, token)
	if err != nil {
		return err
	}
	return q.result(http.StatusOK, value.Object(str("tenant", id.Tenant), str("user", id.User), str("keyid", id.KeyID)))
}

// tenants answers GET /tenants.
func (q *request) tenants() error {
	ctx, err := q.identify()
	if err != nil {
		return err
	}
	if q.hr.Method != http.MethodGet {
		return q.allow("GET")
	}
	all, err := q.server.service.Tenants(ctx, &q.call)
	if err != nil {
		return err
	}
	return q.result(http.StatusOK, each(all, func(t *string) value.Value {
		return value.Object(str("tenant", *t), member("active", value.Bool(true)), member("extra", value.Object()))
	}))
}
