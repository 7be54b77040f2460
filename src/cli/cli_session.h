// One user's session of `mydis cli`: runs commands and prints their replies on standard output, and
// what happens to the connection on standard error. Main thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/interrupt.h"
#include "cli/reply_format.h"
#include "cli/retrying_connection.h"

namespace mydis {

class CliSession {
 public:
  struct Options {
    RetryingConnection::Options retrying;
    ReplyStyle style = ReplyStyle::kPeople;
    std::string delimiter = "\n";  // Between the elements of a raw reply.
    bool errors_apart = false;     // Error replies go to standard error, except as JSON.
    bool interactive = false;      // Connects again by itself, shows times, comes back from a
                                   // stream at Ctrl-C.
  };

  // `interrupt` is null, or outlives the session.
  CliSession(Options options, Interrupt* interrupt);

  // Connects and restores the session's state there. Says why not.
  bool Connect();
  // Runs a command and prints its reply. Subscriptions and MONITOR go on printing until Ctrl-C.
  // False: the reply is an error, or there is none.
  bool Run(const std::vector<std::string>& words);
  // The same `times` times (-1: for ever), `interval_ms` apart. False if any failed.
  bool Repeat(const std::vector<std::string>& words, int64_t times, int64_t interval_ms);
  // Runs a command that changes nothing, without printing and without another try; kNull if there
  // is no reply to be had.
  RespValue Ask(const std::vector<std::string>& words);
  // Runs a command without printing, connecting if need be, for whoever has to know why it fails.
  // An error reply is a Status too.
  Result<RespValue> Call(const std::vector<std::string>& words);
  // Several at once, whose replies may be errors. REQUIRES: connected().
  Result<std::vector<RespValue>> CallAll(const std::vector<std::vector<std::string>>& commands);
  // Waits. False: Ctrl-C was pressed.
  bool Sleep(int64_t ms);

  bool connected() const { return retrying_.connected(); }
  // "127.0.0.1:2381[1](TX)> "
  std::string Prompt() const;

 private:
  bool IsConnected();
  bool RunWithoutReply(const std::vector<std::string>& words);
  bool Failed(const Status& why, bool executes, bool transaction);
  bool Stream(const std::vector<std::string>& words);
  std::optional<Status> Listen(const std::vector<std::string>& words, bool again);
  void Print(const std::vector<std::string>& words, const RespValue& reply);

  Options options_;
  Interrupt* interrupt_;
  RetryingConnection retrying_;
  bool lost_ = false;  // The connection, by Ask: nothing has been done about it yet.
};

}  // namespace mydis
