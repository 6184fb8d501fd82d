#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs into a folder of its own, uses what is there as a stranger would, and takes it away again.
set -euo pipefail

work=$(mktemp -d "${TMPDIR:-/tmp}/tallyman-install-XXXXXX")
manifest=$TALLY_BUILD_DIR/install_manifest.txt
# Someone may have installed from this build folder and still want to uninstall.
[ ! -e "$manifest" ] || mv "$manifest" "$work/manifest"
clean_up() {
	rm -f "$manifest"
	[ ! -e "$work/manifest" ] || mv "$work/manifest" "$manifest"
	rm -rf "$work"
}
trap clean_up EXIT
fail() {
	echo "failed: $1" >&2
	exit 1
}

prefix=$work/prefix
lib=$prefix/$TALLY_LIBDIR
cmake --install "$TALLY_BUILD_DIR" --prefix "$prefix" >"$work/log" || fail "cmake --install"
for file in bin/tallyman include/tallyman.h "$TALLY_LIBDIR/libtallyman.so" "$TALLY_LIBDIR/libtallyman.a" \
	"$TALLY_LIBDIR/pkgconfig/tallyman.pc" "$TALLY_LIBDIR/cmake/tallyman/tallyman-config.cmake" \
	share/man/man1/tallyman.1 share/bash-completion/completions/tallyman share/tallyman/report.schema.json; do
	[ -s "$prefix/$file" ] || fail "$file is not installed"
done
[ "$(ls "$prefix/include")" = tallyman.h ] || fail "more than one header is installed"
if grep -rlI "$TALLY_BUILD_DIR\|$TALLY_SOURCE_DIR" "$prefix"; then
	fail "these files name the folder that they were built in"
fi

# What the library exports is a promise; a change shows here.
nm -D --defined-only "$lib/libtallyman.so" | awk '{ print $3 }' | LC_ALL=C sort >"$work/symbols"
diff -u "$TALLY_SOURCE_DIR/tests/cli/exported-symbols.txt" "$work/symbols" || fail "other symbols are exported"
# The header declares exactly these.
grep -oE '\btally_[a-z_]+\(' "$prefix/include/tallyman.h" | tr -d '(' | LC_ALL=C sort -u >"$work/declared"
while read -r symbol; do
	grep -qx "$symbol" "$work/declared" || fail "$symbol is exported but not declared"
done <"$work/symbols"

# The installed tree works also where it was not installed to.
moved=$work/moved
mv "$prefix" "$moved"
lib=$moved/$TALLY_LIBDIR
cat >"$work/consumer.c" <<'END'
#include <tallyman.h>
#include <stdio.h>
int main(void) { return tally_rule_count() > 0 && puts(tally_version()) >= 0 ? 0 : 1; }
END
# The next minor version may be another interface, as long as the major one is 0.
number() { sed -n "s/^#define TALLY_VERSION_$1 //p" "$moved/include/tallyman.h"; }
cat >"$work/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.22)
project(consumer C)
find_package(tallyman $(number MAJOR).$(number MINOR) REQUIRED COMPONENTS shared static)
add_executable(shared consumer.c)
target_link_libraries(shared PRIVATE tallyman::tallyman)
add_executable(static consumer.c)
target_link_libraries(static PRIVATE tallyman::tallyman_static)
END
version="tallyman $(number MAJOR).$(number MINOR).$(number PATCH)"
[ "$("$moved/bin/tallyman" --version)" = "$version" ] || fail "the command is not $version"
expect_version() { # program, environment…
	local said
	said=$(env "${@:2}" "$1") || fail "$1 does not run"
	[ "tallyman $said" = "$version" ] || fail "$1 says $said"
}
if ! { cmake -S "$work" -B "$work/build" -DCMAKE_PREFIX_PATH="$moved" -DCMAKE_C_COMPILER="$CC" &&
	cmake --build "$work/build"; } >"$work/log" 2>&1; then
	cat "$work/log"
	fail "find_package"
fi
expect_version "$work/build/shared"
expect_version "$work/build/static"
if ldd "$work/build/static" | grep libtallyman; then fail "the static consumer needs the shared library"; fi
sed -i 's/0\.1 REQUIRED/9.9 REQUIRED/' "$work/CMakeLists.txt"
if cmake -S "$work" -B "$work/build2" -DCMAKE_PREFIX_PATH="$moved" -DCMAKE_C_COMPILER="$CC" >"$work/log" 2>&1; then
	fail "find_package takes any version"
fi

export PKG_CONFIG_PATH=$lib/pkgconfig
# shellcheck disable=SC2046 # lists of words
"$CC" "$work/consumer.c" $(pkg-config --cflags --libs tallyman) -o "$work/by-pkg-config"
expect_version "$work/by-pkg-config" LD_LIBRARY_PATH="$lib"
[ "tallyman $(pkg-config --modversion tallyman)" = "$version" ] || fail "pkg-config gives another version"
# Without the shared library, the linker takes the archive.
mkdir "$work/hidden"
mv "$lib"/libtallyman.so* "$work/hidden"
# shellcheck disable=SC2046
"$CC" "$work/consumer.c" $(pkg-config --cflags --libs --static tallyman) -o "$work/by-pkg-config-static"
expect_version "$work/by-pkg-config-static"
mv "$work"/hidden/* "$lib"

if command -v c++ >/dev/null; then
	printf '#include <tallyman.h>\nint main() { return tally_rule_count() == 0; }\n' >"$work/consumer.cc"
	c++ -std=c++11 -Wall -Wextra -Wpedantic -Werror -I"$moved/include" "$work/consumer.cc" -L"$lib" -ltallyman \
		-Wl,-rpath,"$lib" -o "$work/consumer++"
	"$work/consumer++" || fail "the C++ consumer does not run"
else
	echo "c++ is missing; the header is not compiled as C++"
fi

# Someone else's file stays where it is, and so does its folder.
mv "$moved" "$prefix"
touch "$prefix/share/tallyman/someone-elses"
cmake --build "$TALLY_BUILD_DIR" --target uninstall >"$work/log"
left=$(cd "$prefix" && find . ! -type d)
[ "$left" = ./share/tallyman/someone-elses ] || fail "after uninstalling there is: $left"
[ ! -e "$prefix/$TALLY_LIBDIR/cmake/tallyman" ] || fail "the package's folder is left"
