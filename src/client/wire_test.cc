#include "client/wire.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>
#include <utility>

namespace mydis {
namespace {

// A lane takes it for a sign of life.
TEST(WireTest, SaysWhatTheSocketHasTaken) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  const UniqueFd other(ends[1]);
  Wire wire({.fd = UniqueFd(ends[0]), .filter = nullptr, .peer = "other"});
  constexpr size_t kSize = 8 << 20;
  wire.Append(MakePayload(std::string(kSize, 'x')));
  EXPECT_TRUE(wire.Send().ok());
  const uint64_t at_once = wire.sent();
  EXPECT_GT(at_once, 0u);
  EXPECT_LT(at_once, kSize);
  EXPECT_TRUE(wire.blocked());
  EXPECT_TRUE(wire.Send().ok());
  EXPECT_EQ(wire.sent(), at_once);
  std::string taken(kSize, '\0');
  for (size_t received = 0; received < kSize;) {
    const ssize_t n = recv(other.get(), taken.data(), taken.size(), 0);
    ASSERT_GT(n, 0);
    received += static_cast<size_t>(n);
    EXPECT_TRUE(wire.Send().ok());
    EXPECT_GE(wire.sent(), received);
  }
  EXPECT_EQ(wire.sent(), kSize);
  EXPECT_FALSE(wire.blocked());
  shutdown(other.get(), SHUT_RDWR);
  wire.Tail() += "more";
  EXPECT_FALSE(wire.Send().ok());
}

// Whatever else the thread reads, or has done with: it may be about to end.
TEST(WireTest, WhatWasReadStaysUntilTheNextTime) {
  const auto read = [](Wire& wire) { return *wire.Read(Wire::Patience::kNone); };
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  Wire one({.fd = UniqueFd(ends[0]), .filter = nullptr, .peer = "other"});
  Wire other({.fd = UniqueFd(ends[1]), .filter = nullptr, .peer = "one"});
  one.Tail() += "to the other";
  other.Tail() += "to the first";
  EXPECT_TRUE(one.Send().ok());
  EXPECT_TRUE(other.Send().ok());
  const std::string_view first = read(one);
  EXPECT_EQ(read(other), "to the other");
  EXPECT_EQ(first, "to the first");
}

}  // namespace
}  // namespace mydis
