#include "nginx/ngx.h"

#include "nginx/curl.h"

#include <openssl/err.h>

#include "nginx/guarded.h"

namespace aigw::ngx {

// libcurl's wishes, sockets to watch and one timer, on nginx's connections and events. One for a process.
class CurlLoop {
public:
    // Made on first use, in the worker. Null: libcurl cannot.
    static CurlLoop *instance() {
        if (self_ == nullptr && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) {
            self_ = new CurlLoop;
        }
        return self_ != nullptr && self_->multi_ != nullptr ? self_ : nullptr;
    }
    static void close() {
        if (self_ != nullptr) {
            delete self_;
            self_ = nullptr;
            curl_global_cleanup();
        }
    }
    static bool open() { return self_ != nullptr; }

    CURLM *multi() { return multi_; }

private:
    CurlLoop() : multi_(curl_multi_init()) {
        connection_.fd = static_cast<ngx_socket_t>(-1);
        timer_.data = &connection_;  // debug logs ask for a descriptor
        timer_.log = ngx_cycle->log;
        timer_.handler = on_timer;
        timer_.cancelable = 1;
        if (multi_ != nullptr) {
            curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, on_socket);
            curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, on_timer_wish);
            curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
        }
    }
    ~CurlLoop() {
        curl_multi_cleanup(multi_);
        stop_timer();
    }

    void stop_timer() {
        if (timer_.timer_set) {
            ngx_del_timer(&timer_);
        }
    }

    // Not from within: libcurl calls this in the middle of its own work, so "at once" is a timer of no time.
    static int on_timer_wish(CURLM *, long wait, void *data) noexcept {
        auto *self = static_cast<CurlLoop *>(data);
        self->stop_timer();
        if (wait >= 0) {
            ngx_add_timer(&self->timer_, static_cast<ngx_msec_t>(wait));
        }
        return 0;
    }

    static void on_timer(ngx_event_t *) noexcept { act(CURL_SOCKET_TIMEOUT, 0); }

    static void on_event(ngx_event_t *event) noexcept {
        auto *c = static_cast<ngx_connection_t *>(event->data);
        act(c->fd, event->write ? CURL_CSELECT_OUT : CURL_CSELECT_IN);
    }

    // All of libcurl's work; the calls that ended are told so afterwards.
    static void act(curl_socket_t socket, int what) noexcept {
        int running = 0;
        curl_multi_socket_action(self_->multi_, socket, what, &running);
        int left = 0;
        while (self_ != nullptr) {
            CURLMsg *message = curl_multi_info_read(self_->multi_, &left);
            if (message == nullptr) {
                break;
            }
            void *owner = nullptr;
            if (message->msg == CURLMSG_DONE &&
                curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner) == CURLE_OK && owner != nullptr) {
                guarded(ngx_cycle->log, [&] { static_cast<SideCall *>(owner)->finish(message->data.result); });
            }
        }
        ERR_clear_error();  // or nginx finds it at another connection
    }

    // Without a connection or an event the call ends at its deadline: an error from here would end all of them for good.
    static int on_socket(CURL *, curl_socket_t socket, int what, void *, void *data) noexcept {
        auto *c = static_cast<ngx_connection_t *>(data);
        if (what == CURL_POLL_REMOVE) {
            if (c != nullptr) {
                forget(c);
            }
            return 0;
        }
        if (c == nullptr) {
            c = ngx_get_connection(socket, ngx_cycle->log);
            if (c == nullptr) {
                return 0;
            }
            for (ngx_event_t *event : {c->read, c->write}) {
                event->handler = on_event;
                event->log = c->log;
            }
            curl_multi_assign(self_->multi_, socket, c);
        }
        watch(c->read, NGX_READ_EVENT, (what & CURL_POLL_IN) != 0);
        watch(c->write, NGX_WRITE_EVENT, (what & CURL_POLL_OUT) != 0);
        return 0;
    }

    // Level-triggered: libcurl may leave bytes for later.
    static void watch(ngx_event_t *event, ngx_int_t kind, bool wanted) {
        if (wanted && !event->active) {
            ngx_add_event(event, kind, NGX_LEVEL_EVENT);
        } else if (!wanted && event->active) {
            ngx_del_event(event, kind, 0);
        }
    }

    // The descriptor is libcurl's to close.
    static void forget(ngx_connection_t *c) {
        watch(c->read, NGX_READ_EVENT, false);
        watch(c->write, NGX_WRITE_EVENT, false);
        for (ngx_event_t *event : {c->read, c->write}) {
            if (event->posted) {
                ngx_delete_posted_event(event);
            }
            event->closed = 1;
        }
        ngx_free_connection(c);
        c->fd = static_cast<ngx_socket_t>(-1);
    }

    static CurlLoop *self_;
    CURLM *multi_;
    ngx_connection_t connection_{};
    ngx_event_t timer_{};
};

CurlLoop *CurlLoop::self_ = nullptr;

void SideCall::close_all() {
    CurlLoop::close();
}

bool SideCall::add(curl_slist *&list, const std::string &text) {
    curl_slist *longer = curl_slist_append(list, text.c_str());
    list = longer != nullptr ? longer : list;
    return longer != nullptr;
}

// Where to, and under what conditions.
bool SideCall::set_target(const Address &address, const std::string &authorities, ngx_msec_t deadline) {
    u_char text[NGX_SOCKADDR_STRLEN];  // with the port, an IPv6 address in brackets
    size_t size = ngx_sock_ntop(const_cast<sockaddr *>(&address.address.sockaddr), address.length, text, sizeof text, 1);
    const providers::Url &url = request_.url;
    const std::string whole = (url.tls ? "https://" : "http://") + url.authority() + url.path;
#if LIBCURL_VERSION_NUM >= 0x075500
    bool safe = set(CURLOPT_PROTOCOLS_STR, url.tls ? "https" : "http");
#else
    bool safe = set(CURLOPT_PROTOCOLS, static_cast<long>(url.tls ? CURLPROTO_HTTPS : CURLPROTO_HTTP));
#endif
    safe = safe && set(CURLOPT_NOSIGNAL, 1L) && set(CURLOPT_PROXY, "") && set(CURLOPT_FORBID_REUSE, 1L) &&
           set(CURLOPT_FRESH_CONNECT, 1L) && set(CURLOPT_PATH_AS_IS, 1L) &&
           set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1)) &&
           set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (safe && url.tls && !authorities.empty()) {
        safe = set(CURLOPT_CAINFO, authorities.c_str()) && set(CURLOPT_CAPATH, static_cast<char *>(nullptr));
    }
    return safe && set(CURLOPT_URL, whole.c_str()) && set(CURLOPT_TIMEOUT_MS, static_cast<long>(deadline)) &&
           set(CURLOPT_CONNECTTIMEOUT_MS, kConnect) &&
           add(place_, "::" + std::string(reinterpret_cast<char *>(text), size)) && set(CURLOPT_CONNECT_TO, place_);
}

bool SideCall::set_message() {
    bool made = set(CURLOPT_PRIVATE, this) && set(CURLOPT_WRITEFUNCTION, on_body) && set(CURLOPT_WRITEDATA, this) &&
                set(CURLOPT_HEADERFUNCTION, on_head) && set(CURLOPT_HEADERDATA, this) &&
                set(CURLOPT_USERAGENT, "ngx_http_aigw") && add(headers_, "Expect:");
    for (const providers::Header &header : request_.headers) {
        made = made && add(headers_, header.name + ": " + header.value);
    }
    if (made && request_.method != "GET") {
        made = set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size())) &&
               set(CURLOPT_POSTFIELDS, request_.body.c_str()) && set(CURLOPT_CUSTOMREQUEST, request_.method.c_str()) &&
               (!request_.body.empty() || add(headers_, "Content-Type:"));
    }
    return made && set(CURLOPT_HTTPHEADER, headers_);
}

bool SideCall::start(const providers::SideRequest &request, const Address &address, const std::string &authorities,
                     ngx_msec_t deadline) {
    cancel();
    CurlLoop *loop = CurlLoop::instance();
    easy_ = loop != nullptr ? curl_easy_init() : nullptr;
    if (easy_ == nullptr) {
        return false;
    }
    request_ = request;
    reply_ = {};
    head_ = 0;
    too_large_ = false;
    if (set_target(address, authorities, deadline) && set_message() && curl_multi_add_handle(loop->multi(), easy_) == CURLM_OK) {
        return true;
    }
    release();
    return false;
}

void SideCall::cancel() {
    if (easy_ != nullptr) {
        curl_multi_remove_handle(CurlLoop::instance()->multi(), easy_);
        release();
    }
}

void SideCall::release() {
    curl_easy_cleanup(easy_);
    curl_slist_free_all(headers_);
    curl_slist_free_all(place_);
    easy_ = nullptr;
    headers_ = place_ = nullptr;
    ngx_explicit_memzero(request_.body.data(), request_.body.size());
    request_ = {};
}

void SideCall::finish(CURLcode code) {
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    cancel();
    if (code != CURLE_OK) {
        owner_.on_reply(Unexpected<std::string>{too_large_ ? "answered too much" : curl_easy_strerror(code)});
        return;
    }
    reply_.status = static_cast<int>(status);
    owner_.on_reply(std::move(reply_));
}

size_t SideCall::on_body(char *bytes, size_t size, size_t count, void *self) noexcept {
    auto &call = *static_cast<SideCall *>(self);
    const size_t length = size * count;
    if (call.reply_.body.size() + length > kMaxAnswer) {
        call.too_large_ = true;
        return 0;
    }
    return guarded(ngx_cycle->log, size_t(0), [&] {
        call.reply_.body.append(bytes, length);
        return length;
    });
}

size_t SideCall::on_head(char *, size_t size, size_t count, void *self) noexcept {
    auto &call = *static_cast<SideCall *>(self);
    call.head_ += size * count;
    call.too_large_ = call.head_ > kMaxHead;
    return call.too_large_ ? 0 : size * count;
}

}  // namespace aigw::ngx
