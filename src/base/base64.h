// Base64 with `+`, `/` and padding (RFC 4648, section 4). Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mydis {

std::string EncodeBase64(std::string_view bytes);
// nullopt for anything but what EncodeBase64 gives; padding may be left out.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace mydis
