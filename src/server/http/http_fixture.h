// An HTTP door inside a test: its client and its session are the test's.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/resp_reader.h"
#include "server/http/http_filter.h"
#include "server/local_families.h"

namespace mydis {

using Words = std::vector<std::string>;

struct FakeBackend final : HttpBackend {
  const CommandTable& table() const override {
    static const CommandTable commands(StateFamilies(), LocalFamilies());
    return commands;
  }
  uint64_t max_body() const override { return 100'000; }
  std::string Leader() const override { return "n1"; }
  Consistency Given(bool, std::optional<Consistency> wanted) const override {
    return wanted.value_or(Consistency::kEventual);
  }
  const std::string& cors_origin() const override { return origin; }
  uint64_t WallMs() const override { return 784'111'777'000; }
  HttpHealth Health() const override { return health; }

  HttpHealth health{.ready = true, .why = {}, .has_leader = true, .lag = 0, .turning = true};
  std::string origin;
};

// Whether it is MYDIS REQUEST, which comes before all others.
inline bool BeginsRequest(const Words& words) { return words.size() > 1 && words[1] == "REQUEST"; }

// A client and a session at the two sides of a filter.
class Door {
 public:
  // The reply of the session to a command, without attributes.
  std::function<std::string(const Words&)> session = [](const Words&) { return "+OK\r\n"; };
  FakeBackend backend;
  HttpFilter filter{backend};
  std::vector<Words> commands;  // That the session was sent, but for MYDIS REQUEST.
  std::vector<Words> requests;
  std::string out;

  // Each byte as a packet of its own, or all at once.
  void In(std::string_view bytes, bool split = false) {
    for (size_t at = 0; at < bytes.size(); at += split ? 1 : bytes.size())
      Receive(bytes.substr(at, split ? 1 : bytes.size()));
  }
  // In two packets.
  void InTwo(std::string_view bytes, size_t first) {
    Receive(bytes.substr(0, first));
    Receive(bytes.substr(first));
  }
  std::string Ask(std::string_view bytes) {
    In(bytes);
    return std::exchange(out, std::string());
  }
  void Send(std::string_view bytes) {
    EXPECT_TRUE(filter.Send(bytes, out).ok());
    while (filter.HasInput()) Receive({});
  }

 private:
  void Receive(std::string_view bytes) {
    std::string plain;
    EXPECT_TRUE(filter.Receive(bytes, plain, out).ok());
    parser_.Feed(plain);
    RespValue value;
    while (parser_.Next(&value) == RespReader::Outcome::kValue) {
      Words words;
      for (const RespValue& word : value.elements) words.push_back(word.text);
      (BeginsRequest(words) ? requests : commands).push_back(words);
      const std::string reply = session(words);
      if (!reply.empty()) Send("|1\r\n+revision\r\n:7\r\n" + reply);
      value = RespValue();
    }
    while (filter.HasInput()) Receive({});
  }

  RespReader parser_;
};

}  // namespace mydis
