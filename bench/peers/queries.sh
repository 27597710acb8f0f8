#!/usr/bin/env bash
# The same queries over the same documents in PostgreSQL and SQLite, for the figures of `selvedge bench queries`.
# usage: PROGRAM=bin/selvedge RESULTS=results.jsonl FLIGHTS=FOLDER queries.sh [ROUNDS]
#
# With BENCH_PEERS_ONLY Selvedge is left out. FLIGHTS is a folder with airports.dat and routes.dat of OpenFlights; without it the graph queries are left out.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
rounds=${1:-3}
documents=${BENCH_DOCUMENTS:-1000000}
bin=${POSTGRES_BIN:-/usr/lib/postgresql/15/bin}
as=()
[ "$(id -u)" -eq 0 ] && as=(runuser -u postgres --)

psql() { "$bin/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$pg_port" -U bench postgres "$@"; }

start_postgres() {
	pg=$work/postgres
	pg_port=$(free_port 15432)
	mkdir "$pg"
	[ "${#as[@]}" -gt 0 ] && chown postgres "$pg"
	"${as[@]}" "$bin/initdb" -D "$pg" -U bench --auth=trust --encoding=UTF8 --no-locale >/dev/null
	cat >>"$pg/postgresql.conf" <<-CONF
		listen_addresses = '127.0.0.1'
		port = $pg_port
		unix_socket_directories = ''
		shared_buffers = 2GB
		work_mem = 256MB
		max_wal_size = 8GB
		max_parallel_workers_per_gather = 2
		jit = off
	CONF
	"${as[@]}" "$bin/postgres" -D "$pg" >"$work/postgres.log" 2>&1 &
	eventually "$bin/pg_isready" -q -h 127.0.0.1 -p "$pg_port"
	postgres_pid=$(head -1 "$pg/postmaster.pid")
	stopped+=("$postgres_pid")
}

# Documents one to a line, keys, and the edges as two columns.
make_data() {
	"$program" bench query-documents --documents "$documents" --data "$work/documents.jsonl" >/dev/null
	if [ -n "${FLIGHTS:-}" ]; then
		awk -F, '$4 != "\\N" && $6 != "\\N" { print "{\"_from\":\"airports/" $4 "\",\"_to\":\"airports/" $6 "\"}" }' "$FLIGHTS/routes.dat" >"$work/routes.jsonl"
		awk -F, '$4 != "\\N" && $6 != "\\N" { n["airports/" $4]++ } END { for (a in n) print n[a], a }' "$FLIGHTS/routes.dat" |
			sort -k1,1nr -k2,2 | awk 'NR <= 1000 { print $2 }' >"$work/starts.txt"
	fi
}

load_postgres() {
	psql <<-'SQL'
		CREATE TABLE docs (key text PRIMARY KEY, doc jsonb NOT NULL);
		CREATE TABLE routes (id bigserial PRIMARY KEY, doc jsonb NOT NULL);
		CREATE TABLE starts (id text PRIMARY KEY);
		CREATE TEMP TABLE raw (line jsonb);
	SQL
	# A line of JSON is not a line of COPY's text format: backslashes would be taken for its own.
	psql -c 'CREATE TABLE raw (line jsonb)' -c "\\copy raw FROM '$work/documents.jsonl' WITH (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')"
	psql -c "INSERT INTO docs SELECT line->>'_key', line - '_key' FROM raw" -c 'DROP TABLE raw'
	if [ -n "${FLIGHTS:-}" ]; then
		psql -c "\\copy routes (doc) FROM '$work/routes.jsonl' WITH (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')" \
			-c "\\copy starts FROM '$work/starts.txt'"
	fi
	psql -c "CREATE INDEX ON docs ((doc->>'name'))" -c "CREATE INDEX ON routes ((doc->>'_from'))" -c "CREATE INDEX ON routes ((doc->>'_to'))"
	psql -c 'VACUUM ANALYZE'
}

# lookups NAME SQL: a prepared query by pgbench, with the server's processor time beside it.
lookups() {
	local before used rate
	printf '%s\n' "\\set k random(0, $((documents - 1)))" "$2" >"$work/lookup.sql"
	run() { "$bin/pgbench" -h 127.0.0.1 -p "$pg_port" -U bench -n -M prepared -c 8 -j 2 -T "$1" -f "$work/lookup.sql" postgres 2>/dev/null; }
	run 2 >/dev/null
	eventually no_backends
	before=$(backends_seconds)
	run "${BENCH_SHORT:-10}" >"$work/pgbench.txt"
	eventually no_backends
	used=$(awk '/actually processed/ { print $NF }' "$work/pgbench.txt")
	rate=$(awk '/^tps/ { print $3 }' "$work/pgbench.txt")
	# Backends have ended with their connections: their time is the server's children's.
	say "{\"name\":\"postgres-$1\",\"figures\":{\"per_second\":$rate,\"server_cpu_us\":$(awk -v a="$before" -v b="$(backends_seconds)" -v n="$used" 'BEGIN { printf "%.2f", (b - a) * 1e6 / n }')}}"
}

# Backends that are just ending may be counted nowhere; such a one has no command line any more.
no_backends() {
	local pid
	for pid in $(pgrep -P "$postgres_pid"); do
		grep -qaE 'checkpointer|writer|walwriter|autovacuum|replication' "/proc/$pid/cmdline" || return 1
	done
}

backends_seconds() { tree_seconds "$postgres_pid"; }

# timed NAME SQL ROWS: the median of five runs, result thrown away.
timed() {
	local i ms
	psql -o /dev/null -c "$2"
	for i in 1 2 3 4 5; do
		ms=$(psql -o /dev/null -c '\timing on' -c "$2" | awk '/^Time:/ { print $2 }')
		echo "$ms"
	done | sort -n | awk 'NR == 3' >"$work/median"
	say "{\"name\":\"postgres-$1\",\"figures\":{\"ms\":$(cat "$work/median")}}"
}

psql_timed() { # psql prints the time to the standard output, beside -o
	"$bin/psql" -X -q -A -t -h 127.0.0.1 -p "$pg_port" -U bench postgres "$@"
}

run_postgres() {
	lookups point "SELECT doc FROM docs WHERE key = 'k' || :k;"
	lookups indexed "SELECT doc FROM docs WHERE doc->>'name' = 'Place ' || lpad((:k)::text, 9, '0');"
	timed scan "SELECT doc->>'name', doc->>'visits' FROM docs WHERE (doc->>'score')::int < 100"
	timed collect "SELECT doc->>'city', count(*), avg((doc->>'visits')::float8) FROM docs GROUP BY 1"
	[ -n "${FLIGHTS:-}" ] || return 0
	timed twohop-recursive "SELECT s.id, (WITH RECURSIVE r(v, d) AS (SELECT s.id, 0 UNION SELECT e.doc->>'_to', r.d + 1 FROM r JOIN routes e ON e.doc->>'_from' = r.v WHERE r.d < 2) SELECT count(DISTINCT v) FROM r WHERE d > 0) FROM starts s"
	timed twohop-join "SELECT s.id, (SELECT count(*) FROM (SELECT a.doc->>'_to' FROM routes a WHERE a.doc->>'_from' = s.id UNION SELECT b.doc->>'_to' FROM routes a JOIN routes b ON b.doc->>'_from' = a.doc->>'_to' WHERE a.doc->>'_from' = s.id) t) FROM starts s"
}

load_sqlite() {
	lite=$work/bench.sqlite
	sqlite3 "$lite" <<-SQL
		PRAGMA journal_mode = WAL;
		PRAGMA cache_size = -2000000;
		CREATE TABLE raw (line text);
		.mode ascii
		.separator "\001" "\n"
		.import $work/documents.jsonl raw
		CREATE TABLE docs (key text PRIMARY KEY, doc text) WITHOUT ROWID;
		INSERT INTO docs SELECT json_extract(line, '\$._key'), json_remove(line, '\$._key') FROM raw;
		DELETE FROM raw;
		CREATE INDEX docs_name ON docs (json_extract(doc, '\$.name'));
		CREATE TABLE routes (id integer PRIMARY KEY, doc text);
		CREATE TABLE starts (id text PRIMARY KEY);
	SQL
	if [ -n "${FLIGHTS:-}" ]; then
		sqlite3 "$lite" <<-SQL
			.mode ascii
			.separator "\001" "\n"
			.import $work/routes.jsonl raw
			.import $work/starts.txt starts
			INSERT INTO routes (doc) SELECT line FROM raw;
			CREATE INDEX routes_from ON routes (json_extract(doc, '\$._from'));
		SQL
	fi
	sqlite3 "$lite" 'DROP TABLE raw; ANALYZE;'
}

# lite_timed NAME SQL [RUNS]: the median of five runs within one connection.
lite_timed() {
	local i runs=${3:-5}
	{
		echo '.timer on'
		echo 'PRAGMA cache_size = -2000000;'
		echo '.output /dev/null'
		for i in $(seq 0 "$runs"); do echo "$2;"; done
	} >"$work/lite.sql"
	sqlite3 "$lite" <"$work/lite.sql" 2>&1 | awk '/^Run Time/ { print $4 * 1000 }' | tail -"$runs" | sort -n | awk -v middle=$(((runs + 1) / 2)) 'NR == middle' >"$work/median"
	say "{\"name\":\"sqlite-$1\",\"figures\":{\"ms\":$(cat "$work/median")}}"
}

run_sqlite() {
	lite_timed scan "SELECT json_extract(doc, '\$.name'), json_extract(doc, '\$.visits') FROM docs WHERE json_extract(doc, '\$.score') < 100"
	lite_timed collect "SELECT json_extract(doc, '\$.city'), count(*), avg(json_extract(doc, '\$.visits')) FROM docs GROUP BY 1"
	[ -n "${FLIGHTS:-}" ] || return 0
	lite_timed twohop-recursive "SELECT s.id, (WITH RECURSIVE r(v, d) AS (SELECT +s.id, 0 UNION SELECT json_extract(e.doc, '\$._to'), r.d + 1 FROM r CROSS JOIN routes e ON json_extract(e.doc, '\$._from') = r.v WHERE r.d < 2) SELECT count(DISTINCT v) FROM r WHERE d > 0) FROM starts s" 1
	lite_timed twohop-join "SELECT s.id, (SELECT count(*) FROM (SELECT json_extract(a.doc, '\$._to') FROM routes a WHERE json_extract(a.doc, '\$._from') = +s.id UNION SELECT json_extract(b.doc, '\$._to') FROM routes a CROSS JOIN routes b ON json_extract(b.doc, '\$._from') = json_extract(a.doc, '\$._to') WHERE json_extract(a.doc, '\$._from') = +s.id) t) FROM starts s" 1
}

run_selvedge() {
	[ -n "${BENCH_PEERS_ONLY:-}" ] && return 0
	local out
	out=$("$program" bench queries --data "$work/selvedge" --documents "$documents" --duration "${BENCH_SHORT:-10}s" ${FLIGHTS:+--flights "$FLIGHTS"})
	tee -a "$results" <<<"$out"
	rm -rf "$work/selvedge"
}

# run_http NAME FIELD: lookups through HTTP from wrk, with the server's processor time beside it.
http_lookups() {
	local before used figures
	hit() { wrk -t2 -c8 -d"$1"s -s "$here/query.lua" -H "Authorization: apikey $key" "$location_url/_fabric/_system/_api/cursor" -- "$2" "$documents" | awk '/^figures/ { $1 = ""; print }'; }
	hit 2 "$2" >/dev/null
	before=$(tree_seconds "$location_pid")
	read -ra figures <<<"$(hit "${BENCH_SHORT:-10}" "$2")"
	used=$(difference "$before" "$(tree_seconds "$location_pid")")
	say "{\"name\":\"$1\",\"figures\":{\"per_second\":${figures[1]},\"p50_ms\":${figures[2]},\"p99_ms\":${figures[3]},\"failures\":${figures[4]},\"server_cpu_us\":$(awk -v u="$used" -v n="${figures[0]}" 'BEGIN { printf "%.2f", u * 1e6 / n }')}}"
	[ "${figures[4]}" = 0 ] || { echo "queries over HTTP failed" >&2; exit 1; }
}

start_http() {
	start_location "$work/http" "$(free_port 18600)"
	SELVEDGE_URL=$location_url SELVEDGE_API_KEY=$key "$program" import "$work/documents.jsonl" --to places --quiet >/dev/null
	api POST '/index/persistent?collection=places' '{"fields":["name"]}' >/dev/null
	eventually resting
}

# The store goes on merging tables after a load.
resting() {
	local before
	before=$(tree_seconds "$location_pid")
	sleep 1
	awk -v a="$before" -v b="$(tree_seconds "$location_pid")" 'BEGIN { exit b - a > 0.02 }'
}

run_http() {
	http_lookups query-point-http _key
	http_lookups query-indexed-http name
}

make_data
start_postgres
load_postgres
load_sqlite
[ -n "${BENCH_PEERS_ONLY:-}" ] || start_http
for _ in $(seq "$rounds"); do
	run_selvedge
	[ -n "${BENCH_PEERS_ONLY:-}" ] || run_http
	run_postgres
	run_sqlite
done
