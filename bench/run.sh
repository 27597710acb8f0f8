#!/usr/bin/env bash
# Takes every figure of docs/benchmarks.md and writes its tables; about half an hour on a machine that does
# nothing else. usage: bench/run.sh [RESULTS]
#
# BENCH_SECONDS, BENCH_WARMUP, BENCH_ROUNDS: length and number of the runs compared with other databases (30, 10, 3).
# BENCH_SHORT: length of the other runs (10). BENCH_DOCUMENTS: documents of the snapshot (1000000).
# FLIGHTS: a folder with airports.dat and routes.dat of OpenFlights; without it questions about them are left out.
# BENCH_DIR: a folder on a disk. BENCH_ONLY: only the parts that match this pattern, added to the results that are there.
set -euo pipefail
cd "$(dirname "$0")/.."
export PROGRAM=$PWD/bin/selvedge RESULTS=${1:-$PWD/bin/bench-results.jsonl}
short=${BENCH_SHORT:-10} rounds=${BENCH_ROUNDS:-3} only=${BENCH_ONLY:-.}
root=$PWD
go=${GO:-go}
"$go" build -trimpath -ldflags '-s -w' -o "$PROGRAM" ./cmd/selvedge
[ "$only" = . ] && : >"$RESULTS"
touch "$RESULTS"

run() { # NAME COMMAND...
	local name=$1
	shift
	[[ $name =~ $only ]] || return 0
	echo "== $name" >&2
	"$@" | tee -a "$RESULTS"
}

# Other databases' scripts write to the results themselves.
peer() {
	[[ $1 =~ $only ]] || return 0
	echo "== $1" >&2
	if ! command -v "$3" >/dev/null && [ ! -x "$3" ]; then
		echo "left out: $3 is not installed" >&2
		return 0
	fi
	"bench/peers/$2" "$rounds"
}

version() {
	local text
	command -v "$1" >/dev/null || [ -x "$1" ] || { echo absent; return; }
	text=$("$@" 2>&1 || true)
	head -1 <<<"$text" | tr -d '"\\'
}

machine() {
	local disk=${BENCH_DIR:-/var/tmp}
	printf '{"name":"machine","notes":{"date":"%s","processor":"%s, %s cores","memory":"%s GiB","kernel":"%s","disk":"%s on %s","go":"%s","PostgreSQL":"%s","Redis":"%s","wrk":"%s","Selvedge":"%s","load before":"%s"}}\n' \
		"$(date -u +%F)" "$(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo)" "$(nproc)" \
		"$(awk '/MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo)" "$(uname -r)" \
		"$(stat -f -c %T "$disk")" "$(df --output=source "$disk" | tail -1)" "$("$go" env GOVERSION)" \
		"$(version "${POSTGRES_BIN:-/usr/lib/postgresql/15/bin}/postgres" --version)" "$(version redis-server --version | cut -d' ' -f1-3)" \
		"$(version wrk -v | cut -d' ' -f1-2)" "$(git describe --tags --always --dirty 2>/dev/null || echo unknown)" "$(cut -d' ' -f1-3 /proc/loadavg)"
}

sequencer() {
	"$go" test -run '^$' -bench 'Sequence$' -benchmem -benchtime 1s -count 5 ./fabric/sequencer | tee bin/bench-sequencer.txt |
		awk '/^BenchmarkSequence/ { printf "{\"name\":\"sequencer\",\"figures\":{\"us_per_commit\":%.3f,\"allocs_per_commit\":%d}}\n", $3 / 1000, $7 }'
}

series() {
	"$go" test -count=1 -v -run 'BlocksAreSmall$' ./series |
		awk '/bytes a point/ { n = $0; sub(/ bytes a point.*/, "", n); sub(/.*: /, "", n); if (/machine/) m = n; if (/counter/) c = n; if (/gauge/) g = n }
			END { printf "{\"name\":\"series\",\"figures\":{\"machine_bytes\":%s,\"counter_bytes\":%s,\"gauge_bytes\":%s}}\n", m, c, g }'
}

# How heavy and how fast the console is in a browser.
console() {
	if ! command -v node >/dev/null; then
		echo "left out: node is not installed" >&2
		return 0
	fi
	local file
	file=$(mktemp)
	(cd apptest/console && npm ci --no-audit --no-fund --silent && SELVEDGE_BINARY=$PROGRAM FIGURES=$file node run.mjs speed) >&2
	git ls-files console/index.html console/style.css console/app console/pages console/vendor | grep -vE 'package|build\.mjs' | while read -r name; do
		gzip -9c "$name" | wc -c
	done | awk '{ n += $1 } END { printf "{\"name\":\"console-files\",\"figures\":{\"compressed_mib\":%.3f}}\n", n / 1048576 }'
	node -e '
		for (const line of require("fs").readFileSync(process.argv[1], "utf8").trim().split("\n")) {
			const { what, ...figures } = JSON.parse(line)
			const name = what.startsWith("first view") ? "console-first-view" : "console-planet-" + what.match(/(\d+) locations/)[1]
			console.log(JSON.stringify({ name, figures }))
		}' "$file"
	rm -f "$file"
}

# Temporary data folders of the workloads come to lie here.
folder=$(mktemp -d -p "${BENCH_DIR:-/var/tmp}" selvedge-bench-XXXXXX)
trap 'rm -rf "$folder"' EXIT
bench() { (cd "$folder" && "$PROGRAM" bench "$@" --duration "${short}s"); }

machine | tee -a "$RESULTS"
run sequencer sequencer
run series series
run points bench points
run rollups bench rollups
run footprint bench footprint --warmup 2s
run wire bench wire
run read bench read --documents 100000 --writers 16
run read-http bench read-http --documents 100000 --rate 2000
run visibility bench visibility --wan real --rate 1000
run replicate bench replicate --rate 4000
run bootstrap bench bootstrap --documents "${BENCH_DOCUMENTS:-1000000}" --rate 500
peer insert postgres.sh "${POSTGRES_BIN:-/usr/lib/postgresql/15/bin}/postgres"
peer set redis.sh redis-server
peer query queries.sh "${POSTGRES_BIN:-/usr/lib/postgresql/15/bin}/postgres"
run console console
cd "$root"
"$PROGRAM" bench report "$RESULTS" docs/benchmarks.md
