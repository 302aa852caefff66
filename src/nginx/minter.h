// A worker's credential from one source: made when a request first needs it, made anew ahead of its end as long as
// somebody uses it. The old one serves until it ends; while there is none, requests wait for the one under way, and
// after a failure none waits until the next try.
//
//   Idle --(needed and due)--> [shared by another worker: Idle] --> Resolving --> Calling --> Idle
//     ^                                                                 |            |
//     '------------- failed: logged once, next try after a while -------'------------'
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/digest.h"
#include "nginx/curl.h"
#include "nginx/mint_conf.h"
#include "nginx/ngx.h"
#include "nginx/resolve.h"
#include "nginx/keys.h"
#include "providers/mint_schedule.h"

namespace aigw::ngx {

class Minter final : private SideCall::Owner, private Addresses::Waiter {
public:
    static constexpr ngx_msec_t kCall = 3'000;        // ms of one call
    static constexpr ngx_msec_t kWhole = 5'000;       // ms of all calls for one credential: nobody waits longer
    static constexpr ngx_msec_t kResolve = 2'000;     // ms for an answer of a nameserver
    static constexpr ngx_msec_t kLook = 2'000;        // ms between two looks at the clock, and at a file that may have changed
    static constexpr Millis kDoubt = 4'000;           // ms that one is believed in; doubled kDoubts times
    static constexpr int kDoubts = 6;
    static constexpr ngx_msec_t kLogEvery = 60'000;   // ms

    // A request that waits. The object belongs to it.
    class Waiter {
    public:
        // Called once, from an event; must not start anything but an event of its own.
        virtual void on_minted(bool found) = 0;

    protected:
        Waiter() = default;
        ~Waiter() = default;

    private:
        friend class Minter;
        Minter *minter_ = nullptr;  // whom it waits for
    };

    explicit Minter(const MintConf &conf);
    ~Minter();
    Minter(const Minter &) = delete;

    // For a request that comes now: there is one that has not ended. What is due begins, behind the scenes.
    bool ready();
    // Valid until the next event.
    providers::CallCredential credential() const;
    // After ready() said no. False: there will be none soon.
    bool wait(Minter::Waiter &waiter);
    static void cancel(Minter::Waiter &waiter);
    // A provider refused a call by it: it is made anew early, but where that does not help, less and less often.
    void doubt();

private:
    enum class State : uint8_t { Idle, Resolving, Calling };

    template <void (Minter::*Action)()>
    static void on_event(ngx_event_t *event) noexcept;
    void on_addresses(bool found) override;
    void on_reply(Result<providers::SideReply, std::string> reply) override;
    void on_look();
    void on_late();
    void on_resolved();

    void begin();
    void call(const providers::SideRequest &request);
    void launch();
    bool adopt();
    void accept(const providers::Minted &minted);
    void fail(const std::string &why);
    void settle();
    void stop();
    void arm_look();

    std::optional<std::string> read_text();
    void reread();
    void log(ngx_uint_t level, const std::string &what) const;

    const MintConf &conf_;
    State state_ = State::Idle;
    bool used_ = false;       // since it was made
    bool failing_ = false;    // and logged
    ngx_msec_t logged_ = 0;
    Millis made_ = 0;         // when
    int doubts_ = 0;          // in a row that made it anew
    bool doubted_ = false;    // it is being made anew for that
    providers::MintSchedule schedule_;
    providers::Minted minted_;
    std::string text_;        // of the source's file, an account
    Sha256 origin_;           // of what the credential is made of
    std::optional<FileStamp> stamp_;
    std::unique_ptr<providers::Mint> mint_;  // the conversation under way
    providers::SideRequest request_;
    std::string host_;        // whom addresses_ are of
    std::unique_ptr<Addresses> addresses_;
    SideCall call_;
    std::vector<Minter::Waiter *> waiters_;
    ngx_connection_t connection_{};  // debug logs ask for a descriptor
    ngx_event_t look_{};      // the next look at the schedule
    ngx_event_t late_{};      // the end of patience
    ngx_event_t resume_{};    // the addresses are there
};

}  // namespace aigw::ngx
