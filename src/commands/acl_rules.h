// The rules of ACL SETUSER: what each word does to a user.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commands/table.h"
#include "state/acl.h"

namespace mydis {

// Applies rules ("on", "+get", "~app:*", "#<hash>", "(~x", "+get)") in order; nothing is applied if
// one of them is wrong: then the error is given as ACL SETUSER answers it. Passwords come as hashes
// ("#", "!"). `all_channels`: the setting acl-pubsub-default. `shown`: the rules as the client
// wrote them, for the error; one for one.
std::optional<std::string> ApplyAclRules(const CommandTable& table, bool all_channels, Args rules,
                                         Args shown, AclUser& user);

// Whether a name has what ACL LIST could not show unmistakably: spaces or null characters.
bool HasAclSpace(std::string_view text);

// "debug" apart, whose subcommands are plain words to Redis: whether ACL and errors know
// `command|word` as a command of its own.
bool HasAclSubcommands(const CommandSpec& command);

// What refusals call a command: "get", "config|set".
std::string AclName(const CommandTable& table, const CommandSpec& spec);

}  // namespace mydis
