// ai_redis URL [timeout=] [on_error=] [tenant=] [prefix=] [user=] [password=] [db=] [ssl_verify=] [ssl_trusted_certificate=].
// No message quotes the URL: it may hold a password.
#include "nginx/ngx.h"

#include <algorithm>
#include <array>

#include "nginx/directive_policy.h"
#include "nginx/directive_tools.h"
#include "nginx/directives.h"
#include "nginx/guarded.h"
#include "nginx/provider_tls.h"

namespace aigw::ngx {

namespace {

constexpr Millis kMaxTimeout = 10'000;  // ms of one command
constexpr size_t kMaxPrefix = 64;       // bytes
constexpr size_t kMaxUser = 1024;       // bytes

struct Builder {
    RedisConf &conf;
    TlsOptions tls;
    bool tls_named = false;
    bool password_named = false;
    bool tenant_named = false;
};

// True: the value is taken. False: it is not one; errors that need more words are logged and returned in `rv`.
using Setter = bool (*)(ngx_conf_t *cf, Builder &built, std::string_view value, char *&rv);

bool set_timeout(ngx_conf_t *, Builder &built, std::string_view value, char *&) {
    auto time = parse_time(value);
    built.conf.timeout = static_cast<ngx_msec_t>(time.value_or(0));
    return time && *time <= kMaxTimeout;
}

bool set_on_error(ngx_conf_t *, Builder &built, std::string_view value, char *&) {
    constexpr std::array<std::string_view, 3> kWords = {"local", "deny", "allow"};  // in OnRedisError's order
    auto found = std::find(kWords.begin(), kWords.end(), value);
    built.conf.on_error = static_cast<OnRedisError>(found - kWords.begin());
    return found != kWords.end();
}

bool set_tenant(ngx_conf_t *cf, Builder &built, std::string_view value, char *&rv) {
    bool variable = value.size() > 1 && value[0] == '$' && std::all_of(value.begin() + 1, value.end(), [](char c) {
                        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
                    });
    if (!variable) {
        return false;
    }
    built.conf.tenant_name = value;
    built.tenant_named = true;
    ngx_str_t name = copy(cf->pool, value.substr(1));
    ngx_int_t index = ngx_http_get_variable_index(cf, &name);
    built.conf.tenant_index = static_cast<ngx_uint_t>(index);
    rv = index != NGX_ERROR ? NGX_CONF_OK : conf_error();
    return true;
}

bool set_prefix(ngx_conf_t *, Builder &built, std::string_view value, char *&) {
    built.conf.prefix = value;
    return is_object_name(value) && value.size() <= kMaxPrefix;
}

bool set_user(ngx_conf_t *, Builder &built, std::string_view value, char *&) {
    built.conf.url.user = value;
    return !value.empty() && value.size() <= kMaxUser;
}

bool set_password(ngx_conf_t *cf, Builder &built, std::string_view value, char *&rv) {
    if (value.substr(0, 4) != "env:" && value.substr(0, 5) != "file:") {
        rv = emerg(cf, "\"password\" in \"ai_redis\" must be \"env:NAME\" or \"file:PATH\"");
        return true;
    }
    built.password_named = true;
    std::string password;
    ngx_str_t where = copy(cf->pool, value);
    rv = read_secret(cf, where, "password", password);
    if (!password.empty()) {
        built.conf.url.password = std::move(password);
    }
    return true;
}

bool set_db(ngx_conf_t *, Builder &built, std::string_view value, char *&) {
    auto number = parse_number(value, RedisUrl::kMaxDb);
    built.conf.url.db = static_cast<unsigned>(number.value_or(0));
    return number.has_value();
}

bool set_verify(ngx_conf_t *, Builder &built, std::string_view value, char *&) {
    built.tls_named = true;
    built.tls.verify = value == "on";
    return value == "on" || value == "off";
}

bool set_trusted(ngx_conf_t *cf, Builder &built, std::string_view value, char *&) {
    built.tls_named = true;
    built.tls.trusted = copy(cf->pool, value);
    return !value.empty();
}

struct Parameter {
    std::string_view name;
    Setter set;
};

constexpr Parameter kParameters[] = {
    {"timeout", set_timeout},       {"on_error", set_on_error},
    {"tenant", set_tenant},         {"prefix", set_prefix},
    {"user", set_user},             {"password", set_password},
    {"db", set_db},                 {"ssl_verify", set_verify},
    {"ssl_trusted_certificate", set_trusted},
};

char *read_parameter(ngx_conf_t *cf, Builder &built, const ngx_str_t &token) {
    for (const Parameter &known : kParameters) {
        if (auto value = parameter(token, known.name)) {
            char *rv = NGX_CONF_OK;
            return known.set(cf, built, *value, rv) ? rv : invalid_parameter(cf, token);
        }
    }
    // Not the value: somebody who forgets file: writes a password here.
    size_t equals = view(token).find('=');
    if (equals == std::string_view::npos) {
        return emerg(cf, "a parameter of \"ai_redis\" is no name=value");
    }
    ngx_str_t name = str(view(token).substr(0, equals));
    return emerg(cf, "invalid parameter \"%V\" in \"ai_redis\"", &name);
}

char *read_url(ngx_conf_t *cf, RedisConf &conf) {
    auto url = parse_redis_url(view(argument(cf, 1)));
    if (!url) {
        return emerg(cf, "the URL of \"ai_redis\" %s", url.error().c_str());
    }
    conf.url = std::move(*url);
    if (!conf.url.password.empty()) {
        warn(cf, "the password of ai_redis is written in the configuration, \"password=env:NAME\" or \"password=file:PATH\" "
             "keep it out");
    }
    const RedisUrl &read = conf.url;
    std::string host = read.host.find(':') == std::string::npos ? read.host : "[" + read.host + "]";
    conf.name = read.path.empty() ? host + ":" + std::to_string(read.port) : "unix:" + read.path;
    return NGX_CONF_OK;
}

char *complete(ngx_conf_t *cf, Builder &built) {
    RedisConf &conf = built.conf;
    if (!conf.url.user.empty() && conf.url.password.empty() && !built.password_named) {
        return emerg(cf, "\"user\" in \"ai_redis\" needs \"password\"");
    }
    if (built.tls_named && !conf.url.tls) {
        return emerg(cf, "\"ssl_verify\" and \"ssl_trusted_certificate\" in \"ai_redis\" need a \"rediss://\" URL");
    }
    if (!built.tenant_named) {
        char *rv = NGX_CONF_OK;
        set_tenant(cf, built, std::string(conf.tenant_name), rv);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }
    if (conf.url.tls) {
        conf.verify = built.tls.verify;
        conf.ssl = make_client_tls(cf, "ai_redis", built.tls);
        return conf.ssl != nullptr ? NGX_CONF_OK : conf_error();
    }
    return NGX_CONF_OK;
}

}  // namespace

char *set_redis(ngx_conf_t *cf, ngx_command_t *, void *conf) noexcept {
    return guarded(cf->log, conf_error(), [&]() -> char * {
        auto &main = *static_cast<MainConf *>(conf);
        if (main.redis) {
            return phrase("is duplicate");
        }
        main.redis = std::make_unique<RedisConf>();
        Builder built{*main.redis, {}};
        if (char *rv = read_url(cf, built.conf); rv != NGX_CONF_OK) {
            return rv;
        }
        for (size_t i = 2; i < argument_count(cf); i++) {
            if (char *rv = read_parameter(cf, built, argument(cf, i)); rv != NGX_CONF_OK) {
                return rv;
            }
        }
        return complete(cf, built);
    });
}

}  // namespace aigw::ngx
