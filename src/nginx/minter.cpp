#include "nginx/ngx.h"

#include "nginx/minter.h"

#include <algorithm>

#include "nginx/directive_tools.h"
#include "nginx/guarded.h"
#include "nginx/key_load.h"
#include "nginx/mint_zone.h"
#include "nginx/text.h"
#include "providers/google_account.h"
#include "providers/host_files.h"

namespace aigw::ngx {

using providers::MintKind;

namespace {

// Wall clock: credentials end by it.
Millis clock_now() {
    const ngx_time_t *time = ngx_timeofday();
    return static_cast<Millis>(time->sec) * 1000 + time->msec;
}

// Of a host that the configuration did not know.
std::vector<std::string> known_addresses(const std::string &host) {
    return providers::is_address(host) ? std::vector<std::string>{host} : providers::hosts_addresses({}, host);
}

uint32_t chance() { return static_cast<uint32_t>(ngx_random()); }

}  // namespace

template <void (Minter::*Action)()>
void Minter::on_event(ngx_event_t *event) noexcept {
    auto *c = static_cast<ngx_connection_t *>(event->data);
    auto *self = static_cast<Minter *>(c->data);
    bool sound = guarded(ngx_cycle->log, false, [&] {
        (self->*Action)();
        return true;
    });
    if (!sound) {
        self->stop();
        self->settle();
    }
}

Minter::Minter(const MintConf &conf) : conf_(conf), text_(conf.text), origin_(sha256(conf.text)), call_(*this) {
    connection_.fd = static_cast<ngx_socket_t>(-1);
    connection_.data = this;
    for (ngx_event_t *event : {&look_, &late_, &resume_}) {
        event->data = &connection_;
        event->log = ngx_cycle->log;
        event->cancelable = 1;  // requests that wait have timers of their own
    }
    look_.handler = on_event<&Minter::on_look>;
    late_.handler = on_event<&Minter::on_late>;
    resume_.handler = on_event<&Minter::on_resolved>;
}

Minter::~Minter() {
    stop();
    if (look_.timer_set) {
        ngx_del_timer(&look_);
    }
    for (Minter::Waiter *waiter : waiters_) {
        waiter->minter_ = nullptr;
    }
    for (std::string *secret : {&text_, &minted_.aws.secret_key, &minted_.aws.session_token, &minted_.bearer}) {
        ngx_explicit_memzero(secret->data(), secret->size());
    }
}

// ---- for requests

bool Minter::ready() {
    used_ = true;
    if (state_ == State::Idle && clock_now() >= schedule_.due()) {
        begin();
    } else if (state_ == State::Idle && !look_.timer_set) {
        arm_look();
    }
    return schedule_.usable(clock_now());
}

providers::CallCredential Minter::credential() const {
    providers::CallCredential credential(minted_.bearer);
    if (minted_.bearer.empty()) {
        credential.aws = &minted_.aws;
    }
    return credential;
}

bool Minter::wait(Minter::Waiter &waiter) {
    if (state_ == State::Idle) {
        return false;
    }
    waiters_.push_back(&waiter);
    waiter.minter_ = this;
    return true;
}

void Minter::doubt() {
    const Millis now = clock_now();
    if (schedule_.failures() == 0 && now < schedule_.due() && now - made_ >= kDoubt << doubts_) {
        schedule_.expedite(now);
        doubts_ = std::min(doubts_ + 1, kDoubts);
        doubted_ = true;
    }
}

void Minter::cancel(Minter::Waiter &waiter) {
    if (waiter.minter_ != nullptr) {
        auto &all = waiter.minter_->waiters_;
        all.erase(std::find(all.begin(), all.end(), &waiter));
        waiter.minter_ = nullptr;
    }
}

void Minter::settle() {
    const bool found = schedule_.usable(clock_now());
    while (!waiters_.empty()) {
        Minter::Waiter *waiter = waiters_.back();
        waiters_.pop_back();
        waiter->minter_ = nullptr;
        waiter->on_minted(found);
    }
}

// ---- one making

void Minter::begin() {
    if (adopt()) {
        return;
    }
    std::optional<std::string> text = read_text();
    if (!text) {
        fail("\"" + conf_.source.file + "\" cannot be read");
        return;
    }
    mint_ = providers::make_mint(conf_.source, *text);
    ngx_explicit_memzero(text->data(), text->size());
    auto first = mint_->start(ngx_time());
    if (!first) {
        fail(first.error());
        return;
    }
    ngx_add_timer(&late_, kWhole);
    call(*first);
}

// Another worker has a later one.
bool Minter::adopt() {
    if (conf_.source.kind == MintKind::GoogleAccount) {
        reread();
    }
    auto found = find_published(conf_, origin_);
    if (!found || found->expires * 1000 <= std::max(schedule_.expires(), clock_now())) {
        return false;
    }
    accept(*found);
    return true;
}

// Of the file that the source names; the account's is kept as long as it does not change.
std::optional<std::string> Minter::read_text() {
    if (conf_.source.file.empty() || conf_.source.kind == MintKind::GoogleAccount) {
        return text_;
    }
    auto read = read_small_file(conf_.source.file.c_str(), providers::kMaxMintedText);
    return read ? std::optional(std::move(*read)) : std::nullopt;
}

// What cannot be read, or is no account, changes nothing.
void Minter::reread() {
    ngx_str_t path = str(conf_.source.file);
    std::optional<FileStamp> stamp = stamp_of(path);
    if (!stamp || stamp == stamp_) {
        return;
    }
    stamp_ = stamp;
    auto read = read_small_file(conf_.source.file.c_str(), providers::kMaxGoogleAccount);
    std::string wrong = "cannot be read";
    if (read) {
        auto account = providers::read_google_account(*read);
        wrong = account ? "" : account.error();
    }
    if (!wrong.empty()) {
        log(NGX_LOG_ERR, "\"" + conf_.source.file + "\" " + wrong + ", what was read before stays in use");
        return;
    }
    if (const Sha256 origin = sha256(*read); origin != origin_) {
        origin_ = origin;
        text_ = std::move(*read);
        schedule_.expedite(clock_now());
    }
}

void Minter::call(const providers::SideRequest &request) {
    request_ = request;
    if (!addresses_ || host_ != request.url.authority()) {
        host_ = request.url.authority();
        bool configured = host_ == conf_.source.url.authority();
        addresses_ = std::make_unique<Addresses>(request.url.host, request.url.port,
                                                 configured ? conf_.static_ips : known_addresses(request.url.host));
    }
    if (addresses_->ready()) {
        launch();
        return;
    }
    state_ = State::Resolving;
    if (!addresses_->wait(*this, conf_.resolver, kResolve)) {
        fail("the name of its host could not be resolved");
    }
}

void Minter::on_addresses(bool) {
    ngx_post_event(&resume_, &ngx_posted_events);
}

void Minter::on_resolved() {
    launch();
}

void Minter::launch() {
    const Address *address = addresses_->pick(0);
    if (address == nullptr) {
        fail("the name of its host could not be resolved");
        return;
    }
    state_ = State::Calling;
    if (!call_.start(request_, *address, conf_.authorities, kCall)) {
        fail("no call could be made");
    }
}

void Minter::on_reply(Result<providers::SideReply, std::string> reply) {
    if (!reply) {
        fail(reply.error());
        return;
    }
    auto step = mint_->next(*reply, ngx_time());
    ngx_explicit_memzero(reply->body.data(), reply->body.size());
    if (!step) {
        fail(step.error());
    } else if (auto *request = std::get_if<providers::SideRequest>(&*step)) {
        call(*request);
    } else {
        const auto &minted = std::get<providers::Minted>(*step);
        publish(conf_, origin_, minted);
        accept(minted);
    }
}

void Minter::on_late() {
    fail("did not answer in time");
}

void Minter::stop() {
    state_ = State::Idle;
    call_.cancel();
    mint_.reset();
    ngx_explicit_memzero(request_.body.data(), request_.body.size());
    request_ = {};
    if (addresses_) {
        addresses_->cancel(*this);
    }
    if (late_.timer_set) {
        ngx_del_timer(&late_);
    }
    if (resume_.posted) {
        ngx_delete_posted_event(&resume_);
    }
}

void Minter::accept(const providers::Minted &minted) {
    stop();
    minted_ = minted;
    made_ = clock_now();
    doubts_ = doubted_ ? doubts_ : 0;
    doubted_ = false;
    schedule_.succeeded(clock_now(), minted.expires, chance());
    used_ = !waiters_.empty();
    if (failing_) {
        failing_ = false;
        log(NGX_LOG_NOTICE, "there are credentials again");
    }
    arm_look();
    settle();
}

void Minter::fail(const std::string &why) {
    stop();
    schedule_.failed(clock_now(), chance());
    if (!failing_ || ngx_current_msec - logged_ >= kLogEvery) {
        failing_ = true;
        logged_ = ngx_current_msec;
        log(NGX_LOG_ERR, why + (schedule_.usable(clock_now()) ? "; the old credentials are used until they end" : ""));
    }
    arm_look();
    settle();
}

void Minter::log(ngx_uint_t level, const std::string &what) const {
    ngx_log_error(level, ngx_cycle->log, 0, "aigw: credentials from %s: %s", conf_.name.c_str(), what.c_str());
}

// ---- time

void Minter::arm_look() {
    const Millis left = std::max<Millis>(schedule_.due() - clock_now(), 1);
    if (look_.timer_set) {
        ngx_del_timer(&look_);
    }
    ngx_add_timer(&look_, std::min<ngx_msec_t>(static_cast<ngx_msec_t>(left), kLook));
}

// Nobody asked since the last one was made: the next request begins.
void Minter::on_look() {
    if (state_ != State::Idle || !used_) {
        return;
    }
    if (conf_.source.kind == MintKind::GoogleAccount) {
        reread();
    }
    if (clock_now() >= schedule_.due()) {
        begin();
    } else {
        arm_look();
    }
}

}  // namespace aigw::ngx
