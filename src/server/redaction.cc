#include "server/redaction.h"

#include <algorithm>

#include "base/ascii.h"

namespace mydis {
namespace {

bool IsPasswordSetting(std::string_view name) {
  static constexpr std::string_view kNames[] = {"masteruser", "masterauth", "requirepass",
                                                "tls-key-file-pass", "tls-client-key-file-pass"};
  return std::ranges::any_of(kNames,
                             [name](std::string_view n) { return EqualsIgnoreCase(n, name); });
}

}  // namespace

bool IsSecret(const CommandSpec& spec, const CommandSpec* container, Args args, size_t i) {
  if (container != nullptr && container->name == "token") return spec.name == "add" && i > 2;
  if (container != nullptr && container->name == "acl")
    return i > 1 && (spec.name == "setuser" || spec.name == "getuser" || spec.name == "deluser");
  if (container != nullptr && container->name == "config") {
    return spec.name == "set" && i > 2 && i % 2 == 1 && IsPasswordSetting(args[i - 1]);
  }
  if (spec.name == "migrate" && container == nullptr) {
    return (i > 6 && EqualsIgnoreCase(args[i - 1], "auth")) ||
           (i > 6 && EqualsIgnoreCase(args[i - 1], "auth2")) ||
           (i > 7 && EqualsIgnoreCase(args[i - 2], "auth2"));
  }
  if (spec.group != Group::kConnection) return false;
  if (spec.name == "auth") return i > 0;
  if (spec.name != "hello") return false;
  // AUTH username password, behind the version.
  for (size_t before = 1; before <= 2; ++before) {
    if (i > before + 1 && EqualsIgnoreCase(args[i - before], "auth")) return true;
  }
  return false;
}

}  // namespace mydis
