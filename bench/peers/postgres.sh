#!/usr/bin/env bash
# Durable inserts of 600-byte documents with one index: Selvedge in process, Selvedge over HTTP, PostgreSQL, and again.
# usage: PROGRAM=bin/selvedge RESULTS=results.jsonl postgres.sh [ROUNDS]
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
rounds=${1:-3}
bin=${POSTGRES_BIN:-/usr/lib/postgresql/15/bin}
as=()
[ "$(id -u)" -eq 0 ] && as=(runuser -u postgres --)

start_postgres() {
	"${as[@]}" "$bin/postgres" -D "$pg" >"$work/postgres.log" 2>&1 &
	eventually "$bin/pg_isready" -q -h 127.0.0.1 -p "$pg_port"
	# With runuser between, the server is the child.
	postgres_pid=$(head -1 "$pg/postmaster.pid")
	stopped+=("$postgres_pid")
}

psql() { "$bin/psql" -X -q -A -t -h 127.0.0.1 -p "$pg_port" -U bench postgres "$@"; }

pg=$work/postgres
pg_port=$(free_port 15432)
mkdir "$pg"
[ "${#as[@]}" -gt 0 ] && chown postgres "$pg"
"${as[@]}" "$bin/initdb" -D "$pg" -U bench --auth=trust --encoding=UTF8 --no-locale >/dev/null
cat >>"$pg/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
port = $pg_port
unix_socket_directories = ''
max_connections = 200
shared_buffers = 512MB
max_wal_size = 4GB
CONF
start_postgres
psql -c 'CREATE TABLE places (id bigserial PRIMARY KEY, doc jsonb NOT NULL)' -c "CREATE INDEX city ON places ((doc->>'city'))"
settings=$(psql -c "SELECT string_agg(name || '=' || setting, ' ' ORDER BY name) FROM pg_settings WHERE name IN ('fsync','synchronous_commit','full_page_writes','wal_sync_method','shared_buffers','max_wal_size')")

run_postgres() {
	local before load rate done_n counted
	psql -c 'TRUNCATE places' -c CHECKPOINT
	run_pgbench() { "$bin/pgbench" -h 127.0.0.1 -p "$pg_port" -U bench -n -M prepared -c "$writers" -j 2 -T "$1" -f "$here/insert.sql" postgres 2>/dev/null; }
	load=$(run_pgbench "$warmup" | awk '/actually processed/ { print $NF }')
	before=$(tree_seconds "$postgres_pid")
	run_pgbench "$seconds" >"$work/pgbench.txt"
	local used
	used=$(difference "$before" "$(tree_seconds "$postgres_pid")")
	done_n=$(awk '/actually processed/ { print $NF }' "$work/pgbench.txt")
	rate=$(awk '/^tps/ { print $3 }' "$work/pgbench.txt")
	end_hard "$postgres_pid"
	rm -f "$pg/postmaster.pid"
	start_postgres
	counted=$(psql -c 'SELECT count(*) FROM places')
	say "{\"name\":\"postgres-insert\",\"figures\":{\"per_second\":$rate,\"server_cpu_seconds\":$used,\"acknowledged\":$((load + done_n)),\"counted\":$counted},\"notes\":{\"durability\":\"$settings\",\"file_system\":\"$disk\"}}"
	[ "$counted" -ge $((load + done_n)) ] || { echo "PostgreSQL lost writes" >&2; exit 1; }
}

run_in_process() {
	local out counted
	out=$("$program" bench insert --kill --data "$work/in-process" --writers "$writers" --duration "${seconds}s" --warmup "${warmup}s" || true)
	say "$out"
	counted=$("$program" bench count --data "$work/in-process")
	[ "$(grep -o '"acknowledged":[0-9.e+]*' <<<"$out" | cut -d: -f2)" = "$(grep -o '"places":[0-9.e+]*' <<<"$counted" | cut -d: -f2)" ] ||
		{ echo "acknowledged and counted differ: $out $counted" >&2; exit 1; }
	rm -rf "$work/in-process"
}

run_http() {
	local before used figures warm counted
	start_location "$work/http" "$(free_port 18600)"
	api POST /collection '{"name":"places"}' >/dev/null
	api POST '/index/persistent?collection=places' '{"fields":["city"]}' >/dev/null
	hit() { wrk -t2 -c"$writers" -d"$1"s -s "$here/insert.lua" -H "Authorization: apikey $key" "$location_url/_fabric/_system/_api/document/places" | awk '/^figures/ { $1 = ""; print }'; }
	read -ra warm <<<"$(hit "$warmup")"
	before=$(tree_seconds "$location_pid")
	read -ra figures <<<"$(hit "$seconds")"
	used=$(difference "$before" "$(tree_seconds "$location_pid")")
	end_hard "$location_pid"
	start_location "$work/http" "$(free_port 18600)"
	counted=$(api GET /collection/places/count | grep -o '"count":[0-9]*' | cut -d: -f2)
	end_hard "$location_pid"
	rm -rf "$work/http"
	say "{\"name\":\"insert-http\",\"figures\":{\"per_second\":${figures[1]},\"p50_ms\":${figures[2]},\"p99_ms\":${figures[3]},\"failures\":${figures[4]},\"server_cpu_seconds\":$used,\"acknowledged\":$((warm[0] + figures[0])),\"counted\":$counted},\"notes\":{\"durability\":\"each acknowledged write was fsynced before\",\"file_system\":\"$disk\"}}"
	[ "$counted" -ge $((warm[0] + figures[0])) ] || { echo "Selvedge lost writes" >&2; exit 1; }
}

for _ in $(seq "$rounds"); do
	run_in_process
	run_http
	run_postgres
done
