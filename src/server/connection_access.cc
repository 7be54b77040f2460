// The part of a connection that knows who its client is, and what it may do. docs/acl.md has the
// rules.
#include <fmt/format.h>

#include "base/quoted.h"
#include "commands/acl_rights.h"
#include "commands/acl_rules.h"
#include "server/blocked_command.h"
#include "server/client_info.h"
#include "server/connection.h"
#include "server/dispatch.h"
#include "server/io_thread.h"
#include "server/node.h"
#include "server/redaction.h"
#include "server/watches.h"

namespace mydis {
namespace {

constexpr size_t kMostAudited = 1024;  // Bytes of a command that the audit log shows.
constexpr std::string_view kErrNoAuth = "NOAUTH Authentication required.";

AclLogEntry::Reason ReasonOf(AclRefusal refusal) {
  switch (refusal) {
    case AclRefusal::kKey:
      return AclLogEntry::Reason::kKey;
    case AclRefusal::kChannel:
      return AclLogEntry::Reason::kChannel;
    case AclRefusal::kNone:
    case AclRefusal::kCommand:
      break;
  }
  return AclLogEntry::Reason::kCommand;
}

// Of the library's sessions, which have no password: only the name can be wrong.
std::string NoSuchUser(std::string_view user) {
  return fmt::format("WRONGPASS there is no user {}: SessionOptions::user names one of ACL LIST",
                     Quoted(user));
}

std::string_view ReasonInExec(AclRefusal refusal) {
  if (refusal == AclRefusal::kKey) return "no permission to touch the specified keys";
  if (refusal == AclRefusal::kChannel)
    return "no permission to access one of the channels used as arguments";
  return "no permission to execute the command or subcommand";
}

}  // namespace

void Connection::BecomeUser(const AclUser& user) {
  session_.user = user.name;
  session_.user_id = user.id;
  session_.authenticated = true;
  session_.unproven = false;
  parser_.set_authenticated(true);
  session_.rights_version = 0;
  session_.free_version = 0;
  MutexLock guard(session_.record->mutex);
  session_.record->user = user.name;
}

void Connection::BecomeOwnUser() {
  session_.authenticated = true;
  session_.unproven = node_.consensus().readiness() != Readiness::kReady;
  session_.user = session_.own_user.empty() ? kOwnProgram : session_.own_user;
  const auto user = thread_.Read().users.Find(session_.user);
  session_.user_id = user == nullptr ? 0 : user->id;
  parser_.set_authenticated(true);
  session_.rights_version = 0;
  session_.free_version = 0;
  MutexLock guard(session_.record->mutex);
  session_.record->user = session_.user;
}

void Connection::BecomeDefaultUser() {
  if (session_.door == Door::kLibrary) return BecomeOwnUser();
  session_.user = kDefaultUser;
  session_.user_id = 0;
  session_.authenticated = core_.default_open.load(std::memory_order_relaxed);
  session_.unproven = node_.consensus().readiness() != Readiness::kReady;
  parser_.set_authenticated(KnownToParser());
  session_.rights_version = 0;
  session_.free_version = 0;
  {
    MutexLock guard(session_.record->mutex);
    session_.record->user = kDefaultUser;
  }
  if (node_.options().tls_user_from_certificate && certificate_seen_) BecomeCertifiedUser();
}

// As in Redis, a certificate of nobody leaves the client who it was.
void Connection::BecomeCertifiedUser() {
  const std::string name = stream_.PeerName();
  if (name.empty()) return;
  const auto user = thread_.Read().users.Find(name);
  const bool unproven = session_.unproven;
  if (user != nullptr && user->enabled) {
    BecomeUser(*user);
    session_.unproven = unproven;
  } else if (!unproven) {
    NoteRefusal(AclLogEntry::Reason::kCertificate, AclLogEntry::Context::kTopLevel, {}, name);
  }
}

void Connection::TakeCertificate() {
  certificate_seen_ = true;
  BecomeDefaultUser();
}

void Connection::RefreshRights() {
  if (session_.rights_version == core_.users_version.load(std::memory_order_relaxed)) return;
  const State& state = thread_.Read();
  const uint64_t version = core_.users_version.load(std::memory_order_relaxed);
  if (session_.unproven && node_.consensus().readiness() == Readiness::kReady) BecomeDefaultUser();
  session_.rights_version = version;
  if (session_.IsOwnProgram()) {
    session_.free_version = version;
    return;
  }
  const auto user = state.users.Find(session_.user);
  if (user == nullptr || user->id != session_.user_id) {
    session_.rights = nullptr;
  } else if (session_.rights == nullptr || &session_.rights->user() != user.get()) {
    session_.rights = RightsOf(node_.table(), state.users, session_.user);
  }
  parser_.set_authenticated(KnownToParser());
  const bool refused = session_.requester != nullptr && !session_.requester->error.empty();
  session_.free_version =
      !refused && !NeedsLogin() && session_.rights != nullptr && session_.rights->unrestricted()
          ? version
          : 0;
}

std::string_view Connection::ScriptUser(const CommandSpec& spec) {
  if (spec.group != Group::kScripting || MayDoEverything()) [[likely]]
    return {};
  return session_.user;
}

bool Connection::NeedsLogin() const {
  return !session_.authenticated && !core_.default_open.load(std::memory_order_relaxed);
}

void Connection::Audit(const CommandSpec& spec, Args args) {
  std::string words;
  const CommandSpec* container = node_.table().ContainerOf(spec);
  for (size_t i = 0; i < args.size() && words.size() < kMostAudited; ++i) {
    if (i > 0) words += ' ';
    if (IsSecret(spec, container, args, i)) {
      words += kRedacted;
    } else {
      AppendQuoted(words, args[i].substr(0, kMostAudited));
    }
  }
  const std::string_view outcome = counted_ == Counted::kRejected           ? "refused"
                                   : counted_ == Counted::kFailed           ? "failed"
                                   : session_.in_multi                      ? "queued"
                                   : pending_ > 0 || wait_ == Wait::kAnswer ? "sent"
                                                                            : "done";
  node_.audit_log().Administered(session_.user, session_.record->address, words, outcome);
}

void Connection::NoteRefusal(AclLogEntry::Reason reason, AclLogEntry::Context context,
                             std::string_view object, std::string_view user) {
  std::string what;
  AppendQuoted(what, object.substr(0, kMostAudited));
  node_.audit_log().Refused(user, session_.record->address, what, NameOf(reason));
  node_.acl_log().Add({.reason = reason,
                       .context = context,
                       .object = std::string(object),
                       .user = std::string(user),
                       .client = ClientInfo(node_, *session_.record),
                       .updated_ms = node_.clock().WallMs()},
                      node_.config().acl_log_size);
}

void Connection::NoteRefusal(const AclVerdict& verdict, AclLogEntry::Context context,
                             const CommandSpec& spec, Args args) {
  NoteRefusal(ReasonOf(verdict.refusal), context,
              verdict.refusal == AclRefusal::kCommand ? AclName(node_.table(), spec)
                                                      : args[verdict.position],
              session_.user);
}

void Connection::NoteRefusals(const std::vector<RefusedCall>& calls) {
  for (const RefusedCall& call : calls)
    NoteRefusal(ReasonOf(call.refusal), AclLogEntry::Context::kScript, call.object, session_.user);
}

void Connection::SetRequestError(std::string error) {
  session_.requester->error = std::move(error);
  session_.rights_version = 0;
  session_.free_version = 0;
}

std::string Connection::RefusalOf(const CommandSpec& spec, Args args, AclVerdict* verdict) {
  RefreshRights();
  if (session_.requester != nullptr && !session_.requester->error.empty()) [[unlikely]]
    return IsRequest(spec) ? std::string() : session_.requester->error;
  if (MayDoEverything()) return {};
  if (session_.door == Door::kLibrary && session_.unproven) return node_.StaleError();
  if (session_.door == Door::kLibrary && session_.rights == nullptr)
    return NoSuchUser(session_.user);
  if (session_.rights == nullptr || NeedsLogin())
    return (spec.flags & kNoAuth) != 0 ? std::string() : std::string(kErrNoAuth);
  *verdict = session_.rights->Check(spec, args);
  if (!verdict->ok()) return "NOPERM " + session_.rights->Explain(*verdict, spec, args);
  // In a transaction EXEC looks at SORT's options, as in Redis.
  return session_.in_multi ? std::string() : std::string(session_.rights->CheckSort(spec, args));
}

bool Connection::RefusesUnknown(const CommandSpec* spec, Args args, Step* step) {
  return spec != nullptr && !spec->subcommands.empty() && !HasAclSubcommands(*spec) &&
         !MayDoEverything() && Refuses(*spec, args, step);
}

bool Connection::Refuses(const CommandSpec& spec, Args args, Step* step) {
  AclVerdict verdict;
  std::string error = RefusalOf(spec, args, &verdict);
  if (error.empty()) return false;
  if (!direct() && !CanAttach()) {
    // The refusal waits for its place.
    *step = WaitFor(Wait::kIdle);
    return true;
  }
  using Context = AclLogEntry::Context;
  if (!verdict.ok())
    NoteRefusal(verdict, session_.in_multi ? Context::kMulti : Context::kTopLevel, spec, args);
  const bool exec = IsExec(spec);
  if (exec) error = "EXECABORT Transaction discarded because of: " + error;
  if (session_.in_multi) session_.multi_failed = true;
  *step = ReplyError(error);
  if (exec) ResetTransaction();
  thread_.CountRejected(&spec);
  return true;
}

void Connection::RefuseInExec(StoredCommand& command) {
  std::vector<std::string_view> views;
  const Args args = command.Views(views);
  if (session_.rights == nullptr) {
    command.refusal = kErrNoAuth;
    return;
  }
  const AclVerdict verdict = session_.rights->Check(*command.spec, args);
  if (verdict.ok()) {
    command.refusal = session_.rights->CheckSort(*command.spec, args);
    return;
  }
  NoteRefusal(verdict, AclLogEntry::Context::kMulti, *command.spec, args);
  command.refusal = fmt::format(
      "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC "
      "call. This command is no longer allowed for the following reason: {}",
      ReasonInExec(verdict.refusal));
}

void Connection::RefuseQueued() {
  RefreshRights();
  for (StoredCommand& command : session_.queued) {
    // Those of an EXEC that had to wait are refused already.
    if (!MayDoEverything() && command.refusal.empty()) RefuseInExec(command);
    command.user = ScriptUser(*command.spec);
  }
}

bool Connection::MayWatch(std::string_view key) {
  if (MayDoEverything()) [[likely]]
    return true;
  RefreshRights();
  if (MayDoEverything()) return true;
  return session_.rights != nullptr && MayWatchKeys(*session_.rights, key);
}

bool Connection::MayStillListen() const {
  if (session_.watches != nullptr && !MayStillWatch(*session_.rights, *session_.watches))
    return false;
  if (!session_.subscribed()) return true;
  for (size_t kind = 0; kind < kSubscriptionKinds; ++kind) {
    const bool pattern = static_cast<SubscriptionKind>(kind) == SubscriptionKind::kPattern;
    for (const std::string& name : session_.subscriptions->names[kind]) {
      if (!session_.rights->MayHear(name, pattern)) return false;
    }
  }
  return true;
}

void Connection::CheckUser() {
  if (closed_) return;
  RefreshRights();
  if (session_.IsOwnProgram()) return;
  if (session_.rights == nullptr) {
    // What has been answered leaves yet.
    if (pending_ == 0 && wait_ == Wait::kNone) return stream_.CloseAfterFlush();
    return Kill();
  }
  if (!MayDoEverything() && !MayStillListen()) return Kill();
  if (blocked_ != nullptr && blocked_->waiter != nullptr && blocked_->refusal.empty()) CheckWait();
}

bool Connection::RefusesWait() {
  std::vector<std::string_view> views;
  const CommandSpec* spec = blocked_->command.spec;
  const Args args = blocked_->command.Views(views);
  AclVerdict verdict;
  blocked_->refusal = RefusalOf(*spec, args, &verdict);
  if (blocked_->refusal.empty()) return false;
  if (!verdict.ok()) NoteRefusal(verdict, AclLogEntry::Context::kTopLevel, *spec, args);
  return true;
}

void Connection::CheckWait() {
  if (RefusesWait()) {
    if (LeaveQueue()) EndWaitEmpty();
  } else if (core_.blocked.WasTakenOut(*blocked_->waiter)) {
    // Refused for a moment only.
    AttemptFoundNothing();
  }
}

}  // namespace mydis
