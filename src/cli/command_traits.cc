#include "cli/command_traits.h"

#include <algorithm>

#include "commands/table.h"
#include "server/dispatch.h"
#include "server/local_families.h"

namespace mydis {
namespace {

using Kind = CommandTraits::Kind;

const CommandTable& Table() {
  static const CommandTable table(StateFamilies(), LocalFamilies());
  return table;
}

Kind KindOf(const CommandSpec& spec) {
  if (spec.group == Group::kTransactions) {
    if (IsExec(spec)) return Kind::kExec;
    if (spec.name == "multi") return Kind::kMulti;
    if (spec.name == "discard") return Kind::kDiscard;
  }
  if (spec.group != Group::kConnection) return Kind::kPlain;
  if (spec.name == "reset") return Kind::kReset;
  return IsLogin(spec) ? Kind::kLogin : Kind::kPlain;
}

Resend ResendOf(const CommandSpec& spec, size_t words) {
  // A container with a subcommand that this program does not know.
  if (!spec.subcommands.empty() && words > 1) return Resend::kNever;
  if (spec.effect == Effect::kWrite || IsExec(spec)) return Resend::kNumbered;
  return ActsElsewhere(spec) ? Resend::kNever : Resend::kFreely;
}

// Whether the user has said by what the cluster knows the write again.
bool HasTag(Args prefixes) {
  return std::ranges::any_of(prefixes, [](std::string_view word) {
    const CommandSpec* spec = Table().Find(word);
    return spec != nullptr && spec->group == Group::kCluster &&
           (spec->name == "once" || spec->name == "numbered");
  });
}

}  // namespace

CommandTraits TraitsOf(std::span<const std::string_view> words) {
  const Args command = WithoutPrefixes(Table(), words);
  const CommandSpec* spec = Table().Resolve(command);
  if (spec == nullptr) return {};
  CommandTraits traits{ResendOf(*spec, command.size()), KindOf(*spec),
                       (spec->flags & kBlocking) != 0};
  const bool tagged =
      command.size() < words.size() && HasTag(words.first(words.size() - command.size()));
  if (tagged && traits.resend == Resend::kNumbered) traits.resend = Resend::kFreely;
  return traits;
}

}  // namespace mydis
