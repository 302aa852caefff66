// The recorded exchanges that the tests measure themselves by. They are not part of the repository: AIGW_FIXTURES names
// their folder, else it is looked for beside the source tree; without them such tests are skipped.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "dialects/native.h"
#include "dialects/plain_reading.h"
#include "source_dir.h"

namespace aigw::dialects {

namespace fs = std::filesystem;

inline std::string slurp(const fs::path &path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

struct Recording {
    std::string id, endpoint, body, request;
    bool stream = false;
    int status = 0;
    std::string features;  // each with spaces around it
    const ProviderDialect *speaks = nullptr;
    const Dialect *dialect = nullptr;  // the same, where callers speak it too

    bool has(std::string_view feature) const {
        return features.find(" " + std::string(feature) + " ") != std::string::npos;
    }
    std::string provider() const { return id.substr(0, id.find('/')); }
    // Status 200, and still an error, at once or in the middle.
    bool fails() const { return has("error_in_200") || has("midstream_error"); }
    // What has no meaning outside its own dialect.
    bool own_dialect_only() const { return has("server_tools") || has("n_choices"); }
};

// AIGW_FIXTURES, else a folder `fixtures` in a folder beside the source tree.
inline fs::path fixtures() {
    if (const char *folder = std::getenv("AIGW_FIXTURES")) return folder;
    std::error_code none;
    for (const auto &beside : fs::directory_iterator(fs::path(AIGW_SOURCE_DIR) / "..", none)) {
        fs::path folder = beside.path() / "fixtures";
        if (fs::exists(folder / "index.json", none)) return folder;
    }
    return {};
}

inline std::string body_of(const fs::path &folder) {
    for (const char *name : {"response.sse", "response.ndjson", "response.eventstream", "response.json"}) {
        if (fs::exists(folder / name)) return slurp(folder / name);
    }
    return {};
}

inline std::vector<Recording> load(const std::function<const ProviderDialect *(const Recording &)> &dialect_of) {
    std::vector<Recording> out;
    std::string text = slurp(fixtures() / "index.json");
    plain::Json index = plain::parse(text);
    size_t i, j;
    json_t *entry, *feature;
    json_array_foreach(index.get(), i, entry) {
        Recording recording;
        recording.id = plain::text_of(entry, "id");
        recording.endpoint = plain::text_of(entry, "endpoint");
        recording.stream = json_is_true(json_object_get(entry, "stream"));
        recording.status = static_cast<int>(plain::count_of(entry, "status"));
        recording.features = " ";
        json_array_foreach(json_object_get(entry, "features"), j, feature) {
            recording.features += plain::text_of(feature) + " ";
        }
        fs::path folder = fixtures() / "providers" / recording.id;
        recording.request = slurp(folder / "request.json");
        recording.speaks = dialect_of(recording);
        if (!recording.speaks) continue;
        recording.dialect = dynamic_cast<const Dialect *>(recording.speaks);
        recording.body = body_of(folder);
        // One recording holds the answers of a whole loop in a row.
        constexpr std::string_view kNextAnswer = "\n\nevent: response.created";
        if (size_t next = recording.body.find(kNextAnswer); next != std::string::npos) recording.body.resize(next + 2);
        out.push_back(std::move(recording));
    }
    return out;
}

inline const Dialect *own_dialect(const Recording &recording) {
    if (recording.endpoint == "chat.completions") return &openai_chat();
    if (recording.id.starts_with("anthropic/") && recording.endpoint == "messages") return &anthropic_messages();
    bool google = recording.id.starts_with("gemini/") || recording.id.starts_with("vertex/");
    if (google && (recording.endpoint == "generateContent" || recording.endpoint == "streamGenerateContent")) return &gemini();
    if (recording.endpoint == "responses") return &openai_responses();  // whoever answers
    return nullptr;
}

// Of those that only providers speak.
inline const ProviderDialect *native_dialect(const Recording &recording) {
    if (recording.endpoint == "api.chat") return &ollama_chat();
    if (recording.endpoint == "v2.chat") return &cohere_chat();
    return nullptr;
}

// Converse, and Claude through InvokeModel; its other models speak formats of their own, which are not ours.
inline const ProviderDialect *bedrock_dialect(const Recording &recording) {
    if (!recording.id.starts_with("bedrock/")) return nullptr;
    if (recording.endpoint.starts_with("converse")) return &bedrock_converse();
    const bool claude = recording.request.find("\"anthropic_version\"") != std::string::npos;
    return recording.endpoint.starts_with("invoke") && claude ? &bedrock_anthropic() : nullptr;
}

class Recordings : public testing::Test {
protected:
    void SetUp() override {
        if (!fs::exists(fixtures() / "index.json")) GTEST_SKIP() << "no recordings here: set AIGW_FIXTURES";
    }
};

}  // namespace aigw::dialects
