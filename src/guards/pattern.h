// An operator's regular expression, by PCRE2 with JIT. In a stream a match that is not finished is held back; how much
// can be is read from the expression, and one that has no bound needs hold=N: then a match is looked for in N bytes from
// where it begins, as if the text ended there, in streams and whole texts alike. Work for one call is limited: an
// expression that backtracks without end fails, it does not hang.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/result.h"
#include "guards/finder.h"

struct pcre2_real_code_8;
struct pcre2_real_match_context_8;
struct pcre2_real_match_data_8;
struct pcre2_real_jit_stack_8;

namespace aigw::guards {

class Pattern : public Finder {
public:
    static constexpr size_t kMaxPattern = 4096;  // bytes of an expression
    static constexpr size_t kMaxHold = 4096;     // bytes that a stream may keep back
    static constexpr size_t kMaxLookBehind = 24; // characters
    static constexpr size_t kMaxUnbounded = 64 << 10;  // bytes of a match without a bound, in whole texts
    static constexpr size_t kMaxRework = 1 << 20;      // bytes looked at again in one scan, and kReworkPerByte for each byte
    static constexpr size_t kReworkPerByte = 128;
    static constexpr uint32_t kMatchLimit = 100000;  // steps of one search, and kStepsPerByte for each byte
    static constexpr uint32_t kStepsPerByte = 10;

    // `streams`: it will see texts that arrive in pieces. The error says what is wrong and where.
    static Result<std::shared_ptr<const Pattern>, std::string> compile(std::string_view text, std::optional<size_t> hold, bool streams);
    ~Pattern() override;
    Pattern(const Pattern &) = delete;
    Pattern &operator=(const Pattern &) = delete;

    Progress scan(const Window &window, std::vector<Find> &finds) const override;

private:
    struct Match {
        enum { No, Whole, Partial, Failed } kind = No;
        size_t begin = 0, end = 0;
    };

    Pattern() = default;
    Match run(const Window &window, size_t size, size_t from, uint32_t options) const;
    Match within_hold(const Window &window, size_t begin) const;

    static constexpr size_t kUnlimited = SIZE_MAX;
    pcre2_real_code_8 *code_ = nullptr;
    // Scratch: a worker has one thread.
    pcre2_real_match_context_8 *context_ = nullptr;
    pcre2_real_match_data_8 *data_ = nullptr;
    pcre2_real_jit_stack_8 *stack_ = nullptr;
    size_t hold_ = kUnlimited;
};

}  // namespace aigw::guards
