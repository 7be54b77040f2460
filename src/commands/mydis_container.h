// The record of MYDIS itself, which every family with subcommands of it brings.
#pragma once

#include <span>

#include "commands/spec.h"

namespace mydis {

constexpr CommandSpec MydisContainer(std::span<const CommandSpec> subcommands) {
  return {.name = "mydis",
          .arity = -2,
          .effect = Effect::kLocal,
          .flags = kFlagNone,
          .group = Group::kServer,
          .since = "0.1.0",
          .complexity = "Depends on subcommand.",
          .summary = "A container for commands about the Mydis cluster.",
          .handler = {},
          .subcommands = subcommands};
}

}  // namespace mydis
