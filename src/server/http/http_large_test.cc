// Values and bodies that the HTTP door does not keep on their way.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "server/http/http_fixture.h"

namespace mydis {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::SizeIs;

constexpr std::string_view kRevision = "|1\r\n+revision\r\n:7\r\n";

// No two places of it look alike, and it has what ends lines.
std::string LongText(size_t size) {
  std::string text;
  while (text.size() < size) text += fmt::format("{}\r\n", text.size());
  text.resize(size);
  return text;
}

std::string Map(std::string_view value) {
  return fmt::format(
      "%3\r\n$8\r\nrevision\r\n:5\r\n$3\r\nttl\r\n:90\r\n$5\r\nvalue\r\n${}\r\n{}\r\n",
      value.size(), value);
}

std::string ResponseOf(std::string_view value) {
  return fmt::format(
      "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nMydis-Revision: 7\r\n"
      "Mydis-Leader: n1\r\nMydis-Consistency: eventual\r\nETag: \"5\"\r\nMydis-Ttl: 90\r\n"
      "Content-Type: application/octet-stream\r\nContent-Length: {}\r\n\r\n{}",
      value.size(), value);
}

// A door whose session answers what begins a request, and leaves the rest to the test.
struct SilentDoor : Door {
  SilentDoor() {
    session = [](const Words& words) { return BeginsRequest(words) ? "+OK\r\n" : ""; };
  }
  void Answer(std::string_view reply) { Send(std::string(kRevision) + std::string(reply)); }
};

TEST(HttpLarge, AValueSplitAnywhere) {
  for (const size_t size :
       {HttpFilter::kLongString - 1, HttpFilter::kLongString, HttpFilter::kLongString + 1}) {
    const std::string value = LongText(size);
    const std::string reply = std::string(kRevision) + Map(value);
    const std::string expected = ResponseOf(value);
    const size_t head = reply.size() - value.size();
    for (size_t first = 0; first <= reply.size(); ++first) {
      if (first == head + 2) first = reply.size() - 5;
      SilentDoor door;
      door.In("GET /v1/keys/a HTTP/1.1\r\n\r\nGET /v1/keys/b HTTP/1.1\r\n\r\n");
      door.Send(reply.substr(0, first));
      door.Send(reply.substr(first));
      ASSERT_TRUE(door.out == expected) << size << ", split at " << first;
      ASSERT_THAT(door.requests, SizeIs(2)) << "the next one has its turn";
      door.out.clear();
      door.Answer(Map("small"));
      ASSERT_EQ(door.out, ResponseOf("small"));
      ASSERT_FALSE(door.filter.Busy());
    }
  }
}

TEST(HttpLarge, AValueIsPassedOnAsItComes) {
  const std::string value = LongText(HttpFilter::kLongString);
  const std::string reply = std::string(kRevision) + Map(value);
  const std::string expected = ResponseOf(value);
  SilentDoor door;
  door.In("GET /v1/keys/a HTTP/1.1\r\n\r\n");
  const size_t head = reply.size() - value.size() - 2;
  door.Send(reply.substr(0, head - 1));
  EXPECT_EQ(door.out, "");
  for (size_t at = head - 1; at < reply.size(); ++at) {
    door.Send(reply.substr(at, 1));
    // With the end of its length the head goes out, and with each byte one.
    const size_t lacking = reply.size() - 2 - std::min(at + 1, reply.size() - 2);
    ASSERT_EQ(door.out.size(), expected.size() - lacking) << at;
    ASSERT_EQ(door.filter.Busy(), at + 1 < reply.size());
  }
  EXPECT_TRUE(door.out == expected);
}

TEST(HttpLarge, AValueThatIsNotWantedIsDropped) {
  const std::string value = LongText(HttpFilter::kLongString);
  for (const bool close : {false, true}) {
    for (const auto& [field, status] : {std::pair{"If-None-Match: \"5\"", "304 Not Modified"},
                                        {"If-Match: \"4\"", "412 Precondition Failed"}}) {
      SilentDoor door;
      door.In(fmt::format("GET /v1/keys/a HTTP/1.1\r\n{}\r\n{}\r\n", field,
                          close ? "Connection: close\r\n" : ""));
      door.Answer(Map(value));
      EXPECT_THAT(door.out, testing::StartsWith(fmt::format("HTTP/1.1 {}\r\n", status)));
      EXPECT_LT(door.out.size(), 1000u);
      EXPECT_FALSE(door.filter.Busy());
      EXPECT_EQ(door.filter.WantsClose(), close);
      if (close) continue;
      door.out.clear();
      door.In("GET /v1/keys/a HTTP/1.1\r\n\r\n");
      door.Answer(Map(value));
      EXPECT_TRUE(door.out == ResponseOf(value));
    }
  }
}

TEST(HttpLarge, AConnectionThatEndsHasAllOfTheValueBefore) {
  const std::string value = LongText(HttpFilter::kLongString);
  const std::string reply = std::string(kRevision) + Map(value);
  SilentDoor door;
  door.In("GET /v1/keys/a HTTP/1.0\r\n\r\n");
  door.Send(reply.substr(0, reply.size() - 3));
  EXPECT_FALSE(door.filter.WantsClose());
  door.Send(reply.substr(reply.size() - 3));
  EXPECT_TRUE(door.filter.WantsClose());
  EXPECT_TRUE(door.out.ends_with("\r\n\r\n" + value));
}

TEST(HttpLarge, OtherRepliesAreReadWhole) {
  const std::string value(HttpFilter::kLongString, 'x');
  SilentDoor door;
  const std::string body = "[\"HGETALL\",\"h\"]";
  for (const auto& [reply, json] :
       {std::pair{fmt::format("%1\r\n$1\r\nf\r\n${}\r\n{}\r\n", value.size(), value),
                  fmt::format("{{\"f\":\"{}\"}}", value)},
        {fmt::format("*2\r\n:1\r\n${}\r\n{}\r\n", value.size(), value),
         fmt::format("[1,\"{}\"]", value)},
        {fmt::format("${}\r\n{}\r\n", value.size(), value), fmt::format("\"{}\"", value)}}) {
    door.In(fmt::format("POST /v1/commands HTTP/1.1\r\nContent-Length: {}\r\n\r\n{}", body.size(),
                        body));
    door.Answer(reply);
    EXPECT_TRUE(
        door.out.ends_with(fmt::format("\r\n\r\n{{\"result\":{},\"revision\":7}}\n", json)));
    door.out.clear();
  }
}

std::string InChunks(std::string_view body, size_t size) {
  std::string chunks;
  for (size_t at = 0; at < body.size(); at += size) {
    const std::string_view chunk = body.substr(at, size);
    chunks += fmt::format("{:x}\r\n{}\r\n", chunk.size(), chunk);
  }
  return chunks + "0\r\n\r\n";
}

constexpr std::string_view kPut = "PUT /v1/keys/k HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
constexpr std::string_view kPutReply = "%2\r\n+revision\r\n:7\r\n+created\r\n#t\r\n";

TEST(HttpLarge, ChunksOfAllSizesInPacketsOfAllSizes) {
  const std::string body = LongText(90'000);
  for (const size_t chunk : {1, 7, 1000, 16'384, 90'000}) {
    for (const size_t packet : {100, 1460, 20'000, 1'000'000}) {
      SilentDoor door;
      std::string all = std::string(kPut) + InChunks(body, chunk);
      all += "GET /v1/keys/b HTTP/1.1\r\n\r\n";
      for (size_t at = 0; at < all.size(); at += packet)
        door.In(std::string_view(all).substr(at, packet));
      ASSERT_THAT(door.commands, SizeIs(1)) << chunk << " in " << packet;
      ASSERT_THAT(door.commands[0], ElementsAre("MYDIS", "PUTKEY", "k", testing::_));
      ASSERT_TRUE(door.commands[0][3] == body) << chunk << " in " << packet;
      ASSERT_THAT(door.requests, SizeIs(1)) << "the next one waits";
      door.Answer(kPutReply);
      EXPECT_THAT(door.out, HasSubstr("HTTP/1.1 201 Created"));
      EXPECT_THAT(door.requests, SizeIs(2));
    }
  }
}

TEST(HttpLarge, ABodyInChunksIsPassedOnPieceByPiece) {
  const std::string body = LongText(90'000);
  SilentDoor door;
  door.In(kPut);
  const std::string chunks = InChunks(body, 5000);
  std::string sent;
  std::string plain;
  std::string out;
  for (size_t at = 0; at < chunks.size(); at += 20'000) {
    EXPECT_EQ(sent + plain, "") << "its length is not known";
    ASSERT_TRUE(door.filter.Receive(std::string_view(chunks).substr(at, 20'000), plain, out).ok());
  }
  int pieces = 1;
  for (; door.filter.HasInput(); ++pieces) {
    EXPECT_LT(plain.size(), 25'000u);
    EXPECT_TRUE(door.filter.Busy());
    sent += std::exchange(plain, std::string());
    ASSERT_TRUE(door.filter.Receive({}, plain, out).ok());
  }
  EXPECT_GE(pieces, 5);
  sent += plain;
  EXPECT_TRUE(sent == "*4\r\n$5\r\nMYDIS\r\n$6\r\nPUTKEY\r\n$1\r\nk\r\n$90000\r\n" + body + "\r\n");
  door.Answer(kPutReply);
  EXPECT_THAT(door.out, HasSubstr("HTTP/1.1 201 Created"));
}

TEST(HttpLarge, TooManyChunksAreRefusedInTheirMidst) {
  SilentDoor door;
  door.In(kPut);
  const std::string chunks = InChunks(LongText(200'000), 1000);
  for (size_t at = 0; at < chunks.size() && !door.filter.WantsClose(); at += 1000)
    door.In(std::string_view(chunks).substr(at, 1000));
  EXPECT_THAT(door.out, HasSubstr("HTTP/1.1 413 "));
  EXPECT_TRUE(door.commands.empty());
}

}  // namespace
}  // namespace mydis
