#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# How fast tallyman is, side by side with what else there is, in one run:
#
#   bench.sh [-b BUILD] [-d FOLDER] [-n ROUNDS] [-g GIB] [-f FILES] [-m BLOBS] [SECTION...]
#
#   BUILD   where tallyman was built with -DTALLYMAN_BUILD_BENCH=ON (build/bench; built when it isn't there)
#   FOLDER  for the data, kept for the next run ($TMPDIR/tallyman-bench): GIB twice and FILES of 16 KiB, and for
#           `archive` about as much again
#   SECTION kernels blocks file small cold lint stages archive; all of them when none is named
#
# All contenders take turns within each round, so that a machine that is busy with other things slows down all of them;
# a ratio is the median of the rounds' ratios. Without -2 in its name a contender runs on one processor, tallyman's
# thread that reads the manifest included.
set -euo pipefail
source_dir=$(cd "$(dirname "$0")/../.." && pwd)
build=$source_dir/build/bench folder=${TMPDIR:-/tmp}/tallyman-bench rounds=5 gib=4 files=100000 blobs=500000
while getopts b:d:n:g:f:m: option; do
	case $option in
	b) build=$OPTARG ;;
	d) folder=$OPTARG ;;
	n) rounds=$OPTARG ;;
	g) gib=$OPTARG ;;
	f) files=$OPTARG ;;
	m) blobs=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
sections=" ${*:-kernels blocks file small cold lint stages archive} "
wanted() { [[ $sections == *" $1 "* ]]; }
have() { command -v "$1" >/dev/null; }
die() {
	echo "bench.sh: $*" >&2
	exit 1
}

if [ ! -x "$build/src/cli/tallyman" ] || [ ! -x "$build/tests/bench/reading_bench" ]; then
	cmake -S "$source_dir" -B "$build" -DCMAKE_BUILD_TYPE=Release -DTALLYMAN_BUILD_BENCH=ON >&2
	cmake --build "$build" --target tallyman_command digest_bench reading_bench make_drive >&2
fi
tallyman=$build/src/cli/tallyman reading=$build/tests/bench/reading_bench
mkdir -p "$folder"
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

# ---- data ----

make_drive() { # NAME FILES BYTES
	local drive=$folder/$1-$2-$3
	if [ ! -e "$drive.list" ]; then
		rm -rf "$drive"
		"$reading" make "$drive" "$drive.jrn" "$2" "$3"
		find "$drive/data" -type f -print0 | sort -z >"$drive.list"
	fi
	echo "$drive"
}

# A drive packed into an archive; by a filter, when there is one.
make_archive() { # NAME FILES BYTES [FILTER]
	local drive archive
	drive=$(make_drive "$1" "$2" "$3")
	archive=$drive.tar${4:+.$4}
	if [ ! -e "$archive" ]; then
		ln -f "$drive.jrn" "$archive.jrn"
		tar -C "$drive" --sort=name ${4:+--$4} -cf "$archive.part" .
		mv "$archive.part" "$archive"
	fi
	cat "$archive" >/dev/null
	echo "$archive"
}

cache() { xargs -0 cat <"$1.list" >/dev/null; }
# Takes a drive's files out of the page cache; needs no right but to read them.
drop() {
	sync
	while IFS= read -r -d '' file; do dd if="$file" iflag=nocache count=0 status=none; done <"$1.list"
}

# ---- contenders: each reads all of a drive ----

tallyman_1() { taskset -c "$cpu" "$tallyman" check -q -j 1 --journal "$1.jrn" "$1"; }
tallyman_2() { "$tallyman" check -q -j 2 --journal "$1.jrn" "$1"; }
direct_1() { taskset -c "$cpu" "$tallyman" check -q -j 1 --direct --journal "$1.jrn" "$1"; }
md5sum_1() { taskset -c "$cpu" xargs -0 md5sum <"$1.list"; }
md5sum_2() { xargs -0 -P 2 -n 64 md5sum <"$1.list"; }
openssl_1() { taskset -c "$cpu" xargs -0 openssl dgst -md5 <"$1.list"; }
rhash_1() { taskset -c "$cpu" xargs -0 rhash --md5 <"$1.list"; }
hashdeep_1() { taskset -c "$cpu" xargs -0 hashdeep -c md5 -j 0 <"$1.list"; }
hashdeep_blocks_1() { taskset -c "$cpu" xargs -0 hashdeep -c md5 -p 4m -j 0 <"$1.list"; }
cat_1() { taskset -c "$cpu" xargs -0 cat <"$1.list"; }
map_1() { taskset -c "$cpu" "$reading" map <"$1.list"; }
read_1() { taskset -c "$cpu" "$reading" read <"$1.list"; }
lint_1() { taskset -c "$cpu" "$tallyman" lint -q "$1"; }
xmllint_1() { taskset -c "$cpu" xmllint --huge --noout --stream "$1"; }
catfile_1() { taskset -c "$cpu" cat "$1"; }
# What comes before hashing. Through a pipe: tar reads nothing of what it would write to /dev/null.
unpack_1() { taskset -c "$cpu" tar -xOf "$1" | cat; }
tar_md5sum_2() { tar -xOf "$1" | md5sum; }
cpu=$(taskset -pc $$ | sed 's/.*: //; s/[-,].*//')

# Seconds of wall clock and of processor of one run.
TIMEFORMAT='%R %U %S'
run() { # CONTENDER ARGUMENT
	{ time "$1" "$2" >/dev/null 2>&1; } 2>&1 | tail -n 1 | awk '{print $1, $2 + $3}'
}

# The first contender is what the others are compared with.
measure() { # TITLE BYTES ARGUMENT PREPARATION CONTENDER...
	local title=$1 bytes=$2 argument=$3 preparation=$4
	shift 4
	local contender round
	rm -f "$results"/*
	for ((round = 0; round < rounds; round++)); do
		for contender; do
			"$preparation" "$argument"
			run "$contender" "$argument" >>"$results/$contender"
		done
	done
	printf '\n%s\n%-20s %9s %9s %9s %7s %7s\n' "$title" "" "median s" "best s" "GB/s" "x wall" "x cpu"
	for contender; do
		paste -d' ' "$results/$1" "$results/$contender" | awk -v name="$contender" -v bytes="$bytes" '
			function median(values, n,   i, j, held) {
				for (i = 2; i <= n; i++) {
					held = values[i]
					for (j = i - 1; j >= 1 && values[j] > held; j--) values[j + 1] = values[j]
					values[j + 1] = held
				}
				return values[int((n + 1) / 2)]
			}
			{ wall[NR] = $3; ratio[NR] = $1 / ($3 > 0 ? $3 : 0.001); cpu[NR] = $2 / ($4 > 0 ? $4 : 0.001)
			  if (NR == 1 || $3 < best) best = $3 }
			END { middle = median(wall, NR)
			  printf "%-20s %9.3f %9.3f %9.2f %7.2f %7.2f\n", name, middle, best, bytes / middle / 1e9,
			         median(ratio, NR), median(cpu, NR) }'
	done
}
nothing() { :; }
only_there() { # prints the contenders whose tool is installed
	local contender
	for contender; do
		have "${contender%%_*}" && echo "$contender" || echo "(${contender%%_*} is not installed)" >&2
	done
}

# ---- first of all: is it right? ----

put_byte() { # VALUE FILE
	printf '%b' "\\0$(printf %03o "$1")" | dd of="$2" bs=1 seek=5000 conv=notrunc status=none
}
check_right() { # DRIVE
	"$tallyman" check -q --journal "$1.jrn" "$1" >"$results/report" || die "tallyman finds faults on $1: $(head -5 "$results/report")"
	local victim
	victim=$(head -z -n 1 "$1.list" | tr -d '\0')
	local before status=0
	before=$(dd if="$victim" bs=1 skip=5000 count=1 status=none | od -An -tu1)
	put_byte $((before ^ 1)) "$victim"
	"$tallyman" check -q --journal "$1.jrn" "$1" >/dev/null || status=$?
	put_byte "$before" "$victim"
	[ "$status" = 1 ] || die "tallyman does not see a flipped bit on $1"
}

uname -srm
grep -m 1 'model name' /proc/cpuinfo || true
echo "$rounds rounds; processors: $(nproc)"
bytes=$((gib << 30))
peers=$(only_there openssl_1 rhash_1 hashdeep_1)
blockwise=$(only_there hashdeep_blocks_1)

if wanted kernels; then
	taskset -c "$cpu" "$build/tests/bench/digest_bench" "$rounds"
fi
if wanted blocks; then
	drive=$(make_drive blocks $((gib * 256)) 4194304)
	check_right "$drive"
	cache "$drive"
	# shellcheck disable=SC2086
	measure "$gib GiB in files of 4 MiB, from the page cache" "$bytes" "$drive" nothing \
		md5sum_1 tallyman_1 tallyman_2 md5sum_2 $peers cat_1 map_1 read_1
fi
if wanted file || wanted cold; then
	file=$(make_drive file 1 "$bytes")
	check_right "$file"
fi
if wanted file; then
	cache "$file"
	# shellcheck disable=SC2086
	measure "one file of $gib GiB in blocks of 4 MiB, from the page cache" "$bytes" "$file" nothing \
		md5sum_1 tallyman_1 tallyman_2 $peers $blockwise cat_1 map_1 read_1
fi
if wanted small || wanted stages || wanted cold; then
	small=$(make_drive small "$files" 16384)
	check_right "$small"
	cache "$small"
fi
if wanted small; then
	# shellcheck disable=SC2086
	measure "$files files of 16 KiB, from the page cache" $((files * 16384)) "$small" nothing \
		md5sum_1 tallyman_1 tallyman_2 md5sum_2 $peers cat_1 read_1
fi
if wanted stages; then
	echo
	taskset -c "$cpu" "$reading" stages "$small"
fi
if wanted cold; then
	measure "one file of $gib GiB, not in the page cache" "$bytes" "$file" drop cat_1 tallyman_1 tallyman_2 read_1 md5sum_1
	measure "$files files of 16 KiB, not in the page cache" $((files * 16384)) "$small" drop \
		cat_1 tallyman_1 tallyman_2 direct_1 read_1 md5sum_1
fi
if wanted lint; then
	manifest=$folder/manifest-$blobs/DriveManifest.xml
	[ -e "$manifest" ] || "$build/tests/maker/make_drive" manifest "$folder/manifest-$blobs" "$blobs" 1
	"$tallyman" lint -q "$manifest" >/dev/null || die "tallyman finds faults in $manifest"
	if have xmllint; then against=xmllint_1; else against=lint_1; fi
	measure "a manifest of $blobs blobs" "$(stat -c %s "$manifest")" "$manifest" nothing $against lint_1
fi
if wanted archive; then
	for kind in "blocks $((gib * 256)) 4194304" "small $((files / 2)) 16384" "blocks $((gib * 64)) 4194304 gzip" \
		"blocks $((gib * 64)) 4194304 zstd"; do
		# shellcheck disable=SC2086
		set -- $kind
		if [ -n "${4-}" ] && ! have "$4"; then
			echo "($4 is not installed)" >&2
			continue
		fi
		archive=$(make_archive "$@")
		"$tallyman" check -q --journal "$archive.jrn" "$archive" >"$results/report" ||
			die "tallyman finds faults in $archive: $(head -5 "$results/report")"
		measure "a tar of $2 files of $3 bytes${4:+, packed by $4}, from the page cache" $(($2 * $3)) "$archive" nothing \
			tar_md5sum_2 tallyman_1 tallyman_2 unpack_1 catfile_1
	done
fi
