// The handlers of AUTH and HELLO; their records are in connection_commands.cc. And whose a token
// is.
#pragma once

#include <memory>
#include <string_view>

#include "server/local_context.h"

namespace mydis {

void AuthCommand(LocalContext& context);
void HelloCommand(LocalContext& context);

// The user of a token that is good now; nullptr for any other text.
std::shared_ptr<const AclUser> TokensUser(const State& state, std::string_view token);

}  // namespace mydis
