#include "nginx/ngx.h"

#include "nginx/directive_tools.h"

#include <algorithm>
#include <bitset>

#include "nginx/guarded.h"

namespace aigw::ngx {

namespace {

struct Block {
    std::span<const BlockDirective> table;
    void *object;
    std::bitset<kMaxBlockDirectives> seen;
};

char *run_directive(ngx_conf_t *cf, Block &block) {
    ngx_str_t &name = argument(cf, 0);
    auto found = std::find_if(block.table.begin(), block.table.end(),
                              [&](const BlockDirective &d) { return d.name == view(name); });
    if (found == block.table.end()) {
        return emerg(cf, "unknown directive \"%V\"", &name);
    }
    size_t count = argument_count(cf) - 1;
    if (count < found->min || count > found->max) {
        return emerg(cf, "invalid number of arguments in \"%V\" directive", &name);
    }
    auto index = static_cast<size_t>(found - block.table.begin());
    if (found->once && block.seen.test(index)) {
        return emerg(cf, "\"%V\" directive is duplicate", &name);
    }
    block.seen.set(index);
    char *rv = found->set(cf, block.object);
    if (rv != NGX_CONF_OK && rv != conf_error()) {
        return emerg(cf, "\"%V\" directive %s", &name, rv);
    }
    return rv;
}

char *handle_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) noexcept {
    return guarded(cf->log, conf_error(), [&]() -> char * {
        if (view(argument(cf, 0)) == "include") {
            return argument_count(cf) == 2
                       ? ngx_conf_include(cf, cmd, conf)
                       : emerg(cf, "invalid number of arguments in \"include\" directive");
        }
        return run_directive(cf, *static_cast<Block *>(conf));
    });
}

}  // namespace

char *parse_block(ngx_conf_t *cf, std::span<const BlockDirective> table, void *object) {
    Block block{table, object, {}};
    ngx_conf_t saved = *cf;
    cf->handler = handle_directive;
    cf->handler_conf = reinterpret_cast<char *>(&block);
    char *rv = ngx_conf_parse(cf, nullptr);
    *cf = saved;
    return rv;
}

Position position(ngx_conf_t *cf) {
    return {cf->conf_file->file.name.data, cf->conf_file->line};
}

char *invalid_parameter(ngx_conf_t *cf, const ngx_str_t &token) {
    std::string_view text = view(token);
    size_t equal = text.find("=\"");
    if (equal == text.npos) {
        return emerg(cf, "invalid parameter \"%V\"", &token);
    }
    ngx_str_t name = str(text.substr(0, equal + 1));
    return emerg(cf, "invalid parameter \"%V\", quote the whole parameter: \"%V...\"", &token, &name);
}

std::optional<std::string_view> parameter(const ngx_str_t &token, std::string_view name) {
    std::string_view text = view(token);
    if (text.size() <= name.size() || text.substr(0, name.size()) != name || text[name.size()] != '=') {
        return std::nullopt;
    }
    text.remove_prefix(name.size() + 1);
    // nginx sees quotes only where a token begins: these were meant to hold a value together and did not.
    return text.substr(0, 1) == "\"" ? std::nullopt : std::optional(text);
}

std::optional<Millis> parse_time(std::string_view text) {
    ngx_str_t line = str(text);
    ngx_int_t value = text.empty() ? NGX_ERROR : ngx_parse_time(&line, 0);
    return value > 0 ? std::optional<Millis>(value) : std::nullopt;
}

std::optional<ngx_uint_t> parse_number(std::string_view text, ngx_uint_t max) {
    ngx_int_t value = ngx_atoi(str(text).data, text.size());
    if (value == NGX_ERROR || static_cast<ngx_uint_t>(value) > max) {
        return std::nullopt;
    }
    return static_cast<ngx_uint_t>(value);
}

bool is_object_name(std::string_view name) {
    return !name.empty() && name.size() <= 128 && std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                      c == '_' || c == '-';
           });
}

Result<std::string, ngx_err_t> read_small_file(const char *path, size_t limit) {
    ngx_fd_t fd = ngx_open_file(path, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);
    if (fd == NGX_INVALID_FILE) {
        return Unexpected<ngx_err_t>{ngx_errno};
    }
    std::string text(limit + 1, '\0');
    size_t size = 0;
    ssize_t n = 1;
    while (n > 0 && size < text.size()) {
        n = ngx_read_fd(fd, text.data() + size, text.size() - size);
        size += n > 0 ? static_cast<size_t>(n) : 0;
    }
    ngx_err_t error = n < 0 ? ngx_errno : 0;
    ngx_close_file(fd);
    if (n < 0 || size > limit) {
        return Unexpected<ngx_err_t>{error};
    }
    text.resize(size);
    return text;
}

}  // namespace aigw::ngx
