#!/usr/bin/env bash
# Durable sets of 100-byte values under keys of a million: Selvedge in process, Redis with appendfsync always, and again.
# usage: PROGRAM=bin/selvedge RESULTS=results.jsonl redis.sh [ROUNDS]
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
rounds=${1:-3}
port=$(free_port 16379)

start_redis() {
	redis-server --port "$port" --bind 127.0.0.1 --dir "$work/redis" --appendonly yes --appendfsync always --save '' --daemonize no >"$work/redis.log" 2>&1 &
	redis_pid=$!
	stopped+=("$redis_pid")
	eventually loaded
}
loaded() { [ "$(redis-cli -p "$port" ping)" = PONG ]; }

# measure N: the rate that redis-benchmark tells.
measure() { redis-benchmark -p "$port" -c "$writers" -n "$1" -r 1000000 -d 100 -t set --csv | awk -F'"' '/^"SET"/ { print $4, $10, $14 }'; }

run_redis() {
	local warm before used figures held counted
	mkdir -p "$work/redis"
	start_redis
	warm=$(measure 200000 | cut -d' ' -f1)
	before=$(tree_seconds "$redis_pid")
	read -ra figures <<<"$(measure "$(awk -v r="$warm" -v s="$seconds" 'BEGIN { printf "%d", r * s }')")"
	used=$(difference "$before" "$(tree_seconds "$redis_pid")")
	held=$(redis-cli -p "$port" dbsize)
	end_hard "$redis_pid"
	start_redis
	counted=$(redis-cli -p "$port" dbsize)
	end_hard "$redis_pid"
	rm -rf "$work/redis"
	say "{\"name\":\"redis-set\",\"figures\":{\"per_second\":${figures[0]},\"p50_ms\":${figures[1]},\"p99_ms\":${figures[2]},\"server_cpu_seconds\":$used,\"acknowledged\":$held,\"counted\":$counted},\"notes\":{\"durability\":\"appendonly yes, appendfsync always\",\"file_system\":\"$disk\"}}"
	[ "$counted" -eq "$held" ] || { echo "Redis lost writes" >&2; exit 1; }
}

run_in_process() {
	local out counted
	out=$("$program" bench kv-set --kill --data "$work/in-process" --writers "$writers" --duration "${seconds}s" --warmup "${warmup}s" || true)
	say "$out"
	counted=$("$program" bench count --data "$work/in-process")
	[ "$(grep -o '"counted":[0-9.e+]*' <<<"$out" | cut -d: -f2)" = "$(grep -o '"pairs":[0-9.e+]*' <<<"$counted" | cut -d: -f2)" ] ||
		{ echo "acknowledged and counted differ: $out $counted" >&2; exit 1; }
	rm -rf "$work/in-process"
}

for _ in $(seq "$rounds"); do
	run_in_process
	run_redis
done
