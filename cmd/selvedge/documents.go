package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/selvedge-db/selvedge/client"
	"github.com/selvedge-db/selvedge/cmd/selvedge/rowsource"
)

// documentName splits COLLECTION/KEY.
func documentName(name string) (collection, key string, err error) {
	collection, key, found := strings.Cut(name, "/")
	if !found || collection == "" || key == "" {
		return "", "", usagef("%q: want COLLECTION/KEY", name)
	}
	return collection, key, nil
}

func (a *app) getCommand() *cobra.Command {
	return a.withClientFlags(&cobra.Command{
		Use:     "get COLLECTION/KEY",
		Short:   "Print a document",
		Example: "  selvedge get places/p1\n  selvedge get places/p1 --url http://127.0.0.1:8407 --output yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			collection, key, err := documentName(args[0])
			if err != nil {
				return err
			}
			c, err := a.connect(false)
			if err != nil {
				return err
			}
			var document json.RawMessage
			if _, err := c.Get(cmd.Context(), collection, key, &document); err != nil {
				return fmt.Errorf("get %s: %w", args[0], err)
			}
			return a.printJSON(document)
		},
	})
}

func (a *app) deleteCommand() *cobra.Command {
	var rev string
	c := a.withClientFlags(&cobra.Command{
		Use:     "delete COLLECTION/KEY",
		Short:   "Remove a document",
		Example: "  selvedge delete places/p1\n  selvedge delete places/p1 --rev AZL2w6S1AAcAAQACMZQ-UQ",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			collection, key, err := documentName(args[0])
			if err != nil {
				return err
			}
			c, err := a.connect(false)
			if err != nil {
				return err
			}
			meta, err := c.Remove(cmd.Context(), collection, key, client.WriteOptions{IfRev: rev})
			if err != nil {
				return fmt.Errorf("delete %s: %w", args[0], err)
			}
			return a.print(meta, func(w io.Writer) { fmt.Fprintf(w, "%s is removed\n", meta.ID) })
		},
	})
	c.Flags().StringVar(&rev, "rev", "", "remove only if the document still has this _rev")
	return c
}

func (a *app) putCommand() *cobra.Command {
	var merge bool
	var rev string
	c := a.withClientFlags(&cobra.Command{
		Use:   "put COLLECTION[/KEY] [DOCUMENT]",
		Short: "Write a document",
		Long: "Write a document: insert it, or replace the one that is there. DOCUMENT is a JSON object, @FILE, or comes from\n" +
			"the standard input. With --merge only the given members change, and the document must be there.",
		Example: "  selvedge put places/p1 '{\"name\": \"Lantern Books\", \"stock\": 7}'\n" +
			"  selvedge put places/p1 '{\"stock\": 8}' --merge\n  selvedge put places @new.json",
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			document, err := a.document(args[1:])
			if err != nil {
				return err
			}
			return a.put(cmd, args[0], document, merge, rev)
		},
	})
	c.Flags().BoolVar(&merge, "merge", false, "change only the members that are given")
	c.Flags().StringVar(&rev, "rev", "", "write only if the document still has this _rev")
	return c
}

func (a *app) put(cmd *cobra.Command, handle string, document []byte, merge bool, rev string) error {
	collection, key, _ := strings.Cut(handle, "/")
	if collection == "" {
		return usagef("%q: want COLLECTION or COLLECTION/KEY", handle)
	}
	if key == "" && (merge || rev != "") {
		return usagef("--merge and --rev need COLLECTION/KEY")
	}
	c, err := a.connect(false)
	if err != nil {
		return err
	}
	var meta client.Meta
	switch o := (client.WriteOptions{IfRev: rev}); {
	case merge:
		meta, err = c.Update(cmd.Context(), collection, key, json.RawMessage(document), o)
	case rev != "":
		meta, err = c.Replace(cmd.Context(), collection, key, json.RawMessage(document), o)
	default:
		if key != "" {
			if document, err = documentWithKey(document, key); err != nil {
				return err
			}
		}
		meta, err = c.Insert(cmd.Context(), collection, json.RawMessage(document), client.WriteOptions{Overwrite: key != ""})
	}
	if client.NumOf(err) == client.NumCollectionNotFound {
		return fmt.Errorf("put %s: %w; selvedge collection create %s makes it", handle, err, collection)
	}
	if err != nil {
		return fmt.Errorf("put %s: %w", handle, err)
	}
	return a.print(meta, func(w io.Writer) { fmt.Fprintf(w, "%s %s\n", meta.ID, meta.Rev) })
}

const maxDocument = 64 << 20

// document is the argument, the file it names, or the standard input.
func (a *app) document(args []string) ([]byte, error) {
	var text []byte
	var err error
	switch {
	case len(args) == 0 || args[0] == "-":
		text, err = io.ReadAll(io.LimitReader(a.in, maxDocument))
	case strings.HasPrefix(args[0], "@"):
		text, err = os.ReadFile(args[0][1:])
	default:
		text = []byte(args[0])
	}
	if err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	text = bytes.TrimSpace(text)
	if !json.Valid(text) {
		return nil, usagef("the document is %w: %.60q", rowsource.Problem(text), text)
	}
	if text[0] != '{' {
		return nil, usagef("the document is not a JSON object: %.60q", text)
	}
	return text, nil
}

// documentWithKey puts the _key into an object unless it says it already.
func documentWithKey(document []byte, key string) ([]byte, error) {
	var has struct {
		Key *string `json:"_key"`
	}
	if err := json.Unmarshal(document, &has); err != nil {
		return nil, usagef("document: %w", err)
	}
	if has.Key != nil {
		if *has.Key != key {
			return nil, usagef("the document's _key is %q, the command says %q", *has.Key, key)
		}
		return document, nil
	}
	text, err := json.Marshal(key)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	out := append([]byte(`{"_key":`), text...)
	if rest := bytes.TrimSpace(document[1:]); rest[0] != '}' {
		out = append(append(out, ','), rest...)
		return out, nil
	}
	return append(out, '}'), nil
}
