#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the targets with libFuzzer and runs each for some seconds, seeds and dictionaries included.
#
#   fuzz/run.sh SECONDS [TARGET...]
#
# What is found goes to build/fuzz/found/TARGET; a crash stops the target and is named on standard error. CORPUS=DIR
# keeps the inputs that reach new code in DIR/TARGET, for a longer campaign; JOBS=N runs N targets at a time.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:?usage: fuzz/run.sh SECONDS [TARGET...]}
shift
if ! command -v clang >/dev/null; then
	echo "SKIPPED: clang is not installed"
	exit 0
fi
cmake --preset fuzz >/dev/null
bash .ci/quietly cmake --build --preset fuzz
build=build/fuzz/fuzz
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(cd "$build" && ls -- *.seeds | sed 's/\.seeds$//')

run_target() {
	local target=$1 found=build/fuzz/found/$1 kept seeds options status=0 rate cover name value
	kept=${CORPUS:+$CORPUS/$target}
	kept=${kept:-$(mktemp -d)}
	mkdir -p "$found" "$kept"
	mapfile -t seeds < <(while read -r folder; do [ ! -d "$folder" ] || echo "$folder"; done <"$build/$target.seeds")
	[ ! -d "fuzz/crashes/$target" ] || seeds+=("fuzz/crashes/$target")
	options=()
	while IFS='= ' read -r name value; do
		case $name in
		dict) options+=("-dict=fuzz/$value") ;;
		max_len | rss_limit_mb | timeout | malloc_limit_mb) options+=("-$name=$value") ;;
		esac
	done <"fuzz/$target.options"
	"$build/fuzz_$target" -max_total_time="$seconds" -print_final_stats=1 -artifact_prefix="$found/" "${options[@]}" \
		"$kept" "${seeds[@]}" >"$found/log" 2>&1 || status=$?
	rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$found/log")
	cover=$(grep -oE 'cov: [0-9]+ ft: [0-9]+' "$found/log" | tail -n 1 || true)
	printf '%-20s %6s executions/s  %s  %s\n' "$target" "${rate:-?}" "$cover" "$([ "$status" -eq 0 ] && echo ok || echo FAILED)"
	[ "$status" -eq 0 ] || tail -n 40 "$found/log" >&2
	[ -n "${CORPUS:-}" ] || rm -rf "$kept"
	return "$status"
}
export -f run_target
export seconds build
# A failure of any is xargs' own.
printf '%s\n' "${targets[@]}" | xargs -P "${JOBS:-$(nproc)}" -I{} bash -c 'run_target {}'
