#include "cli/server_uri.h"

#include <fmt/core.h>

#include <charconv>

namespace mydis {
namespace {

constexpr uint16_t kDefaultPort = 2381;

bool TakePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

Result<std::string> Decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned byte = 0;
    const char* digits = text.data() + i + 1;
    if (i + 2 >= text.size() || std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2)
      return Fail(ErrorCode::kInvalid, "% needs two hexadecimal digits behind it");
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

Status TakeLogin(std::string_view login, ServerUri& uri) {
  const size_t colon = login.find(':');
  const bool both = colon != std::string_view::npos;
  Result<std::string> user = Decoded(both ? login.substr(0, colon) : std::string_view());
  Result<std::string> password = Decoded(both ? login.substr(colon + 1) : login);
  if (!user) return user.error();
  if (!password) return password.error();
  uri.user = *std::move(user);
  uri.password = *std::move(password);
  return Status::Ok();
}

Status TakeDatabase(std::string_view text, ServerUri& uri) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, uri.database);
  if (error == std::errc() && stop == end && uri.database >= 0) return Status::Ok();
  return {ErrorCode::kInvalid, fmt::format("{} is not the number of a database", text)};
}

}  // namespace

Result<ServerUri> ParseServerUri(std::string_view text) {
  ServerUri uri;
  std::string_view rest = text;
  uri.tls = TakePrefix(rest, "rediss://");
  if (!uri.tls && !TakePrefix(rest, "redis://"))
    return Fail(ErrorCode::kInvalid,
                fmt::format("{} does not begin with redis:// or rediss://", text));
  // A password may hold an "@".
  if (const size_t at = rest.rfind('@'); at != std::string_view::npos) {
    if (Status s = TakeLogin(rest.substr(0, at), uri); !s.ok()) return Fail(s);
    rest.remove_prefix(at + 1);
  }
  if (const size_t slash = rest.find('/'); slash != std::string_view::npos) {
    const std::string_view database = rest.substr(slash + 1);
    rest = rest.substr(0, slash);
    if (!database.empty()) {
      if (Status s = TakeDatabase(database, uri); !s.ok()) return Fail(s);
    }
  }
  Result<HostPort> address = ParseHostPort(rest.empty() ? "127.0.0.1" : rest, kDefaultPort);
  if (!address) return Fail(address.error());
  uri.address = *std::move(address);
  return uri;
}

}  // namespace mydis
