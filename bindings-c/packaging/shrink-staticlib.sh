#!/usr/bin/env bash
# Makes of a static library of Rust's, which holds all of std, one that can be shipped: one object,
# only what the ABI reaches, only the ABI's symbols global (so that two such libraries fit into one
# program), no debug information, no LLVM bitcode.
#   usage: shrink-staticlib.sh IN.a SYMBOLS.txt OUT.a
set -euo pipefail
in=$1 symbols=$2 out=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mapfile -t names <"$symbols"
# The exception tables of dropped functions go with them; what is undefined is asked of the C library.
ld -r --gc-sections "${names[@]/#/--undefined=}" -e "${names[0]}" -o "$work/all.o" "$in"
objcopy --remove-section .llvmbc --remove-section .llvmcmd --strip-unneeded \
    "${names[@]/#/--keep-global-symbol=}" "$work/all.o" "$work/k1s0_circuit_breaker.o"
rm -f "$out"
(cd "$work" && ar rcsD k1s0.a k1s0_circuit_breaker.o)
mv "$work/k1s0.a" "$out"
found=$(readelf --wide --symbols "$out" | awk '$5 == "GLOBAL" && $7 != "UND" { print $8 }' | LC_ALL=C sort -u)
if [ "$found" != "$(LC_ALL=C sort -u "$symbols")" ]; then
    echo "shrink-staticlib: $out does not have the symbols of $symbols" >&2
    exit 1
fi
