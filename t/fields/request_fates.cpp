// What becomes of requests: test_fields.py asks. A line on standard input is one request,
//     {"caller":"openai_chat","body":{...}}
// and a line on standard output says what each dialect of providers gets of it, in the registry's order:
//     [{"to":"gemini","path":"/models/..","body":{...},"dropped":["seed"]},{"to":"cohere_chat","param":"n","code":"unsupported_value"},...]
// The dialect of the caller itself gets the body as it is passed on. With the argument `drop` under ai_unsupported drop.
#include <cstdio>
#include <iostream>
#include <string>

#include "core/json_splice.h"
#include "core/json_writer.h"
#include "dialects/dialect.h"

namespace aigw::dialects {
namespace {

// Names that make each dialect treat the model as one that thinks and takes tools.
std::string_view model_for(std::string_view dialect) {
    if (dialect == "anthropic_messages" || dialect == "vertex_anthropic") return "claude-sonnet-4-5";
    if (dialect.starts_with("bedrock")) return "anthropic.claude-sonnet-4-5";
    if (dialect == "gemini") return "gemini-2.5-flash";
    return "gpt-x";
}

const Dialect *caller_named(std::string_view name) {
    for (const Dialect *dialect : all_dialects()) {
        if (dialect->name() == name) return dialect;
    }
    return nullptr;
}

void write_error(const chat::ApiError &error, JsonWriter &json) {
    json.key("param").string(error.param).key("code").string(error.code).key("status").number(error.status);
}

void write_body(const WrittenRequest &written, const std::string &path, JsonWriter &json) {
    json.key("path").string(path).key("body").raw(written.body).key("dropped").begin_array();
    for (const std::string &path : written.dropped) {
        json.string(path);
    }
    json.end_array();
}

chat::Result<WrittenRequest> pass(const Dialect &dialect, const JsonDoc &doc, const RequestOptions &options) {
    JsonSplice splice(doc.text());
    dialect.pass_request(doc, options, splice);
    auto adapted = dialect.adapt_request(doc, options, splice);
    if (!adapted) return chat::fail(adapted.error());
    WrittenRequest written;
    written.dropped = std::move(*adapted);
    for (std::string_view piece : splice.pieces()) {
        written.body.append(piece);
    }
    return written;
}

chat::Result<WrittenRequest> fate(const Dialect &caller, const ProviderDialect &to, const JsonDoc &doc, bool drop) {
    RequestOptions options;
    options.model = model_for(to.name());
    options.drop_unsupported = drop;
    options.stream = caller.facts(doc.root()).stream;
    if (&to == &caller) return pass(caller, doc, options);
    auto request = caller.read_request(doc);
    if (!request) return chat::fail(request.error());
    return to.write_request(*request, options);
}

// Our own check first, as the gateway makes it before any provider is asked.
std::string fates(const Dialect &caller, std::string_view body, bool drop) {
    std::string out;
    JsonWriter json(out);
    JsonParser parser;
    JsonDoc doc;
    JsonOptions strict;
    strict.refuse_duplicates = true;
    json.begin_array();
    if (!parser.parse(body, doc, strict)) return "null";
    auto wrong = caller.check(doc.root());
    for (const ProviderDialect *to : provider_dialects()) {
        json.begin_object().key("to").string(to->name());
        auto written = wrong ? chat::Result<WrittenRequest>(chat::fail(*wrong)) : fate(caller, *to, doc, drop);
        std::string path = to->path(model_for(to->name()), caller.facts(doc.root()).stream);
        written ? write_body(*written, path, json) : write_error(written.error(), json);
        json.end_object();
    }
    json.end_array();
    return out;
}

}  // namespace
}  // namespace aigw::dialects

int main(int argc, char **argv) {
    using namespace aigw;
    const bool drop = argc > 1 && std::string_view(argv[1]) == "drop";
    std::ios::sync_with_stdio(false);
    for (std::string line; std::getline(std::cin, line);) {
        JsonParser parser;
        JsonDoc doc;
        if (!parser.parse(line, doc)) return 1;
        const dialects::Dialect *caller = dialects::caller_named(doc.root()["caller"].text().escaped);
        if (!caller) return 1;
        std::cout << dialects::fates(*caller, doc.root()["body"].raw(), drop) << '\n';
    }
    return 0;
}
