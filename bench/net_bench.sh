#!/usr/bin/env bash
# CPU per GET of net_bench and of redis-server, side by side, in alternating rounds:
#
#   bench/net_bench.sh [BUILD_DIR] [ROUNDS] [FIRST_PORT]
#
# redis-benchmark is the limit of throughput on a small machine, so the servers' CPU time tells.
set -euo pipefail
build=${1:-build} rounds=${2:-3} port=${3:-21000}
keys=100000 size=32
out=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; rm -rf "$out"' EXIT

redis-server --port "$port" --save '' --appendonly no --dir "$out" --io-threads 1 >/dev/null &
redis=$!
"$build/net_bench" $((port + 1)) $keys $size &
ours=$!
pids=("$redis" "$ours")
for p in "$port" $((port + 1)); do
  until redis-cli -p "$p" ping >/dev/null 2>&1; do :; done
done
# Redis holds the keys that redis-benchmark asks for, too.
seq 0 $((keys - 1)) | awk '{printf "SET key:%012d xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n", $1}' |
  redis-cli -p "$port" --pipe >/dev/null

# Microseconds of CPU per command of process $1 on port $2, with $3 connections, pipelines of $4.
measure() {
  local n=$((($4 == 1) ? 200000 : 4000000))
  local before after
  before=$(awk '{print $14 + $15}' "/proc/$1/stat")
  redis-benchmark -p "$2" -c "$3" -P "$4" -n $n -d $size -r $keys -q GET key:__rand_int__ >/dev/null
  after=$(awk '{print $14 + $15}' "/proc/$1/stat")
  awk -v t=$((after - before)) -v n=$n -v hz="$(getconf CLK_TCK)" 'BEGIN {printf "%.3f\n", t / hz * 1e6 / n}'
}
median() { sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }

printf '%-12s %-9s %10s %10s %7s\n' connections pipeline redis ours ratio
for shape in ${SHAPES:-"1,1" "50,1" "200,1" "1,64" "50,64" "200,64"}; do
  c=${shape%,*} p=${shape#*,}
  : >"$out/r"; : >"$out/o"
  for _ in $(seq "$rounds"); do
    measure "$redis" "$port" "$c" "$p" >>"$out/r"
    measure "$ours" $((port + 1)) "$c" "$p" >>"$out/o"
  done
  r=$(median <"$out/r") o=$(median <"$out/o")
  printf '%-12s %-9s %10s %10s %7s\n' "$c" "$p" "$r" "$o" \
    "$(awk -v a="$o" -v b="$r" 'BEGIN {printf "%.2f", a / b}')"
done
