// Package access says who a caller is: users with passwords, API keys and
// signed tokens of all tenants of a planet.
//
// # Shapes
//
// Everything is kept as documents of three collections in the planet's system
// fabric, so that it replicates and obeys causality like all other data:
//
//	_users    key "TENANT:USER"   tenant, user, email, displayName, active, extra, hash
//	_apikeys  key "TENANT:KEYID"  tenant, keyid, user, hash, active, createdAt
//	_config   key "tokens"        secret (base64, 32 bytes; signs the JWTs)
//
// A password is stored as argon2id in the PHC text form, an API key
// "TENANT.KEYID.SECRET" as the SHA-256 of its secret, which suffices because a
// generated secret has 192 random bits. A token is a JWT signed with HS256 (no
// other method is ever accepted) that names tenant, username and epoch, which is
// a keyed hash of the stored password, and ends after TokenLife.
//
// # Guarantees
//
//   - Authenticate gives an Identity only for a credential that is valid by
//     what this location has applied. Nothing is open, except that a Config
//     with Open set takes a request without credentials from the machine
//     itself as root; pages of other sites in a browser there are not meant.
//   - At most HashParallel passwords are hashed at once (each takes 19 MiB for
//     some tens of milliseconds); others wait until their context ends.
//   - A user that was removed or made inactive loses tokens and keys at this
//     location as soon as that change is applied here. A token names the epoch
//     of the password it was signed under, so another password ends it too,
//     and one of a removed user is worth nothing to a new user of that name.
//   - A location gives no e-mail address to two users, of whatever tenants.
//   - Secrets are compared in constant time, and an unknown user costs as much
//     time as a wrong password.
//
// # What is not guaranteed
//
//   - Revocation takes as long as replication: a location that is cut off goes
//     on accepting what was valid when it was cut.
//   - Two locations may give one e-mail address at the same time. Then a login
//     by address means the first of the two by tenant and name, until one of
//     them changes.
//   - There are no permissions below the tenant yet: every user of a tenant
//     may do everything in the tenant's fabrics.
//
// # Errors
//
// The sentinels of errors.go, wrapped with what was wrong; errors.Is tells
// them apart. Failures of the fabric pass through as they are.
//
// Sources: RFC 9106 (argon2), RFC 7519 (JWT), the PHC string format.
package access
