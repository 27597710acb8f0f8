package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Numbers of errors that callers ask for; the server's error reference has
// the whole list.
const (
	NumBadParameter       = 10
	NumForbidden          = 11
	NumRevConflict        = 1200
	NumDocumentNotFound   = 1202
	NumCollectionNotFound = 1203
	NumDuplicateName      = 1207
	NumUniqueViolated     = 1210
	NumIndexNotFound      = 1212
	NumFabricNotFound     = 1228
	NumKeyValueNotFound   = 101000
)

// Error is a refusal by the server.
type Error struct {
	// Status is the HTTP status, of the item where the error is an item's.
	Status int
	// ErrorNum is the number of the error catalogue, zero if there was none.
	ErrorNum int
	// Code is the catalogue's stable text code, empty if there was none.
	Code string
	// Message says what was wrong.
	Message string
	// Index is the failing operation of an atomic batch, otherwise -1.
	Index int
	// ID, Key and Rev name the document that a precondition met.
	ID, Key, Rev string
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Message)
	if e.Index >= 0 {
		fmt.Fprintf(&b, " (operation %d)", e.Index)
	}
	switch {
	case e.ErrorNum != 0 && e.Code != "":
		fmt.Fprintf(&b, " [%d, error %d, %s]", e.Status, e.ErrorNum, e.Code)
	case e.ErrorNum != 0:
		fmt.Fprintf(&b, " [%d, error %d]", e.Status, e.ErrorNum)
	default:
		fmt.Fprintf(&b, " [%d]", e.Status)
	}
	return b.String()
}

// UnreachableError says that no answer came from the location.
type UnreachableError struct {
	URL string
	Err error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("no answer from %s: %v", e.URL, e.Err)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// NumOf is the catalogue number in err, or zero.
func NumOf(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.ErrorNum
	}
	return 0
}

// StatusOf is the HTTP status in err, or zero.
func StatusOf(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// IsNotFound says whether err means that the thing asked for is not there.
func IsNotFound(err error) bool { return StatusOf(err) == http.StatusNotFound }

// envelope is the server's form of an error. Some services answer with
// `message` alone.
type envelope struct {
	Error        bool   `json:"error"`
	Status       int    `json:"code"`
	ErrorNum     int    `json:"errorNum"`
	ErrorMessage string `json:"errorMessage"`
	ErrorCode    string `json:"errorCode"`
	Message      string `json:"message"`
	Index        *int   `json:"index"`
	ID           string `json:"_id"`
	Key          string `json:"_key"`
	Rev          string `json:"_rev"`
}

func (e *envelope) asError(status int) *Error {
	out := &Error{Status: status, ErrorNum: e.ErrorNum, Code: e.ErrorCode, Message: e.ErrorMessage,
		Index: -1, ID: e.ID, Key: e.Key, Rev: e.Rev}
	if e.Status >= 400 {
		out.Status = e.Status
	}
	if out.Message == "" {
		out.Message = e.Message
	}
	if out.Message == "" {
		out.Message = http.StatusText(out.Status)
	}
	if e.Index != nil {
		out.Index = *e.Index
	}
	return out
}

const maxErrorText = 300

// errorFrom reads the body of an answer whose status says that it failed.
func errorFrom(status int, body []byte) *Error {
	var e envelope
	if err := json.Unmarshal(body, &e); err == nil && (e.ErrorMessage != "" || e.Message != "" || e.ErrorNum != 0) {
		out := e.asError(status)
		out.Status = status
		return out
	}
	text := strings.TrimSpace(string(body))
	if len(text) > maxErrorText {
		text = text[:maxErrorText] + "..."
	}
	if text == "" {
		text = http.StatusText(status)
	}
	return &Error{Status: status, Message: text, Index: -1}
}
