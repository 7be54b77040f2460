// Commands to whichever instance answers, over one connection at a time. When that is lost, another
// one is told what it has been told (session_state.h), and what has no answer is sent again, in its
// order: what changes nothing as it is, writes under the number that they had, by which the cluster
// knows whether it has carried them out already (NUMBERED, docs/retries.md). A write that the other
// side could not tell from a repetition is not sent again: its error says that it may have taken
// effect. The library's Lane does the same for programs, whose connection is the library's own;
// here it is the user's, who sets it up with commands. Main thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command_traits.h"
#include "cli/session_state.h"
#include "client/remote_connection.h"

namespace mydis {

class RetryingConnection {
 public:
  struct Options {
    RemoteConnection::Options connection;
    SessionState::Beginning beginning;
    int64_t patience_ms = 30'000;  // How long there may be nobody who answers.
    // A command that an instance cannot carry out now, or does not answer in time, is taken
    // elsewhere as if its connection had been lost, whatever the order. Otherwise one that cannot
    // be carried out now is taken to each other address once, if no command behind it was carried
    // out.
    bool takes_failures_elsewhere = false;
    // What cannot be restored is said, and the session goes on without.
    bool goes_on_unrestored = false;
  };
  // So much should be under way at most, since it is kept until it is answered.
  static constexpr size_t kWindowCommands = 5000;
  static constexpr size_t kWindowBytes = 8 << 20;

  // `notice` takes lines about what happens to the connection.
  RetryingConnection(Options options, std::function<void(const std::string&)> notice);

  // Begins anew, without a transaction. kUnavailable: nobody is there; kInvalid: what was told
  // before is refused. Every error here is one line for people.
  Status Connect();
  // Puts a command behind those that are under way; it is sent at Next() at the latest.
  // REQUIRES: it has one answer; `traits` are those of the words.
  void Start(std::span<const std::string_view> words, const CommandTraits& traits);
  void Start(std::span<const std::string> words);
  // Whether answers have to be taken before more is started.
  bool full() const { return calls_.size() >= kWindowCommands || bytes_ >= kWindowBytes; }
  size_t under_way() const { return calls_.size(); }
  // The answer to the first that is under way; an error reply is a value. A Status means that there
  // is no connection any more, and that all that was under way is given up: kBusy if the user has
  // interrupted it. REQUIRES: under_way() > 0.
  Result<RespValue> Next();
  // Start() and Next(). REQUIRES: nothing is under way.
  Result<RespValue> Command(std::span<const std::string> words);
  // After an error: whether the first may have been carried out, or may be yet.
  bool in_doubt() const { return in_doubt_; }
  // And how many of those behind it.
  size_t in_doubt_behind() const { return in_doubt_behind_; }

  // --- Without sending again. REQUIRES: connected(), nothing is under way ---
  RemoteConnection& connection() { return connection_; }
  // Connects again after `why`, which a call of connection() has given, and restores the state.
  Status Recover(const Status& why);
  // connection() has received something.
  void Heard();

  bool connected() const { return connection_.connected(); }
  const HostPort& address() const { return connection_.address(); }
  SessionState& state() { return state_; }
  const SessionState& state() const { return state_; }

 private:
  enum class Numbers : uint8_t { kUnasked, kKnown, kUnknown };
  struct Call {
    EncodedCommand encoded;
    CommandTraits traits;
    std::vector<std::string> words;  // Behind its prefixes, if the session's state has to see them.
    uint64_t number = 0;             // 0: it has none.
    bool queued = false;             // It belongs to a transaction, which has not been executed.
    uint64_t sent_us = 0;            // Over this connection; 0: not yet.
    uint64_t doubt_us = 0;           // It may have been carried out since then; 0: it was not.
    size_t bytes() const { return sizeof(Call) + encoded.bulks.size(); }
  };

  Result<RespValue> Exchange();
  Status SendWaiting();
  bool MustAsk(const Call& call) const;
  bool GoesAlone(const Call& call) const;
  void Put(Call& call, uint64_t now_us, std::string& out);
  void Take(RespValue& reply);
  bool MayGoElsewhere(Call& call, const RespValue& reply) const;
  bool IsOfOneInstance(const Call& call) const;
  bool GoesElsewhere(const RespValue& reply);
  bool AreOthersRefused();
  static bool Changes(const Call& call);
  static bool MayRepeat(const Call& call);
  void EndAttempts();
  void GiveUp();
  Status FirstFate(ErrorCode code, std::string_view why) const;

  Status Reconnect(Status why);
  bool Pause() const;
  Status Restore(bool again);
  Status RestoreSettings(bool again);
  Status RestoreTransaction();
  Status Ask();
  Status TakeNumbers(const RespValue& reply);

  Options options_;
  std::function<void(const std::string&)> notice_;
  RemoteConnection connection_;
  SessionState state_;
  // What each number stands behind: NUMBERED, and by whose name the writes are numbered.
  const std::string numbered_;
  uint64_t next_number_ = 1;
  uint64_t oldest_number_ = 1;  // All below have their answer.
  Numbers numbers_ = Numbers::kUnasked;

  std::deque<Call> calls_;  // Without an answer; the first `sent_` were sent over this connection.
  size_t sent_ = 0;
  // Replies behind that to the first one, which were waited for, and how that ended.
  std::deque<RespValue> early_;
  std::optional<Status> early_end_;
  size_t bytes_ = 0;
  size_t unsent_bytes_ = 0;
  bool in_multi_ = false;      // Behind what was sent, a transaction is open.
  bool multi_repeats_ = true;  // All of that may be repeated.
  bool last_alone_ = false;    // Nothing goes behind the last one sent until it is answered.
  bool multi_works_ = false;   // This user may say MULTI. What followed a refused one would be run.
  bool may_not_repeat_ = false;  // The first may have been carried out, and cannot be repeated.
  bool in_doubt_ = false;
  size_t in_doubt_behind_ = 0;
  bool heard_ = false;        // Whoever is there has answered something, in this protocol.
  bool seen_ = false;         // So has it to a command of the user.
  bool by_refusal_ = false;   // What is amiss is that an instance has refused a command.
  size_t refusals_left_ = 0;  // Then: to so many addresses it may yet be taken.
  uint64_t lost_us_ = 0;      // Since when there is no answer; 0: there is nothing amiss.
  std::string lost_why_;
};

}  // namespace mydis
