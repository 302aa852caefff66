#include "chat/error.h"

namespace aigw::chat {

ApiError invalid_request(std::string code, std::string message, std::string param) {
    ApiError error;
    error.status = 400;
    error.kind = ErrorKind::InvalidRequest;
    error.code = std::move(code);
    error.message = std::move(message);
    error.param = std::move(param);
    return error;
}

ApiError unsupported(std::string param, std::string_view why) {
    std::string message = "'" + param + "' is not supported by the model's provider";
    if (!why.empty()) message.append(": ").append(why);
    message += '.';
    return invalid_request("unsupported_value", std::move(message), std::move(param));
}

}  // namespace aigw::chat
