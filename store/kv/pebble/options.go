package pebble

import (
	"fmt"
	"math"
	"runtime"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"

	"github.com/selvedge-db/selvedge/internal/env/disk"
	"github.com/selvedge-db/selvedge/store/kv"
)

// Options configure a store; the zero value is usable.
type Options struct {
	// FS is the disk; the machine's when nil.
	FS disk.FS
	// Shared is the cache of several stores. When nil the store makes its own
	// of CacheBytes.
	Shared *Shared
	// CacheBytes is the size of the own block cache; 32 MiB when 0.
	CacheBytes int64
	// OpenFiles bounds the tables held open when Shared is nil; 256 when 0.
	OpenFiles int
	// MemtableBytes is how much a memtable may grow; 16 MiB when 0. Larger
	// ones compact less, smaller ones leave more memory to others.
	MemtableBytes int64
	// OnFatal is called once, on its own goroutine, when the store dies.
	OnFatal func(error)
	// OnWarning is called on its own goroutine for failures in the background
	// that the store will try again.
	OnWarning func(error)
	// OnRoom is called on its own goroutine when a flush or a compaction
	// succeeds after a full disk: Apply accepts batches again.
	OnRoom func()
}

func (o Options) withDefaults() Options {
	if o.FS == nil {
		o.FS = disk.Real()
	}
	if o.CacheBytes <= 0 {
		o.CacheBytes = 32 << 20
	}
	if o.OpenFiles <= 0 {
		o.OpenFiles = 256
	}
	if o.MemtableBytes <= 0 {
		o.MemtableBytes = 16 << 20
	}
	// The library refuses 4 GiB and more.
	o.MemtableBytes = min(o.MemtableBytes, math.MaxUint32)
	return o
}

// Shared is a block cache and a set of open tables that several stores of one
// process use together.
type Shared struct {
	cache *pebble.Cache
	files *pebble.FileCache
}

// NewShared makes a cache for many stores. Close it after the last of them.
func NewShared(cacheBytes int64, openFiles int) *Shared {
	return &Shared{
		cache: pebble.NewCache(max(cacheBytes, 1<<20)),
		files: pebble.NewFileCache(4, max(openFiles, 16)),
	}
}

// Close gives the memory back.
func (s *Shared) Close() {
	s.files.Unref()
	s.cache.Unref()
}

// logger keeps the library from ending the process.
type logger struct{ d *DB }

func (logger) Infof(string, ...any)  {}
func (logger) Errorf(string, ...any) {}

// Fatalf must return: the callers in the library go on with an error, and the
// guard has already taken the disk away from them.
func (l logger) Fatalf(format string, args ...any) {
	l.d.guard.die(fmt.Errorf(format, args...))
}

// tableBytes is about how large a file of the top level becomes. Each is synced when it is done, and syncs of the log
// wait meanwhile: few large ones hold commits up less than many small ones.
const tableBytes = 8 << 20

func (o Options) engine(d *DB) *pebble.Options {
	e := &pebble.Options{
		FS:                          d.guard,
		Logger:                      logger{d},
		FormatMajorVersion:          pebble.FormatNewest,
		MemTableSize:                uint64(o.MemtableBytes),
		MemTableStopWritesThreshold: 4,
		L0CompactionThreshold:       4,
		L0CompactionFileThreshold:   500,
		L0StopWritesThreshold:       24,
		LBaseMaxBytes:               64 << 20,
		CompactionConcurrencyRange:  func() (int, int) { return 1, max(runtime.GOMAXPROCS(0)/2, 1) },
		CacheSize:                   o.CacheBytes,
		MaxOpenFiles:                o.OpenFiles + 10, // the library keeps ten for itself
		EventListener:               o.listener(d),
	}
	if o.Shared != nil {
		e.Cache, e.FileCache = o.Shared.cache, o.Shared.files
	}
	for i := range e.Levels {
		e.TargetFileSizes[i] = tableBytes << (i / 2)
		e.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
		e.Levels[i].FilterType = pebble.TableFilter
		// Blocks of the index so large that a table seldom has two levels of them, each of which costs a reader.
		e.Levels[i].BlockSize, e.Levels[i].IndexBlockSize = 8<<10, 512<<10
		// The upper levels are small and soon rewritten: compressing them costs time and saves little room.
		if i < len(e.Levels)-2 {
			e.Levels[i].Compression = func() *sstable.CompressionProfile { return sstable.NoCompression }
		} else {
			e.Levels[i].Compression = func() *sstable.CompressionProfile { return sstable.SnappyCompression }
		}
	}
	return e
}

// listener turns events of the library into warnings and counts. The library
// holds its locks while it calls, so the hooks run elsewhere.
func (o Options) listener(d *DB) *pebble.EventListener {
	warn := func(err error) {
		if o.OnWarning != nil && d.guard.fatal() == nil {
			go o.OnWarning(mark(err))
		}
	}
	room := func(err error) {
		if err == nil && d.guard.full.Swap(false) && o.OnRoom != nil {
			go o.OnRoom()
		}
	}
	return &pebble.EventListener{
		BackgroundError: warn,
		DataCorruption: func(i pebble.DataCorruptionInfo) {
			warn(fmt.Errorf("%w: %s: %w", kv.ErrCorrupt, i.Path, i.Details))
		},
		WriteStallBegin: func(pebble.WriteStallBeginInfo) { d.stalls.Add(1) },
		FlushEnd:        func(i pebble.FlushInfo) { room(i.Err) },
		CompactionEnd:   func(i pebble.CompactionInfo) { room(i.Err) },
	}
}
