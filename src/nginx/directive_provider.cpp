// ai_provider NAME { ... }
#include "nginx/ngx.h"

#include <algorithm>
#include <array>

#include "nginx/directive_mint.h"
#include "nginx/directive_tools.h"
#include "nginx/directives.h"
#include "nginx/guarded.h"
#include "nginx/provider_tls.h"

namespace aigw::ngx {

namespace {

constexpr size_t kMaxHeaders = 32;            // of one provider
constexpr size_t kMaxHeaderValue = 2 << 10;   // bytes
constexpr size_t kMaxUrlWord = 128;           // bytes
constexpr ngx_uint_t kMaxIdle = 65536;        // idle connections of a worker

struct Builder {
    ProviderConf &conf;
    std::string url;  // as written
    TlsOptions tls;
    MintOptions mint;
    bool keyed = false;
    bool signs = false;  // access_key, secret_key or session_token
    bool bearer = false;  // key
    bool access_key = false, secret_key = false;
};

Builder &builder(void *object) { return *static_cast<Builder *>(object); }

char *set_format(ngx_conf_t *cf, void *object) {
    ProviderConf &conf = builder(object).conf;
    ngx_str_t &name = argument(cf, 1);
    conf.row = providers::find_row(view(name));
    if (conf.row == nullptr) {
        return emerg(cf, "unknown format \"%V\", it must be one of: %s", &name, providers::row_names().c_str());
    }
    return NGX_CONF_OK;
}

char *set_url(ngx_conf_t *cf, void *object) {
    builder(object).url = view(argument(cf, 1));
    return builder(object).url.empty() ? phrase("is empty") : NGX_CONF_OK;
}

char *set_key(ngx_conf_t *cf, void *object) {
    builder(object).keyed = builder(object).bearer = true;
    builder(object).mint.own = "key";
    return add_credential(cf, builder(object).conf, argument(cf, 1));
}

char *set_region(ngx_conf_t *cf, void *object) {
    if (!providers::is_region(view(argument(cf, 1)))) {
        return invalid_parameter(cf, argument(cf, 1));
    }
    builder(object).conf.region = view(argument(cf, 1));
    return NGX_CONF_OK;
}

char *set_aws(ngx_conf_t *cf, Builder &built, std::string &out, const char *noun) {
    built.keyed = built.signs = true;
    built.mint.own = "access_key";
    std::string_view text = view(argument(cf, 1));
    if (text.substr(0, 4) != "env:" && text.substr(0, 5) != "file:") {
        warn(cf, "the %s of ai_provider \"%s\" is written in the configuration, \"env:\" or \"file:\" keep it out", noun,
             built.conf.name.c_str());
    }
    return read_secret(cf, argument(cf, 1), noun, out);
}

char *set_access_key(ngx_conf_t *cf, void *object) {
    builder(object).access_key = true;
    return set_aws(cf, builder(object), builder(object).conf.aws.access_key, "access key");
}

char *set_secret_key(ngx_conf_t *cf, void *object) {
    builder(object).secret_key = true;
    return set_aws(cf, builder(object), builder(object).conf.aws.secret_key, "secret key");
}

char *set_session_token(ngx_conf_t *cf, void *object) {
    return set_aws(cf, builder(object), builder(object).conf.aws.session_token, "session token");
}

char *set_credentials(ngx_conf_t *cf, void *object) { return set_mint_wish(cf, builder(object).mint); }

char *set_account(ngx_conf_t *cf, void *object) { return set_service_account(cf, builder(object).mint); }

bool is_token(std::string_view name) {
    constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
    return !name.empty() && name.size() <= 128 && std::all_of(name.begin(), name.end(), [&](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      kOthers.find(c) != kOthers.npos;
           });
}

// What frames the request, or is made anew for each one.
bool is_reserved(const ngx_str_t &name) {
    constexpr std::array<std::string_view, 13> kReserved{
        "host",    "content-length", "content-type",    "content-encoding", "transfer-encoding", "connection",
        "upgrade", "keep-alive",     "accept-encoding", "expect",           "te",                "trailer",
        "user-agent"};
    return std::any_of(kReserved.begin(), kReserved.end(), [&](std::string_view reserved) {
        return reserved.size() == name.len && ngx_strncasecmp(name.data, str(reserved).data, name.len) == 0;
    });
}

char *set_header(ngx_conf_t *cf, void *object) {
    auto &headers = builder(object).conf.headers;
    ngx_str_t &name = argument(cf, 1);
    std::string_view value = view(argument(cf, 2));
    if (!is_token(view(name)) || is_reserved(name)) {
        return emerg(cf, "invalid header name \"%V\"", &name);
    }
    bool clean = std::all_of(value.begin(), value.end(),
                             [](char c) { return (static_cast<unsigned char>(c) >= ' ' && c != 0x7f) || c == '\t'; });
    if (!clean || value.size() > kMaxHeaderValue) {
        return emerg(cf, "invalid value of header \"%V\"", &name);  // it may be a secret
    }
    if (value.find('$') != value.npos) {
        return emerg(cf, "variables are not supported in the value of header \"%V\"", &name);
    }
    if (headers.size() >= kMaxHeaders) {
        return emerg(cf, "more than %uz headers", kMaxHeaders);
    }
    headers.push_back({std::string(view(name)), std::string(value)});
    return NGX_CONF_OK;
}

char *set_timeout(ngx_conf_t *cf, void *object) {
    auto &timeouts = builder(object).conf.timeouts;
    const std::array<std::pair<std::string_view, Millis *>, 4> fields{{{"connect", &timeouts.connect},
                                                                       {"first", &timeouts.first},
                                                                       {"idle", &timeouts.idle},
                                                                       {"total", &timeouts.total}}};
    for (size_t i = 1; i < argument_count(cf); i++) {
        std::optional<Millis> time;
        for (const auto &[name, field] : fields) {
            if (auto text = parameter(argument(cf, i), name)) {
                time = parse_time(*text);
                *field = time.value_or(0);
            }
        }
        if (!time) {
            return invalid_parameter(cf, argument(cf, i));
        }
    }
    return NGX_CONF_OK;
}

char *set_keepalive(ngx_conf_t *cf, void *object) {
    auto count = parse_number(view(argument(cf, 1)), kMaxIdle);
    if (!count) {
        return invalid_parameter(cf, argument(cf, 1));
    }
    builder(object).conf.keepalive = *count;
    return NGX_CONF_OK;
}

char *set_max_output(ngx_conf_t *cf, void *object) {
    auto count = parse_number(view(argument(cf, 1)), kMaxTokens);
    if (!count || *count == 0) {
        return invalid_parameter(cf, argument(cf, 1));
    }
    builder(object).conf.max_output = static_cast<Tokens>(*count);
    return NGX_CONF_OK;
}

// It becomes a part of a URL.
bool is_url_word(std::string_view text) {
    return !text.empty() && text.size() <= kMaxUrlWord && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    });
}

template <std::string providers::Provider::*Field>
char *set_url_word(ngx_conf_t *cf, void *object) {
    std::string_view text = view(argument(cf, 1));
    if (!is_url_word(text)) {
        return invalid_parameter(cf, argument(cf, 1));
    }
    builder(object).conf.*Field = text;
    return NGX_CONF_OK;
}

char *set_verify(ngx_conf_t *cf, void *object) {
    std::string_view text = view(argument(cf, 1));
    if (text != "on" && text != "off") {
        return emerg(cf, "invalid value \"%V\" in \"ssl_verify\" directive, it must be \"on\" or \"off\"",
                     &argument(cf, 1));
    }
    builder(object).tls.verify = text == "on";
    return NGX_CONF_OK;
}

char *set_verify_depth(ngx_conf_t *cf, void *object) {
    auto depth = parse_number(view(argument(cf, 1)), 100);
    if (!depth) {
        return invalid_parameter(cf, argument(cf, 1));
    }
    builder(object).tls.verify_depth = static_cast<ngx_int_t>(*depth);
    return NGX_CONF_OK;
}

template <ngx_str_t TlsOptions::*Field>
char *set_tls_file(ngx_conf_t *cf, void *object) {
    ngx_str_t &file = argument(cf, 1);
    if (file.len == 0) {
        return phrase("is empty");
    }
    builder(object).tls.*Field = file;
    return NGX_CONF_OK;
}

// clang-format off
constexpr BlockDirective kDirectives[] = {
    {"format",                  1, 1,         true,  set_format},
    {"url",                     1, 1,         true,  set_url},
    {"key",                     1, 1,         false, set_key},
    {"region",                  1, 1,         true,  set_region},
    {"access_key",              1, 1,         true,  set_access_key},
    {"secret_key",              1, 1,         true,  set_secret_key},
    {"session_token",           1, 1,         true,  set_session_token},
    {"credentials",             1, 1,         true,  set_credentials},
    {"service_account",         1, 1,         true,  set_account},
    {"project",                 1, 1,         true,  set_url_word<&providers::Provider::project>},
    {"location",                1, 1,         true,  set_url_word<&providers::Provider::location>},
    {"header",                  2, 2,         false, set_header},
    {"timeout",                 1, kAnyCount, true,  set_timeout},
    {"keepalive",               1, 1,         true,  set_keepalive},
    {"max_output",              1, 1,         true,  set_max_output},
    {"api_version",             1, 1,         true,  set_url_word<&providers::Provider::api_version>},
    {"deployment",              1, 1,         true,  set_url_word<&providers::Provider::deployment>},
    {"ssl_verify",              1, 1,         true,  set_verify},
    {"ssl_verify_depth",        1, 1,         true,  set_verify_depth},
    {"ssl_trusted_certificate", 1, 1,         true,  set_tls_file<&TlsOptions::trusted>},
    {"ssl_certificate",         1, 1,         true,  set_tls_file<&TlsOptions::certificate>},
    {"ssl_certificate_key",     1, 1,         true,  set_tls_file<&TlsOptions::certificate_key>},
};
// clang-format on
static_assert(std::size(kDirectives) <= kMaxBlockDirectives);

char *check_deployment(ngx_conf_t *cf, const ProviderConf &conf) {
    if (!conf.row->deployments && !(conf.api_version.empty() && conf.deployment.empty())) {
        return emerg(cf, "\"%s\" needs \"format azure\" in ai_provider \"%s\"",
                     conf.api_version.empty() ? "deployment" : "api_version", conf.name.c_str());
    }
    if (conf.api_version.empty() && !conf.deployment.empty()) {
        return emerg(cf, "\"deployment\" needs \"api_version\" in ai_provider \"%s\"", conf.name.c_str());
    }
    return NGX_CONF_OK;
}

char *check_mint(ngx_conf_t *cf, Builder &built) { return choose_mint(cf, built.conf, built.mint); }

// What signing needs, and who can be signed for.
char *check_aws(ngx_conf_t *cf, Builder &built) {
    const ProviderConf &conf = built.conf;
    const char *name = conf.name.c_str();
    if (conf.row->credential != providers::Credential::SigV4) {
        const char *stray = built.signs ? "access_key" : conf.region.empty() ? nullptr : "region";
        return stray == nullptr ? NGX_CONF_OK : emerg(cf, "\"%s\" is not for this \"format\" in ai_provider \"%s\"", stray, name);
    }
    bool signs = built.signs || conf.mint != nullptr || !conf.aws.access_key.empty();
    if (conf.region.empty() && (signs || built.url.empty())) {
        return emerg(cf, "\"region\" is required with this \"format\" in ai_provider \"%s\"", name);
    }
    if (built.signs && built.bearer) {
        return emerg(cf, "\"key\" and \"access_key\" exclude each other in ai_provider \"%s\"", name);
    }
    if (built.signs && !(built.access_key && built.secret_key)) {
        return emerg(cf, "\"access_key\" and \"secret_key\" must be set together in ai_provider \"%s\"", name);
    }
    return NGX_CONF_OK;
}

// Google's cloud: whose, and where.
char *check_place(ngx_conf_t *cf, Builder &built) {
    const ProviderConf &conf = built.conf;
    const std::array<std::pair<const char *, const std::string *>, 2> words{{{"project", &conf.project}, {"location", &conf.location}}};
    const bool google = conf.row->credential == providers::Credential::Google;
    const bool needed = providers::needs_project(*conf.row, built.url);
    for (const auto &[name, value] : words) {
        if (!google && !value->empty()) {
            return emerg(cf, "\"%s\" is not for this \"format\" in ai_provider \"%s\"", name, conf.name.c_str());
        }
        if (needed && value->empty()) {
            return emerg(cf, "\"%s\" is required with this \"format\" in ai_provider \"%s\"", name, conf.name.c_str());
        }
    }
    return NGX_CONF_OK;
}

// The header that a credential goes into is set by the operator.
bool sets_authorization(const ProviderConf &conf) {
    constexpr std::string_view kName = "authorization";
    return std::any_of(conf.headers.begin(), conf.headers.end(), [&](const providers::Header &header) {
        return header.name.size() == kName.size() && ngx_strncasecmp(str(header.name).data, str(kName).data, kName.size()) == 0;
    });
}

// At the end of the block, when all of it is known.
char *complete(ngx_conf_t *cf, Builder &built) {
    ProviderConf &conf = built.conf;
    if (conf.row == nullptr) {
        const providers::CatalogRow *named = providers::find_row(conf.name);
        conf.row = named != nullptr ? named : providers::find_row("openai");
    }
    if (built.mint.own == nullptr && sets_authorization(conf)) {
        built.mint.own = "header Authorization";
    }
    for (auto check : {check_mint, check_aws, check_place}) {
        if (char *rv = check(cf, built); rv != NGX_CONF_OK) {
            return rv;
        }
    }
    auto url = providers::provider_url(*conf.row, built.url, {conf.region, conf.project, conf.location});
    if (!url) {
        return emerg(cf, "\"url\" %s in ai_provider \"%s\"", url.error().c_str(), conf.name.c_str());
    }
    conf.url = std::move(*url);
    if (char *rv = check_deployment(cf, conf); rv != NGX_CONF_OK) {
        return rv;
    }
    bool has = built.keyed || conf.mint != nullptr || !conf.aws.access_key.empty() || !conf.credentials.empty();
    if (built.url.empty() && !has) {
        warn(cf, "no \"key\" in ai_provider \"%s\"", conf.name.c_str());
    }
    if (conf.url.tls) {
        if (char *rv = make_tls(cf, conf, built.tls); rv != NGX_CONF_OK) {
            return rv;
        }
    }
    fill_upstream(cf, conf);
    return NGX_CONF_OK;
}

}  // namespace

char *set_provider(ngx_conf_t *cf, ngx_command_t *, void *conf) noexcept {
    return guarded(cf->log, conf_error(), [&]() -> char * {
        auto &main = *static_cast<MainConf *>(conf);
        ngx_str_t name = argument(cf, 1);
        if (!is_object_name(view(name))) {
            return emerg(cf, "invalid provider name \"%V\"", &name);
        }
        if (main.find_provider(view(name)) != nullptr) {
            return emerg(cf, "duplicate provider \"%V\"", &name);
        }
        auto provider = std::make_unique<ProviderConf>();
        provider->name = view(name);
        Builder built{.conf = *provider, .url = {}, .tls = {}, .mint = {}};
        main.providers.push_back(std::move(provider));
        char *rv = parse_block(cf, kDirectives, &built);
        return rv == NGX_CONF_OK ? complete(cf, built) : rv;
    });
}

}  // namespace aigw::ngx
