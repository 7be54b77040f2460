// The users that a cluster begins with, by the founding instance's options.
#pragma once

#include "mydis/status.h"
#include "server/options.h"
#include "state/acl.h"

namespace mydis {

// The user "default" with --password; with --admin-token-file the token "admin", and "default" only
// if it has a password. Makes that file if it is not there. An error names the option.
Result<AclUsers> FirstUsers(const ServerOptions& options);

// Logs it if the options' password is not one of the default user's: `users` are those of a cluster
// that was founded before, perhaps with another.
void WarnOfOtherPassword(const ServerOptions& options, const AclUsers& users);

}  // namespace mydis
