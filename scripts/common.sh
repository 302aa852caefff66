# Sourced by scripts/test and scripts/quickstart: what they need installed, and how the module is built.
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
MODULE=$ROOT/build/ngx_http_aigw_module.so
BUILD_PACKAGES="g++ cmake ninja-build pkg-config nginx nginx-dev libsimdjson-dev libjansson-dev libssl-dev libpcre2-dev libhiredis-dev zlib1g-dev libcurl4-openssl-dev"

say() { printf '== %s\n' "$*"; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "not root and no sudo: run this as root: $*"
    fi
}

# need_packages NAME...: installs with apt what is not there yet; asks for root only then.
need_packages() {
    local missing="" name
    for name in "$@"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing="$missing $name"
    done
    [ -n "$missing" ] || return 0
    say "installing with apt:$missing"
    as_root apt-get update -qq || die "apt-get update failed"
    # shellcheck disable=SC2086  # a list of words
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null || die "apt-get install failed"
}

# build_tree FOLDER TARGET CMAKE-OPTION...: configures and builds, in that folder below the checkout.
build_tree() {
    local folder=$ROOT/$1 target=$2
    shift 2
    [ -f "$folder/CMakeCache.txt" ] || set -- -G Ninja "$@"
    cmake -S "$ROOT" -B "$folder" "$@" >"$folder.cmake.log" 2>&1 || { cat "$folder.cmake.log"; return 1; }
    mv "$folder.cmake.log" "$folder/cmake.log"
    cmake --build "$folder" -j "$(nproc)" --target "$target"
}
