#include "dialects/gemini_request_write.h"

#include <algorithm>

#include "core/json_writer.h"
#include "dialects/common.h"
#include "dialects/gemini_part_write.h"
#include "dialects/gemini_schema.h"
#include "dialects/gemini_thinking.h"
#include "dialects/gemini_turns.h"
#include "dialects/request_writing.h"

namespace aigw::dialects::google {

namespace {

using chat::ChatRequest;
using chat::Part;
using chat::ResponseFormat;
using chat::ToolChoice;

constexpr size_t kMaxStops = 5;     // Google's
constexpr int64_t kMaxAnswers = 8;  // Google's candidateCount

class RequestWriter {
public:
    RequestWriter(const ChatRequest &request, const RequestOptions &options)
        : request_(request), options_(options), traits_(traits_of(options.model)), json_(written_.body),
          parts_(json_, written_.dropped, options.drop_unsupported, traits_, request.paths.title) {}

    chat::Result<WrittenRequest> write() {
        if (auto done = foreign_parts(); !done) return chat::fail(std::move(done.error()));
        auto gathered = gather(request_, traits_, written_.dropped, options_.drop_unsupported);
        if (!gathered) return chat::fail(std::move(gathered.error()));
        json_.begin_object();
        system(gathered->system);
        if (auto done = contents(*gathered); !done) return chat::fail(std::move(done.error()));
        tools();
        tool_config();
        if (auto done = config(); !done) return chat::fail(std::move(done.error()));
        json_.end_object();
        if (!request_.user.empty()) drop(request_.paths.user);
        if (auto done = extras(); !done) return chat::fail(std::move(done.error()));
        return std::move(written_);
    }

private:
    using Written = chat::Result<void>;

    void drop(std::string_view path) { written_.dropped.emplace_back(path); }

    Written refuse(std::string path, std::string_view why = {}) {
        if (!options_.drop_unsupported) return chat::fail(chat::unsupported(std::move(path), why));
        drop(path);
        return {};
    }

    // Before the results of foreign calls are found to belong to none.
    Written foreign_parts() {
        for (const chat::Message &message : request_.messages) {
            for (const Part &part : message.parts) {
                if (part.kind != Part::Kind::Other || options_.drop_unsupported) continue;
                if (auto refused = refuse(part.origin.path("type")); !refused) return refused;
            }
        }
        return {};
    }

    void system(const std::vector<const Part *> &parts) {
        if (parts.empty()) return;
        json_.key("systemInstruction").begin_object().key("parts").begin_array();
        for (const Part *part : parts) json_.begin_object().key("text").text(part->text).end_object();
        json_.end_array().end_object();
    }

    // The turn of the user that the calls to be signed come after: earlier ones are not looked at.
    static size_t current_turn(const std::vector<Turn> &turns) {
        size_t at = turns.size();
        while (at > 0 && (turns[at - 1].model || turns[at - 1].results)) --at;
        return at;
    }

    Written contents(const Conversation &conversation) {
        const std::vector<Turn> &turns = conversation.turns;
        const size_t current = current_turn(turns);
        json_.key("contents").begin_array();
        for (size_t i = 0; i < turns.size(); ++i) {
            const Turn &turn = turns[i];
            // With ai_unsupported drop nothing may be left of a turn.
            bool any = std::any_of(turn.parts.begin(), turn.parts.end(), [](const Part *p) { return PartWriter::has_place(*p); });
            if (any) json_.begin_object().key("role").string(turn.model ? "model" : "user").key("parts").begin_array();
            if (auto done = turn_parts(turn, i >= current && traits_.signs_calls); !done) return done;
            if (any) json_.end_array().end_object();
        }
        json_.end_array();
        return {};
    }

    // Of calls side by side the first is signed.
    Written turn_parts(const Turn &turn, bool must_sign) {
        bool first_call = true;
        for (size_t k = 0; k < turn.parts.size(); ++k) {
            const Part &part = *turn.parts[k];
            Written done;
            if (turn.results) {
                done = parts_.result(part, turn.names[k]);
            } else if (part.kind == Part::Kind::ToolUse) {
                done = parts_.call(part, must_sign && first_call);
                first_call = false;
            } else {
                done = parts_.write(part);
            }
            if (!done) return done;
        }
        return {};
    }

    void tools() {
        if (request_.tools.empty()) return;
        json_.key("tools").begin_array().begin_object().key("functionDeclarations").begin_array();
        for (const chat::Tool &tool : request_.tools) {
            json_.begin_object().key("name").text(tool.name);
            if (tool.has_description) json_.key("description").text(tool.description);
            if (has_parameters(tool.parameters)) json_.key("parametersJsonSchema").raw(google_schema(tool.parameters, true));
            json_.end_object();
            if (tool.strict.value_or(false)) drop(tool.origin.path("strict"));
            if (!tool.cache_control.empty()) drop(tool.origin.path("cache_control"));
        }
        json_.end_array().end_object().end_array();
    }

    void tool_config() {
        const ToolChoice &choice = request_.tool_choice;
        if (request_.tools.empty()) return;
        if (choice.parallel == false) drop(request_.paths.parallel);
        if (choice.mode == ToolChoice::Mode::Unset) return;
        json_.key("toolConfig").begin_object().key("functionCallingConfig").begin_object().key("mode");
        switch (choice.mode) {
        case ToolChoice::Mode::None:
            json_.string("NONE");
            break;
        case ToolChoice::Mode::Required:
            json_.string("ANY");
            break;
        case ToolChoice::Mode::Named:
            json_.string("ANY").key("allowedFunctionNames").begin_array().text(choice.name).end_array();
            break;
        default:
            json_.string("AUTO");
        }
        json_.end_object().end_object();
    }

    Written config() {
        config_json_.begin_object();
        if (request_.max_tokens) config_json_.key("maxOutputTokens").number(*request_.max_tokens);
        if (!request_.temperature.empty()) config_json_.key("temperature").raw(request_.temperature);
        if (!request_.top_p.empty()) config_json_.key("topP").raw(request_.top_p);
        if (!request_.top_k.empty()) config_json_.key("topK").raw(request_.top_k);
        if (auto done = stop(); !done) return done;
        shared();
        format();
        write_thinking(request_, traits_, config_json_, written_.dropped);
        config_json_.end_object();
        if (config_ != "{}") json_.key("generationConfig").raw(config_);
        return {};
    }

    Written stop() {
        if (request_.stop.empty()) return {};
        if (request_.stop.size() > kMaxStops) {
            if (auto refused = refuse(std::string(request_.paths.stop), "it takes at most five"); !refused) return refused;
        }
        config_json_.key("stopSequences").begin_array();
        for (size_t i = 0; i < std::min(request_.stop.size(), kMaxStops); ++i) config_json_.text(request_.stop[i]);
        config_json_.end_array();
        return {};
    }

    // Google's name for a member that others have too; empty: it can't be carried.
    static std::string_view own_name(const chat::Extra &extra) {
        if (extra.meaning == "n") {
            return extra.raw.size() == 1 && extra.raw[0] - '0' <= kMaxAnswers ? "candidateCount" : "";
        }
        if (extra.meaning == "seed") return "seed";
        if (extra.meaning == "logprobs") return "responseLogprobs";
        if (extra.meaning == "top_logprobs") return "logprobs";
        if (extra.meaning == "presence_penalty") return "presencePenalty";
        return extra.meaning == "frequency_penalty" ? "frequencyPenalty" : "";
    }

    void shared() {
        for (const chat::Extra &extra : request_.extras) {
            if (std::string_view name = own_name(extra); !name.empty()) config_json_.key(name).raw(extra.raw);
        }
    }

    void format() {
        const ResponseFormat &format = request_.format;
        if (format.kind != ResponseFormat::Kind::JsonObject && format.kind != ResponseFormat::Kind::JsonSchema) return;
        config_json_.key("responseMimeType").string("application/json");
        if (format.kind == ResponseFormat::Kind::JsonSchema) {
            config_json_.key("responseJsonSchema").raw(google_schema(format.schema, false));
            if (!format.name.empty()) drop(format_name_path(request_));
        }
    }

    Written extras() {
        if (auto elsewhere = refuse_elsewhere(request_)) return chat::fail(std::move(*elsewhere));
        for (const chat::Extra &extra : request_.extras) {
            if (!own_name(extra).empty()) continue;
            if (extra.hint) {
                drop(extra.path);
            } else if (auto refused = refuse(extra.path); !refused) {
                return refused;
            }
        }
        return {};
    }

    const ChatRequest &request_;
    const RequestOptions &options_;
    const ModelTraits traits_;
    WrittenRequest written_;
    JsonWriter json_;
    PartWriter parts_;
    std::string config_;
    JsonWriter config_json_{config_};
};

}  // namespace

chat::Result<WrittenRequest> write_request(const ChatRequest &request, const RequestOptions &options) {
    return RequestWriter(request, options).write();
}

}  // namespace aigw::dialects::google
