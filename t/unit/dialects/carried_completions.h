// Rows of docs/carried.md: from callers of legacy completions.
#pragma once

#include "dialects/carried_rows.h"

namespace aigw::dialects {

inline const Row kCompletionsToOpenAi[] = {
    {"prompt, a string", R"("prompt":"Go on")", Fate::Carried, R"("messages":[{"role":"user","content":"Go on"}])", "a user's message"},
    {"prompt, a list of one string", R"("prompt":["Go on"])", Fate::Carried, R"({"role":"user","content":"Go on"})", "the same"},
    {"prompt, several strings", R"("prompt":["a","b"])", Fate::Refused, "prompt[1]", "`ai_unsupported drop` does not drop it"},
    {"prompt, token ids", R"("prompt":[1,2])", Fate::Refused, "prompt[0]", "refused for every provider: neither limits nor guardrails can read them"},
    {"max_tokens", R"("max_tokens":77)", Fate::Carried, R"("max_completion_tokens":77)",
     "`max_completion_tokens`, or `max_tokens` by format; absent if absent"},
    {"temperature, top_p, stop", R"("temperature":0.5,"top_p":0.5,"stop":"x")", Fate::Carried, R"("temperature":0.5,"top_p":0.5,"stop":["x"])",
     "the same"},
    {"n, seed, presence_penalty, frequency_penalty", R"("n":2,"seed":7,"presence_penalty":1,"frequency_penalty":-1)", Fate::Carried,
     R"("n":2,"seed":7,"presence_penalty":1,"frequency_penalty":-1)", "the same"},
    {"user", R"("user":"u")", Fate::Carried, R"("user":"u")", "the same"},
    {"stream", R"("stream":true)", Fate::Carried, R"("stream":true)", "the same, with usage asked for"},
    {"stream_options.include_usage", R"("stream":true,"stream_options":{"include_usage":true})", Fate::Carried, R"("include_usage":true)",
     "answered by us"},
    {"logit_bias", R"("logit_bias":{"1":1})", Fate::Hint, "logit_bias", ""},
    {"echo", R"("echo":true)", Fate::Refused, "echo", ""},
    {"suffix", R"("suffix":"x")", Fate::Refused, "suffix", ""},
    {"best_of over 1", R"("best_of":2)", Fate::Refused, "best_of", ""},
    {"logprobs", R"("logprobs":2)", Fate::Refused, "logprobs", ""},
    {"any other member", R"("guided_regex":"x")", Fate::Refused, "guided_regex", ""},
    {"defaults: echo false, suffix empty, best_of 1, logprobs null", R"("echo":false,"suffix":"","best_of":1,"logprobs":null)", Fate::Carried,
     R"("messages")", "count as absent"},
};

inline const Row kCompletionsToAnthropic[] = {
    {"prompt, a string", R"("prompt":"Go on")", Fate::Carried, R"("messages":[{"role":"user","content":"Go on"}])", "a user's message"},
    {"max_tokens", R"("max_tokens":77)", Fate::Carried, R"("max_tokens":77)", "the same; the provider's `max_output` if absent"},
    {"temperature to 1, top_p, top_k", R"("temperature":0.5,"top_k":5)", Fate::Carried, R"("temperature":0.5)", "the same"},
    {"temperature over 1", R"("temperature":1.5)", Fate::Hint, "temperature", "1"},
    {"stop", R"("stop":"x")", Fate::Carried, R"("stop_sequences":["x"])", "`stop_sequences`"},
    {"user", R"("user":"u")", Fate::Carried, R"("metadata":{"user_id":"u"})", "`metadata.user_id`"},
    {"seed, logit_bias", R"("seed":1)", Fate::Hint, "seed", ""},
    {"n over 1", R"("n":2)", Fate::Refused, "n", ""},
    {"frequency_penalty, presence_penalty not 0", R"("frequency_penalty":1)", Fate::Refused, "frequency_penalty", ""},
    {"everything else", R"("echo":true)", Fate::Refused, "echo", "as to an OpenAI-shaped provider, above"},
};

}  // namespace aigw::dialects
