// Watches as server-sent events and long polls, and WebSockets, without sockets.
#include "server/http/event_stream.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "protocol/websocket.h"
#include "server/http/http_fixture.h"
#include "server/http/websocket_session.h"

namespace mydis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string Bulk(std::string_view text) { return fmt::format("${}\r\n{}\r\n", text.size(), text); }
std::string Began(int revision) {
  return "%2\r\n" + Bulk("watch") + ":1\r\n" + Bulk("revision") + fmt::format(":{}\r\n", revision);
}
std::string Change(int revision, bool last, std::string_view kind, std::string_view key) {
  return fmt::format(">7\r\n{}:1\r\n:{}\r\n#{}\r\n{}{}{}", Bulk("watch-change"), revision,
                     last ? 't' : 'f', Bulk(kind), Bulk(key), Bulk("string"));
}
std::string UpTo(int revision) {
  return fmt::format(">3\r\n{}:1\r\n:{}\r\n", Bulk("watch-revision"), revision);
}
std::string Gone(int oldest, int current) {
  return fmt::format(">4\r\n{}:1\r\n:{}\r\n:{}\r\n", Bulk("watch-gone"), oldest, current);
}

class EventStreamTest : public ::testing::Test {
 protected:
  EventStreamTest() {
    door_.session = [this](const Words& words) -> std::string {
      if (BeginsRequest(words)) return "+OK\r\n";
      return words[1] == "UNFOLLOW" ? ":1\r\n" : std::exchange(answer_, Began(10));
    };
  }
  // What the client gets after its request.
  std::string Get(std::string_view target, std::string_view fields = "") {
    return door_.Ask(fmt::format("GET {} HTTP/1.1\r\nHost: x\r\n{}\r\n", target, fields));
  }
  // The bodies of the chunks, when the session sends this.
  std::string Pushed(std::string_view bytes) {
    door_.Send(bytes);
    return Chunks();
  }
  std::string Chunks() {
    std::string text;
    std::string_view rest = door_.out;
    while (!rest.empty()) {
      const size_t size = std::stoul(std::string(rest.substr(0, rest.find("\r\n"))), nullptr, 16);
      rest.remove_prefix(rest.find("\r\n") + 2);
      text += rest.substr(0, size);
      rest.remove_prefix(size + 2);
    }
    door_.out.clear();
    return text;
  }
  void Second(uint64_t now_ms) {
    EXPECT_TRUE(door_.filter.CheckTime(now_ms, door_.out).ok());
    door_.Send("");
  }

  std::string answer_ = Began(10);
  Door door_;
};

TEST_F(EventStreamTest, EventsHaveTheRevisionToGoOnFromOnceThatIsComplete) {
  const std::string begun = Get("/v1/watch?prefix=a%3A&values=true&db=2");
  EXPECT_THAT(begun, HasSubstr("200 OK"));
  EXPECT_THAT(begun,
              HasSubstr("Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"));
  EXPECT_THAT(begun, HasSubstr("Cache-Control: no-store"));
  EXPECT_THAT(begun, testing::EndsWith("\r\n\r\n14\r\nretry: 1000\nid: 10\n\n\r\n"));
  EXPECT_THAT(door_.commands, ElementsAre(Words{"MYDIS", "FOLLOW", "a:", "VALUES"}));
  EXPECT_EQ(door_.requests[0][2], "2");
  EXPECT_EQ(
      Pushed(Change(11, false, "put", "a:1") + Change(11, true, "delete", "a:2")),
      "event: put\ndata: {\"revision\":11,\"key\":\"a:1\",\"type\":\"string\"}\n\n"
      "id: 11\nevent: delete\ndata: {\"revision\":11,\"key\":\"a:2\",\"type\":\"string\"}\n\n");
  EXPECT_EQ(Pushed(UpTo(20)), "id: 20\n\n");
}

TEST_F(EventStreamTest, TheLastIdGoesBeforeTheAddress) {
  Get("/v1/watch?from=5", "Last-Event-ID: 7\r\n");
  EXPECT_THAT(door_.commands, ElementsAre(Words{"MYDIS", "FOLLOW", "", "FROM", "7"}));
}

TEST_F(EventStreamTest, WhatIsGoneIsSaidAndItGoesOn) {
  answer_ = "-GONE 40 50 what came after revision 5 is no longer kept\r\n";
  const std::string begun = Get("/v1/watch?from=5");
  EXPECT_THAT(begun, HasSubstr("200 OK"));
  EXPECT_THAT(begun, HasSubstr("id: 50\nevent: gone\ndata: {\"oldest\":40,\"revision\":50}\n\n"));
  EXPECT_THAT(door_.commands, ElementsAre(Words{"MYDIS", "FOLLOW", "", "FROM", "5"},
                                          Words{"MYDIS", "FOLLOW", "", "FROM", "50"}));
  EXPECT_EQ(Pushed(Change(51, true, "put", "k")),
            "id: 51\nevent: put\ndata: {\"revision\":51,\"key\":\"k\",\"type\":\"string\"}\n\n");
  // It fell behind later.
  EXPECT_EQ(Pushed(Gone(90, 100)),
            "id: 100\nevent: gone\ndata: {\"oldest\":90,\"revision\":100}\n\n");
  EXPECT_EQ(door_.commands.back(), (Words{"MYDIS", "FOLLOW", "", "FROM", "100"}));
}

TEST_F(EventStreamTest, AStreamThatCannotGoOnEnds) {
  Get("/v1/watch");
  answer_ = "-STALE not now\r\n";
  door_.Send(Gone(90, 100));
  EXPECT_THAT(door_.out, testing::EndsWith("\r\n0\r\n\r\n"));
}

TEST_F(EventStreamTest, AnErrorBeforeItBeginsIsAResponse) {
  answer_ = "-NOPERM no permissions to access a key\r\n";
  EXPECT_THAT(Get("/v1/watch"), HasSubstr("403 Forbidden"));
  EXPECT_THAT(Get("/v1/watch?from=-1"), HasSubstr("400 Bad Request"));
  EXPECT_THAT(Get("/v1/watch?wait=2h"), HasSubstr("400 Bad Request"));
  EXPECT_THAT(Get("/v1/watch?values=maybe"), HasSubstr("400 Bad Request"));
}

TEST_F(EventStreamTest, ASilentStreamIsKeptAlive) {
  Get("/v1/watch");
  Second(1'000'000);
  Second(1'014'999);
  EXPECT_EQ(Chunks(), "");
  Second(1'015'000);
  EXPECT_EQ(Chunks(), ": keep-alive\n\n");
  Second(1'016'000);
  Second(1'030'999);
  EXPECT_EQ(Chunks(), "");
  Second(1'031'000);
  EXPECT_EQ(Chunks(), ": keep-alive\n\n");
}

TEST_F(EventStreamTest, AClientThatSendsNoMoreIsGone) {
  Get("/v1/watch");
  EXPECT_FALSE(door_.filter.Busy());
}

TEST_F(EventStreamTest, ALongPollAnswersWithAllThereIs) {
  EXPECT_EQ(Get("/v1/watch?from=3&wait=10s"), "");
  EXPECT_FALSE(door_.filter.Busy());
  door_.Send(Change(11, true, "put", "a") + Change(12, false, "put", "b"));
  EXPECT_THAT(door_.out, HasSubstr("200 OK"));
  // Of a revision that is not complete nothing is told.
  EXPECT_THAT(door_.out,
              testing::EndsWith("\r\n\r\n{\"events\":[{\"revision\":11,\"key\":\"a\",\"type\":"
                                "\"string\",\"event\":\"put\"}],\"revision\":11}\n"));
  EXPECT_THAT(door_.commands,
              ElementsAre(Words{"MYDIS", "FOLLOW", "", "FROM", "3"}, Words{"MYDIS", "UNFOLLOW"}));
  door_.out.clear();
  // The connection serves the next one.
  EXPECT_EQ(Get("/v1/watch?from=11&wait=10s"), "");
  door_.Send(Change(12, false, "put", "b"));
  EXPECT_EQ(door_.out, "");
  door_.Send(Change(12, true, "put", "c"));
  EXPECT_THAT(door_.out, HasSubstr("\"key\":\"b\""));
  EXPECT_THAT(door_.out, testing::EndsWith("\"event\":\"put\"}],\"revision\":12}\n"));
}

TEST_F(EventStreamTest, ALongPollEndsWithItsTime) {
  Get("/v1/watch?wait=3s");
  Second(1000);
  door_.Send(UpTo(15));
  Second(3999);
  EXPECT_EQ(door_.out, "");
  Second(4000);
  EXPECT_THAT(door_.out, testing::EndsWith("\r\n\r\n{\"events\":[],\"revision\":15}\n"));
}

TEST_F(EventStreamTest, ALongPollOfWhatIsGone) {
  answer_ = "-GONE 40 50 what came after revision 5 is no longer kept\r\n";
  const std::string response = Get("/v1/watch?from=5&wait=3s");
  EXPECT_THAT(response, HasSubstr("410 Gone"));
  EXPECT_THAT(response, HasSubstr("{\"error\":{\"code\":\"GONE\",\"message\":\"what came after"));
}

// --- WebSockets ---

std::string ClientFrame(WebSocketOpcode opcode, std::string_view payload) {
  std::string frame;
  AppendWebSocketFrame(frame, opcode, payload);
  frame[1] = static_cast<char>(frame[1] | '\x80');
  frame.insert(frame.size() - payload.size(), 4, '\0');
  return frame;
}
std::string ServerFrame(WebSocketOpcode opcode, std::string_view payload) {
  std::string frame;
  AppendWebSocketFrame(frame, opcode, payload);
  return frame;
}
std::string Closes(WebSocketClose code, std::string_view reason) {
  std::string frame;
  AppendWebSocketClose(frame, code, reason);
  return frame;
}

class WebSocketTest : public EventStreamTest {
 protected:
  WebSocketTest() {
    door_.session = [](const Words& words) -> std::string {
      if (words[0] == "SUBSCRIBE") return "";
      return words[0] == "FAIL" ? "-ERR failed\r\n" : "+OK\r\n";
    };
  }
  void Open(std::string_view protocol) {
    const std::string response = door_.Ask(fmt::format(
        "GET /v1/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Protocol: {}\r\n\r\n",
        protocol));
    EXPECT_EQ(response,
              fmt::format("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
                          "Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                          "Sec-WebSocket-Protocol: {}\r\n\r\n",
                          protocol));
    door_.commands.clear();
  }
  std::string Ask(std::string_view text) {
    return door_.Ask(ClientFrame(WebSocketOpcode::kText, text));
  }
};

TEST_F(WebSocketTest, TheSessionMayLogInLater) {
  Open("mydis.json");
  EXPECT_THAT(door_.requests,
              ElementsAre(Words{"MYDIS", "REQUEST", "0", "DEFAULT", "0", "", "LOGIN"}));
}

TEST_F(WebSocketTest, RespBytesBothWays) {
  Open("mydis.resp3");
  EXPECT_EQ(door_.requests[0].back(), "PLAIN");
  const std::string command = "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n";
  const std::string half = ClientFrame(WebSocketOpcode::kBinary, command.substr(0, 7));
  EXPECT_EQ(door_.Ask(half), "");
  door_.Ask(ClientFrame(WebSocketOpcode::kBinary, command.substr(7)));
  EXPECT_THAT(door_.commands, ElementsAre(Words{"GET", "k"}));
  door_.Send(">1\r\n+x\r\n");
  EXPECT_THAT(door_.out, testing::EndsWith(ServerFrame(WebSocketOpcode::kBinary, ">1\r\n+x\r\n")));
}

TEST_F(WebSocketTest, JsonSplitAnywhere) {
  const std::string frame =
      ClientFrame(WebSocketOpcode::kText, R"({"id":5,"command":["GET","k"]})");
  for (size_t first = 1; first < frame.size(); ++first) {
    door_.commands.clear();
    if (first == 1) Open("mydis.json");
    door_.InTwo(frame, first);
    EXPECT_THAT(door_.commands, ElementsAre(Words{"GET", "k"}));
    EXPECT_EQ(std::exchange(door_.out, ""),
              ServerFrame(WebSocketOpcode::kText, R"({"id":5,"result":"OK","revision":7})"));
  }
}

TEST_F(WebSocketTest, AnswersKeepTheirOrder) {
  Open("mydis.json");
  // SUBSCRIBE is answered by pushes; what comes behind it waits for them.
  EXPECT_EQ(Ask(R"({"id":1,"command":["SUBSCRIBE","a","b"]})"), "");
  EXPECT_EQ(Ask(R"({"id":2,"command":1})"), "");
  const auto push = [](std::string_view channel, int count) {
    return fmt::format(">3\r\n{}{}:{}\r\n", Bulk("subscribe"), Bulk(channel), count);
  };
  door_.Send(push("a", 1));
  EXPECT_EQ(std::exchange(door_.out, ""),
            ServerFrame(WebSocketOpcode::kText, R"({"push":["subscribe","a",1]})"));
  door_.Send(push("b", 2));
  EXPECT_THAT(door_.out, HasSubstr(R"({"id":1,"result":"OK","revision":7})"));
  EXPECT_THAT(door_.out, HasSubstr(R"({"id":2,"error":{"code":"ERR")"));
  EXPECT_LT(door_.out.find(R"("id":1)"), door_.out.find(R"("id":2)"));
  EXPECT_THAT(Ask(R"(["FAIL"])"), HasSubstr(R"({"error":{"code":"ERR","message":"failed")"));
}

TEST_F(WebSocketTest, OfManyPingsTheLastIsAnswered) {
  Open("mydis.json");
  EXPECT_EQ(door_.Ask(ClientFrame(WebSocketOpcode::kPing, "1") +
                      ClientFrame(WebSocketOpcode::kPing, "2")),
            ServerFrame(WebSocketOpcode::kPong, "2"));
}

TEST_F(WebSocketTest, NothingIsReadBehindTheEnd) {
  Open("mydis.json");
  EXPECT_EQ(door_.Ask(ClientFrame(WebSocketOpcode::kClose, "\x03\xe8 bye") +
                      ClientFrame(WebSocketOpcode::kText, R"(["SET","k","v"])")),
            ServerFrame(WebSocketOpcode::kClose, "\x03\xe8"));
  EXPECT_TRUE(door_.filter.WantsClose());
  EXPECT_THAT(door_.commands, IsEmpty());
}

TEST_F(WebSocketTest, ASilentClientIsAskedAndThenLeft) {
  Open("mydis.json");
  for (uint64_t now_ms = 1000; now_ms < 31'000; now_ms += 1000) Second(now_ms);
  EXPECT_EQ(door_.out, "");
  Second(31'000);
  EXPECT_EQ(std::exchange(door_.out, ""), ServerFrame(WebSocketOpcode::kPing, ""));
  door_.In(ClientFrame(WebSocketOpcode::kPong, ""));
  Second(32'000);
  Second(62'000);
  EXPECT_EQ(std::exchange(door_.out, ""), ServerFrame(WebSocketOpcode::kPing, ""));
  Second(121'000);
  EXPECT_EQ(door_.out, "");
  Second(122'000);
  EXPECT_EQ(door_.out, Closes(WebSocketClose::kPolicy, "there was no answer to a ping"));
  EXPECT_TRUE(door_.filter.WantsClose());
}

TEST_F(WebSocketTest, ASlowMessageIsNotWaitedFor) {
  Open("mydis.json");
  const std::string frame = ClientFrame(WebSocketOpcode::kText, std::string(1000, 'x'));
  for (size_t i = 0; i < 21; ++i) {
    door_.In(frame.substr(i, 1));
    Second(1000 * (i + 1));
  }
  EXPECT_EQ(door_.out,
            Closes(WebSocketClose::kPolicy, "the rest of the message has not come in time"));
}

TEST_F(WebSocketTest, ThisSideSaysThatItGoes) {
  Open("mydis.json");
  door_.filter.Finish(door_.out);
  EXPECT_EQ(door_.out, Closes(WebSocketClose::kGoingAway, ""));
}

}  // namespace
}  // namespace mydis
