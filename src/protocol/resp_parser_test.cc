#include "protocol/resp_parser.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/split_line.h"

namespace mydis {
namespace {

using Args = std::vector<std::string>;

std::string Encode(const Args& args) {
  std::string out = "*" + std::to_string(args.size()) + "\r\n";
  for (const std::string& a : args) out += "$" + std::to_string(a.size()) + "\r\n" + a + "\r\n";
  return out;
}

// A connection as the server drives it: keeps what was not consumed, fills targets.
class Connection {
 public:
  explicit Connection(const RespLimits& limits) : parser(limits) {}

  void Receive(std::string_view bytes) {
    while (!bytes.empty() && kept_.empty()) {
      const std::span<char> target = parser.Target();
      if (target.empty()) break;
      const size_t n = std::min(target.size(), bytes.size());
      std::memcpy(target.data(), bytes.data(), n);
      parser.TargetFilled(n);
      bytes.remove_prefix(n);
      ParseAll({});
    }
    kept_.append(bytes);
    kept_.erase(0, ParseAll(kept_));
  }

  // Runs at most `at_a_time` requests per parse, as a session that pauses does.
  size_t ParseAll(std::string_view bytes) {
    size_t used = 0;
    while (error.empty()) {
      // A copy of its own, so that a view beyond the input's end is found out.
      const std::vector<char> copy(bytes.begin() + static_cast<ptrdiff_t>(used), bytes.end());
      parser.Parse({copy.data(), copy.size()}, batch_);
      const size_t done = std::min(at_a_time, batch_.size());
      for (size_t i = 0; i < done; ++i) {
        const auto args = batch_[i].args;
        requests.emplace_back(args.begin(), args.end());
      }
      if (done == batch_.size()) error = batch_.error();
      const bool more = done > 0;
      used += parser.Consume(batch_, done);
      if (!more) break;
    }
    return used;
  }

  RespParser parser;
  size_t at_a_time = SIZE_MAX;
  std::vector<Args> requests;
  std::string error;
  size_t kept() const { return kept_.size(); }

 private:
  RequestBatch batch_;
  std::string kept_;
};

std::string ErrorOf(std::string_view bytes, bool authenticated = true) {
  const RespLimits limits;
  Connection c(limits);
  c.parser.set_authenticated(authenticated);
  c.Receive(bytes);
  return c.error;
}

TEST(RespParser, RequestsSplitAtEveryByte) {
  const std::vector<Args> requests = {
      {"SET", "key", std::string("a\r\n\0b", 5)}, {"GET", ""}, {"PING"}, {"set", "a b", "\x01'"},
      {"MSET", "k", std::string(300, 'v')},
  };
  const std::string input = Encode(requests[0]) + "*0\r\n" + Encode(requests[1]) + "\r\n  \r\n" +
                            "PING\r\n" + "*-1\r\n" + "set \"a b\" \"\\x01'\"\n" +
                            Encode(requests[4]);
  const RespLimits limits;
  for (size_t first = 0; first <= input.size(); ++first) {
    for (const size_t second : {first + 1, first + 7, input.size()}) {
      for (const size_t at_a_time : {size_t{1}, SIZE_MAX}) {
        Connection c(limits);
        c.at_a_time = at_a_time;
        const size_t middle = std::min(second, input.size());
        c.Receive(std::string_view(input).substr(0, first));
        c.Receive(std::string_view(input).substr(first, middle - first));
        c.Receive(std::string_view(input).substr(middle));
        ASSERT_EQ(c.error, "");
        ASSERT_EQ(c.requests, requests) << "split at " << first << " and " << second;
        ASSERT_EQ(c.kept(), 0u);
      }
    }
  }
}

TEST(RespParser, ByteByByte) {
  const RespLimits limits;
  Connection c(limits);
  const Args request = {"RPUSH", "k", "", std::string(10000, 'x'), "y"};
  for (const char byte : Encode(request) + Encode({"PING"})) c.Receive({&byte, 1});
  EXPECT_EQ(c.requests, (std::vector<Args>{request, {"PING"}}));
}

TEST(RespParser, LargeArgumentsInPiecesOfAnySize) {
  Random random(1);
  const RespLimits limits;
  for (int round = 0; round < 300; ++round) {
    std::vector<Args> requests;
    std::string input;
    for (uint64_t i = random.Below(4) + 1; i > 0; --i) {
      Args request = {"MSET"};
      for (uint64_t j = random.Below(6); j > 0; --j) {
        const uint64_t most = random.Chance(1, 2) ? 200'000 : 10;
        request.emplace_back(random.Below(most), static_cast<char>('a' + random.Below(26)));
      }
      input += Encode(request);
      requests.push_back(request);
    }
    Connection c(limits);
    if (random.Chance(1, 2)) c.at_a_time = 1;
    for (size_t at = 0; at < input.size();) {
      const size_t n = random.Below(random.Chance(1, 2) ? 100'000 : 3000) + 1;
      c.Receive(std::string_view(input).substr(at, n));
      at += n;
    }
    ASSERT_EQ(c.error, "");
    ASSERT_EQ(c.requests, requests) << "round " << round;
  }
}

TEST(RespParser, AnnouncedLengthIsNotAllocated) {
  const RespLimits limits;
  Connection c(limits);
  c.Receive("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\nabc");
  EXPECT_EQ(c.kept(), 0u);
  EXPECT_LT(c.parser.memory(), 200'000u);
  EXPECT_FALSE(c.parser.Target().empty());
  EXPECT_LE(c.parser.Target().size(), 200'000u);
  Connection many(limits);
  many.Receive("*2147483647\r\n$1\r\na\r\n");
  EXPECT_LT(many.parser.memory(), 10'000u);
}

TEST(RespParser, ManyArguments) {
  const RespLimits limits;
  Connection c(limits);
  const Args request(50'000, "x");
  const std::string input = Encode(request);
  for (size_t at = 0; at < input.size(); at += 500) {
    // What was parsed is remembered, not parsed again with each piece.
    if (at > 2 * RespParser::kLongRequest) {
      EXPECT_GT(c.parser.memory(), 0u);
    }
    c.Receive(std::string_view(input).substr(at, 500));
  }
  ASSERT_EQ(c.requests.size(), 1u);
  EXPECT_EQ(c.requests[0], request);
  EXPECT_EQ(c.parser.memory(), 0u);
}

TEST(RespParser, BatchesAreBounded) {
  const RespLimits limits;
  RespParser parser(limits);
  RequestBatch batch;
  std::string input;
  for (size_t i = 0; i < RespParser::kMaxBatch + 10; ++i) input += "PING\r\n";
  parser.Parse(input, batch);
  EXPECT_EQ(batch.size(), RespParser::kMaxBatch);
  EXPECT_EQ(parser.Consume(batch, batch.size()), 6 * RespParser::kMaxBatch);
}

TEST(RespParser, NotLoggedInTakesOneRequestAtATime) {
  const RespLimits limits;
  RespParser parser(limits);
  parser.set_authenticated(false);
  RequestBatch batch;
  const std::string input =
      Encode({"AUTH", "secret"}) + Encode({"SET", "k", std::string(20000, 'v')});
  parser.Parse(input, batch);
  ASSERT_EQ(batch.size(), 1u);
  EXPECT_EQ(batch.error(), "");
  const size_t used = parser.Consume(batch, 1);
  parser.set_authenticated(true);
  parser.Parse(std::string_view(input).substr(used), batch);
  ASSERT_EQ(batch.size(), 1u);
  EXPECT_EQ(batch[0].args[2].size(), 20000u);
}

TEST(RespParser, RequestsBeforeAnErrorCount) {
  const RespLimits limits;
  Connection c(limits);
  c.Receive(Encode({"SET", "a", "b"}) + "*1\r\n+OK\r\n");
  EXPECT_EQ(c.requests.size(), 1u);
  EXPECT_EQ(c.error, "Protocol error: expected '$', got '+'");
}

TEST(RespParser, Errors) {
  const std::string p = "Protocol error: ";
  EXPECT_EQ(ErrorOf("*x\r\n"), p + "invalid multibulk length");
  EXPECT_EQ(ErrorOf("*01\r\n"), p + "invalid multibulk length");
  EXPECT_EQ(ErrorOf("*2147483648\r\n"), p + "invalid multibulk length");
  EXPECT_EQ(ErrorOf("*99999999999999999999\r\n"), p + "invalid multibulk length");
  EXPECT_EQ(ErrorOf("*1\r\n$x\r\n"), p + "invalid bulk length");
  EXPECT_EQ(ErrorOf("*1\r\n$-1\r\n"), p + "invalid bulk length");
  EXPECT_EQ(ErrorOf("*1\r\n$536870913\r\n"), p + "invalid bulk length");
  EXPECT_EQ(ErrorOf("*1\r\nabc\r\n"), p + "expected '$', got 'a'");
  EXPECT_EQ(ErrorOf("*1" + std::string(70000, '1')), p + "too big mbulk count string");
  EXPECT_EQ(ErrorOf("*1\r\n$1" + std::string(70000, '1')), p + "too big bulk count string");
  EXPECT_EQ(ErrorOf(std::string(70000, 'a')), p + "too big inline request");
  EXPECT_EQ(ErrorOf("SET \"a\r\n"), p + "unbalanced quotes in request");
  EXPECT_EQ(ErrorOf("*11\r\n", false), p + "unauthenticated multibulk length");
  EXPECT_EQ(ErrorOf("*1\r\n$16385\r\n", false), p + "unauthenticated bulk length");
  EXPECT_EQ(ErrorOf("*10\r\n$16384\r\n", false), "");
  EXPECT_EQ(ErrorOf("*2147483647\r\n"), "");
  EXPECT_EQ(ErrorOf("*1\r\n$536870912\r\n"), "");
}

TEST(SplitLine, Quotes) {
  const auto split = [](std::string_view line) {
    std::vector<std::string_view> args;
    std::deque<std::string> unquoted;
    if (!SplitLine(line, &args, &unquoted)) return Args{"<unbalanced>"};
    return Args(args.begin(), args.end());
  };
  EXPECT_EQ(split(""), Args{});
  EXPECT_EQ(split("  a\tbc  "), (Args{"a", "bc"}));
  EXPECT_EQ(split(R"("\x41\n\r\t\b\a\q\\\"" 'it\'s \n')"), (Args{"A\n\r\t\b\aq\\\"", "it's \\n"}));
  EXPECT_EQ(split(R"(ab"cd" "" '')"), (Args{"abcd", "", ""}));
  EXPECT_EQ(split(R"("a"b)"), Args{"<unbalanced>"});
  EXPECT_EQ(split("'a"), Args{"<unbalanced>"});
  EXPECT_EQ(split(R"("a\)"), Args{"<unbalanced>"});
  EXPECT_EQ(split(R"("\x4g")"), Args{"x4g"});
}

}  // namespace
}  // namespace mydis
