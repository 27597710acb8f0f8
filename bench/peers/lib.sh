# Shared by the comparisons; sourced, not run.
set -euo pipefail

program=${PROGRAM:?path of the selvedge binary}
results=${RESULTS:?file that takes a line of JSON per run}
seconds=${BENCH_SECONDS:-30}
warmup=${BENCH_WARMUP:-10}
writers=${BENCH_WRITERS:-64}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
key=demo.root.secret

# Everything lies in one folder on one file system, which must be a disk.
work=$(mktemp -d -p "${BENCH_DIR:-/var/tmp}" selvedge-bench-XXXXXX)
chmod 755 "$work"
disk=$(stat -f -c %T "$work")
if [ "$disk" = tmpfs ]; then
	echo "$work is in memory: set BENCH_DIR to a folder on a disk" >&2
	exit 1
fi

stopped=()
finish() {
	local pid
	for pid in "${stopped[@]:-}"; do
		[ -n "$pid" ] && kill -TERM "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true
	done
	rm -rf "$work"
}
trap finish EXIT

say() { tee -a "$results" <<<"$1"; }

# tree_seconds PID: processor seconds of a process, its children, and those of them that have ended.
tree_seconds() {
	local pid stat total=0 fields
	for pid in "$1" $(pgrep -P "$1" || true); do
		stat=$(cat "/proc/$pid/stat" 2>/dev/null) || continue
		read -ra fields <<<"${stat##*) }"
		total=$((total + fields[11] + fields[12]))
		[ "$pid" = "$1" ] && total=$((total + fields[13] + fields[14]))
	done
	awk -v t="$total" -v hz="$(getconf CLK_TCK)" 'BEGIN { printf "%.2f", t / hz }'
}

difference() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", b - a }'; }

# free_port N: a port that nobody listens on, from N on.
free_port() {
	local port=$1
	while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
	echo "$port"
}

# eventually COMMAND...: until it succeeds, for a minute at most.
eventually() {
	local i
	for i in $(seq 600); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.1
	done
	echo "gave up on: $*" >&2
	return 1
}

# end_hard PID: as a crash would.
end_hard() {
	kill -KILL "$1" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
	# Children of the process may outlive it for a moment.
	sleep 0.5
}

# start_location FOLDER PORT: sets location_pid and location_url.
start_location() {
	cat >"$1.yaml" <<YAML
location:
  name: fra
data: $1
root-key: $key
root-password: bench
http:
  listen: 127.0.0.1:$2
mesh:
  listen: 127.0.0.1:$(($2 + 100))
  key: bench-mesh-key-of-32-characters-or-so
  create: true
log:
  level: warn
YAML
	"$program" serve --config "$1.yaml" >/dev/null &
	location_pid=$!
	location_url=http://127.0.0.1:$2
	stopped+=("$location_pid")
	eventually curl -fsS "$location_url/_api/health/ready"
}

# api METHOD PATH [BODY]
api() {
	curl -fsS -X "$1" -H "Authorization: apikey $key" -H 'Selvedge-Deadline: 10m' "$location_url/_fabric/_system/_api$2" ${3:+-d "$3"}
}
