#include "dialects/audio.h"

#include <algorithm>

namespace aigw::dialects {
namespace {

constexpr size_t kRateAt = 28;    // in a WAV file: bytes a second, four of them, the lowest first
constexpr size_t kWavHead = 44;   // bytes before the sound, mostly

int64_t little_endian(std::string_view bytes) {
    int64_t value = 0;
    for (size_t i = bytes.size(); i > 0; i--) {
        value = value << 8 | static_cast<unsigned char>(bytes[i - 1]);
    }
    return value;
}

}  // namespace

int64_t audio_seconds(std::string_view file) {
    bool wav = file.size() > kWavHead && file.starts_with("RIFF") && file.substr(8, 8) == "WAVEfmt ";
    int64_t rate = wav ? little_endian(file.substr(kRateAt, 4)) : 0;
    if (rate <= 0) {
        rate = kAudioBytesPerSecond;
    }
    int64_t bytes = static_cast<int64_t>(file.size()) - (wav ? static_cast<int64_t>(kWavHead) : 0);
    return std::max<int64_t>(1, (bytes + rate - 1) / rate);
}

}  // namespace aigw::dialects
