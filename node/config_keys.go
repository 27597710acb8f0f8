package node

import "time"

// ConfigKey documents one key of the configuration file.
type ConfigKey struct {
	// Path is the key with its parents, joined by dots.
	Path string
	// Kind is text, list, bool, number, integer, size or duration.
	Kind string
	// Default as one would write it; empty where there is none.
	Default string
	// Text says what the key does, in one sentence or two.
	Text string

	place func(*Config) any // pointer to the member
}

// Environment is the variable that overrides the key.
func (k ConfigKey) Environment() string { return environmentOf(k.Path) }

// ConfigKeys lists every key in the order of the documentation.
func ConfigKeys() []ConfigKey {
	var all []ConfigKey
	for _, part := range [][]ConfigKey{locationKeys(), httpKeys(), meshKeys(), limitKeys(), queryKeys(), logKeys()} {
		all = append(all, part...)
	}
	return all
}

func locationKeys() []ConfigKey {
	return []ConfigKey{
		{"location.name", "text", "", "Name of the location, unique on the planet: a letter, then up to 30 lower-case letters, digits and hyphens.",
			func(c *Config) any { return &c.Location.Name }},
		{"location.latitude", "number", "0", "Degrees north, -90 to 90.",
			func(c *Config) any { return &c.Location.Latitude }},
		{"location.longitude", "number", "0", "Degrees east, -180 to 180.",
			func(c *Config) any { return &c.Location.Longitude }},
		{"location.city", "text", "", "City, shown to clients.",
			func(c *Config) any { return &c.Location.City }},
		{"location.country", "text", "", "Two-letter country code, shown to clients.",
			func(c *Config) any { return &c.Location.Country }},
		{"data", "text", "", "Folder that keeps all data of the location. It belongs to one process at a time and to no other location.",
			func(c *Config) any { return &c.Data }},
		{"root-key", "text", "", "API key of the user root, TENANT.KEYID.SECRET. Needed at the first start where `mesh.create` is true; take it out afterwards. A later start with another key of the same tenant makes that one good, which is the way back in when the key is lost.",
			func(c *Config) any { return &c.RootKey }},
		{"root-password", "text", "", "Password of the user root. Without it root has no password and can only use the key. A later start with another one changes it.",
			func(c *Config) any { return &c.RootPassword }},
	}
}

func httpKeys() []ConfigKey {
	return []ConfigKey{
		{"http.listen", "text", "127.0.0.1:8400", "Address for clients: plain HTTP, or, when certificates are given, HTTPS alone.",
			func(c *Config) any { return &c.HTTP.Listen }},
		{"http.url", "text", "", "Address that other people's clients are told, for example https://fra.example.org. Without it the listen address.",
			func(c *Config) any { return &c.HTTP.URL }},
		{"http.hosts", "list", "", "Host names that clients may use besides localhost, IP addresses and `api-` in front of these. All others are refused with 421.",
			func(c *Config) any { return &c.HTTP.Hosts }},
		{"http.tls.cert", "text", "", "PEM file with the certificate chain for clients.",
			func(c *Config) any { return &c.HTTP.TLS.Cert }},
		{"http.tls.key", "text", "", "PEM file with the private key of `http.tls.cert`.",
			func(c *Config) any { return &c.HTTP.TLS.Key }},
	}
}

func meshKeys() []ConfigKey {
	return []ConfigKey{
		{"mesh.listen", "text", "127.0.0.1:8500", "Address for other locations.",
			func(c *Config) any { return &c.Mesh.Listen }},
		{"mesh.advertise", "text", "", "Address under which other locations reach this one. Without it the listen address.",
			func(c *Config) any { return &c.Mesh.Advertise }},
		{"mesh.key", "text", "", "Shared secret of all locations of the planet, at least 16 bytes. Either this or `mesh.tls`.",
			func(c *Config) any { return &c.Mesh.Key }},
		{"mesh.tls.ca", "text", "", "PEM file with the authorities that sign the locations' certificates.",
			func(c *Config) any { return &c.Mesh.TLS.CA }},
		{"mesh.tls.cert", "text", "", "PEM file with this location's certificate for the mesh.",
			func(c *Config) any { return &c.Mesh.TLS.Cert }},
		{"mesh.tls.key", "text", "", "PEM file with the private key of `mesh.tls.cert`.",
			func(c *Config) any { return &c.Mesh.TLS.Key }},
		{"mesh.create", "bool", "false", "True at exactly one location: it creates the planet. At later starts it changes nothing.",
			func(c *Config) any { return &c.Mesh.Create }},
		{"mesh.join", "list", "", "Mesh addresses of locations to join through; one that answers is enough. Tried again until one does.",
			func(c *Config) any { return &c.Mesh.Join }},
	}
}

func sizeKey(path, value, text string, place func(*LimitsConfig) *int64) ConfigKey {
	return ConfigKey{"limits." + path, "size", value, text, func(c *Config) any { return (*byteSize)(place(&c.Limits)) }}
}

func countKey(path, value, text string, place func(*LimitsConfig) *int64) ConfigKey {
	return ConfigKey{"limits." + path, "integer", value, text, func(c *Config) any { return place(&c.Limits) }}
}

func durationKey(path, value, text string, place func(*LimitsConfig) *time.Duration) ConfigKey {
	return ConfigKey{"limits." + path, "duration", value, text, func(c *Config) any { return place(&c.Limits) }}
}

func queryKeys() []ConfigKey {
	return []ConfigKey{
		sizeKey("query.memory", "256MiB", "Memory that one query may hold; one that asks for less gets less.", func(l *LimitsConfig) *int64 { return &l.Query.Memory }),
		durationKey("query.time", "100s", "How long a query may run whose request has no deadline.", func(l *LimitsConfig) *time.Duration { return &l.Query.Time }),
		durationKey("query.time-most", "1h", "How long any query may run.", func(l *LimitsConfig) *time.Duration { return &l.Query.TimeMost }),
		countKey("query.running", "256", "Most queries that run at once; others wait.", func(l *LimitsConfig) *int64 { return &l.Query.Running }),
		countKey("query.waiting", "1024", "Most queries that wait; beyond it clients get 503 and try again.", func(l *LimitsConfig) *int64 { return &l.Query.Waiting }),
		countKey("query.plans", "1024", "Most plans that are kept for queries that come again.", func(l *LimitsConfig) *int64 { return &l.Query.Plans }),
		durationKey("query.slow", "10s", "A query that takes longer is listed as slow.", func(l *LimitsConfig) *time.Duration { return &l.Query.Slow }),
		countKey("query.cursors", "1000", "Most cursors of a tenant that wait to be read.", func(l *LimitsConfig) *int64 { return &l.Query.Cursors }),
		sizeKey("query.cursor-memory", "1GiB", "Memory that the cursors of a tenant may hold.", func(l *LimitsConfig) *int64 { return &l.Query.CursorMemory }),
		durationKey("query.cursor-time", "1h", "How long a cursor may wait for its reader, whatever its ttl; without a ttl it is 30s.", func(l *LimitsConfig) *time.Duration { return &l.Query.CursorTime }),
		sizeKey("query.batch", "16MiB", "Size at which a batch of a cursor ends, whatever its batchSize.", func(l *LimitsConfig) *int64 { return &l.Query.Batch }),
		countKey("transaction.open", "64", "Most interactive transactions of a tenant at once.", func(l *LimitsConfig) *int64 { return &l.Transaction.Open }),
		durationKey("transaction.idle", "60s", "After how long without a request a transaction is rolled back.", func(l *LimitsConfig) *time.Duration { return &l.Transaction.Idle }),
		durationKey("transaction.time", "1h", "After how long a transaction is rolled back, however busy it is.", func(l *LimitsConfig) *time.Duration { return &l.Transaction.Time }),
		sizeKey("transaction.size", "128MiB", "Memory that a transaction may take, at most 128MiB; one that asks for less gets less.", func(l *LimitsConfig) *int64 { return &l.Transaction.Size }),
		countKey("job.kept", "100", "Most requests of a tenant in the background, with their answers.", func(l *LimitsConfig) *int64 { return &l.Job.Kept }),
		sizeKey("job.size", "8MiB", "Largest answer that is kept for a request in the background.", func(l *LimitsConfig) *int64 { return &l.Job.Size }),
		sizeKey("job.memory", "256MiB", "Memory that the requests of a tenant in the background may hold, with their answers.", func(l *LimitsConfig) *int64 { return &l.Job.Memory }),
		durationKey("job.time", "10m", "How long the answer is kept.", func(l *LimitsConfig) *time.Duration { return &l.Job.Time }),
	}
}

func limitKeys() []ConfigKey {
	return []ConfigKey{
		sizeKey("document", "4MiB", "Largest document, at most 16MiB.", func(l *LimitsConfig) *int64 { return &l.Document }),
		sizeKey("body", "64MiB", "Largest request body, at least 64MiB.", func(l *LimitsConfig) *int64 { return &l.Body }),
		countKey("batch", "100000", "Most documents in one request, at least 10000.", func(l *LimitsConfig) *int64 { return &l.Batch }),
		sizeKey("truncate", "256MiB", "Largest collection that can be emptied at once, at most 1GiB; larger ones are dropped.", func(l *LimitsConfig) *int64 { return &l.Truncate }),
		countKey("connections", "10000", "Most connections of clients at once.", func(l *LimitsConfig) *int64 { return &l.Connections }),
		countKey("queue", "4096", "Most commits that may wait in one fabric; beyond it clients get 503 and try again.", func(l *LimitsConfig) *int64 { return &l.Queue }),
		durationKey("history-age", "24h", "How long change feeds can go back.", func(l *LimitsConfig) *time.Duration { return &l.HistoryAge }),
		sizeKey("history-size", "1GiB", "How much log is kept for change feeds beyond what replication needs.", func(l *LimitsConfig) *int64 { return &l.HistorySize }),
		sizeKey("cache", "256MiB", "Memory for caching what is on disk; what the memtables take is taken from it.", func(l *LimitsConfig) *int64 { return &l.Cache }),
		sizeKey("memtable", "64MiB", "Memory that collects writes before they go to sorted files.", func(l *LimitsConfig) *int64 { return &l.Memtable }),
		sizeKey("disk-reserve", "256MiB", "Free disk space below which writes are refused.", func(l *LimitsConfig) *int64 { return &l.DiskReserve }),
		durationKey("clock-offset", "2s", "How far this location's clock may be from the others before it stops taking writes.", func(l *LimitsConfig) *time.Duration { return &l.ClockOffset }),
	}
}

func logKeys() []ConfigKey {
	return []ConfigKey{
		{"log.level", "text", "info", "The least level that is logged: debug, info, warn or error.",
			func(c *Config) any { return &c.Log.Level }},
		{"log.format", "text", "text", "Form of a log line: text or json.",
			func(c *Config) any { return &c.Log.Format }},
	}
}
