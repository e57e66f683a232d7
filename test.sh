#!/usr/bin/env bash
# All checks of the project: format, clippy, tests, documentation. From a fresh clone, with Rust installed, it needs no more:
# where there is no GPU driver, it installs Mesa's software driver, which the tests of the GPU engine run on.
set -euo pipefail
cd "$(dirname "$0")"

step() { printf '\n== %s\n' "$*"; }

# Whether there is a driver that the tests of the GPU engine can run on: lavapipe, or that of a GPU that is really there.
# Drivers of GPUs alone say nothing: Mesa installs all of its own. Windows and macOS bring theirs.
has_driver() {
  [ "$(uname)" = Linux ] || return 0
  local directory
  for directory in /usr/share/vulkan/icd.d /usr/local/share/vulkan/icd.d /etc/vulkan/icd.d "${XDG_DATA_HOME:-$HOME/.local/share}/vulkan/icd.d"; do
    if compgen -G "$directory/lvp_icd*.json" >/dev/null; then return 0; fi
    if compgen -G "$directory/*.json" >/dev/null && { compgen -G "/dev/dri/renderD*" || compgen -G "/dev/nvidia[0-9]*"; } >/dev/null; then return 0; fi
  done
  return 1
}

install_driver() {
  local root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "no Vulkan software driver (lavapipe) is installed, and no sudo to install it with: install Mesa's Vulkan drivers" >&2; return 1; }
    root=(sudo)
  fi
  echo "installing Mesa's software driver, which the tests of the GPU engine run on"
  if command -v apt-get >/dev/null; then
    "${root[@]}" apt-get update -qq || true # a package list that is at hand may do
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq mesa-vulkan-drivers libvulkan1
  elif command -v dnf >/dev/null; then
    "${root[@]}" dnf install -y mesa-vulkan-drivers vulkan-loader
  elif command -v pacman >/dev/null; then
    "${root[@]}" pacman -S --needed --noconfirm vulkan-swrast vulkan-icd-loader
  elif command -v apk >/dev/null; then
    "${root[@]}" apk add mesa-vulkan-swrast vulkan-loader
  else
    echo "no Vulkan software driver (lavapipe) is installed, and no package manager known here: install Mesa's Vulkan drivers" >&2
    return 1
  fi
}

step "drivers"
has_driver || install_driver
# Mesa complains on standard error without it.
if [ -z "${XDG_RUNTIME_DIR:-}" ]; then
  XDG_RUNTIME_DIR="$(mktemp -d)"
  export XDG_RUNTIME_DIR
  trap 'rm -rf "$XDG_RUNTIME_DIR"' EXIT
fi
# The tests say themselves which device they mean.
unset MANYMIN_DEVICE MANYMIN_ADAPTER

step "format"
cargo fmt --all --check
cargo fmt --manifest-path benches/peers/Cargo.toml --check

step "clippy"
cargo clippy --all-targets --features cli,serde,tracing -- -D warnings
cargo clippy --all-targets --no-default-features -- -D warnings
cargo clippy --manifest-path benches/peers/Cargo.toml --all-targets -- -D warnings

step "tests"
if cargo nextest --version >/dev/null 2>&1; then
  cargo nextest run --release --features cli,serde,tracing --no-fail-fast
else
  cargo test --release --features cli,serde,tracing --lib --tests
fi

step "the command line"
problems=examples/problems
manymin() { cargo run --quiet --release --features cli,serde,tracing -- "$@"; }
manymin minimize $problems/lennard_jones.wgsl --set ATOMS=7 --bounds=-2,2 --unbounded --starts 500 --distinct value
manymin sweep $problems/sweep.wgsl --parameters $problems/sweep.csv --bounds=-3,3 >/dev/null

step "examples"
for example in nist_fit ode_fit stateful callbacks; do
  cargo run --quiet --release --features cli,serde,tracing --example $example >/dev/null
done
cargo run --quiet --release --features cli,serde,tracing --example lennard_jones -- --atoms 7 --lanes 500 >/dev/null
cargo run --quiet --release --features cli,serde,tracing --example devices

step "Ctrl-C ends an example in order, with the results so far"
interrupted="$(mktemp -d)"
cargo run --quiet --release --features cli,serde,tracing --example lennard_jones -- --atoms 13 --lanes 1000000 --device cpu >"$interrupted/out" 2>"$interrupted/err" &
running=$!
for _ in $(seq 600); do
  if grep -q "under way" "$interrupted/err"; then break; fi
  sleep 0.1
done
kill -INT "$running" # cargo has become the example
code=0
wait "$running" || code=$?
grep -q "stopped by the host" "$interrupted/out" && grep -q "evaluations in" "$interrupted/out" && [ "$code" = 130 ] || {
  echo "Ctrl-C: exit code $code" >&2
  cat "$interrupted/out" "$interrupted/err" >&2
  exit 1
}
rm -r "$interrupted"

step "documentation and its examples"
cargo test --release --features cli,serde,tracing --doc
RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --quiet --features cli,serde,tracing --lib

step "everything passed"
