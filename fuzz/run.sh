#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the targets with libFuzzer and runs each for some seconds, seeds and dictionaries included.
#
#   fuzz/run.sh SECONDS [TARGET...]
#
# What is found goes to build/fuzz/found/TARGET; a crash stops the target and is named on standard error. CORPUS=DIR
# keeps the inputs that reach new code in DIR/TARGET, for a longer campaign.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:?usage: fuzz/run.sh SECONDS [TARGET...]}
shift
if ! command -v clang >/dev/null; then
	echo "SKIPPED: clang is not installed"
	exit 0
fi
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz | tail -n 1
build=build/fuzz/fuzz
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(cd "$build" && ls -- *.seeds | sed 's/\.seeds$//')

failed=0
for target in "${targets[@]}"; do
	mapfile -t seeds < <(while read -r folder; do [ ! -d "$folder" ] || echo "$folder"; done <"$build/$target.seeds")
	[ ! -d "fuzz/crashes/$target" ] || seeds+=("fuzz/crashes/$target")
	found=build/fuzz/found/$target
	kept=${CORPUS:+$CORPUS/$target}
	kept=${kept:-$(mktemp -d)}
	mkdir -p "$found" "$kept"
	options=()
	while IFS='= ' read -r name value; do
		case $name in
		dict) options+=("-dict=fuzz/$value") ;;
		max_len | rss_limit_mb | timeout | malloc_limit_mb) options+=("-$name=$value") ;;
		esac
	done <"fuzz/$target.options"
	log=$found/log
	status=0
	"$build/fuzz_$target" -max_total_time="$seconds" -print_final_stats=1 -artifact_prefix="$found/" "${options[@]}" \
		"$kept" "${seeds[@]}" >"$log" 2>&1 || status=$?
	rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
	cover=$(grep -oE 'cov: [0-9]+ ft: [0-9]+' "$log" | tail -n 1 || true)
	printf '%-20s %6s executions/s  %s  %s\n' "$target" "${rate:-?}" "$cover" "$([ "$status" -eq 0 ] && echo ok || echo FAILED)"
	if [ "$status" -ne 0 ]; then
		tail -n 40 "$log" >&2
		failed=1
	fi
	[ -n "${CORPUS:-}" ] || rm -rf "$kept"
done
exit "$failed"
