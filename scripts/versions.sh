# Sourced by scripts/test: a newer nginx than the distribution's, built from its sources with our module beside it.
#
# The newest stable sources that a package registry has are in the crate nginx-src; mainline is in none. Cargo fetches the
# crate, and only that: nothing of it is compiled or run by Cargo. Built once, kept below build/; another flag, another set
# of our source files or another version builds anew.
NGINX_CRATE=1.28.5+1.28.3  # the crate's own version + nginx's
NGINX_CRATE_SHA256=60c9192630560c017a18e1da5b4c5de9d78450923f17325752c6f0f7f3911c86
NGINX_NEWER=${NGINX_CRATE#*+}
NGINX_TREE=$ROOT/build/nginx-$NGINX_NEWER
NGINX_FLAGS="--with-compat --with-debug --with-pcre-jit --with-threads --with-http_ssl_module --with-http_v2_module
    --with-http_v3_module --with-http_realip_module --with-http_addition_module --with-http_sub_module --with-http_dav_module
    --with-http_gzip_static_module --with-http_gunzip_module --with-http_slice_module --with-http_stub_status_module
    --with-http_auth_request_module --with-http_secure_link_module"

# A Cargo that can read today's manifests; Debian 12's own can't, its cargo-web can.
have_cargo() {
    local version
    version=$(cargo --version 2>/dev/null | sed -n 's/^cargo 1\.\([0-9]*\).*/\1/p')
    [ "${version:-0}" -ge 85 ] || need_packages cargo-web
}

# nginx's sources in build/nginx-sources. Cargo checks what it fetched against its index, we check against our digest.
nginx_sources() {
    local folder=$ROOT/build/nginx-sources
    [ "$(cat "$folder/digest" 2>/dev/null)" = "$NGINX_CRATE_SHA256" ] && return 0
    have_cargo
    rm -rf "$folder" && mkdir -p "$folder/fetch/src" && : >"$folder/fetch/src/lib.rs"
    printf '[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\nnginx-src = "=%s"\n' \
        "${NGINX_CRATE%+*}" >"$folder/fetch/Cargo.toml"
    (cd "$folder/fetch" && cargo vendor >/dev/null 2>cargo.log) || { tail -n 20 "$folder/fetch/cargo.log"; return 1; }
    grep -q "\"package\":\"$NGINX_CRATE_SHA256\"" "$folder/fetch/vendor/nginx-src/.cargo-checksum.json" ||
        { echo "nginx-src ${NGINX_CRATE} is not the crate it was"; return 1; }
    mv "$folder/fetch/vendor/nginx-src/nginx" "$folder/nginx" && rm -rf "$folder/fetch" || return 1
    echo "$NGINX_CRATE_SHA256" >"$folder/digest"
}

# nginx and our module in one tree, by nginx's own configure and make. nginx compiles with -W -Wall -Werror (-W is -Wextra).
newer_nginx() {
    local state cc=cc
    nginx_sources || return 1
    command -v ccache >/dev/null && cc="ccache cc"
    state=$(echo "$NGINX_CRATE_SHA256 $NGINX_FLAGS $cc" "$ROOT"/src/*/*.cpp | cat - "$ROOT/config" "$ROOT/config.make" | sha256sum)
    if [ "$(cat "$NGINX_TREE/state" 2>/dev/null)" != "$state" ]; then
        rm -rf "$NGINX_TREE" && cp -r "$ROOT/build/nginx-sources/nginx" "$NGINX_TREE" || return 1
        # shellcheck disable=SC2086  # several arguments
        (cd "$NGINX_TREE" && sh auto/configure --with-cc="$cc" $NGINX_FLAGS --add-dynamic-module="$ROOT" \
            >configure.log 2>&1) || { tail -n 20 "$NGINX_TREE/configure.log"; return 1; }
        echo "$state" >"$NGINX_TREE/state"
    fi
    make -C "$NGINX_TREE" -j "$(nproc)" >"$NGINX_TREE/make.log" 2>&1 ||
        { grep -A5 -E 'error|Error' "$NGINX_TREE/make.log" | head -n 60; return 1; }
    if grep -n -A5 'warning:' "$NGINX_TREE/make.log"; then
        echo "the build for nginx $NGINX_NEWER is not free of warnings"
        return 1
    fi
    ls -l "$NGINX_TREE/objs/nginx" "$NGINX_TREE/objs/ngx_http_aigw_module.so"
}

# The same nginx with a malloc for each allocation from a pool: only ngx_palloc.c knows the difference. With
# MALLOC_PERTURB_ what is used after it was freed, or before it was written, is rubbish.
palloc_nginx() {
    local tree=$NGINX_TREE-palloc flags
    rm -rf "$tree" && cp -r "$NGINX_TREE" "$tree" && rm "$tree/objs/src/core/ngx_palloc.o" "$tree/objs/nginx" || return 1
    flags=$(sed -n 's/^CFLAGS = //p' "$tree/objs/Makefile")
    make -C "$tree" -f objs/Makefile binary CFLAGS="$flags -DNGX_DEBUG_PALLOC=1" >"$tree/make.log" 2>&1 ||
        { tail -n 20 "$tree/make.log"; return 1; }
}

# versions_suite NAME NGINX PYTEST-ARGUMENT...: integration tests against that nginx.
versions_suite() {
    local name=$1 nginx=$2
    shift 2
    # shellcheck disable=SC2086
    NGINX_BIN=$nginx AIGW_MODULE_SO=$NGINX_TREE/objs/ngx_http_aigw_module.so suite "$name" "$LOGS/$name.xml" \
        run_pytest $AGAIN --junitxml="$LOGS/$name.xml" "$@"
}

stage_nginx_versions() {
    local core="streams attempts keys errors variables" files="" name
    need_packages libpcre2-dev zlib1g-dev libssl-dev make
    python_packages
    mkdir -p build
    step nginx-newer newer_nginx || return
    step nginx-newer-exports only_nginx_symbols "$NGINX_TREE/objs/ngx_http_aigw_module.so"
    NGINX_BIN=$NGINX_TREE/objs/nginx step nginx-newer-loads loads "$NGINX_TREE/objs/ngx_http_aigw_module.so"
    versions_suite nginx-newer-regression "$NGINX_TREE/objs/nginx" t/integration/regression
    step nginx-palloc palloc_nginx || return
    for name in $core; do files="$files t/integration/test_$name.py"; done
    # shellcheck disable=SC2086
    MALLOC_PERTURB_=165 versions_suite nginx-palloc-core "$NGINX_TREE-palloc/objs/nginx" -k "not held_stream_is_small" $files  # larger by design
}

# nginx's own tests, where the folder NGINX_TESTS has them: what fails with our module only, for both versions.
stage_nginx_tests() {
    if [ ! -d "${NGINX_TESTS:-}" ]; then
        echo "no folder NGINX_TESTS: nginx's own tests do not run"
        return
    fi
    need_packages perl libio-socket-ssl-perl libcryptx-perl
    have_module && step nginx-tests scripts/nginx-suite "$NGINX_TESTS" "${NGINX_BIN:-/usr/sbin/nginx}" "$MODULE"
    step nginx-newer newer_nginx &&
        step nginx-tests-newer scripts/nginx-suite "$NGINX_TESTS" "$NGINX_TREE/objs/nginx" "$NGINX_TREE/objs/ngx_http_aigw_module.so"
}
