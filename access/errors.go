package access

import "errors"

// What access refuses, to be tested with errors.Is.
var (
	ErrUnauthorized = errors.New("credentials are missing or not valid")
	ErrBusy         = errors.New("too many passwords are being checked")
	ErrUserNotFound = errors.New("user not found")
	ErrUserExists   = errors.New("user exists")
	ErrKeyNotFound  = errors.New("API key not found")
	ErrKeyExists    = errors.New("API key exists")
	ErrBadArgument  = errors.New("bad argument")
	ErrBadKeyID     = errors.New("bad API key id") // is ErrBadArgument too
	ErrEmailExists  = errors.New("another user has this e-mail address")
	ErrOtherTenant  = errors.New("the planet belongs to another tenant")
)
