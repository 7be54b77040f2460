#include "cli/command_traits.h"

#include <algorithm>

#include "base/ascii.h"
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

Kind KindOf(const CommandSpec& spec, size_t words) {
  // With other words it is only refused; but a refused EXEC ends its transaction.
  if (!ArityFits(spec, words) && !IsExec(spec)) return Kind::kPlain;
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

// What has another number of answers: one for each channel, none, or no end of them.
bool HasOneAnswer(const CommandSpec& spec, Args command) {
  if (!ArityFits(spec, command.size())) return true;
  if (spec.group == Group::kConnection && spec.name == "reply")
    return !EqualsIgnoreCase(command[2], "off") && !EqualsIgnoreCase(command[2], "skip");
  if (spec.group == Group::kServer)
    return spec.name != "monitor" && spec.name != "sync" && spec.name != "psync";
  return !IsSubscription(spec);
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
  const CommandSpec* spec = Table().Find(words[0]);
  // Most commands are one word, and looked up once.
  const bool plain = spec != nullptr && PrefixWords(*spec) == 0 && spec->subcommands.empty();
  const Args command = plain ? words : WithoutPrefixes(Table(), words);
  if (!plain) spec = Table().Resolve(command);
  if (spec == nullptr) return {};
  CommandTraits traits{.resend = ResendOf(*spec, command.size()),
                       .kind = KindOf(*spec, command.size()),
                       .blocks = (spec->flags & kBlocking) != 0,
                       .has_one_answer = HasOneAnswer(*spec, command),
                       .prefixes = words.size() - command.size()};
  const bool tagged = traits.prefixes != 0 && HasTag(words.first(traits.prefixes));
  if (tagged && traits.resend == Resend::kNumbered) traits.resend = Resend::kFreely;
  return traits;
}

}  // namespace mydis
