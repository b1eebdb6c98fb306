#!/usr/bin/env bash
# Lines of the Rust code for files and graphs that its tests reach: `cargo test` of the two crates, and
# pytest over a lean extension (no DataFusion). Both are instrumented builds in a folder of their own.
#
#     tests/rust_coverage.sh PYTHON FOLDER
#
# Needs `rustup component add llvm-tools` and the variables with which the Makefile describes Python
# to pyo3. Workers that are killed on purpose leave no profile: what only they reach is not counted.
set -euo pipefail

python=$1
export CARGO_TARGET_DIR=$2
tools=$(dirname "$(rustc --print target-libdir)")/bin
package=$CARGO_TARGET_DIR/package
profiles=$CARGO_TARGET_DIR/profiles

mkdir -p "$CARGO_TARGET_DIR" "$package"
rm -rf "$profiles"
printf '#!/bin/sh\nexec "$@" -C instrument-coverage\n' > "$CARGO_TARGET_DIR/instrument"
chmod +x "$CARGO_TARGET_DIR/instrument"
# Only our own crates are instrumented; some optimisation, or the property tests take minutes.
export RUSTC_WORKSPACE_WRAPPER=$CARGO_TARGET_DIR/instrument LLVM_PROFILE_FILE=$profiles/%p-%m.profraw
export CARGO_PROFILE_DEV_OPT_LEVEL=1 CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=0

crates=(--package pf-io-core --package pf-graph-core)
cargo build --locked --package pf-py --no-default-features
programs=$(cargo test --locked "${crates[@]}" --no-run 2>&1 | sed -n 's/^ *Executable .*(\(.*\))$/\1/p')
cp -r python/parquetframe "$package"
library=$(find "$CARGO_TARGET_DIR/debug" -maxdepth 1 -name 'lib_rustic.*' -not -name '*.d' | head -n 1)
cp "$library" "$package/parquetframe/_rustic.abi3.so"

failed=0
cargo test --locked --no-fail-fast "${crates[@]}" || failed=1
PYTHONPATH=$package "$python" -m pytest tests/io tests/io_corrupt tests/graph || failed=1

"$tools/llvm-profdata" merge -sparse "$profiles" -o "$CARGO_TARGET_DIR/all.profdata" --failure-mode=all
objects=()
for program in $programs; do objects+=(--object "$program"); done
"$tools/llvm-cov" report "$package/parquetframe/_rustic.abi3.so" "${objects[@]}" \
	-instr-profile="$CARGO_TARGET_DIR/all.profdata" \
	--ignore-filename-regex='/\.cargo/|/rustc/|/tests/' 2>/dev/null
exit $failed
