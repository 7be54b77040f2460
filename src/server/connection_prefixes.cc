// The part of a connection that takes prefixes off its commands: STRONG and EVENTUAL, ONCE and
// NUMBERED, ATLEAST. docs/retries.md has the rules of the last three.
#include <fmt/format.h>

#include "commands/arg_parser.h"
#include "server/connection.h"
#include "server/dispatch.h"
#include "server/io_thread.h"
#include "server/node.h"

namespace mydis {

struct Connection::Prefixes {
  std::optional<Consistency> consistency;
  std::optional<std::string_view> once;  // The request's id, or with a number its client.
  uint64_t number = 0;
  uint64_t oldest = 0;
  std::optional<uint64_t> at_least;
};

std::string Connection::TakeRequest(Args prefix, Prefixes* prefixes) {
  prefixes->once = prefix[1];
  if (prefix[1].empty() || prefix[1].size() > kMaxRequestId)
    return fmt::format("ERR the id of a request or client has 1 to {} bytes", kMaxRequestId);
  if (prefix.size() == 2) return {};
  const auto number = ParseInteger(prefix[2]);
  const auto oldest = ParseInteger(prefix[3]);
  if (!number || !oldest || *oldest < 1 || *number < *oldest)
    return "ERR the number of a request is 1 or more, and not below the oldest that is waited for";
  prefixes->number = static_cast<uint64_t>(*number);
  prefixes->oldest = static_cast<uint64_t>(*oldest);
  return {};
}

std::string Connection::TakePrefixes(const CommandSpec** spec, Args* args, Prefixes* prefixes) {
  std::string error;  // The first; what stands behind it is found out all the same.
  while (*spec != nullptr) {
    const CommandSpec& prefix = **spec;
    const size_t words = PrefixWords(prefix);
    if (words == 0 || args->size() <= words) break;
    if (words == 1) {
      if (prefixes->consistency) break;
      prefixes->consistency =
          prefix.name == "strong" ? Consistency::kStrong : Consistency::kEventual;
    } else if (prefix.name == "once" || prefix.name == "numbered") {
      if (prefixes->once) break;
      std::string refusal = TakeRequest(args->first(words), prefixes);
      if (error.empty()) error = std::move(refusal);
    } else {
      if (prefixes->at_least) break;
      const auto revision = ParseInteger((*args)[1]);
      if (error.empty() && (!revision || *revision < 0))
        error = "ERR revision is not a number of 0 or more";
      prefixes->at_least = static_cast<uint64_t>(revision.value_or(0));
    }
    *args = args->subspan(words);
    *spec = node_.table().Resolve(*args);
  }
  return error;
}

// What a session does for itself may be done again; what it does elsewhere, or to this instance,
// not.
std::string Connection::RefusalOfOnce(const CommandSpec* spec, bool numbered) const {
  if (spec == nullptr) return {};
  if (session_.in_multi && !RunsInsideMulti(*spec))
    return "ERR ONCE and NUMBERED stand before EXEC, not before the commands of a transaction";
  // A client that numbers whatever it sends does not know what is remembered.
  if (numbered) return {};
  if (!ActsElsewhere(*spec)) return {};
  if (node_.table().FullName(*spec) == "config|set") return {};
  return fmt::format(
      "ERR ONCE is for writes and EXEC: nobody would remember that {} was carried out",
      node_.table().FullName(*spec));
}

bool Connection::PassRevision(const CommandSpec* spec, uint64_t revision, Step* step) {
  if (StateRevision() >= revision) [[likely]]
    return true;
  // What another instance has told is committed: a barrier brings it, or it never was.
  if (pending_ == 0 && barrier_budget_ > 0) {
    const std::string why =
        barrier_error_.empty() ? std::string() : fmt::format("; {}", barrier_error_);
    *step = RefusePrefixed(spec, StaleRevision(revision, StateRevision()) + why);
    return false;
  }
  return PassBarrier(step);
}

Connection::Step Connection::RefusePrefixed(const CommandSpec* spec, std::string_view error) {
  if (session_.in_multi) session_.multi_failed = true;
  const Step step = ReplyError(error);
  // Who says EXEC takes the transaction to be over, whatever the answer.
  if (step == Step::kNext && spec != nullptr && IsExec(*spec)) ResetTransaction();
  return step;
}

Connection::Step Connection::HandlePrefixed(const CommandSpec* spec, Args args) {
  Prefixes prefixes;
  if (std::string error = TakePrefixes(&spec, &args, &prefixes); !error.empty())
    return RefusePrefixed(spec, error);
  if (prefixes.once) {
    if (std::string error = RefusalOfOnce(spec, prefixes.number != 0); !error.empty())
      return RefusePrefixed(spec, error);
  }
  // Who may not be here is not told how far this instance is.
  const bool refused = session_.requester != nullptr && !session_.requester->error.empty();
  Step step;
  if (prefixes.at_least && spec != nullptr && !NeedsLogin() && !refused &&
      !PassRevision(spec, *prefixes.at_least, &step))
    return step;
  if (prefixes.once) {
    once_ = std::make_shared<OnceRequest>(
        OnceRequest{.user = session_.user,
                    .id = std::string(*prefixes.once),
                    .resp_version = static_cast<uint8_t>(session_.resp_version),
                    .number = prefixes.number,
                    .oldest = prefixes.oldest});
  }
  step = HandleCommand(spec, args, prefixes.consistency);
  once_.reset();
  return step;
}

bool Connection::RequestKnown(const SharedOnceRequest& request) {
  return request != nullptr && thread_.Read().requests.Find(request->Tag()).has_value();
}

}  // namespace mydis
