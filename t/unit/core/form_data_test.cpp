#include "core/form_data.h"

#include <gtest/gtest.h>

namespace aigw {
namespace {

constexpr std::string_view kType = "multipart/form-data; boundary=b0undary";

std::string part(std::string_view name, std::string_view value, std::string_view more = "") {
    return "--b0undary\r\nContent-Disposition: form-data; name=\"" + std::string(name) + "\"" + std::string(more) + "\r\n\r\n" +
           std::string(value) + "\r\n";
}

std::string form(const std::string &parts) {
    return parts + "--b0undary--\r\n";
}

std::string joined(const std::vector<std::string_view> &pieces) {
    std::string all;
    for (std::string_view piece : pieces) {
        all += piece;
    }
    return all;
}

bool sound(std::string_view body, std::string_view type = kType) {
    return FormData::parse(type, body).has_value();
}

TEST(FormData, FindsItsParts) {
    std::string sound_bytes("\0\r\n--b0\r\n\xff--", 12);
    std::string body = form(part("model", "whisper-1") + part("file", sound_bytes, "; filename=\"a \\\"b\\\".wav\"\r\nContent-Type: audio/wav") +
                            part("empty", ""));
    auto read = FormData::parse(kType, body);
    ASSERT_TRUE(read);
    ASSERT_EQ(read->parts().size(), 3u);
    EXPECT_EQ(read->find("model")->value, "whisper-1");
    EXPECT_FALSE(read->find("model")->is_file);
    EXPECT_EQ(read->find("file")->value, sound_bytes);
    EXPECT_TRUE(read->find("file")->is_file);
    EXPECT_EQ(read->find("empty")->value, "");
    EXPECT_EQ(read->find("none"), nullptr);
    EXPECT_GE(read->find("file")->value.data(), body.data());
    EXPECT_LT(read->find("file")->value.data(), body.data() + body.size());
}

TEST(FormData, ReplacesOneValue) {
    std::string body = form(part("file", "sound", "; filename=x") + part("model", "m") + part("model", "second"));
    auto read = FormData::parse(kType, body);
    ASSERT_TRUE(read);
    std::string made;
    auto pieces = read->with("model", "real-model", made);
    EXPECT_EQ(joined(pieces), form(part("file", "sound", "; filename=x") + part("model", "real-model") + part("model", "second")));
    EXPECT_EQ(pieces.front().data(), body.data()) << "nothing is copied";
    pieces = read->with("other", "1", made);
    EXPECT_EQ(joined(pieces), part("other", "1") + body);
}

TEST(FormData, BoundariesOfAllKinds) {
    std::string body = form(part("a", "1"));
    for (std::string_view type : {"multipart/form-data;boundary=b0undary", "Multipart/Form-Data; Boundary=\"b0undary\"",
                                  "multipart/form-data; charset=utf-8; boundary=b0undary ; x=y", "multipart/form-data; boundary=b0undary;"}) {
        EXPECT_TRUE(sound(body, type)) << type;
    }
    for (std::string_view type : {"", "multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=b0undary",
                                  "application/json", "multipart/form-data; boundary=\"b0undary", "multipart/form-data boundary=b0undary",
                                  "multipart/form-data; boundary=a; boundary=b0undary", "multipart/form-data; boundary=other"}) {
        EXPECT_FALSE(sound(body, type)) << type;
    }
}

TEST(FormData, RefusesWhatMayBeReadInTwoWays) {
    std::string good = part("a", "1");
    for (const std::string &body : {
             std::string(), std::string("--b0undary"), good, form("preamble\r\n" + good), form(good) + "epilogue",
             form(part("a", "1\n--b0undary\nContent-Disposition: form-data; name=\"model\"\n\n2")),   // a bare line feed
             form(part("a", "1\r\n--b0undaryX")),                                                      // a delimiter that is none
             form(part("a", "1--b0undary")),
             form("--b0undary\r\n\r\n1\r\n"),                                                          // no name
             form("--b0undary\r\nContent-Type: text/plain\r\n\r\n1\r\n"),
             form("--b0undary\r\nContent-Disposition: form-data; name=\"a\"; name=\"b\"\r\n\r\n1\r\n"),
             form("--b0undary\r\nContent-Disposition: form-data; name*=utf-8''a; name=\"b\"\r\n\r\n1\r\n"),
             form("--b0undary\r\nContent-Disposition: form-data; name=\"mo\\del\"\r\n\r\n1\r\n"),
             form("--b0undary\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\n1\r\n"),
             form("--b0undary\r\nContent-Disposition: form-data;\r\n name=\"a\"\r\n\r\n1\r\n"),        // folded
             form("--b0undary\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n1\r\n"),
             form("--b0undary\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: base64\r\n\r\n1\r\n"),
         }) {
        EXPECT_FALSE(sound(body)) << body;
    }
}

TEST(FormData, EveryCutIsRefused) {
    std::string body = form(part("model", "m") + part("file", "sound", "; filename=x"));
    for (size_t length = 0; length + 2 < body.size(); length++) {
        EXPECT_FALSE(sound(body.substr(0, length))) << length;
    }
    EXPECT_TRUE(sound(body.substr(0, body.size() - 2))) << "the last line may end without one";
}

TEST(FormData, Limits) {
    std::string parts;
    for (size_t i = 0; i < FormData::kMaxParts; i++) {
        parts += part("a", "1");
    }
    EXPECT_TRUE(sound(form(parts)));
    EXPECT_FALSE(sound(form(parts + part("a", "1"))));
    auto with_head = [](size_t bytes) {
        std::string head = "Content-Disposition: form-data; name=\"a\"\r\nX: ";
        head.resize(bytes, 'x');
        return form("--b0undary\r\n" + head + "\r\n\r\n1\r\n");
    };
    EXPECT_TRUE(sound(with_head(FormData::kMaxHead - 4)));
    EXPECT_FALSE(sound(with_head(FormData::kMaxHead - 3)));
    auto with_boundary = [](size_t bytes) {
        std::string boundary(bytes, 'b');
        std::string body = "--" + boundary + "\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--" + boundary + "--\r\n";
        return sound(body, "multipart/form-data; boundary=" + boundary);
    };
    EXPECT_TRUE(with_boundary(FormData::kMaxBoundary));
    EXPECT_FALSE(with_boundary(FormData::kMaxBoundary + 1));
}

}  // namespace
}  // namespace aigw
