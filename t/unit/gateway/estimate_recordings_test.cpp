// The estimates of prompt and answer against what providers reported for recorded exchanges.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "dialects/recordings.h"
#include "gateway/scripted_exchange.h"

namespace aigw::gateway {
namespace {

// Estimate over reported, worst first.
struct Ratios {
    std::vector<std::pair<double, std::string>> values;

    void add(Tokens estimate, Tokens reported, const std::string &id) {
        values.emplace_back(static_cast<double>(estimate) / static_cast<double>(reported), id);
    }
    // The ratio that a share of all cases stays within, on its own side of 1: 2 is as far as 0.5.
    double off_by(double share) {
        std::sort(values.begin(), values.end(), [](const auto &a, const auto &b) {
            return std::abs(std::log(a.first)) < std::abs(std::log(b.first));
        });
        return values[std::min(values.size() - 1, static_cast<size_t>(share * static_cast<double>(values.size())))].first;
    }
    void print(const char *what) {
        std::vector<double> sorted;
        for (auto &[ratio, id] : values) {
            sorted.push_back(ratio);
        }
        std::sort(sorted.begin(), sorted.end());
        double p95 = off_by(0.95), worst = off_by(1.0);
        std::printf("estimate / reported, %s: %zu cases, p50 %.2f, p95 %.2f, worst %.2f (%s)\n", what, values.size(),
                    sorted[sorted.size() / 2], p95, worst, values.back().second.c_str());
    }
};

bool countable(const dialects::Recording &recording) {
    return recording.status == 200 && !recording.request.empty() && !recording.own_dialect_only() &&
           !recording.has("pdf_or_file") && recording.request.find("\"server_tool") == std::string::npos &&
           recording.request.find("http://") == std::string::npos &&
           recording.request.find("https://") == std::string::npos && recording.request.find("_20") == std::string::npos;
}

class EstimateRecordings : public dialects::Recordings {};

TEST_F(EstimateRecordings, StayWithinTwofoldOfWhatProvidersReport) {
    Ratios prompt, completion;
    for (const dialects::Recording &recording : dialects::load(dialects::own_dialect)) {
        // The two that the estimates are made for: others have tokenisers of their own.
        bool known = recording.provider() == "openai" || recording.provider() == "anthropic";
        if (!known || !countable(recording)) {
            continue;
        }
        bool openai = recording.dialect == &dialects::openai_chat();
        ScriptedExchange talk;
        talk.caller.path = openai ? "chat/completions" : "messages";
        talk.model("*", {openai ? talk.openai("*") : talk.claude("*")});
        talk.run(recording.request, {recording.stream ? events(recording.body) : json(200, recording.body)});
        const Record &record = talk.exchange().record();
        if (talk.status != 200 || record.usage_source != UsageSource::Provider) {
            continue;
        }
        if (record.usage.prompt > 0) {
            prompt.add(talk.exchange().input_tokens(), record.usage.prompt, recording.id);
        }
        if (Tokens visible = record.usage.completion - (openai ? record.usage.reasoning : 0); visible > 0) {
            completion.add(talk.exchange().output_tokens(), visible, recording.id);
        }
    }
    ASSERT_GT(prompt.values.size(), 30u);
    ASSERT_GT(completion.values.size(), 30u);
    prompt.print("prompt");
    completion.print("completion");
    for (Ratios *ratios : {&prompt, &completion}) {
        EXPECT_GE(ratios->off_by(0.95), 0.5);
        EXPECT_LE(ratios->off_by(0.95), 2.0);
    }
}

}  // namespace
}  // namespace aigw::gateway
