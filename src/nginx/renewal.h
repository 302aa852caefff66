// A worker's reservations, looked at as long as there are any: their leases are renewed in time.
#pragma once

#include "nginx/ngx.h"

namespace aigw::ngx {

class Renewed {
public:
    Renewed() = default;
    Renewed(const Renewed &) = delete;

protected:
    ~Renewed() { stop_renewing(); }
    // renew() is called once in every third of `lease` from now on.
    void keep_renewing(ngx_msec_t lease);
    void stop_renewing();

    virtual void renew() = 0;

private:
    friend class Renewals;
    struct Link {
        ngx_queue_t queue;  // first; of the worker's, the one renewed longest ago first
        Renewed *owner;
    };

    Link link_{{}, this};
    bool linked_ = false;
    ngx_msec_t every_ = 0;    // ms
    ngx_msec_t renewed_ = 0;  // when
};

}  // namespace aigw::ngx
