// Package rowset shows a fabric to the query engine: it implements package rows over views and transactions of
// package fabric.
//
// Guarantees: those of package rows. Of one Store, a collection has the same *rows.Collection, and an index the same
// *rows.Index, as long as its definition stays, so that plans may be kept under these addresses. A collection that is
// hidden (Options.Hidden) exists for nobody.
//
// Not guaranteed: that two Stores of one fabric agree on addresses: make one. Estimates (Distinct, Split) are kept until
// the count of their collection has changed by a fifth, and are made with a bounded number of looks into the store.
//
// Shapes: the collection _collections is virtual and read only: a document for each visible collection, with its name,
// type, number and whether it is a system collection. A graph is a document of _graphs: its key is the name,
// edgeDefinitions a list of {collection, from, to}, orphanCollections a list of names.
//
// An index of a collection whose documents expire has entries of expired documents until they are deleted. Cursors over
// entries of such a collection look at each document, so that they show what is there alone.
//
// Errors: those of package fabric.
package rowset
