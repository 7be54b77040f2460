// What a connection of `mydis cli` has been told, as its answers have shown, so that another one
// can be told the same: who it is, its database, name and consistency, and the transaction that is
// open. Main thread.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/command_traits.h"
#include "protocol/resp_reader.h"

namespace mydis {

// A command as it is sent, but for the header that says how many words it has.
struct EncodedCommand {
  std::string bulks;
  uint32_t words = 0;
};

class SessionState {
 public:
  struct Beginning {
    std::vector<std::string> login;  // The AUTH command; empty: none.
    int database = 0;
    bool resp3 = false;
    std::vector<std::string> consistency;  // The CLIENT CONSISTENCY command; empty: none.
  };
  explicit SessionState(const Beginning& beginning);

  // Whether Answered has to see a command. Here and there it is without its prefixes (STRONG …).
  static bool Concerns(CommandTraits::Kind kind, std::span<const std::string_view> words);
  void Answered(CommandTraits::Kind kind, const std::vector<std::string>& words,
                const RespValue& reply);
  // A command was answered while a transaction is open, whatever the answer: EXEC fails again for
  // what was refused. `repeatable`: EXEC may be sent again for all that this one does.
  // REQUIRES: in_transaction(); Answered has not seen it yet.
  void Queued(EncodedCommand command, bool repeatable, const RespValue& reply) {
    queued_.push_back(std::move(command));
    repeatable_ &= repeatable;
    accepted_ += reply.is_error() ? 0 : 1;
  }

  // Commands for a new connection, in the order in which they are to be sent.
  std::vector<std::vector<std::string>> Setup() const;
  // To be sent between MULTI and EXEC.
  const std::vector<EncodedCommand>& queued() const { return queued_; }
  bool in_transaction() const { return in_transaction_; }
  // Whether all of the transaction may be repeated.
  bool repeatable() const { return repeatable_; }
  // A key that is watched, in which database does not matter; empty: none is.
  const std::string& watched() const { return watched_; }
  int database() const { return database_; }
  // The database is not there.
  void ForgetDatabase() { database_ = 0; }
  // The connection has ended, and with it what cannot be restored.
  void EndTransaction();
  void EndSilence() { replies_off_ = skip_reply_ = false; }

  // False: the server answers nothing to this command, because of CLIENT REPLY. In a transaction
  // that command is queued like others. To be called once for each command before it is sent.
  bool HasReply(std::span<const std::string> words);
  // CLIENT REPLY OFF: nobody knows what has become of the commands behind it.
  bool replies_off() const { return replies_off_; }

 private:
  void AnsweredExec(const RespValue& reply);
  void LearnHello(const std::vector<std::string>& words);

  int database_ = 0;
  bool in_transaction_ = false;
  std::vector<EncodedCommand> queued_;
  size_t accepted_ = 0;  // Of them: so many answers EXEC gives.
  // What among it tells the session something, once it is executed, and the place of its answer.
  std::vector<std::pair<size_t, std::vector<std::string>>> queued_words_;
  bool repeatable_ = true;
  std::string watched_;
  bool replies_off_ = false;
  bool skip_reply_ = false;  // CLIENT REPLY SKIP: the next command is not answered.
  // Commands that set the state of a connection, by what they set; the order of the keys is the
  // order to send them in: authentication goes first.
  std::map<std::string, std::vector<std::string>> restore_;
};

}  // namespace mydis
