#include "client/strange_reply.h"

namespace mydis {
namespace {

// The first byte of a TLS record that tells of a failure, and the version that follows it.
constexpr std::string_view kTlsAlert = "\x15\x03";

}  // namespace

std::string StrangeReply(std::string_view bytes) {
  if (bytes.empty()) return "it ended without an answer: is that a Redis port, 2381 by default?";
  if (bytes.starts_with("HTTP/"))
    return "it speaks HTTP: give the Redis port instead, 2381 by default";
  if (bytes.starts_with(kTlsAlert)) return "it speaks TLS, and was spoken to without";
  return "what came is no reply of the Redis protocol: give the Redis port, 2381 by default";
}

}  // namespace mydis
