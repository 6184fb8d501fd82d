#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The house's order: which room may know which, a licence line in every source, and what stands at the top level.
set -u
cd "$TALLY_SOURCE_DIR" || exit 99
failed=0
complain() {
	echo "$1"
	failed=1
}

# Rooms that each room may include; base comes with every one of them.
declare -A may=(
	[base]=""
	[io]=""
	[xml]="io"
	[catalog]="io xml"
	[format]="io xml catalog"
	[digest]=""
	[drive]="io"
	[verify]="io xml catalog format digest drive"
	[report]="io xml catalog format digest drive verify"
	[cli]="io xml catalog format digest drive verify report"
)
rooms=0
for room in "${!may[@]}"; do
	[ -d "src/$room" ] || complain "src/$room is missing"
	rooms=$((rooms + 1))
	while IFS=: read -r file line included; do
		case " $room base ${may[$room]} " in
		*" $included "*) ;;
		*) complain "$file:$line: $room must not include $included" ;;
		esac
	done < <(grep -rnoP '^#\s*include "\K[a-z]+(?=/)' "src/$room" | sed 's/"$//')
done
[ "$rooms" -eq 10 ] || complain "the table of rooms is incomplete"
for folder in src/*/; do
	room=$(basename "$folder")
	[ "$room" = cmake ] || [ -n "${may[$room]+known}" ] || complain "src/$room is a room that the table does not know"
done

files=0
while read -r file; do
	files=$((files + 1))
	head -n 3 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' || complain "$file has no SPDX line"
done < <(find src include tests fuzz .ci \( -name '*.[ch]' -o -name '*.def' -o -name '*.sh' -o -name '*.py' -o -name CMakeLists.txt -o -name '*.cmake' -o -path '.ci/*' \) -type f)
[ "$files" -gt 50 ] || complain "only $files sources found: the search is broken"

stages=0
while read -r stage; do
	stages=$((stages + 1))
	grep -qF "\"$stage\"" include/tallyman.h || complain "tallyman.h doesn't name the stage \"$stage\""
done < <(grep -rhoP '(\bstage(\[\])? = |tally_job_progress\(m, )"\K[^"]+' src/verify)
[ "$stages" -ge 13 ] || complain "only $stages stages found: the search is broken"

for entry in *; do
	case $entry in
	CMakeLists.txt | CMakePresets.json | LICENSE | README.md | corpus | fuzz | include | src | tests | build*) ;;
	*) complain "$entry does not belong to the top level" ;;
	esac
done
exit "$failed"
