// Publishing messages. Subscribing is the session's (server/pubsub_commands.cc).
#pragma once

#include <span>

#include "commands/spec.h"

namespace mydis {

std::span<const CommandSpec> PublishFamily();

}  // namespace mydis
