// The users that a cluster begins with, by the founding instance's options.
#pragma once

#include "mydis/status.h"
#include "server/options.h"
#include "state/acl.h"

namespace mydis {

// The user "default" with --password; with --admin-token-file the token "admin", and "default" only
// if it has a password. Makes that file if it is not there. An error names the option.
Result<AclUsers> FirstUsers(const ServerOptions& options);

}  // namespace mydis
