// The whole of `mydis server`: one instance from its start to its end.
#pragma once

#include "server/options.h"

namespace mydis {

// Runs until SIGTERM or SIGINT has stopped it, and gives the exit status: 0 after an orderly stop,
// 1 if it could not start or had to stop, which it has said in one line on standard error.
// REQUIRES: options.Validate().ok(); called once, on the main thread, before it made others.
int RunServer(const ServerOptions& options);

}  // namespace mydis
