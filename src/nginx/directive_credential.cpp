// `key env:NAME | file:PATH | $variable | TEXT`: read once, by the master, which may see what workers may not. No
// message says a key, nor a part of one.
#include "nginx/ngx.h"

#include <algorithm>
#include <cstdlib>

#include "nginx/directive_tools.h"
#include "nginx/directives.h"

namespace aigw::ngx {

namespace {

constexpr size_t kMaxKey = 16 << 10;  // bytes; tokens of cloud accounts run to some thousands
constexpr size_t kMaxPool = 64;       // keys of one provider

// It becomes a header's value.
bool is_clean(std::string_view key) {
    return std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

// What is read, and what the messages call it.
struct Secret {
    const char *noun;
    std::string &value;
};

char *keep(ngx_conf_t *cf, const Secret &secret, std::string_view key, const char *origin) {
    if (key.empty()) {
        return emerg(cf, "the %s in %s is empty", secret.noun, origin);
    }
    if (key.size() > kMaxKey || !is_clean(key)) {
        return emerg(cf, "the %s in %s is not one line of printable characters", secret.noun, origin);
    }
    secret.value = key;
    return NGX_CONF_OK;
}

// The `env` directives before http{}: for NAME=VALUE the value, for NAME alone a null one.
struct EnvDirective {
    bool found = false;
    const char *value = nullptr;
};

EnvDirective find_env(ngx_conf_t *cf, std::string_view name) {
    auto *core = reinterpret_cast<ngx_core_conf_t *>(ngx_get_conf(cf->cycle->conf_ctx, ngx_core_module));
    auto *env = static_cast<ngx_str_t *>(core->env.elts);
    for (ngx_uint_t i = 0; i < core->env.nelts; i++) {
        if (view(env[i]) == name) {
            bool assigned = env[i].data[env[i].len] == '=';
            return {true, assigned ? reinterpret_cast<const char *>(env[i].data) + env[i].len + 1 : nullptr};
        }
    }
    return {};
}

char *read_env(ngx_conf_t *cf, const Secret &secret, const ngx_str_t &value) {
    ngx_str_t name = str(view(value).substr(4));
    if (name.len == 0 || view(name).find('=') != std::string_view::npos) {
        return invalid_parameter(cf, value);
    }
    EnvDirective env = find_env(cf, view(name));
    if (!env.found) {
        // A binary upgrade, and a reload without a master process, see only what `env` keeps.
        warn(cf, "environment variable \"%V\" has no \"env %V;\" directive before http", &name, &name);
    }
    const char *key = env.value != nullptr ? env.value : std::getenv(reinterpret_cast<const char *>(name.data));
    if (key != nullptr && *key != '\0') {
        std::string origin = "environment variable \"" + std::string(view(name)) + "\"";
        return keep(cf, secret, key, origin.c_str());
    }
    // A test by hand or by a package's script runs without the service's environment.
    if (!ngx_test_config) {
        return emerg(cf, "environment variable \"%V\" is not set", &name);
    }
    warn(cf, "environment variable \"%V\" is not set", &name);
    return NGX_CONF_OK;
}

char *read_file(ngx_conf_t *cf, const Secret &secret, const ngx_str_t &value) {
    ngx_str_t path = copy(cf->pool, view(value).substr(5));
    if (path.len == 0) {
        return invalid_parameter(cf, value);
    }
    if (view(path).find('$') != std::string_view::npos) {
        return emerg(cf, "variables are not supported in \"%V\"", &value);
    }
    if (ngx_conf_full_name(cf->cycle, &path, 1) != NGX_OK) {
        return conf_error();
    }
    auto text = read_small_file(reinterpret_cast<const char *>(path.data), kMaxKey);
    if (!text) {
        if (text.error() == 0) {
            return emerg(cf, "%s file \"%V\" is too long", secret.noun, &path);
        }
        ngx_conf_log_error(NGX_LOG_EMERG, cf, text.error(), "cannot read %s file \"%V\"", secret.noun, &path);
        return conf_error();
    }
    std::string origin = "file \"" + std::string(view(path)) + "\"";
    std::string_view key = *text;
    key = key.substr(0, key.find_last_not_of(" \t\r\n\v\f") + 1);
    char *rv = keep(cf, secret, key, origin.c_str());
    ngx_explicit_memzero(text->data(), text->size());
    return rv;
}

char *add_variable(ngx_conf_t *cf, ProviderConf &provider, const ngx_str_t &value) {
    auto *compiled = static_cast<ngx_http_complex_value_t *>(ngx_pcalloc(cf->pool, sizeof(ngx_http_complex_value_t)));
    if (compiled == nullptr) {
        return conf_error();
    }
    ngx_str_t text = value;
    ngx_http_compile_complex_value_t compile{};
    compile.cf = cf;
    compile.value = &text;
    compile.complex_value = compiled;
    if (ngx_http_compile_complex_value(&compile) != NGX_OK) {
        return conf_error();
    }
    provider.credentials.push_back({std::string(), compiled});
    return NGX_CONF_OK;
}

}  // namespace

const char *environment(ngx_conf_t *cf, const char *name) {
    EnvDirective env = find_env(cf, name);
    const char *value = env.value != nullptr ? env.value : std::getenv(name);
    if (value == nullptr || *value == '\0') {
        return nullptr;
    }
    if (!env.found) {
        warn(cf, "environment variable \"%s\" has no \"env %s;\" directive before http", name, name);
    }
    return value;
}

char *read_secret(ngx_conf_t *cf, const ngx_str_t &value, const char *noun, std::string &out) {
    std::string_view text = view(value);
    if (text.substr(0, 4) == "env:") {
        return read_env(cf, {noun, out}, value);
    }
    if (text.substr(0, 5) == "file:") {
        return read_file(cf, {noun, out}, value);
    }
    std::string origin = "\"" + std::string(noun) + "\"";
    return keep(cf, {noun, out}, text, origin.c_str());
}

char *add_credential(ngx_conf_t *cf, ProviderConf &provider, const ngx_str_t &value) {
    if (provider.credentials.size() >= kMaxPool) {
        return emerg(cf, "more than %uz keys in ai_provider \"%s\"", kMaxPool, provider.name.c_str());
    }
    std::string_view text = view(value);
    if (text.substr(0, 1) == "$") {
        return add_variable(cf, provider, value);
    }
    if (text.substr(0, 4) != "env:" && text.substr(0, 5) != "file:") {
        warn(cf, "the key of ai_provider \"%s\" is written in the configuration, \"env:\" or \"file:\" keep it out",
             provider.name.c_str());
    }
    std::string key;
    char *rv = read_secret(cf, value, "key", key);
    if (rv == NGX_CONF_OK && !key.empty()) {
        provider.credentials.push_back({std::move(key), nullptr});
    }
    return rv;
}

}  // namespace aigw::ngx
