#include "nginx/cache_remote.h"

#include <hiredis/hiredis.h>

#include "cache/remote.h"
#include "nginx/admission.h"

namespace aigw::ngx {

std::unique_ptr<CacheQuestion> CacheQuestion::ask(Context &context, const cache::Key &key) {
    MainConf &main = *main_conf(context.r);
    if (main.redis_client == nullptr || !main.redis_client->available()) {
        return nullptr;
    }
    std::unique_ptr<CacheQuestion> question(new CacheQuestion(context));
    bool sent = main.redis_client->ask(*question, cache::get_command(main.redis->prefix, key));
    return sent ? std::move(question) : nullptr;
}

void CacheQuestion::on_reply(const redisReply *reply) {
    answered_ = true;
    if (reply != nullptr && reply->type == REDIS_REPLY_STRING) {
        record_.emplace(reply->str, reply->len);
    }
    resume_admission(context_);
}

void put_remote(ngx_http_request_t *r, const cache::Key &key, const std::string &record, Millis ttl) {
    MainConf &main = *main_conf(r);
    if (main.redis_client != nullptr && main.redis_client->available()) {
        main.redis_client->post(cache::set_command(main.redis->prefix, key, record, ttl));
    }
}

}  // namespace aigw::ngx
