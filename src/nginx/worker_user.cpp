#include "nginx/ngx.h"

#include "nginx/worker_user.h"

#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "nginx/directive_tools.h"

namespace aigw::ngx {

namespace {

constexpr int kMaxGroups = 256;  // of the user

struct User {
    std::string name;
    uid_t uid = 0;
    gid_t gid = 0;
};

// As the core will choose it: the `user` directive before http{}, else what nginx was built with.
std::optional<User> worker_user(ngx_conf_t *cf) {
    auto *core = reinterpret_cast<ngx_core_conf_t *>(ngx_get_conf(cf->cycle->conf_ctx, ngx_core_module));
    if (core->user != static_cast<ngx_uid_t>(NGX_CONF_UNSET_UINT)) {
        return User{core->username, core->user, core->group};
    }
    const passwd *entry = getpwnam(NGX_USER);
    return entry != nullptr ? std::optional(User{NGX_USER, entry->pw_uid, entry->pw_gid}) : std::nullopt;
}

bool in_group(const User &user, gid_t group) {
    std::vector<gid_t> groups(kMaxGroups);
    int count = kMaxGroups;
    if (getgrouplist(user.name.c_str(), user.gid, groups.data(), &count) < 0) {
        return user.gid == group;
    }
    return std::find(groups.begin(), groups.begin() + count, group) != groups.begin() + count;
}

bool may_read(const User &user, const ngx_file_info_t &file) {
    if (user.uid == 0) {
        return true;
    }
    if (file.st_uid == user.uid) {
        return (file.st_mode & S_IRUSR) != 0;
    }
    return (file.st_mode & (in_group(user, file.st_gid) ? S_IRGRP : S_IROTH)) != 0;
}

}  // namespace

void warn_unreadable(ngx_conf_t *cf, const ngx_str_t &path) {
    ngx_file_info_t info;
    if (geteuid() != 0 || ngx_file_info(path.data, &info) == NGX_FILE_ERROR) {
        return;
    }
    auto user = worker_user(cf);
    if (user && !may_read(*user, info)) {
        warn(cf, "\"%V\" is read again by the workers, and user \"%s\" cannot read it", &path, user->name.c_str());
    }
}

}  // namespace aigw::ngx
