// What the HTTP door has to know of its instance. Tests bring one of their own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "commands/table.h"
#include "mydis/consistency.h"

namespace mydis {

// How an instance is, for those who decide whether to restart it or to send it requests.
struct HttpHealth {
  bool ready = false;
  std::string why;  // Not ready.
  bool has_leader = false;
  uint64_t lag = 0;      // Entries that are committed, as far as is known here, and not applied.
  bool turning = false;  // All loops have turned a short while ago.
};

// Any thread.
class HttpBackend {
 public:
  virtual ~HttpBackend() = default;
  virtual const CommandTable& table() const = 0;
  // The largest body that is taken: that of a value.
  virtual uint64_t max_body() const = 0;
  // Of a body that is one word of a command.
  virtual uint64_t max_word() const { return max_body(); }
  // The instance that leads; empty if none is known.
  virtual std::string Leader() const = 0;
  // What a command gives that asks for nothing, or for `wanted`.
  virtual Consistency Given(bool write, std::optional<Consistency> wanted) const = 0;
  // Whose pages may call (--http-cors-origin): an origin, "*", or empty for nobody's.
  virtual const std::string& cors_origin() const = 0;
  virtual uint64_t WallMs() const = 0;  // Unix time.
  virtual HttpHealth Health() const = 0;
};

}  // namespace mydis
