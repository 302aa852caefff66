// How long a recording is, where nobody says it.
#pragma once

#include <cstdint>
#include <string_view>

namespace aigw::dialects {

inline constexpr int64_t kAudioBytesPerSecond = 16'000;  // of a compressed recording: 128 kbit/s
inline constexpr int64_t kAudioTokensPerSecond = 10;     // what OpenAI's models count

// Seconds, at least 1: of a WAV file as its head says, of anything else by its size.
int64_t audio_seconds(std::string_view file);

}  // namespace aigw::dialects
