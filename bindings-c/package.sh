#!/usr/bin/env bash
# Builds the library and installs it for C and C++ (Linux, gcc's binutils).
#   usage: package.sh PREFIX
# Afterwards: PKG_CONFIG_PATH=PREFIX/lib/pkgconfig, CMAKE_PREFIX_PATH=PREFIX.
set -euo pipefail
[ $# = 1 ] || { echo "usage: package.sh PREFIX" >&2; exit 2; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$1"
prefix=$(cd "$1" && pwd)
target=${CARGO_TARGET_DIR:-$here/../target}/package-c
version=$(cargo metadata --manifest-path "$here/Cargo.toml" --no-deps --format-version 1 |
    grep -o '"name":"k1s0-circuit-breaker-c","version":"[^"]*"' | head -n 1 | cut -d '"' -f 8)
abi=$(sed -n 's/^#define K1S0_CB_ABI_VERSION //p' "$here/include/k1s0_circuit_breaker.h")
name=libk1s0_circuit_breaker

cargo rustc --quiet --manifest-path "$here/Cargo.toml" --lib --profile dist --crate-type cdylib \
    --target-dir "$target" -- -C link-arg=-Wl,-soname,"$name.so.$abi" -C strip=symbols
install -D -m 755 "$target/dist/$name.so" "$prefix/lib/$name.so.$version"
ln -sf "$name.so.$version" "$prefix/lib/$name.so.$abi"
ln -sf "$name.so.$abi" "$prefix/lib/$name.so"

cargo rustc --quiet --manifest-path "$here/Cargo.toml" --lib --profile dist --crate-type staticlib \
    --target-dir "$target"
"$here/packaging/shrink-staticlib.sh" "$target/dist/$name.a" "$here/abi/symbols.txt" "$prefix/lib/$name.a"
chmod 644 "$prefix/lib/$name.a"

install -D -m 644 -t "$prefix/include" "$here/include/k1s0_circuit_breaker.h"
install -D -m 644 -t "$prefix/include/k1s0" "$here/include/k1s0/circuit_breaker.hpp"
mkdir -p "$prefix/lib/pkgconfig" "$prefix/lib/cmake/k1s0_circuit_breaker"
sed "s/@VERSION@/$version/" "$here/packaging/k1s0_circuit_breaker.pc.in" \
    >"$prefix/lib/pkgconfig/k1s0_circuit_breaker.pc"
sed "s/@VERSION@/$version/" "$here/packaging/k1s0_circuit_breakerConfigVersion.cmake.in" \
    >"$prefix/lib/cmake/k1s0_circuit_breaker/k1s0_circuit_breakerConfigVersion.cmake"
install -m 644 -t "$prefix/lib/cmake/k1s0_circuit_breaker" \
    "$here/packaging/k1s0_circuit_breakerConfig.cmake"
echo "k1s0_circuit_breaker $version (ABI $abi) is in $prefix"
