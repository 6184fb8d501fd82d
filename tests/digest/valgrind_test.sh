#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The digest tests under valgrind, with fewer lengths: no kernel reads what it was not given, or goes by bytes that
# nobody wrote. Kernels whose instructions valgrind doesn't know are not run: the processor that it shows lacks them.
set -u
if ! command -v valgrind > /dev/null; then
	echo "skipped: valgrind is not installed"
	exit 77
fi
export CK_FORK=no TALLY_DIGEST_FEW=1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0
for program; do
	# valgrind gives up on debugging information that is newer than it.
	plain=$folder/$(basename "$program")
	strip --strip-debug -o "$plain" "$program"
	valgrind -q --error-exitcode=9 "$plain" || failed=1
done
exit "$failed"
