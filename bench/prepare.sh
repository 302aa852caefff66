# Sourced by bench/run and bench/profile: what they need is installed, the module is built. Takes the names of further packages.
# shellcheck source=scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/common.sh"

prepare() {
    # shellcheck disable=SC2086  # a list of words
    need_packages $BUILD_PACKAGES python3 "$@"
    command -v go >/dev/null || need_packages golang-go
    build_tree build ngx_http_aigw_module >"$ROOT/build.bench.log" 2>&1 || { cat "$ROOT/build.bench.log"; die "the module does not build"; }
    rm -f "$ROOT/build.bench.log"
    export PYTHONPATH=$ROOT/bench PYTHONDONTWRITEBYTECODE=1
}
