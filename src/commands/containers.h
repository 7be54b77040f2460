// The records of MYDIS and TOKEN themselves, which every family with subcommands of them brings.
#pragma once

#include <span>
#include <string_view>

#include "commands/spec.h"

namespace mydis {

constexpr CommandSpec ContainerOf(std::string_view name, std::string_view summary,
                                  std::span<const CommandSpec> subcommands) {
  return {.name = name,
          .arity = -2,
          .effect = Effect::kLocal,
          .flags = kFlagNone,
          .group = Group::kServer,
          .since = "0.1.0",
          .complexity = "Depends on subcommand.",
          .summary = summary,
          .handler = {},
          .subcommands = subcommands};
}

constexpr CommandSpec MydisContainer(std::span<const CommandSpec> subcommands) {
  return ContainerOf("mydis", "A container for commands about the Mydis cluster.", subcommands);
}

constexpr CommandSpec TokenContainer(std::span<const CommandSpec> subcommands) {
  return ContainerOf("token", "A container for commands about tokens.", subcommands);
}

}  // namespace mydis
