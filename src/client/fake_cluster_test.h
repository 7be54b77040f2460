// Instances that share a tiny state and remember numbered writes, as a cluster does, and fail where
// a test wants them to.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace mydis::testing {

using CommandWords = std::vector<std::string>;

// What an instance does with a command.
enum class Fault {
  kNone,
  kCutBefore,     // Ends the connection without carrying it out.
  kCutAfter,      // Carries it out, and ends the connection without a reply.
  kHalfReply,     // Likewise, with half of the reply.
  kHang,          // Neither carries it out nor answers, and reads no more.
  kStale,         // -STALE
  kNotCommitted,  // -NOTCOMMITTED
  kDenied,        // -NOPERM
  kError,         // -ERR
  kUnknownAfter,  // Carries it out and answers -UNKNOWN.
};

// What the instances have in common. Any thread.
class FakeState {
 public:
  // Carries out a command of one client, or gives its first reply again.
  std::string Apply(const std::string& client, uint64_t number, uint64_t oldest,
                    const CommandWords& words);
  // All that was carried out, in order: "SET k v".
  std::vector<std::string> log();
  int64_t Counter(const std::string& key);
  uint64_t revision() { return revision_; }

 private:
  std::string Run(const CommandWords& words);

  std::mutex mutex_;
  std::map<std::string, std::string> strings_;
  std::map<std::string, std::deque<std::string>> lists_;
  struct Writer {
    uint64_t oldest = 0;
    std::map<uint64_t, std::string> replies;
  };
  std::map<std::string, Writer> writers_;
  std::vector<std::string> log_;
  std::atomic<uint64_t> revision_{0};
};

class FakeInstance {
 public:
  struct Options {
    bool numbers = true;     // Knows NUMBERED, ONCE, ATLEAST and MYDIS WATCH.
    bool once_only = false;  // Of these not NUMBERED.
    std::string hello_error;
    bool no_multi = false;  // The user may not use it.
  };

  FakeInstance(std::shared_ptr<FakeState> state, Options options);
  explicit FakeInstance(std::shared_ptr<FakeState> state)
      : FakeInstance(std::move(state), Options{}) {}
  ~FakeInstance();

  std::string address() const;
  // Asked for each command, without its prefixes, before it is carried out.
  void SetFault(std::function<Fault(const CommandWords&)> fault);
  // What HELLO is answered with from now on; empty: as it should be.
  void SetHelloError(std::string error);
  // Called before each time that it reads of a connection.
  void SetBeforeReading(std::function<void()> before);
  // Every command with its prefixes, as it came: "ATLEAST 5 GET k".
  std::vector<std::string> received();
  int connections() const { return connections_; }
  // Connections that have begun to listen.
  int listeners() const { return listeners_; }
  // Sends this to all connections that listen.
  void Push(const std::string& bytes);
  // Ends all connections that listen.
  void CutListeners();
  // Ends the listener and all connections.
  void Stop();

 private:
  struct Connection;
  void Accept();
  void Serve(int fd);
  bool Handle(Connection& connection, CommandWords words);
  std::string Reply(Connection& connection, Fault fault, const CommandWords& prefix,
                    const CommandWords& words);
  std::string HelloError();
  void BeforeReading();
  std::string Answer(Connection& connection, const CommandWords& prefix, const CommandWords& words);
  static std::string AnswerListener(const CommandWords& words);
  std::string AnswerTransaction(Connection& connection, const CommandWords& prefix);

  const std::shared_ptr<FakeState> state_;
  const Options options_;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::atomic<int> connections_{0};
  std::atomic<int> listeners_{0};
  std::mutex mutex_;
  bool stopped_ = false;
  std::vector<int> fds_;
  std::vector<int> listening_;  // Of these.
  std::vector<std::thread> threads_;
  std::function<Fault(const CommandWords&)> fault_;
  std::function<void()> before_reading_;
  std::string hello_error_;
  std::vector<std::string> received_;
  std::thread accepting_;
};

}  // namespace mydis::testing
