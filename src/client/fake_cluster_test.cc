#include "client/fake_cluster_test.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "protocol/resp_reader.h"

namespace mydis::testing {
namespace {

std::string Joined(const CommandWords& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

bool SendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

bool Listens(const CommandWords& words) {
  return words[0] == "SUBSCRIBE" || (words[0] == "MYDIS" && words[1] == "FOLLOW");
}

// How many words a prefix has; 0: it is none.
size_t PrefixSize(const std::string& word) {
  if (word == "NUMBERED") return 4;
  if (word == "ONCE" || word == "ATLEAST") return 2;
  return word == "STRONG" || word == "EVENTUAL" ? 1 : 0;
}

}  // namespace

// ---- State ----

std::string FakeState::Run(const CommandWords& words) {
  const std::string& name = words[0];
  if (name == "GET") {
    const auto found = strings_.find(words[1]);
    return found == strings_.end()
               ? "_\r\n"
               : fmt::format("${}\r\n{}\r\n", found->second.size(), found->second);
  }
  log_.push_back(Joined(words));
  ++revision_;
  if (name == "SET") {
    strings_[words[1]] = words[2];
    return "+OK\r\n";
  }
  if (name == "INCR") {
    std::string& value = strings_[words[1]];
    value = std::to_string(value.empty() ? 1 : std::stoll(value) + 1);
    return fmt::format(":{}\r\n", value);
  }
  if (name == "RPUSH") {
    lists_[words[1]].push_back(words[2]);
    return fmt::format(":{}\r\n", lists_[words[1]].size());
  }
  if (name == "BLPOP") {
    auto& list = lists_[words[1]];
    if (list.empty()) return "_\r\n";
    const std::string first = list.front();
    list.pop_front();
    return fmt::format("*2\r\n${}\r\n{}\r\n${}\r\n{}\r\n", words[1].size(), words[1], first.size(),
                       first);
  }
  return "-ERR unknown command\r\n";
}

std::string FakeState::Apply(const std::string& client, uint64_t number, uint64_t oldest,
                             const CommandWords& words) {
  const std::lock_guard lock(mutex_);
  if (number == 0) return Run(words);
  Writer& writer = writers_[client];
  writer.oldest = std::max(writer.oldest, oldest);
  writer.replies.erase(writer.replies.begin(), writer.replies.lower_bound(writer.oldest));
  if (number < writer.oldest) return "-IDREUSED its result is forgotten\r\n";
  const auto found = writer.replies.find(number);
  if (found != writer.replies.end()) return found->second;
  return writer.replies[number] = Run(words);
}

std::vector<std::string> FakeState::log() {
  const std::lock_guard lock(mutex_);
  return log_;
}

int64_t FakeState::Counter(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = strings_.find(key);
  return found == strings_.end() ? 0 : std::stoll(found->second);
}

// ---- Instance ----

struct FakeInstance::Connection {
  int fd;
  bool attributes = false;
  bool in_multi = false;
  bool multi_failed = false;
  std::vector<CommandWords> queued;
};

FakeInstance::FakeInstance(std::shared_ptr<FakeState> state, Options options)
    : state_(std::move(state)), options_(std::move(options)), hello_error_(options_.hello_error) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(listen(listener_, 16), 0);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread([this] { Accept(); });
}

FakeInstance::~FakeInstance() { Stop(); }

std::string FakeInstance::address() const { return fmt::format("127.0.0.1:{}", port_); }

void FakeInstance::SetFault(std::function<Fault(const CommandWords&)> fault) {
  const std::lock_guard lock(mutex_);
  fault_ = std::move(fault);
}

void FakeInstance::SetHelloError(std::string error) {
  const std::lock_guard lock(mutex_);
  hello_error_ = std::move(error);
}

std::string FakeInstance::HelloError() {
  const std::lock_guard lock(mutex_);
  return hello_error_;
}

void FakeInstance::SetBeforeReading(std::function<void()> before) {
  const std::lock_guard lock(mutex_);
  before_reading_ = std::move(before);
}

void FakeInstance::BeforeReading() {
  std::function<void()> before;
  {
    const std::lock_guard lock(mutex_);
    before = before_reading_;
  }
  if (before) before();
}

std::vector<std::string> FakeInstance::received() {
  const std::lock_guard lock(mutex_);
  return received_;
}

void FakeInstance::Push(const std::string& bytes) {
  const std::lock_guard lock(mutex_);
  for (const int fd : listening_) SendAll(fd, bytes);
}

void FakeInstance::CutListeners() {
  const std::lock_guard lock(mutex_);
  for (const int fd : listening_) shutdown(fd, SHUT_RDWR);
}

void FakeInstance::Stop() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stopped_, true)) return;
    for (const int fd : fds_) shutdown(fd, SHUT_RDWR);
  }
  shutdown(listener_, SHUT_RDWR);
  accepting_.join();
  for (std::thread& thread : threads_) thread.join();
  close(listener_);
}

void FakeInstance::Accept() {
  while (true) {
    const int fd = accept(listener_, nullptr, nullptr);
    if (fd < 0) return;
    const std::lock_guard lock(mutex_);
    if (stopped_) {
      close(fd);
      return;
    }
    // As a server does: else the second of two replies waits for the first's acknowledgement.
    const int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    ++connections_;
    fds_.push_back(fd);
    threads_.emplace_back([this, fd] { Serve(fd); });
  }
}

void FakeInstance::Serve(int fd) {
  Connection connection{.fd = fd};
  RespReader reader;
  char buffer[16 * 1024];
  bool goes_on = true;
  while (goes_on) {
    BeforeReading();
    const ssize_t n = recv(fd, buffer, sizeof buffer, 0);
    if (n <= 0) break;
    reader.Feed({buffer, static_cast<size_t>(n)});
    RespValue request;
    while (goes_on && reader.Next(&request) == RespReader::Outcome::kValue) {
      CommandWords words;
      for (RespValue& word : request.elements) words.push_back(std::move(word.text));
      goes_on = Handle(connection, std::move(words));
    }
  }
  const std::lock_guard lock(mutex_);
  std::erase(fds_, fd);
  std::erase(listening_, fd);
  close(fd);
}

// False: the connection ends.
bool FakeInstance::Handle(Connection& connection, CommandWords words) {
  CommandWords prefix;
  std::function<Fault(const CommandWords&)> fault;
  {
    const std::lock_guard lock(mutex_);
    received_.push_back(Joined(words));
    fault = fault_;
  }
  while (const size_t size = PrefixSize(words[0])) {
    prefix.insert(prefix.end(), words.begin(), words.begin() + static_cast<ptrdiff_t>(size));
    words.erase(words.begin(), words.begin() + static_cast<ptrdiff_t>(size));
  }
  const Fault what = fault ? fault(words) : Fault::kNone;
  if (what == Fault::kCutBefore) return false;
  if (what == Fault::kHang) {
    char byte;
    while (recv(connection.fd, &byte, 1, 0) > 0) {
    }
    return false;
  }
  std::string reply = Reply(connection, what, prefix, words);
  if (what == Fault::kCutAfter) return false;
  if (what == Fault::kUnknownAfter) reply = "-UNKNOWN it may have happened\r\n";
  if (connection.attributes)
    reply = fmt::format("|1\r\n+revision\r\n:{}\r\n", state_->revision()) + reply;
  if (what == Fault::kHalfReply) {
    SendAll(connection.fd, std::string_view(reply).substr(0, reply.size() / 2));
    return false;
  }
  if (!SendAll(connection.fd, reply)) return false;
  if (Listens(words)) {
    const std::lock_guard lock(mutex_);
    listening_.push_back(connection.fd);
    ++listeners_;
  }
  return true;
}

std::string FakeInstance::Reply(Connection& connection, Fault fault, const CommandWords& prefix,
                                const CommandWords& words) {
  std::string error;
  if (fault == Fault::kStale) error = "-STALE this instance is catching up\r\n";
  if (fault == Fault::kNotCommitted) error = "-NOTCOMMITTED no leader was found\r\n";
  if (fault == Fault::kDenied) error = "-NOPERM no permission\r\n";
  if (fault == Fault::kError) error = "-ERR the words are wrong\r\n";
  if (error.empty()) return Answer(connection, prefix, words);
  // An EXEC that is refused for its prefixes leaves MULTI open.
  if (words[0] == "EXEC" && fault == Fault::kNotCommitted) connection.in_multi = false;
  connection.multi_failed = connection.in_multi;
  return error;
}

std::string FakeInstance::Answer(Connection& connection, const CommandWords& prefix,
                                 const CommandWords& words) {
  const std::string& name = words[0];
  if (name == "HELLO") {
    const std::string error = HelloError();
    return error.empty() ? "%1\r\n+proto\r\n:3\r\n" : fmt::format("-{}\r\n", error);
  }
  if (name == "CLIENT") {
    if (words[1] != "ATTRIBUTES") return "+OK\r\n";
    if (!options_.numbers) return "-ERR unknown subcommand 'ATTRIBUTES'\r\n";
    connection.attributes = true;
    return "+OK\r\n";
  }
  if (name == "COMMAND") {
    std::string reply = fmt::format("*{}\r\n", words.size() - 2);
    for (size_t i = 2; i < words.size(); ++i) {
      const bool known = options_.numbers && !(options_.once_only && words[i] == "NUMBERED");
      reply += known ? fmt::format("*1\r\n${}\r\n{}\r\n", words[i].size(), words[i])
                     : std::string("_\r\n");
    }
    return reply;
  }
  if (name == "PING") return "+PONG\r\n";
  if (Listens(words)) return AnswerListener(words);
  // One, for however many keys.
  if (name == "MYDIS" && words[1] == "REVISIONS") return "*1\r\n:7\r\n";
  if (name == "SELECT" || name == "MYDIS") return "+OK\r\n";
  if (name == "MULTI") {
    if (options_.no_multi) return "-NOPERM no permission for 'multi'\r\n";
    connection.in_multi = true;
    connection.multi_failed = false;
    return "+OK\r\n";
  }
  if (name == "DISCARD") {
    connection.in_multi = false;
    return "+OK\r\n";
  }
  if (name == "EXEC") return AnswerTransaction(connection, prefix);
  if (connection.in_multi) {
    connection.queued.push_back(words);
    return "+QUEUED\r\n";
  }
  const auto once = std::ranges::find(prefix, "ONCE");
  if (once != prefix.end()) return state_->Apply(once[1], 1, 0, words);
  const auto numbered = std::ranges::find(prefix, "NUMBERED");
  if (numbered == prefix.end()) return state_->Apply("", 0, 0, words);
  return state_->Apply(numbered[1], std::stoull(numbered[2]), std::stoull(numbered[3]), words);
}

std::string FakeInstance::AnswerListener(const CommandWords& words) {
  if (words[0] == "MYDIS") return "%2\r\n+watch\r\n:1\r\n+revision\r\n:10\r\n";
  std::string pushes;
  for (size_t i = 1; i < words.size(); ++i)
    pushes += fmt::format(">3\r\n+subscribe\r\n+{}\r\n:{}\r\n", words[i], i);
  return pushes;
}

// Each command under a name of its own, so that all of them are remembered.
std::string FakeInstance::AnswerTransaction(Connection& connection, const CommandWords& prefix) {
  connection.in_multi = false;
  const std::vector<CommandWords> queued = std::exchange(connection.queued, {});
  if (connection.multi_failed) return "-EXECABORT because of previous errors\r\n";
  std::string reply = fmt::format("*{}\r\n", queued.size());
  const auto numbered = std::ranges::find(prefix, "NUMBERED");
  for (size_t i = 0; i < queued.size(); ++i) {
    reply += numbered == prefix.end()
                 ? state_->Apply("", 0, 0, queued[i])
                 : state_->Apply(fmt::format("{} {}", numbered[1], i), std::stoull(numbered[2]),
                                 std::stoull(numbered[3]), queued[i]);
  }
  return reply;
}

}  // namespace mydis::testing
