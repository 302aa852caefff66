#include "nginx/ngx.h"

#include "nginx/provider_tls.h"

#include <unistd.h>

#include "nginx/directive_tools.h"

namespace aigw::ngx {

namespace {

// Where the distributions keep the authorities; the first that can be read.
constexpr const char *kSystemBundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",  // Debian, Ubuntu, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",    // Red Hat
    "/etc/ssl/ca-bundle.pem",              // SUSE
};

}  // namespace

const char *system_authorities() {
    for (const char *path : kSystemBundles) {
        if (access(path, R_OK) == 0) {
            return path;
        }
    }
    return nullptr;
}

#if (NGX_HTTP_SSL)

namespace {

// In a pool cleanup of the cycle: a failed reload frees it too.
ngx_ssl_t *make_context(ngx_conf_t *cf) {
    auto *ssl = static_cast<ngx_ssl_t *>(ngx_pcalloc(cf->pool, sizeof(ngx_ssl_t)));
    ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(cf->pool, 0);
    if (ssl == nullptr || cleanup == nullptr) {
        return nullptr;
    }
    ssl->log = cf->log;
    if (ngx_ssl_create(ssl, NGX_SSL_TLSv1_2 | NGX_SSL_TLSv1_3, nullptr) != NGX_OK) {
        return nullptr;
    }
    cleanup->handler = ngx_ssl_cleanup_ctx;
    cleanup->data = ssl;
    return ssl;
}

char *trust(ngx_conf_t *cf, ngx_ssl_t *ssl, const std::string &owner, TlsOptions &options) {
    if (!options.verify) {
        warn(cf, "\"ssl_verify off\" in %s: anybody on the way can read its key", owner.c_str());
        return NGX_CONF_OK;
    }
    if (options.trusted.len == 0) {
        const char *bundle = system_authorities();
        if (bundle == nullptr) {
            return emerg(cf, "cannot read the system's certificate authorities \"%s\" for %s, "
                         "name a file with \"ssl_trusted_certificate\"", kSystemBundles[0], owner.c_str());
        }
        options.trusted = copy(cf->pool, bundle);
    }
    return ngx_ssl_trusted_certificate(cf, ssl, &options.trusted, options.verify_depth) == NGX_OK ? NGX_CONF_OK
                                                                                                : conf_error();
}

}  // namespace

ngx_ssl_t *make_client_tls(ngx_conf_t *cf, const std::string &owner, TlsOptions &options) {
    ngx_ssl_t *ssl = make_context(cf);
    if (ssl == nullptr) {
        return nullptr;
    }
    if (options.certificate.len != 0 &&
        ngx_ssl_certificate(cf, ssl, &options.certificate, &options.certificate_key, nullptr) != NGX_OK) {
        return nullptr;
    }
    return trust(cf, ssl, owner, options) == NGX_CONF_OK ? ssl : nullptr;
}

char *make_tls(ngx_conf_t *cf, ProviderConf &provider, TlsOptions &options) {
    if ((options.certificate.len == 0) != (options.certificate_key.len == 0)) {
        return emerg(cf, "\"ssl_certificate\" and \"ssl_certificate_key\" must be set together in ai_provider \"%s\"",
                     provider.name.c_str());
    }
    provider.ssl = make_client_tls(cf, "ai_provider \"" + provider.name + "\"", options);
    if (provider.ssl == nullptr) {
        return conf_error();
    }
    provider.upstream.ssl_verify = options.verify;
    return ngx_ssl_client_session_cache(cf, provider.ssl, 1) == NGX_OK ? NGX_CONF_OK : conf_error();
}

#else

ngx_ssl_t *make_client_tls(ngx_conf_t *cf, const std::string &owner, TlsOptions &) {
    emerg(cf, "TLS in %s needs an nginx built with TLS", owner.c_str());
    return nullptr;
}

char *make_tls(ngx_conf_t *cf, ProviderConf &provider, TlsOptions &) {
    return emerg(cf, "https in ai_provider \"%s\" needs an nginx built with TLS", provider.name.c_str());
}

#endif

}  // namespace aigw::ngx
