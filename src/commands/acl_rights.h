// What a user may do, in a form that is checked fast, and the check itself.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/read_trace.h"
#include "commands/table.h"
#include "state/acl.h"

namespace mydis {

struct AclVerdict {
  AclRefusal refusal = AclRefusal::kNone;
  size_t position = 0;  // Of the key or channel that was refused, among the command's words.
  bool ok() const { return refusal == AclRefusal::kNone; }
};

// Immutable once made: any thread.
class AclRights {
 public:
  // `table` outlives this.
  AclRights(const CommandTable& table, std::shared_ptr<const AclUser> user);

  const AclUser& user() const { return *user_; }
  const CommandTable& table() const { return table_; }
  // May do everything: nothing need be checked.
  bool unrestricted() const { return unrestricted_; }
  // REQUIRES: `spec` is of the table.
  AclVerdict Check(const CommandSpec& spec, Args args) const;
  // SORT's BY and GET read any key, so they need the right to read all. Gives the error if they are
  // asked for without it.
  std::string_view CheckSort(const CommandSpec& spec, Args args) const;
  // Whether a subscription may go on. `pattern`: of PSUBSCRIBE.
  bool MayHear(std::string_view channel, bool pattern) const;
  // Why, without an error code: "User u has no permissions to run the 'get' command". `verbose`
  // names the key or channel too.
  std::string Explain(const AclVerdict& verdict, const CommandSpec& spec, Args args,
                      bool verbose = false) const;

 private:
  struct Selector {
    const AclSelector* rules;
    std::vector<bool> allowed;  // By the command's place in the table.
    // "select|0": a command with this first argument, although the command itself is not allowed.
    std::vector<std::pair<const CommandSpec*, std::string>> first_arguments;
    bool all_commands = false;
  };
  Selector Compile(const AclSelector& rules) const;
  void ApplyRule(std::string_view rule, Selector& selector) const;
  void Allow(const CommandSpec& spec, bool allow, Selector& selector) const;
  AclVerdict CheckOne(const Selector& selector, const CommandSpec& spec, Args args) const;
  bool MayRun(const Selector& selector, const CommandSpec& spec, Args args) const;

  const CommandTable& table_;
  std::shared_ptr<const AclUser> user_;
  bool unrestricted_ = false;
  std::vector<Selector> selectors_;
};

// The rights of a user as it is now; null if there is none of that name. Made once for each thread
// and change.
std::shared_ptr<const AclRights> RightsOf(const CommandTable& table, const AclUsers& users,
                                          std::string_view name);

}  // namespace mydis
