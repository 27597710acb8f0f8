package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/selvedge-db/selvedge/client"
	"github.com/selvedge-db/selvedge/cmd/selvedge/contexts"
	"github.com/selvedge-db/selvedge/cmd/selvedge/yaml"
)

// failure is what a command tells that failed: as text, or, with --output json or yaml, as one object.
type failure struct {
	Error    bool   `json:"error"`
	ExitCode int    `json:"exitCode"`
	Message  string `json:"message"`
	Status   int    `json:"status,omitempty"`   // of HTTP
	ErrorNum int    `json:"errorNum,omitempty"` // of the catalogue of errors
	Code     string `json:"code,omitempty"`     // the same as a word
	Next     string `json:"next,omitempty"`     // what to do
}

// advisedError is an error with what to do next.
type advisedError struct {
	err  error
	next string
}

func (e *advisedError) Error() string { return e.err.Error() }
func (e *advisedError) Unwrap() error { return e.err }

// advise adds what to do next to an error.
func advise(err error, format string, args ...any) error {
	return &advisedError{err, fmt.Sprintf(format, args...)}
}

func asType[T error](err error, target *T) bool { return errors.As(err, target) }

// fail tells an error and gives the exit code.
func (a *app) fail(err error, args []string) int {
	f := a.failure(err)
	form := scanned(args, "--output", "-o") // which counts also where the flags could not be parsed
	if form == "" {
		form = a.flags.output
	}
	text, encodeErr := json.Marshal(f)
	switch {
	case encodeErr == nil && (form == outputJSON || form == outputLines):
		fmt.Fprintf(a.err, "%s\n", text)
	case encodeErr == nil && form == outputYAML:
		var b bytes.Buffer
		if yaml.Write(&b, text) == nil {
			_, _ = a.err.Write(b.Bytes())
		}
	default:
		fmt.Fprintln(a.err, "selvedge:", f.Message)
		if f.Next != "" {
			fmt.Fprintln(a.err, f.Next)
		}
	}
	return f.ExitCode
}

func (a *app) failure(err error) failure {
	f := failure{Error: true, ExitCode: exitFailed, Message: err.Error()}
	var refusal *client.Error
	var unreachable *client.UnreachableError
	var usage usageError
	var advised *advisedError
	if errors.As(err, &refusal) {
		f.Status, f.ErrorNum, f.Code = refusal.Status, refusal.ErrorNum, refusal.Code
		f.Next = a.afterRefusal(refusal)
	}
	switch {
	case errors.As(err, &usage):
		f.ExitCode, f.Next = exitUsage, "selvedge --help, or --help after a command, tells more"
		if a.cmd != nil && a.cmd.HasParent() {
			f.Next = a.cmd.CommandPath() + " --help tells more"
		}
	case errors.As(err, &unreachable):
		f.ExitCode, f.Next = exitUnreachable, a.afterSilence(unreachable)
	}
	if errors.As(err, &advised) {
		f.Next = advised.next
	}
	return f
}

// afterSilence says what to do when no answer came.
func (a *app) afterSilence(e *client.UnreachableError) string {
	var untrusted *tls.CertificateVerificationError
	if errors.As(e, &untrusted) {
		return "it is there, but " + afterDistrust(untrusted.Err)
	}
	if a.url != "" && e.URL != a.url {
		return "the address came from " + a.url + ": selvedge status shows how it sees that location, which may have stopped"
	}
	where := "the address is the default one; --url gives another"
	if a.urlFrom != "" {
		where = "the address came from " + a.urlFrom
	}
	if u, err := url.Parse(e.URL); err == nil && isHere(u.Hostname()) {
		return "is a planet running? selvedge dev starts one on this machine; " + where
	}
	return where + "; selvedge status --url of another location shows what it knows of this one"
}

// afterDistrust says what is wrong with a certificate, and what to do about it.
func afterDistrust(err error) string {
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var unknown x509.UnknownAuthorityError
	const another = "the location needs another one (http.tls.cert in its configuration)"
	switch {
	case errors.As(err, &host):
		return "its certificate is for other names: want an address with one of those, or " + another
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "by the clock of this machine its certificate is not valid now: where the clock is right, " + another
	case errors.As(err, &unknown):
		return "its certificate is not trusted: --ca FILE names the authority (selvedge dev prints the file)"
	}
	return "its certificate cannot be used: " + another
}

// afterRefusal says what to do about what the server refused. Where its message says that, nothing is added.
func (a *app) afterRefusal(e *client.Error) string {
	if e.Status == http.StatusUnauthorized {
		if a.keyFrom == "" {
			if name, by := a.passedOver(); name != "" {
				return "no credentials were given: the context " + name + ", which is in use, does not count because " + by +
					" gives an address; --context " + name + " sends its credentials there"
			}
			return "no credentials were given: want --api-key or $SELVEDGE_API_KEY, --user and --password, or a context (selvedge help contexts)"
		}
		return "the location does not take these credentials, which came from " + a.keyFrom + ": they are wrong, taken back, or of another planet"
	}
	if noun := nounOf(e.Code); noun != "" {
		next := "selvedge " + noun + " list" + a.inFabric(noun) + " lists what there is"
		switch e.Code {
		case "collection-not-found", "graph-not-found":
			next += "; " + madeElsewhere(a.inFabric(noun))
		case "fabric-not-found":
			next += "; " + madeElsewhere(" --fabric "+client.SystemFabric)
		}
		return next
	}
	switch e.Code {
	case "index-not-found":
		return "selvedge index list COLLECTION" + a.inFabric("index") + " lists what there is"
	case "document-not-found":
		return "written elsewhere a moment ago? selvedge status --wait" + a.inFabric("document") + " waits until every location has it"
	}
	return nextSteps()[e.Code]
}

// madeElsewhere is what to do when what was made at another location has not come yet.
func madeElsewhere(fabric string) string {
	return "made elsewhere a moment ago? selvedge status --wait" + fabric + " waits until every location has it"
}

// passedOver is the context in use, with credentials, that did not count because an address was given, and by what.
func (a *app) passedOver() (name, by string) {
	switch {
	case a.flags.context != "" || a.environ("SELVEDGE_CONTEXT", "") != "":
		return "", ""
	case a.flags.url != "":
		by = "--url"
	case a.environ("SELVEDGE_URL", "") != "":
		by = "$SELVEDGE_URL"
	default:
		return "", ""
	}
	book, _, err := contexts.Open(contexts.File(func(name string) string { return a.environ(name, "") }))
	if err != nil || book.Current == "" {
		return "", ""
	}
	if c, err := book.Find(book.Current); err != nil || c.APIKey == "" && c.User == "" {
		return "", ""
	}
	return book.Current, by
}

// nextSteps are what to do about refusals of which the message alone does not say it, by their codes.
func nextSteps() map[string]string {
	again := "somebody wrote it meanwhile: read it anew with selvedge get, and give its _rev"
	busy := "the location has too much to do: try again, and see selvedge top"
	large := "selvedge location limits lists how large what may be"
	bind := "--bind NAME=JSON gives a parameter its value, --bind @NAME=COLLECTION that of @@NAME"
	return map[string]string{
		"dev-only": "links are bent in selvedge dev only; between real locations the network does it", "revision-conflict": again, "write-conflict": again,
		"duplicate-key": "selvedge put COLLECTION/KEY replaces the one that is there", "overloaded": busy, "query-queue-full": busy, "too-many-open": busy,
		"bad-name":           "a name is a letter and then letters, digits, _ and -, 64 at most",
		"document-too-large": large, "body-too-large": large, "query-bind-missing": bind, "query-bind-undeclared": bind,
		"query-not-found": "selvedge query --running lists what runs at this location",
		"resource-limit": "selvedge query --explain shows what it reads; narrow it, or allow it more with --memory-limit and --max-runtime, " +
			"up to what selvedge location limits lists",
		"query-parse":            "docs/reference/c8ql.md has the language; every location shows it at /docs/reference/c8ql",
		"query-function-unknown": "docs/reference/functions.md lists the functions; every location shows it at /docs/reference/functions",
		"deadline-exceeded":      "a location is behind or cut off: selvedge status shows which",
		"history-gone":           "selvedge export COLLECTION reads the documents; then follow from --since now",
		"forbidden":              "users, links, members and backups are for the user root: selvedge context show and $SELVEDGE_API_KEY say as whom you ask",
		"read-only":              "selvedge location show tells why the location takes no writes",
		"misdirected":            "the location does not go by this host name: use localhost, an IP address, or a name that its configuration lists",
		"internal":               "the log of the location has the cause",
		"shutting-down":          "the location is ending: selvedge status --url of another location shows the planet",
	}
}

// nounOf is the command whose list tells what there is instead of what was not found.
func nounOf(code string) string {
	switch code {
	case "collection-not-found", "fabric-not-found", "graph-not-found", "location-not-found", "user-not-found":
		return strings.TrimSuffix(code, "-not-found")
	case "collection-exists", "fabric-exists", "graph-exists", "user-exists":
		return strings.TrimSuffix(code, "-exists")
	case "query-worker-not-found":
		return "worker"
	case "api-key-not-found", "api-key-exists":
		return "key"
	}
	return ""
}

// inFabric is the flag of the fabric, where the noun is of one and it is not the default.
func (a *app) inFabric(noun string) string {
	switch noun {
	case "fabric", "user", "key", "location":
		return ""
	}
	if f := a.flags.fabric; f != "" && f != client.SystemFabric {
		return " --fabric " + f
	}
	return ""
}
