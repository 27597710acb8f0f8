// Package codec is how entries, changes, vectors and documents look as bytes.
package codec
