// Sends what stands in an RDB file to a cluster: pipelined, and again to another instance when the
// one at hand goes away. Main thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "cli/retrying_connection.h"
#include "state/rdb_file.h"

namespace mydis {

class ImportSender {
 public:
  // What becomes of a key, or a library, that is there already.
  enum class Conflict : uint8_t { kFail, kSkip, kReplace };

  struct Options {
    RemoteConnection::Options connection;
    std::vector<std::string> login;  // The AUTH command; empty: none.
    Conflict conflict = Conflict::kFail;
    int64_t patience_ms = 30'000;  // How long there may be nobody who takes anything.
  };

  struct Counts {
    uint64_t keys = 0;
    uint64_t libraries = 0;
    uint64_t skipped = 0;  // Of both.
  };

  // `notice` takes lines about what happens meanwhile.
  ImportSender(Options options, std::function<void(const std::string&)> notice);

  // Every error is one line for people. After one nothing else may be called but counts().
  Status Connect();
  // The longest value that the cluster takes. REQUIRES: connected.
  uint64_t LongestValue();
  // The payload is what RESTORE takes. Both return when there is room for more on the way.
  Status SendKey(const RdbItem& item, std::string payload);
  Status SendLibrary(const RdbItem& item);
  // Waits for all replies.
  Status Finish();
  const Counts& counts() const { return counts_; }

 private:
  // What is under way, but for what it says.
  struct Command {
    enum class Kind : uint8_t { kSelect, kKey, kLibrary };
    Kind kind = Kind::kKey;
    uint32_t db = 0;
    uint64_t offset = 0;  // In the file.
    std::string name;     // Of a key.
  };

  Status Add(Command command, const std::vector<std::string>& words);
  Status TakeReply();
  Status OnReply(const Command& command, const RespValue& reply);
  static std::string Describe(const Command& command);

  const Conflict conflict_;
  RetryingConnection retrying_;
  std::deque<Command> sent_;  // In the order of the replies to come.
  uint32_t selected_ = 0;     // The database of the last command.
  Counts counts_;
};

}  // namespace mydis
