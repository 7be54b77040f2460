#include <fmt/format.h>
#include <gmock/gmock.h>

#include "server/http/http_fixture.h"

namespace mydis {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

std::string Post(std::string_view path, std::string_view body, std::string_view fields = "") {
  return fmt::format("POST {} HTTP/1.1\r\n{}Content-Length: {}\r\n\r\n{}", path, fields,
                     body.size(), body);
}

std::string BodyOf(const std::string& response) {
  return response.substr(response.find("\r\n\r\n") + 4);
}

// A session whose replies to commands come in this order.
void Answer(Door& door, std::vector<std::string> replies) {
  door.session = [replies, next = size_t{0}](const Words& words) mutable {
    return BeginsRequest(words) ? "+OK\r\n" : replies.at(next++);
  };
}

TEST(UpstashRoutes, ACommandAsABody) {
  Door door;
  Answer(door, {"*3\r\n$1\r\na\r\n:1\r\n$-1\r\n"});
  const std::string response =
      door.Ask(Post("/?_token=t", "[\"HMGET\",\"k\",1,true]", "Upstash-Sync-Token: 9\r\n"));
  // A word alone is a password of the user default, good if that needs none.
  EXPECT_THAT(door.requests,
              ElementsAre(Words{"MYDIS", "REQUEST", "0", "DEFAULT", "9", "default:t", "RESP2"}));
  for (const std::string token : {"mydis_app_secret", "app:secret"}) {
    door.requests.clear();
    Answer(door, {"+OK\r\n"});
    door.Ask(Post("/?_token=" + token, "[\"PING\"]"));
    EXPECT_THAT(door.requests,
                ElementsAre(Words{"MYDIS", "REQUEST", "0", "DEFAULT", "0", token, "RESP2"}));
  }
  EXPECT_THAT(door.commands[0], (Words{"HMGET", "k", "1", "true"}));
  EXPECT_EQ(BodyOf(response), "{\"result\":[\"a\",1,null]}");
  EXPECT_THAT(response, HasSubstr("Upstash-Sync-Token: 7\r\n"));
}

TEST(UpstashRoutes, ACommandAsAPath) {
  Door door;
  Answer(door, {"+OK\r\n", "$1\r\nv\r\n", "$1\r\nv\r\n"});
  EXPECT_EQ(BodyOf(door.Ask(Post("/set/a%2Fb?EX=5&NX&db=3&_token=t", "the body"))),
            "{\"result\":\"OK\"}");
  EXPECT_EQ(BodyOf(door.Ask("GET /get/k HTTP/1.1\r\nUpstash-Encoding: base64\r\n\r\n")),
            "{\"result\":\"dg==\"}");
  EXPECT_EQ(BodyOf(door.Ask("GET /get/k HTTP/1.1\r\nUpstash-Response-Format: resp2\r\n\r\n")),
            "$1\r\nv\r\n");
  EXPECT_THAT(door.commands, ElementsAre(Words{"set", "a/b", "the body", "EX", "5", "NX"},
                                         Words{"get", "k"}, Words{"get", "k"}));
  EXPECT_EQ(door.requests[0][2], "3");
}

TEST(UpstashRoutes, ErrorsAreText) {
  Door door;
  Answer(door, {"-WRONGTYPE no\r\n", "-NOPERM no\r\n"});
  const std::string wrong = door.Ask("GET /incr/k HTTP/1.1\r\n\r\n");
  EXPECT_THAT(wrong, HasSubstr("HTTP/1.1 400 "));
  EXPECT_EQ(BodyOf(wrong), "{\"error\":\"WRONGTYPE no\"}\n");
  EXPECT_THAT(door.Ask("GET /incr/k HTTP/1.1\r\n\r\n"), HasSubstr("HTTP/1.1 403 "));
  EXPECT_THAT(door.Ask("GET /nosuch/k HTTP/1.1\r\n\r\n"), HasSubstr("HTTP/1.1 404 "));
  EXPECT_THAT(door.Ask(Post("/", "[\"MULTI\"]")), HasSubstr("HTTP/1.1 400 "));
  // Below /v1 nothing is taken for a command.
  EXPECT_THAT(door.Ask("GET /v1/get HTTP/1.1\r\n\r\n"), HasSubstr("HTTP/1.1 404 "));
  EXPECT_EQ(door.commands.size(), 2u);
}

TEST(UpstashRoutes, Several) {
  Door door;
  Answer(door, {"+OK\r\n", "-ERR no\r\n", "+OK\r\n", "+QUEUED\r\n", "*1\r\n:5\r\n", "+OK\r\n",
                "-ERR unknown\r\n", "-EXECABORT\r\n"});
  EXPECT_EQ(BodyOf(door.Ask(Post("/pipeline", "[[\"SET\",\"k\",1],[\"INCR\",\"k\"]]"))),
            "[{\"result\":\"OK\"},{\"error\":\"ERR no\"}]");
  EXPECT_EQ(BodyOf(door.Ask(Post("/multi-exec", "[[\"INCR\",\"k\"]]"))), "[{\"result\":5}]");
  const std::string failed = door.Ask(Post("/multi-exec", "[[\"NOSUCH\",\"k\"]]"));
  EXPECT_THAT(failed, HasSubstr("HTTP/1.1 400 "));
  EXPECT_EQ(BodyOf(failed), "{\"error\":\"ERR unknown\"}\n");
  EXPECT_EQ(BodyOf(door.Ask(Post("/pipeline", "[]"))), "[]");
}

TEST(UpstashRoutes, ChannelsAsEvents) {
  Door door;
  Answer(door, {""});
  EXPECT_EQ(door.Ask(Post("/subscribe/c", "[]")), "");
  EXPECT_EQ(door.requests[0].back(), "");
  door.Send(">3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n");
  EXPECT_THAT(door.out, HasSubstr("Content-Type: text/event-stream\r\n"));
  EXPECT_THAT(door.out, EndsWith("\r\n\r\n15\r\ndata: subscribe,c,1\n\n\r\n"));
  door.Send(">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$3\r\na\nb\r\n");
  EXPECT_THAT(door.out, EndsWith("data: message,c,a\ndata: b\n\n\r\n"));
  // A client that hangs up is not waited for.
  EXPECT_FALSE(door.filter.Busy());
  // A silent stream is kept alive.
  const auto after = [&door](uint64_t now_ms) {
    door.out.clear();
    EXPECT_TRUE(door.filter.CheckTime(now_ms, door.out).ok());
    return door.out;
  };
  EXPECT_EQ(after(1'000'000), "");
  EXPECT_EQ(after(1'014'999), "");
  EXPECT_EQ(after(1'015'000), "e\r\n: keep-alive\n\n\r\n");
  EXPECT_EQ(after(1'029'999), "");
}

TEST(HealthRoutes, NeedNoSession) {
  Door door;
  door.session = [](const Words&) { return "-NOAUTH no\r\n"; };
  EXPECT_THAT(door.Ask("GET /livez HTTP/1.1\r\n\r\n"), HasSubstr("HTTP/1.1 200 "));
  EXPECT_THAT(door.Ask("GET /readyz?leader&max_lag=0 HTTP/1.1\r\n\r\n"),
              HasSubstr("HTTP/1.1 200 "));
  door.backend.health.lag = 5;
  EXPECT_THAT(door.Ask("GET /readyz?max_lag=5 HTTP/1.1\r\n\r\n"), HasSubstr("HTTP/1.1 200 "));
  EXPECT_THAT(door.Ask("GET /readyz?max_lag=4 HTTP/1.1\r\n\r\n"), HasSubstr("5 entries"));
  door.backend.health.has_leader = false;
  EXPECT_THAT(door.Ask("GET /readyz HTTP/1.1\r\n\r\n"), HasSubstr("HTTP/1.1 200 "));
  EXPECT_THAT(door.Ask("GET /readyz?leader HTTP/1.1\r\n\r\n"), HasSubstr("HTTP/1.1 503 "));
  door.backend.health.ready = false;
  door.backend.health.why = "restoring";
  EXPECT_THAT(door.Ask("GET /readyz HTTP/1.1\r\n\r\n"), HasSubstr("\"message\":\"restoring\""));
  door.backend.health.turning = false;
  EXPECT_THAT(door.Ask("GET /livez HTTP/1.1\r\n\r\n"), HasSubstr("HTTP/1.1 503 "));
  EXPECT_TRUE(door.requests.empty());
}

}  // namespace
}  // namespace mydis
