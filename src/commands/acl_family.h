// The subcommands of ACL that read or change the users; the server adds those about the session and
// the instance (WHOAMI, LOG …).
#pragma once

#include <span>
#include <string_view>

#include "commands/spec.h"

namespace mydis {

inline constexpr std::string_view kErrUserName =
    "ERR Usernames can't contain spaces or null characters";

std::span<const CommandSpec> AclFamily();

}  // namespace mydis
