#include "cli/reply_scanner.h"

#include <gtest/gtest.h>

namespace mydis {
namespace {

using Outcome = ReplyScanner::Outcome;

// The kinds of all replies in `stream`, fed in pieces of `piece` bytes: v, n, e; "?" if broken.
std::string Kinds(std::string_view stream, size_t piece) {
  ReplyScanner scanner;
  std::string kinds;
  std::string buffer;
  for (size_t at = 0; at < stream.size(); at += piece) {
    buffer += stream.substr(at, piece);
    size_t used = 0;
    Outcome outcome;
    while ((outcome = scanner.Next(buffer, &used)) == Outcome::kReply)
      kinds += "vne"[static_cast<int>(scanner.kind())];
    if (outcome == Outcome::kBroken) return kinds + "?";
    buffer.erase(0, used);
  }
  return kinds + (buffer.empty() ? "" : "...");
}

void Expect(std::string_view stream, const std::string& kinds) {
  for (size_t piece = 1; piece <= stream.size(); ++piece)
    EXPECT_EQ(Kinds(stream, piece), kinds) << stream << " in pieces of " << piece;
}

TEST(ReplyScannerTest, RepliesOfEveryType) {
  Expect("+OK\r\n:12\r\n$3\r\nabc\r\n$0\r\n\r\n", "vvvv");
  Expect("$-1\r\n*-1\r\n_\r\n", "nnn");
  Expect("-ERR no\r\n!5\r\nERR x\r\n+OK\r\n", "eev");
  Expect(",1.5\r\n#t\r\n(123\r\n=7\r\ntxt:abc\r\n", "vvvv");
  Expect("$5\r\na\r\nb\n\r\n+OK\r\n", "vv");
}

TEST(ReplyScannerTest, Collections) {
  Expect("*0\r\n*2\r\n+a\r\n$1\r\nb\r\n:1\r\n", "vvv");
  Expect("*2\r\n*2\r\n:1\r\n*0\r\n*1\r\n$-1\r\n+OK\r\n", "vv");
  Expect("%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n:2\r\n~1\r\n:1\r\n+OK\r\n", "vvv");
  // Errors and nulls inside make no error of the whole.
  Expect("*2\r\n-ERR x\r\n_\r\n:1\r\n", "vv");
  // An attribute belongs to the value behind it.
  Expect("|1\r\n+ttl\r\n:3\r\n*1\r\n:1\r\n:2\r\n", "vv");
}

TEST(ReplyScannerTest, TextOfAnError) {
  ReplyScanner scanner;
  size_t used = 0;
  EXPECT_EQ(scanner.Next("-WRONGTYPE not that\r\n", &used), Outcome::kReply);
  EXPECT_EQ(scanner.kind(), ReplyScanner::Kind::kError);
  EXPECT_EQ(scanner.error(), "WRONGTYPE not that");
  EXPECT_EQ(used, 21u);
}

TEST(ReplyScannerTest, WhatIsNoReply) {
  Expect("HTTP/1.1 400 Bad Request\r\n", "?");
  Expect("+OK\r\n$x\r\n", "v?");
  Expect("*-2\r\n", "?");
  Expect("$99999999999999999999\r\n", "?");
  Expect("\r\n", "?");
  Expect("+OK\n", "?");
}

}  // namespace
}  // namespace mydis
