// `mydis cli` on a terminal: prompts, history, completion, hints and help. Main thread.
#pragma once

#include "cli/cli_options.h"
#include "cli/interrupt.h"

namespace mydis {

// Until the user leaves; gives the exit status. REQUIRES: `options.session` is interactive and has
// the file descriptor of `interrupt`.
int RunConversation(const CliOptions& options, Interrupt& interrupt);

}  // namespace mydis
