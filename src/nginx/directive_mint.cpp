// Who makes a provider's credentials, by the directives and by the variables of the environment that the SDKs of AWS and
// Google know. The environment is the master's, at start and reload. Nobody is asked anything here.
#include "nginx/ngx.h"

#include "nginx/directive_mint.h"

#include <array>
#include <cstdlib>

#include "nginx/directive_tools.h"
#include "nginx/directives.h"
#include "nginx/mint_zone.h"
#include "nginx/provider_tls.h"
#include "nginx/worker_user.h"
#include "providers/google_account.h"

namespace aigw::ngx {

namespace {

using providers::Credential;
using providers::MintKind;
using providers::MintSource;

constexpr std::string_view kContainerAgent = "http://169.254.170.2";
constexpr std::string_view kMetadata = "http://169.254.169.254";  // AWS's and Google's
constexpr std::string_view kMetadataIpv6 = "http://[fd00:ec2::254]";

// What is being found out, and for whom.
struct Search {
    ngx_conf_t *cf;
    ProviderConf &provider;
    bool found = false;
};

const char *name_of(const Search &search) { return search.provider.name.c_str(); }

// What a mere test without the service's environment cannot know is no error of it.
char *missing(const Search &search, const char *what) {
    if (ngx_test_config) {
        warn(search.cf, "no credentials for ai_provider \"%s\": %s", name_of(search), what);
        return NGX_CONF_OK;
    }
    return emerg(search.cf, "no credentials for ai_provider \"%s\": %s", name_of(search), what);
}

char *use(Search &search, MintSource source, std::string name, std::string text = {}) {
    search.found = true;
    MainConf &main = *main_conf(search.cf);
    for (const auto &known : main.mints) {
        if (providers::source_key(known->source) == providers::source_key(source)) {
            search.provider.mint = known.get();
            return NGX_CONF_OK;
        }
    }
    auto mint = std::make_unique<MintConf>();
    mint->source = std::move(source);
    mint->name = std::move(name);
    mint->text = std::move(text);
    const char *authorities = std::getenv("SSL_CERT_FILE");
    authorities = authorities != nullptr && *authorities != '\0' ? authorities : system_authorities();
    mint->authorities = authorities != nullptr ? authorities : "";
    if (add_mint_zone(search.cf, *mint) != NGX_OK) {
        return conf_error();
    }
    search.provider.mint = mint.get();
    main.mints.push_back(std::move(mint));
    return NGX_CONF_OK;
}

char *use_url(Search &search, MintSource source, const std::string &url, const char *variable, const char *name) {
    auto parsed = providers::parse_side_url(url);
    if (!parsed) {
        return emerg(search.cf, "environment variable \"%s\" %s in ai_provider \"%s\"", variable, parsed.error().c_str(), name_of(search));
    }
    source.url = std::move(*parsed);
    return use(search, std::move(source), name);
}

// ---- AWS

char *from_environment(Search &search) {
    const char *id = environment(search.cf, "AWS_ACCESS_KEY_ID");
    const char *secret = environment(search.cf, "AWS_SECRET_ACCESS_KEY");
    if (id == nullptr || secret == nullptr) {
        return NGX_CONF_OK;
    }
    const char *token = environment(search.cf, "AWS_SESSION_TOKEN");
    for (const char *word : {id, secret, token}) {
        if (word != nullptr && !providers::is_header_word(word)) {
            return emerg(search.cf, "AWS credentials in the environment are not printable characters");
        }
    }
    search.found = true;
    search.provider.aws = {id, secret, token != nullptr ? token : ""};
    return NGX_CONF_OK;
}

char *from_container(Search &search) {
    const char *relative = environment(search.cf, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = environment(search.cf, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if (relative == nullptr && full == nullptr) {
        return NGX_CONF_OK;
    }
    MintSource source;
    source.kind = MintKind::AwsContainer;
    const char *file = environment(search.cf, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    if (file != nullptr) {
        ngx_str_t path = copy(search.cf->pool, file);
        if (ngx_conf_full_name(search.cf->cycle, &path, 1) != NGX_OK) {
            return conf_error();
        }
        warn_unreadable(search.cf, path);
        source.file = view(path);
    } else if (const char *token = environment(search.cf, "AWS_CONTAINER_AUTHORIZATION_TOKEN")) {
        source.token = token;
    }
    if (relative != nullptr) {
        std::string url = std::string(kContainerAgent) + (*relative == '/' ? "" : "/") + relative;
        return use_url(search, std::move(source), url, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS's container agent");
    }
    return use_url(search, std::move(source), full, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS's container agent");
}

char *from_instance(Search &search) {
    const char *disabled = environment(search.cf, "AWS_EC2_METADATA_DISABLED");
    if (disabled != nullptr && ngx_strcasecmp(str(disabled).data, str("true").data) == 0) {
        return NGX_CONF_OK;
    }
    const char *mode = environment(search.cf, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
    const char *endpoint = environment(search.cf, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
    bool ipv6 = mode != nullptr && ngx_strcasecmp(str(mode).data, str("ipv6").data) == 0;
    return use_url(search, {}, endpoint != nullptr ? endpoint : std::string(ipv6 ? kMetadataIpv6 : kMetadata),
                   "AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS's instance metadata");
}

char *choose_aws(Search &search, MintWish wish) {
    bool any = wish == MintWish::Auto;
    if (const char *bearer = any ? environment(search.cf, "AWS_BEARER_TOKEN_BEDROCK") : nullptr) {
        search.provider.credentials.push_back({bearer, nullptr});
        return NGX_CONF_OK;
    }
    const std::array<std::pair<MintWish, char *(*)(Search &)>, 3> ways{{{MintWish::Environment, from_environment},
                                                                       {MintWish::Container, from_container},
                                                                       {MintWish::Instance, from_instance}}};
    for (const auto &[way, look] : ways) {
        if (any || wish == way) {
            if (char *rv = look(search); rv != NGX_CONF_OK || search.found) {
                return rv;
            }
        }
    }
    switch (wish) {
    case MintWish::Environment:
        return missing(search, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set");
    case MintWish::Container:
        return missing(search, "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set");
    default:
        return missing(search, "AWS_EC2_METADATA_DISABLED is set");
    }
}

// ---- Google

char *from_account(Search &search, ngx_str_t path) {
    ngx_conf_t *cf = search.cf;
    if (ngx_conf_full_name(cf->cycle, &path, 1) != NGX_OK) {
        return conf_error();
    }
    auto text = read_small_file(reinterpret_cast<const char *>(path.data), providers::kMaxGoogleAccount);
    if (!text) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, text.error(), "cannot read service account file \"%V\"", &path);
        return conf_error();
    }
    auto account = providers::read_google_account(*text);
    std::string wrong = account ? "" : account.error();
    if (account) {
        auto signature = providers::sign_rs256(account->private_key, "");
        wrong = signature ? "" : signature.error();
    }
    if (!wrong.empty()) {
        return emerg(cf, "service account file \"%V\" %s", &path, wrong.c_str());
    }
    warn_unreadable(cf, path);
    if (search.provider.project.empty()) {
        search.provider.project = account->project;
    }
    MintSource source;
    source.kind = MintKind::GoogleAccount;
    source.url = account->token_url;
    source.file = view(path);
    return use(search, std::move(source), "the service account \"" + std::string(view(path)) + "\"", std::move(*text));
}

char *choose_google(Search &search, MintWish wish) {
    if (wish == MintWish::Container) {
        return emerg(search.cf, "\"credentials container\" is not for this \"format\" in ai_provider \"%s\"", name_of(search));
    }
    const char *file = wish != MintWish::Instance ? environment(search.cf, "GOOGLE_APPLICATION_CREDENTIALS") : nullptr;
    if (file != nullptr) {
        return from_account(search, copy(search.cf->pool, file));
    }
    if (wish == MintWish::Environment) {
        return missing(search, "GOOGLE_APPLICATION_CREDENTIALS is not set");
    }
    const char *host = environment(search.cf, "GCE_METADATA_HOST");
    MintSource source;
    source.kind = MintKind::GoogleInstance;
    return use_url(search, std::move(source), host != nullptr ? "http://" + std::string(host) : std::string(kMetadata),
                   "GCE_METADATA_HOST", "Google's instance metadata");
}

}  // namespace

char *set_mint_wish(ngx_conf_t *cf, MintOptions &options) {
    constexpr std::array<std::string_view, 6> kWords = {"", "auto", "environment", "container", "instance", "off"};
    std::string_view word = view(argument(cf, 1));
    for (size_t i = 1; i < kWords.size(); i++) {
        if (word == kWords[i]) {
            options.wish = static_cast<MintWish>(i);
            return NGX_CONF_OK;
        }
    }
    return invalid_parameter(cf, argument(cf, 1));
}

char *set_service_account(ngx_conf_t *cf, MintOptions &options) {
    std::string_view text = view(argument(cf, 1));
    if (text.substr(0, 5) != "file:" || text.size() == 5) {
        // Not the value: it may be the account itself.
        return emerg(cf, "\"service_account\" must be \"file:PATH\"");
    }
    options.account = copy(cf->pool, text.substr(5));
    return NGX_CONF_OK;
}

char *choose_mint(ngx_conf_t *cf, ProviderConf &provider, const MintOptions &options) {
    Search search{cf, provider};
    const bool aws = provider.row->credential == Credential::SigV4, google = provider.row->credential == Credential::Google;
    const char *stray = options.account.len != 0 && !google             ? "service_account"
                        : options.wish != MintWish::Unset && !aws && !google ? "credentials"
                                                                             : nullptr;
    if (stray != nullptr) {
        return emerg(cf, "\"%s\" is not for this \"format\" in ai_provider \"%s\"", stray, name_of(search));
    }
    const char *made = options.account.len != 0 ? "service_account" : options.wish != MintWish::Unset ? "credentials" : nullptr;
    const char *other = options.own != nullptr                                          ? options.own
                        : options.account.len != 0 && options.wish != MintWish::Unset ? "credentials"
                                                                                        : nullptr;
    if (made != nullptr && other != nullptr) {
        return emerg(cf, "\"%s\" and \"%s\" exclude each other in ai_provider \"%s\"", other, made, name_of(search));
    }
    if ((!aws && !google) || options.own != nullptr || options.wish == MintWish::Off) {
        return NGX_CONF_OK;
    }
    if (options.account.len != 0) {
        return from_account(search, options.account);
    }
    MintWish wish = options.wish == MintWish::Unset ? MintWish::Auto : options.wish;
    return aws ? choose_aws(search, wish) : choose_google(search, wish);
}

}  // namespace aigw::ngx
