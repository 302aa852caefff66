// A body being written from another dialect's request: what is out so far, what was left out, the first thing refused.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "core/json_writer.h"
#include "dialects/dialect.h"

namespace aigw::dialects {

// Functions that return bool return false once `error` is set.
// The caller's name for his schema, which only OpenAI's dialects and Bedrock's have a place for.
inline std::string format_name_path(const chat::ChatRequest &request) {
    std::string_view path = request.paths.schema;
    if (path.ends_with(".schema")) path.remove_suffix(std::string_view(".schema").size());
    return std::string(path) + ".name";
}

struct RequestWriting {
    RequestWriting(const chat::ChatRequest &from, const RequestOptions &with) : request(from), options(with) {}

    const chat::ChatRequest &request;
    const RequestOptions &options;
    WrittenRequest out;
    JsonWriter json{out.body};
    std::optional<chat::ApiError> error;

    void drop(std::string path) { out.dropped.push_back(std::move(path)); }

    // What has no place here: a 400 (false), or left out and listed where the operator says so.
    bool refuse(std::string path, std::string_view why = {}) {
        if (options.drop_unsupported) {
            drop(std::move(path));
            return true;
        }
        error = chat::unsupported(std::move(path), why);
        return false;
    }

    bool fail(chat::ApiError failure) {
        error = std::move(failure);
        return false;
    }

    // The turns before may not be here, so ai_unsupported drop does not help.
    bool has_no_thread() {
        for (const chat::Extra &extra : request.extras) {
            if (extra.elsewhere) return fail(chat::unsupported(extra.path, "it holds no conversations"));
        }
        return true;
    }

    chat::Result<WrittenRequest> result(bool written) {
        if (!written) return chat::fail(std::move(*error));
        return std::move(out);
    }
};

}  // namespace aigw::dialects
