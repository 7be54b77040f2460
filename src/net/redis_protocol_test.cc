// The parser against a real redis-server: the same bytes give the same number of replies and the
// same protocol error. Skipped where redis-server is not installed.
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "base/random.h"
#include "protocol/resp_parser.h"
#include "protocol/resp_reader.h"

namespace mydis {
namespace {

// A redis-server on a Unix socket in a directory of its own.
class RedisServer {
 public:
  explicit RedisServer(const std::vector<std::string>& options) {
    char name[] = "/tmp/mydis-redis-XXXXXX";
    directory_ = mkdtemp(name);
    std::vector<std::string> args = {"redis-server", "--port", "0",     "--save",   "",
                                     "--appendonly", "no",     "--dir", directory_, "--unixsocket",
                                     path()};
    args.insert(args.end(), options.begin(), options.end());
    std::vector<char*> argv;
    for (std::string& a : args) argv.push_back(a.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", 1, 0);
    if (posix_spawnp(&pid_, "redis-server", &actions, nullptr, argv.data(), environ) != 0) pid_ = 0;
    posix_spawn_file_actions_destroy(&actions);
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (running() && std::chrono::steady_clock::now() < limit) {
      const int fd = Connect();
      if (fd < 0) continue;
      close(fd);
      break;
    }
  }
  ~RedisServer() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    std::filesystem::remove_all(directory_);
  }
  bool running() const { return pid_ > 0; }

  // Everything it answers to `bytes` until it closes.
  std::string Ask(std::string_view bytes) {
    const int fd = Connect();
    EXPECT_GE(fd, 0);
    while (!bytes.empty()) {
      const ssize_t n = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) break;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    shutdown(fd, SHUT_WR);
    std::string answer;
    char buffer[65536];
    for (ssize_t n; (n = recv(fd, buffer, sizeof buffer, 0)) > 0;)
      answer.append(buffer, static_cast<size_t>(n));
    close(fd);
    return answer;
  }

 private:
  std::string path() const { return directory_ + "/socket"; }
  int Connect() const {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    std::strncpy(address.sun_path, path().c_str(), sizeof address.sun_path - 1);
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
    close(fd);
    return -1;
  }

  std::string directory_;
  pid_t pid_ = 0;
};

struct Parsed {
  size_t requests = 0;
  std::string error;
};

Parsed ParseAll(std::string_view bytes, bool authenticated) {
  RespLimits limits;
  RespParser parser(limits);
  parser.set_authenticated(authenticated);
  RequestBatch batch;
  Parsed parsed;
  while (parsed.error.empty()) {
    parser.Parse(bytes, batch);
    const size_t done = batch.size();
    parsed.requests += done;
    parsed.error = batch.error();
    bytes.remove_prefix(parser.Consume(batch, done));
    if (done == 0) break;
  }
  return parsed;
}

void ExpectAsRedis(RedisServer& redis, std::string_view bytes, bool authenticated) {
  const Parsed ours = ParseAll(bytes, authenticated);
  RespReader reader;
  reader.Feed(redis.Ask(bytes));
  std::vector<RespValue> replies;
  for (RespValue v; reader.Next(&v) == RespReader::Outcome::kValue;) replies.push_back(v);
  const std::string shown(bytes.substr(0, 200));
  ASSERT_EQ(replies.size(), ours.requests + (ours.error.empty() ? 0 : 1)) << shown;
  if (!ours.error.empty()) {
    EXPECT_TRUE(replies.back().is_error());
    EXPECT_EQ(replies.back().text, "ERR " + ours.error) << shown;
  }
}

TEST(RedisProtocol, Errors) {
  RedisServer redis({});
  if (!redis.running()) GTEST_SKIP() << "redis-server is not installed";
  const std::string long_digits(70'000, '1');
  for (const std::string& bytes : {
           std::string("*x\r\n"),
           std::string("*01\r\n"),
           std::string("*+1\r\n"),
           std::string("*\r\n"),
           std::string("*-\r\n"),
           std::string("*-0\r\n"),
           std::string("*-01\r\n"),
           std::string("*-5\r\nPING\r\n"),
           std::string("*1048577\r\n"),
           std::string("*2147483647\r\n"),
           std::string("*2147483648\r\n"),
           std::string("*99999999999999999999999\r\n"),
           std::string("*1\r\n$x\r\n"),
           std::string("*1\r\n$\r\n"),
           std::string("*1\r\n$-1\r\n"),
           std::string("*1\r\n$01\r\n"),
           std::string("*1\r\n$536870912\r\n"),
           std::string("*1\r\n$536870913\r\n"),
           std::string("*1\r\nabc\r\n"),
           std::string("*1\r\n\r\n"),
           std::string("*1\r\n\n\r\n"),
           std::string("*2\r\n$4\r\nPING\r\n:1\r\n"),
           std::string("*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n"),
           std::string("*1\rx$4\rxPINGxx"),
           std::string("PING \"a\r\n"),
           std::string("PING \"a\"b\r\n"),
           std::string("PING 'a'b\r\n"),
           std::string("PING \"a\" b c\r\nPING\n"),
           std::string("\r\n\r\nPING\r\n"),
           std::string("PING\r\nPING \"\r\nPING\r\n"),
           "*" + long_digits,
           "*1\r\n$" + long_digits,
           "*1\r\n" + long_digits,
           std::string(70'000, 'a'),
       })
    ExpectAsRedis(redis, bytes, true);
}

TEST(RedisProtocol, LimitsBeforeLogin) {
  RedisServer redis({"--requirepass", "secret"});
  if (!redis.running()) GTEST_SKIP() << "redis-server is not installed";
  for (const char* bytes : {"*11\r\n", "*10\r\n$4\r\nPING\r\n", "*1\r\n$16385\r\n",
                            "*1\r\n$16384\r\n", "*2147483648\r\n", "*1\r\n$536870913\r\n"})
    ExpectAsRedis(redis, bytes, false);
}

// Lines and arrays put together from parts by chance. "ECHO a b" and the like give one reply each,
// whatever it says.
TEST(RedisProtocol, RandomRequests) {
  RedisServer redis({});
  if (!redis.running()) GTEST_SKIP() << "redis-server is not installed";
  constexpr std::string_view kParts[] = {
      "*1\r\n", "*2\r\n", "*0\r\n", "*-1\r\n", "$1\r\na\r\n", "$4\r\nPING\r\n", "ECHO ", "\"a b\" ",
      "'x' ",   "\r\n",   "\n",     "\"",      "'",           "\\x41",          "\\",    " ",
      "PING",   "$0\r\n", "*2",     "\v",      "z",
  };
  Random random(8);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes;
    for (uint64_t i = random.Below(12); i > 0; --i)
      bytes += kParts[random.Below(std::size(kParts))];
    ExpectAsRedis(redis, bytes, true);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace mydis
