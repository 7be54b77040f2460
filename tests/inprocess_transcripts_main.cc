// Runs transcripts (tests/resp/README.md) against an instance inside this program, which is handed
// its connections as socket pairs:
//
//   inprocess_transcripts FILE|FOLDER...
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "base/log.h"
#include "server/node.h"
#include "transcript_file.h"

namespace mydis {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::chrono::seconds kReplyLimit{20};
constexpr std::chrono::seconds kEventuallyLimit{5};
constexpr std::chrono::milliseconds kPollEvery{2};
constexpr size_t kMaxFailures = 5;

// The client's side of a connection.
class Client {
 public:
  explicit Client(Node& node) {
    // A pair of TCP sockets rather than a socket pair: commands tell of addresses.
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* any = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int server = -1;
    if (bind(listener, any, size) == 0 && listen(listener, 1) == 0 &&
        getsockname(listener, any, &size) == 0 && connect(fd_, any, size) == 0)
      server = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    close(listener);
    if (server < 0) throw TranscriptError("no pair of sockets: out of file descriptors?");
    node.Adopt(server, Door::kRedis);
  }
  ~Client() { close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Reads replies while it waits for the other side to take bytes.
  void Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n >= 0) {
        bytes.remove_prefix(static_cast<size_t>(n));
      } else if (errno != EAGAIN) {
        throw TranscriptError("the server has closed the connection");
      } else {
        Wait(POLLIN | POLLOUT);
      }
    }
  }
  TranscriptReply Read() {
    TranscriptReply reply;
    size_t at = 0;
    while (!ReadReply(input_, &at, &reply)) More();
    input_.erase(0, at);
    return reply;
  }
  std::string ReadBytes(size_t size) {
    while (input_.size() < size) More();
    std::string bytes = input_.substr(0, size);
    input_.erase(0, size);
    return bytes;
  }
  // What came and was not read; waits until the server has closed the connection.
  std::string WaitClosed() {
    while (!ended_) Wait(POLLIN);
    return input_;
  }
  // What has come by now and was not read.
  const std::string& Unread() {
    Take();
    return input_;
  }
  TranscriptReply Call(const std::vector<std::string>& words) {
    Send(EncodeCommand(words));
    return Read();
  }

  std::string queued;  // Commands to go out with the next one.

 private:
  void More() {
    const size_t before = input_.size();
    Wait(POLLIN);
    if (ended_ && input_.size() == before)
      throw TranscriptError("the server has closed the connection");
  }
  void Wait(short events) {
    pollfd ready{fd_, events, 0};
    if (poll(&ready, 1, static_cast<int>(std::chrono::milliseconds(kReplyLimit).count())) <= 0)
      throw TranscriptError("no reply within the time limit");
    Take();
  }
  void Take() {
    char bytes[64 << 10];
    for (;;) {
      const ssize_t n = recv(fd_, bytes, sizeof bytes, MSG_DONTWAIT);
      if (n > 0) {
        input_.append(bytes, static_cast<size_t>(n));
        continue;
      }
      ended_ = n == 0 || errno != EAGAIN;
      return;
    }
  }

  int fd_;
  std::string input_;
  bool ended_ = false;
};

// One file. Not reusable.
class Run {
 public:
  Run(Node& node, std::string path) : node_(node), path_(std::move(path)) {}

  std::vector<std::string> Execute(Client& control) {
    size_t line = 0;
    try {
      std::ifstream in(path_);
      std::stringstream text;
      text << in.rdbuf();
      const std::vector<TranscriptStep> steps = ParseTranscript(text.str());
      control.Call({"FLUSHALL"});
      control.Call({"SCRIPT", "FLUSH"});
      control.Call({"FUNCTION", "FLUSH"});
      for (const TranscriptStep& step : steps) {
        line = step.line;
        Step(step);
        if (failures_.size() >= kMaxFailures) break;
      }
      CheckNothingUnread(line);
    } catch (const std::exception& error) {
      Fail(line, error.what());
    }
    return std::move(failures_);
  }
  size_t commands() const { return commands_; }

 private:
  using Kind = TranscriptStep::Kind;

  void Fail(size_t line, std::string_view why) {
    failures_.push_back(fmt::format("{}:{}: {}", path_, line, why));
  }

  Client& Here() {
    std::unique_ptr<Client>& client = clients_[name_];
    if (client == nullptr) {
      client = std::make_unique<Client>(node_);
      if (resp3_.contains(name_)) client->Call({"HELLO", "3"});
    }
    return *client;
  }

  void Step(const TranscriptStep& step) {
    switch (step.kind) {
      case Kind::kQueue:
      case Kind::kSend:
        ++commands_;
        Here().queued += EncodeCommand(SplitWords(Substitute(step.text, variables_)));
        if (step.kind == Kind::kSend) Receive(step);
        break;
      case Kind::kReceive:
        Receive(step);
        break;
      case Kind::kCut:
        Flush();
        CheckNothingUnread(step.line);
        clients_.clear();
        name_ = "main";
        break;
      case Kind::kDirective:
        Flush();
        Directive(step);
        break;
    }
  }

  void Flush() {
    const auto found = clients_.find(name_);
    if (found != clients_.end()) found->second->Send(std::exchange(found->second->queued, {}));
  }

  std::string ElapsedMs() const {
    const auto elapsed = SteadyClock::now() - began_;
    return std::to_string(std::chrono::ceil<std::chrono::milliseconds>(elapsed).count());
  }

  void Receive(const TranscriptStep& step) {
    Client& client = Here();
    const std::string bytes = std::exchange(client.queued, {});
    const auto end = SteadyClock::now() + kEventuallyLimit;
    std::vector<TranscriptReply> replies;
    std::vector<size_t> wrong;
    for (;;) {
      client.Send(bytes);
      replies.clear();
      wrong.clear();
      for (size_t i = 0; i < step.replies.size(); ++i) {
        replies.push_back(client.Read());
        variables_.insert_or_assign(std::string(kElapsedMs), ElapsedMs());
        if (!Matches(step.replies[i], replies[i], step.unordered, variables_)) wrong.push_back(i);
      }
      if (wrong.empty() || !step.eventually || SteadyClock::now() > end) break;
      std::this_thread::sleep_for(kPollEvery);
    }
    for (size_t i : wrong) {
      std::string what = fmt::format("{}\n  expected\n", step.text);
      RenderExpected(step.replies[i], 4, &what);
      what += "  got\n";
      RenderReply(replies[i], 4, &what);
      Fail(step.replies[i].line, what);
    }
    if (!step.save.empty()) variables_[step.save] = replies[0].text;
  }

  void Directive(const TranscriptStep& step) {
    if (step.name == "conn") {
      name_ = step.text;
    } else if (step.name == "resp3") {
      resp3_.insert(name_);
      if (clients_.contains(name_)) Here().Call({"HELLO", "3"});
    } else if (step.name == "resp2") {
      resp3_.erase(name_);
      Here().Call({"HELLO", "2"});
    } else if (step.name == "close") {
      clients_.erase(name_);
    } else if (step.name == "closed") {
      const std::string rest = Here().WaitClosed();
      clients_.erase(name_);
      if (!rest.empty()) Fail(step.line, "before closing the server sent " + QuoteBytes(rest));
    } else if (step.name == "raw" && step.text.size() > 2) {
      const std::string bytes = ParseQuoted(Substitute(step.text.substr(2), variables_));
      if (step.text[0] == '>') return Here().Send(bytes);
      const std::string got = Here().ReadBytes(bytes.size());
      if (got != bytes) Fail(step.line, "got " + QuoteBytes(got) + Here().Unread());
    } else if (step.name == "blocked") {
      WaitBlocked(step);
    } else {
      throw TranscriptError("no directive @" + step.name);
    }
  }

  void WaitBlocked(const TranscriptStep& step) {
    Client watcher(node_);
    const std::string wanted = "blocked_clients:" + step.text + "\r\n";
    const auto end = SteadyClock::now() + kEventuallyLimit;
    while (!watcher.Call({"INFO", "clients"}).text.contains(wanted)) {
      if (SteadyClock::now() > end) throw TranscriptError("INFO never said " + wanted);
      std::this_thread::sleep_for(kPollEvery);
    }
  }

  void CheckNothingUnread(size_t line) {
    if (!failures_.empty()) return;  // What is left over follows from them.
    for (const auto& [name, client] : clients_) {
      const std::string& rest = client->Unread();
      if (!rest.empty())
        Fail(line, fmt::format("connection {} has unread replies: {}", name, QuoteBytes(rest)));
    }
  }

  Node& node_;
  const std::string path_;
  std::map<std::string, std::unique_ptr<Client>> clients_;
  std::string name_ = "main";
  std::set<std::string> resp3_;
  TranscriptVariables variables_;
  const SteadyClock::time_point began_ = SteadyClock::now();
  size_t commands_ = 0;
  std::vector<std::string> failures_;
};

bool IsFree(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const bool is_free = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return is_free;
}

// A port for Raft whose neighbour, for RPC, is free too.
int FreeRaftPort() {
  int port = 20'000 + getpid() % 10'000;
  while (!IsFree(port) || !IsFree(port + 1)) ++port;
  return port;
}

std::vector<std::string> FindFiles(int argc, char** argv) {
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) {
      files.emplace_back(argv[i]);
      continue;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
      if (entry.path().extension() == ".resp") files.push_back(entry.path().string());
    }
  }
  std::ranges::sort(files);
  return files;
}

int RunFiles(const std::vector<std::string>& files, const std::string& data_dir) {
  ServerOptions options;
  options.data_dir = data_dir;
  options.http_port = ServerOptions::kPortOff;
  options.redis_port = ServerOptions::kPortOff;
  options.raft_port = FreeRaftPort();
  options.io_threads = 2;
  Node node(options);
  if (Status status = node.Start(); !status.ok()) {
    fmt::print("the instance does not start: {}\n", status.message());
    return 1;
  }
  const auto limit = SteadyClock::now() + kReplyLimit;
  while (node.consensus().readiness() != Readiness::kReady && SteadyClock::now() < limit)
    std::this_thread::sleep_for(kPollEvery);
  size_t failed = 0;
  size_t commands = 0;
  {
    Client control(node);
    for (const std::string& file : files) {
      Run run(node, file);
      const std::vector<std::string> failures = run.Execute(control);
      for (const std::string& failure : failures) fmt::print("{}\n", failure);
      failed += !failures.empty();
      commands += run.commands();
    }
  }
  node.Stop();
  fmt::print("{} commands\n{} passed, {} failed\n", commands, files.size() - failed, failed);
  return failed == 0 && !files.empty() ? 0 : 1;
}

}  // namespace
}  // namespace mydis

int main(int argc, char** argv) {
  mydis::LogConfigure(mydis::LogLevel::kWarning, mydis::LogFormat::kText);
  char folder[] = "/tmp/inprocess_transcripts.XXXXXX";
  if (mkdtemp(folder) == nullptr) return 1;
  const int result = mydis::RunFiles(mydis::FindFiles(argc, argv), folder);
  std::filesystem::remove_all(folder);
  return result;
}
