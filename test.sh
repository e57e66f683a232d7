#!/usr/bin/env bash
# All checks of the project: format, clippy, tests, documentation. From a fresh clone, with Rust installed, it needs no more.
set -euo pipefail
cd "$(dirname "$0")"

step() { printf '\n== %s\n' "$*"; }

step "format"
cargo fmt --all --check
cargo fmt --manifest-path benches/peers/Cargo.toml --check

step "clippy"
cargo clippy --all-targets -- -D warnings
cargo clippy --manifest-path benches/peers/Cargo.toml --all-targets -- -D warnings

step "tests"
if cargo nextest --version >/dev/null 2>&1; then
  cargo nextest run --release --no-fail-fast
else
  cargo test --release --lib --tests
fi

step "examples"
cargo run --quiet --release --example lennard_jones -- --atoms 7 --lanes 500 >/dev/null
cargo run --quiet --release --example nist_fit >/dev/null

step "documentation and its examples"
cargo test --release --doc
RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --quiet

step "everything passed"
