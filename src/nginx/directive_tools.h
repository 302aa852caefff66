// What the directives' setters share: nginx's phrases, name=value parameters, blocks with directives of their own.
#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/units.h"
#include "nginx/conf.h"
#include "nginx/ngx.h"
#include "nginx/text.h"

namespace aigw::ngx {

inline char *conf_error() { return static_cast<char *>(NGX_CONF_ERROR); }
// What a setter returns for nginx to say: "NAME" directive PHRASE.
inline char *phrase(const char *text) { return const_cast<char *>(text); }

// Logs [emerg] with the position of the directive under way.
template <class... Args>
char *emerg(ngx_conf_t *cf, const char *format, Args... args) {
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, format, args...);
    return conf_error();
}
template <class... Args>
void warn(ngx_conf_t *cf, const char *format, Args... args) {
    ngx_conf_log_error(NGX_LOG_WARN, cf, 0, format, args...);
}
// The same for a directive that was read before.
template <class... Args>
void log_at(ngx_conf_t *cf, ngx_uint_t level, const Position &where, const char *format, Args... args) {
    std::string located = std::string(format) + " in %s:%ui";
    ngx_log_error(level, cf->log, 0, located.c_str(), args..., where.file, where.line);
}
Position position(ngx_conf_t *cf);

inline size_t argument_count(ngx_conf_t *cf) { return cf->args->nelts; }
// Argument 0 is the directive's name.
inline ngx_str_t &argument(ngx_conf_t *cf, size_t i) { return static_cast<ngx_str_t *>(cf->args->elts)[i]; }

// [emerg] invalid parameter "x"; with how to quote it where nginx cut a quoted value in two.
char *invalid_parameter(ngx_conf_t *cf, const ngx_str_t &token);

// The value of a token name=value; none for name="value.
std::optional<std::string_view> parameter(const ngx_str_t &token, std::string_view name);
// A time as nginx writes it; null unless above 0.
std::optional<Millis> parse_time(std::string_view text);
// A plain decimal, 0 ... max.
std::optional<ngx_uint_t> parse_number(std::string_view text, ngx_uint_t max);

// A name of an object: 1 ... 128 of [A-Za-z0-9._-].
bool is_object_name(std::string_view name);

// A file that is small by its nature, read whole. The error: 0 means longer than `limit` bytes.
Result<std::string, ngx_err_t> read_small_file(const char *path, size_t limit);

// A directive inside a block of ours.
struct BlockDirective {
    std::string_view name;
    size_t min, max;  // arguments
    bool once;
    // Null, a phrase, or conf_error(); may throw.
    char *(*set)(ngx_conf_t *cf, void *object);
};
inline constexpr size_t kAnyCount = NGX_CONF_MAX_ARGS;
inline constexpr size_t kMaxBlockDirectives = 32;  // of one table

// Reads the block that stands open; `include` works inside.
char *parse_block(ngx_conf_t *cf, std::span<const BlockDirective> table, void *object);

}  // namespace aigw::ngx
