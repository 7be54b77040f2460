// One user's session of `mydis cli`: the connection and what the user has told it (database,
// transaction, protocol …), which a reconnect restores. Prints replies on standard output and what
// happens to the connection on standard error. Main thread.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "cli/interrupt.h"
#include "cli/reply_format.h"
#include "client/remote_connection.h"

namespace mydis {

class CliSession {
 public:
  struct Options {
    RemoteConnection::Options connection;
    std::vector<std::string> login;  // The AUTH command to begin with; empty: none.
    int database = 0;
    bool resp3 = false;
    // The CLIENT CONSISTENCY command to begin with; empty: none.
    std::vector<std::string> consistency;
    ReplyStyle style = ReplyStyle::kPeople;
    std::string delimiter = "\n";  // Between the elements of a raw reply.
    bool errors_apart = false;     // Error replies go to standard error, except as JSON.
    bool interactive = false;      // Reconnects, shows times, comes back from a stream at Ctrl-C.
  };

  // `interrupt` is null, or outlives the session.
  CliSession(Options options, Interrupt* interrupt);

  // Connects and restores the session's state there. Says why not.
  bool Connect();
  // Runs a command and prints its reply. Subscriptions and MONITOR go on printing until Ctrl-C or
  // the end of the connection. False: the reply is an error, or there is none.
  bool Run(const std::vector<std::string>& words);
  // The same `times` times (-1: for ever), `interval_ms` apart. False if any failed.
  bool Repeat(const std::vector<std::string>& words, int64_t times, int64_t interval_ms);
  // Runs a command without printing; kNull if there is no reply to be had.
  RespValue Ask(const std::vector<std::string>& words);
  // The same, connecting if need be, for whoever has to know why. An error reply is a Status too.
  Result<RespValue> Call(const std::vector<std::string>& words);
  // Several at once, whose replies may be errors. REQUIRES: connected().
  Result<std::vector<RespValue>> CallAll(const std::vector<std::vector<std::string>>& commands) {
    return connection_.Pipeline(commands);
  }
  // Waits. False: Ctrl-C was pressed.
  bool Sleep(int64_t ms);

  bool connected() const { return connection_.connected(); }
  // "127.0.0.1:2381[1](TX)> "
  std::string Prompt() const;

 private:
  bool EnsureConnected();
  bool HasReply(const std::vector<std::string>& words);
  bool RunWithoutReply(const std::vector<std::string>& words);
  bool Failed(const std::vector<std::string>& words, const Status& why);
  bool Stream(const std::vector<std::string>& words);
  bool Restore();
  void Follow(const std::vector<std::string>& words, const RespValue& reply);
  void Print(const std::vector<std::string>& words, const RespValue& reply);
  void Forget();  // State that ends with its connection.

  Options options_;
  Interrupt* interrupt_;
  RemoteConnection connection_;
  int database_ = 0;
  int queued_database_ = -1;  // SELECT within a transaction; -1: none.
  bool in_transaction_ = false;
  bool replies_off_ = false;  // CLIENT REPLY OFF: nothing is answered until it is ON again.
  bool skip_reply_ = false;   // CLIENT REPLY SKIP: the next command is not answered.
  bool was_connected_ = false;
  // Commands that set the state of a connection, to be sent again on another one; by what they set.
  std::map<std::string, std::vector<std::string>> restore_;
};

}  // namespace mydis
