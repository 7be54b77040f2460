// The handlers of AUTH and HELLO; their records are in connection_commands.cc.
#pragma once

#include "server/local_context.h"

namespace mydis {

void AuthCommand(LocalContext& context);
void HelloCommand(LocalContext& context);

}  // namespace mydis
