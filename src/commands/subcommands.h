// What containers of subcommands (CLIENT, CONFIG, DEBUG …) have alike: the form of their records,
// and what their HELP prints.
#pragma once

#include <span>
#include <string_view>

#include "commands/spec.h"
#include "state/reply.h"

namespace mydis {

// What single subcommands say for themselves.
struct SubcommandOwn {
  uint32_t flags = kFlagNone;   // Besides the common ones.
  std::string_view since = {};  // In place of the common one.
  std::string_view tips = {};
};

// What the subcommands of one container share; a call makes the record of one of them:
//
//   constexpr Subcommands kSub{.flags = kAdmin, .group = Group::kServer, …};
//   constexpr CommandSpec kSubcommands[] = {
//       kSub("get", -3, "Shows settings.", "parameter [parameter ...]", Get),
//       kSub.Help(Help, "5.0.0"),
//   };
struct Subcommands {
  uint32_t flags = kFlagNone;
  Group group = Group::kServer;
  std::string_view since;
  std::string_view complexity;
  Effect effect = Effect::kLocal;

  constexpr CommandSpec operator()(std::string_view name, int arity, std::string_view summary,
                                   std::string_view arguments, Handler handler,
                                   SubcommandOwn own = {}) const {
    return {.name = name,
            .arity = arity,
            .effect = effect,
            .flags = flags | own.flags,
            .group = group,
            .since = own.since.empty() ? since : own.since,
            .complexity = complexity,
            .summary = summary,
            .arguments = arguments,
            .handler = handler,
            .tips = own.tips};
  }

  // HELP is for everybody, whatever the others need.
  constexpr CommandSpec Help(Handler handler, std::string_view help_since = {}) const {
    CommandSpec help = (*this)("help", 2, "Helpful text about the subcommands.", "", handler,
                               {.since = help_since});
    help.flags = kLoading | kStale;
    help.complexity = "O(1)";
    return help;
  }
};

// The reply of `container` HELP. `lines`: each subcommand as it is written, then, indented by four
// spaces, what it does; HELP itself is added.
void ReplyHelp(std::string_view container, std::span<const std::string_view> lines, Reply& reply);

}  // namespace mydis
