// What a step of admission needs of the phase that it runs in.
#pragma once

#include <string_view>

#include "nginx/context.h"
#include "nginx/ngx.h"

namespace aigw::ngx {

// Refuses the request, in the caller's own dialect. The error's status.
ngx_int_t refuse(Context &context, const chat::ApiError &error);
// Answers in the place of the model, with `text`. NGX_DONE.
ngx_int_t answer_request(Context &context, std::string_view text);

// Answers with a whole answer, in the mode that was asked for. NGX_DONE.
ngx_int_t answer_with(Context &context, std::string body);

// The policies that hold for this request in a kind of its own: the model's if it has lines of that kind, else the
// location's.
template <class List>
const PolicySet &policies_in_force(Context &context, List PolicySet::*list) {
    MainConf &main = *main_conf(context.r);
    if (context.exchange && context.exchange->model() != nullptr) {
        auto index = static_cast<size_t>(context.exchange->model() - main.models.models.data());
        const PolicySet &own = *main.model_policies[index];
        if ((own.*list).written) {
            return own;
        }
    }
    return loc_conf(context.r)->policies;
}

// Neither empty nor 0. Throws bad_alloc.
bool is_true(ngx_http_request_t *r, ngx_http_complex_value_t &value);

}  // namespace aigw::ngx
