#include "server/http/refused_commands.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "server/dispatch.h"

namespace mydis {
namespace {

struct Refusal {
  std::string_view name;  // As CommandTable::FullName has it.
  std::string_view instead;
};

constexpr std::string_view kHttpListens = "it needs a connection that is pushed to: use RESP";
constexpr std::string_view kHttpTransacts =
    "send POST /v1/commands:batch with \"mode\":\"transaction\"";
constexpr std::string_view kNoSession = "a request leaves nothing behind on its connection";

constexpr Refusal kRefusals[] = {
    {"auth", "send the header Authorization: Bearer user:password"},
    {"client|attributes", "every response has the header Mydis-Revision"},
    {"client|caching", kHttpListens},
    {"client|consistency", "use ?consistency=eventual|strong"},
    {"client|getredir", kHttpListens},
    {"client|no-evict", kNoSession},
    {"client|no-touch", kNoSession},
    {"client|reply", "every request has a response"},
    {"client|setinfo", kNoSession},
    {"client|setname", kNoSession},
    {"client|tracking", kHttpListens},
    {"client|trackinginfo", kHttpListens},
    {"discard", kHttpTransacts},
    {"exec", kHttpTransacts},
    {"hello", "send the header Authorization; replies are always those of RESP3"},
    {"monitor", kHttpListens},
    {"multi", kHttpTransacts},
    {"mydis|request", "it is for HTTP's own use"},
    {"mydis|watch", "send POST /v1/commands:batch with \"if\":[{\"key\":…,\"revision\":…}]"},
    {"psubscribe", kHttpListens},
    {"psync", kHttpListens},
    {"punsubscribe", kHttpListens},
    {"quit", "close the connection"},
    {"replconf", kHttpListens},
    {"reset", kNoSession},
    {"select", "use ?db="},
    {"ssubscribe", kHttpListens},
    {"subscribe", kHttpListens},
    {"sunsubscribe", kHttpListens},
    {"sync", kHttpListens},
    {"unsubscribe", kHttpListens},
    {"unwatch", kHttpTransacts},
    {"wait", "use ?consistency=strong for the write"},
    {"waitaof", "use ?consistency=strong for the write"},
    {"watch", "send POST /v1/commands:batch with \"if\":[{\"key\":…,\"revision\":…}]"},
};

}  // namespace

HttpCommand ExamineCommand(const CommandTable& table, const std::vector<std::string>& words) {
  std::vector<std::string_view> views(words.begin(), words.end());
  const Args args = WithoutPrefixes(table, views);
  HttpCommand command{.spec = table.Resolve(args), .refusal = {}};
  if (command.spec == nullptr) return command;
  const std::string name = table.FullName(*command.spec);
  const auto found = std::ranges::find(kRefusals, name, &Refusal::name);
  if (found != std::end(kRefusals)) {
    command.refusal =
        fmt::format("{} makes no sense over HTTP: {}", ToUpper(words[0]), found->instead);
  }
  return command;
}

}  // namespace mydis
