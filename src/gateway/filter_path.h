// What a path says of a call that an existing proxy serves, in the paths of every server that speaks the dialect: only
// their ends are looked at, for nobody knows what stands before them.
#pragma once

#include <string>
#include <string_view>

#include "dialects/dialect.h"

namespace aigw::gateway {

struct FilterPath {
    const dialects::Dialect *dialect = nullptr;
    bool is_call = false;        // to a model, for an answer of texts (if it is a POST)
    bool counts_tokens = false;  // has texts, but its answer has none
    // Google's: what the path says instead of the body.
    std::string_view model;
    bool stream = false;
    bool list = false;           // a stream that comes as one JSON list, for nobody asked for events (alt=sse)
};

// `dialect` null (auto): by the path and the header anthropic-version.
FilterPath read_filter_path(const dialects::Dialect *dialect, std::string_view path, std::string_view query,
                            bool anthropic_header);
// The place of a call without what says only in which form its answer is to come: for the keys of a cache.
std::string filter_place(const FilterPath &read, std::string_view path, std::string_view query);

}  // namespace aigw::gateway
