// The handlers of AUTH and HELLO; their records are in connection_commands.cc. And whose a token
// is.
#pragma once

#include <memory>
#include <string_view>

#include "server/local_context.h"

namespace mydis {

void AuthCommand(LocalContext& context);
void HelloCommand(LocalContext& context);

// Whether this, if it is no token, is to be looked at FailedLogins::kDelayMs later. Tokens cannot
// be guessed.
bool PasswordsSlowed(IoThread& thread, Connection& connection, std::string_view password);
void NotePasswordFailed(IoThread& thread, Connection& connection);

// The user of a token that is good now; nullptr for any other text.
std::shared_ptr<const AclUser> TokensUser(const State& state, std::string_view token);

}  // namespace mydis
