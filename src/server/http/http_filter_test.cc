#include "server/http/http_filter.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "server/http/http_fixture.h"

namespace mydis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string Head(std::string_view status, std::string_view fields,
                 std::string_view consistency = "eventual") {
  return fmt::format(
      "HTTP/1.1 {}\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nMydis-Revision: 7\r\nMydis-Leader: "
      "n1\r\n"
      "Mydis-Consistency: {}\r\n{}\r\n",
      status, consistency, fields);
}

std::string BodyOf(const std::string& response) {
  return response.substr(response.find("\r\n\r\n") + 4);
}
int StatusOf(const std::string& response) { return std::stoi(response.substr(9, 3)); }

std::string Value(int revision, std::string_view value) {
  return fmt::format(
      "%3\r\n$8\r\nrevision\r\n:{}\r\n$3\r\nttl\r\n:-1\r\n$5\r\nvalue\r\n${}\r\n{}\r\n", revision,
      value.size(), value);
}

TEST(HttpFilter, AValueByItsKeySplitAnywhere) {
  const std::string request =
      "GET /v1/keys/a%2Fb/c%00?db=3&consistency=strong&min_revision=5 HTTP/1.1\r\nHost: x\r\n"
      "Authorization: Bearer u:p\r\n\r\n";
  const std::string expected =
      Head("200 OK",
           "ETag: \"5\"\r\nContent-Type: application/octet-stream\r\nContent-Length: 3\r\n",
           "strong") +
      "v\r\n";
  for (size_t first = 1; first <= request.size(); ++first) {
    Door door;
    door.session = [](const Words& words) {
      return BeginsRequest(words) ? "+OK\r\n" : Value(5, "v\r\n");
    };
    door.InTwo(request, first);
    EXPECT_EQ(door.out, expected) << first;
    EXPECT_THAT(door.requests, ElementsAre(Words{"MYDIS", "REQUEST", "3", "STRONG", "5", "u:p"}));
    EXPECT_THAT(door.commands, ElementsAre(Words{"MYDIS", "GETKEY", std::string("a/b/c\0", 6)}));
  }
}

TEST(HttpFilter, PipelinedRequestsAreServedInTurn) {
  std::string all;
  for (int i = 0; i < 5; ++i) {
    all += fmt::format("PUT /v1/keys/k{} HTTP/1.1\r\nContent-Length: {}\r\n\r\n{}", i, i,
                       std::string(static_cast<size_t>(i), 'x'));
    all += fmt::format("GET /v1/keys/k{} HTTP/1.1\r\n\r\n", i);
  }
  for (const bool split : {false, true}) {
    Door door;
    door.session = [](const Words& words) -> std::string {
      if (BeginsRequest(words)) return "+OK\r\n";
      if (words[1] == "PUTKEY") return "%2\r\n+revision\r\n:5\r\n+created\r\n#t\r\n";
      return Value(5, words[2]);
    };
    door.In(all, split);
    ASSERT_EQ(door.commands.size(), 10u);
    for (size_t i = 0; i < 5; ++i) {
      const std::string key = fmt::format("k{}", i);
      EXPECT_EQ(door.commands[2 * i], (Words{"MYDIS", "PUTKEY", key, std::string(i, 'x')}));
      EXPECT_EQ(door.commands[2 * i + 1], (Words{"MYDIS", "GETKEY", key}));
    }
    EXPECT_THAT(door.out, HasSubstr("\r\n\r\nk0HTTP/1.1 201 Created"));
    EXPECT_THAT(door.out, testing::EndsWith("\r\n\r\nk4"));
    EXPECT_FALSE(door.filter.Busy());
  }
}

TEST(HttpFilter, TheNextRequestWaitsForTheReply) {
  Door door;
  door.session = [](const Words& words) { return BeginsRequest(words) ? "+OK\r\n" : ""; };
  door.In("GET /v1/keys/a HTTP/1.1\r\n\r\nGET /v1/keys/b HTTP/1.1\r\n\r\n");
  EXPECT_EQ(door.requests.size(), 1u);
  EXPECT_TRUE(door.filter.Busy());
  EXPECT_FALSE(door.filter.HasInput());
  EXPECT_FALSE(door.filter.Full());
  door.In(std::string(HttpFilter::kHeldInput, 'x'));
  EXPECT_TRUE(door.filter.Full());
  door.Send(Value(0, ""));
  EXPECT_EQ(StatusOf(door.out), 404);
  EXPECT_EQ(door.requests.size(), 2u);
}

TEST(HttpFilter, ALargeBodyIsPassedOnAsItComes) {
  Door door;
  std::string plain, out;
  HttpFilter& filter = door.filter;
  ASSERT_TRUE(
      filter
          .Receive(
              "PUT /v1/keys/k?ttl=2s HTTP/1.1\r\nContent-Length: 10\r\nIf-Match: \"4\"\r\n\r\nab",
              plain, out)
          .ok());
  EXPECT_THAT(plain, testing::EndsWith("\r\n$0\r\n\r\n")) << "no more than MYDIS REQUEST";
  EXPECT_FALSE(filter.HasInput());
  plain.clear();
  ASSERT_TRUE(filter.Send("|1\r\n+revision\r\n:7\r\n+OK\r\n", out).ok());
  ASSERT_TRUE(filter.HasInput());
  ASSERT_TRUE(filter.Receive({}, plain, out).ok());
  EXPECT_EQ(plain, "*8\r\n$5\r\nMYDIS\r\n$6\r\nPUTKEY\r\n$1\r\nk\r\n$10\r\nab");
  plain.clear();
  ASSERT_TRUE(filter.Receive("cdefghijGET", plain, out).ok());
  EXPECT_EQ(plain, "cdefghij\r\n$2\r\nIF\r\n$1\r\n4\r\n$2\r\nPX\r\n$4\r\n2000\r\n");
  EXPECT_EQ(out, "");
  ASSERT_TRUE(
      filter.Send("|1\r\n+revision\r\n:7\r\n%2\r\n+revision\r\n:7\r\n+created\r\n#f\r\n", out)
          .ok());
  EXPECT_EQ(out, Head("204 No Content", "ETag: \"7\"\r\n"));
}

TEST(HttpFilter, BodiesOfAllKinds) {
  Door door;
  door.session = [](const Words& words) {
    return BeginsRequest(words) ? "+OK\r\n" : "%2\r\n+revision\r\n:7\r\n+created\r\n#t\r\n";
  };
  door.In("PUT /v1/keys/empty HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
  door.In("PUT /v1/keys/none HTTP/1.1\r\n\r\n");
  door.In(
      "PUT /v1/keys/chunks HTTP/1.1\r\nTransfer-Encoding: chunked\r\nIf-None-Match: *\r\n\r\n"
      "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\n",
      true);
  door.In("PUT /v1/keys/expect HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_THAT(door.out, testing::EndsWith("\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"));
  door.In("hi");
  EXPECT_THAT(door.commands, ElementsAre(Words{"MYDIS", "PUTKEY", "empty", ""},
                                         Words{"MYDIS", "PUTKEY", "none", ""},
                                         Words{"MYDIS", "PUTKEY", "chunks", "abcde", "MISSING"},
                                         Words{"MYDIS", "PUTKEY", "expect", "hi"}));
  EXPECT_FALSE(door.filter.WantsClose());
}

TEST(HttpFilter, WhoIsNotKnownIsRefusedBeforeTheBody) {
  for (const bool expects : {false, true}) {
    Door door;
    door.session = [](const Words&) { return "-WRONGPASS no\r\n"; };
    const std::string response = door.Ask(fmt::format(
        "PUT /v1/keys/k HTTP/1.1\r\nAuthorization: Bearer x\r\n{}Content-Length: 90000\r\n\r\n",
        expects ? "Expect: 100-continue\r\n" : ""));
    EXPECT_EQ(StatusOf(response), 401);
    EXPECT_THAT(response, HasSubstr("\r\nWWW-Authenticate: Bearer realm=\"mydis\"\r\n"));
    EXPECT_THAT(response, HasSubstr("\r\nConnection: close\r\n"));
    EXPECT_THAT(
        response,
        HasSubstr("{\"error\":{\"code\":\"WRONGPASS\",\"message\":\"no\",\"committed\":\"no\","
                  "\"revision\":7,\"retryable\":false}}"));
    EXPECT_TRUE(door.filter.WantsClose());
    EXPECT_TRUE(door.commands.empty());
  }
}

TEST(HttpFilter, RefusedCommandsOfASmallRequestKeepTheConnection) {
  Door door;
  door.session = [](const Words& words) {
    return BeginsRequest(words) ? "-WRONGPASS no\r\n" : "-WRONGPASS again\r\n";
  };
  EXPECT_EQ(StatusOf(door.Ask("GET /v1/keys/k HTTP/1.1\r\nAuthorization: Bearer x\r\n\r\n")), 401);
  EXPECT_FALSE(door.filter.WantsClose());
  EXPECT_EQ(StatusOf(door.Ask("GET /v1/keys/k HTTP/1.1\r\nAuthorization: Digest x\r\n\r\n")), 401);
  EXPECT_EQ(door.requests[1].back(), ":");
  door.Ask("GET /v1/keys/k HTTP/1.1\r\nAuthorization: Basic dTpw\r\n\r\n");
  EXPECT_EQ(door.requests[2].back(), "u:p");
}

struct Wrong {
  std::string_view request;
  int status;
  std::string_view says;
  bool closes;
};

TEST(HttpFilter, WhatIsWrongIsSaid) {
  const std::string long_head =
      "GET /v1/keys/k HTTP/1.1\r\nX: " + std::string(HttpFilter::kHeadLimit, 'x') + "\r\n\r\n";
  const Wrong kWrong[] = {
      {"GET /v1/keyz HTTP/1.1\r\n\r\n", 404, "did you mean GET /v1/keys", false},
      {"POST /v1/keys/k HTTP/1.1\r\nContent-Length: 2\r\n\r\nab", 405,
       "POST is not for /v1/keys/k: use GET, HEAD, PUT, DELETE", false},
      {"POST /livez HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 405, "POST is not for /livez: use GET",
       false},
      {"GET / HTTP/1.1\r\n\r\n", 404, "there is nothing at /; did you mean GET /ui?", false},
      {"GET /v1/keys?limit=10001 HTTP/1.1\r\n\r\n", 400,
       "limit is a number of keys from 1 to 10000"},
      {"GET /v1/keys?limit=0 HTTP/1.1\r\n\r\n", 400, "limit is a number of keys from 1 to 10000",
       false},
      {"PUT /v1/keys/k HTTP/1.1\r\nIf-Match: foo\r\n\r\n", 400,
       "If-Match names a revision in quotes", false},
      {"GET /v1/keys/k HTTP/1.1\r\nIf-None-Match: 5\r\n\r\n", 400,
       "If-None-Match names a revision in quotes", false},
      {"POST /v1/tokens HTTP/1.1\r\nContent-Length: 13\r\n\r\n{\"acces\":\"x\"}", 400,
       "a token has no acces; it knows name, prefixes, access, expires", false},
      {"GET /v1/keys/%zz HTTP/1.1\r\n\r\n", 400, "two hexadecimal digits", false},
      {"GET /v1/keys/k?dbb=1 HTTP/1.1\r\n\r\n", 400,
       "has no parameter dbb; it knows wait, revision, db", false},
      {"GET /v1/keys/k?db=16 HTTP/1.1\r\n\r\n", 400, "from 0 to 15", false},
      {"GET /v1/keys/k?consistency=x HTTP/1.1\r\n\r\n", 400, "eventual or strong", false},
      {"GET /v1/keys/k?min_revision=-1 HTTP/1.1\r\n\r\n", 400, "min_revision", false},
      {"GET /v1/keys/k?wait=1x&revision=1 HTTP/1.1\r\n\r\n", 400, "not a length of time", false},
      {"GET /v1/keys/k?wait=1s HTTP/1.1\r\n\r\n", 400, "wait needs revision", false},
      {"PUT /v1/keys/k?ttl=0 HTTP/1.1\r\n\r\n", 400, "ttl is a length of time above 0", false},
      {"PUT /v1/keys/k HTTP/1.1\r\nIf-Match: \"1\", \"2\"\r\n\r\n", 400, "one ETag", false},
      {"PUT /v1/keys/k HTTP/1.1\r\nIf-None-Match: \"1\"\r\n\r\n", 400, "only If-None-Match: *",
       false},
      {"PUT /v1/keys/k HTTP/1.1\r\nContent-Length: 100001\r\n\r\n", 413, "more than 100000 bytes",
       true},
      {"GET /v1/keys/k HTTP/1.1\r\nContent-Length: 90000\r\n\r\n", 413, "no body", true},
      {"nonsense\r\n\r\n", 400, "not an HTTP request", true},
      {"GET /v1/keys/k HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400, "not an HTTP request", true},
      {"PUT /v1/keys/k HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
       "not an HTTP request", true},
      {"PUT /v1/keys/k HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "no transfer coding",
       true},
      {"PUT /v1/keys/k HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400,
       "not a chunked body", true},
      {"GET /v1/keys/k HTTP/2.0\r\n\r\n", 505, "HTTP/1.1", true},
      {"PUT /v1/keys/k HTTP/1.1\r\nExpect: money\r\n\r\n", 417, "100-continue", true},
      {long_head, 431, "too many bytes", true},
      {"POST /v1/commands HTTP/1.1\r\nContent-Length: 1\r\n\r\n{", 400, "not JSON", false},
      {"POST /v1/commands HTTP/1.1\r\nContent-Length: 2\r\n\r\n[]", 400, "array of its words",
       false},
      {"POST /v1/commands HTTP/1.1\r\nContent-Length: 11\r\n\r\n[\"GET\",[1]]", 400,
       "a word is a string", false},
      {"POST /v1/commands HTTP/1.1\r\nContent-Length: 9\r\n\r\n[\"MULTI\"]", 400, "commands:batch",
       false},
      {"POST /v1/commands HTTP/1.1\r\nContent-Length: 23\r\n\r\n[\"strong\",\"select\",\"1\"]", 400,
       "use ?db=", false},
  };
  for (const Wrong& wrong : kWrong) {
    Door door;
    const std::string response = door.Ask(wrong.request);
    EXPECT_EQ(StatusOf(response), wrong.status) << wrong.request;
    EXPECT_THAT(BodyOf(response), HasSubstr(wrong.says)) << wrong.request;
    EXPECT_EQ(door.filter.WantsClose(), wrong.closes) << wrong.request;
    EXPECT_TRUE(door.commands.empty()) << wrong.request;
    if (wrong.closes) continue;
    EXPECT_EQ(StatusOf(door.Ask("OPTIONS /v1/keys/k HTTP/1.1\r\n\r\n")), 204) << wrong.request;
  }
}

TEST(HttpFilter, HeadAndOldClients) {
  Door door;
  door.session = [](const Words& words) -> std::string {
    if (BeginsRequest(words)) return "+OK\r\n";
    if (words.back() != "LENGTH") return Value(5, "abc");
    return "%3\r\n+revision\r\n:5\r\n+ttl\r\n:1500\r\n+length\r\n:3\r\n";
  };
  EXPECT_EQ(door.Ask("HEAD /v1/keys/k HTTP/1.1\r\n\r\n"),
            Head("200 OK",
                 "ETag: \"5\"\r\nMydis-Ttl: 1500\r\nContent-Type: application/octet-stream\r\n"
                 "Content-Length: 3\r\n"));
  const std::string kept = door.Ask("GET /v1/keys/k HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(kept, HasSubstr("\r\nConnection: keep-alive\r\n"));
  EXPECT_FALSE(door.filter.WantsClose());
  EXPECT_THAT(door.Ask("GET /v1/keys/k HTTP/1.0\r\n\r\n"), HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_TRUE(door.filter.WantsClose());
}

TEST(HttpFilter, ConditionsOfReads) {
  Door door;
  door.session = [](const Words& words) {
    return BeginsRequest(words) ? "+OK\r\n" : Value(5, "abc");
  };
  const auto status = [&door](std::string_view field) {
    return StatusOf(door.Ask(fmt::format("GET /v1/keys/k HTTP/1.1\r\n{}\r\n\r\n", field)));
  };
  EXPECT_EQ(status("If-None-Match: \"5\""), 304);
  EXPECT_EQ(status("If-None-Match: \"4\", W/\"5\""), 304);
  EXPECT_EQ(status("If-None-Match: *"), 304);
  EXPECT_EQ(status("If-None-Match: \"4\""), 200);
  EXPECT_EQ(status("If-Match: \"5\""), 200);
  EXPECT_EQ(status("If-Match: W/\"5\""), 412);
  EXPECT_EQ(status("If-Match: \"4\""), 412);
  EXPECT_EQ(status("If-Match: *"), 200);
}

TEST(HttpFilter, AWaitThatEndsWithoutAChange) {
  Door door;
  door.session = [](const Words& words) { return BeginsRequest(words) ? "+OK\r\n" : "_\r\n"; };
  EXPECT_EQ(StatusOf(door.Ask("GET /v1/keys/k?wait=2s&revision=9 HTTP/1.1\r\n\r\n")), 304);
  const std::string missing = door.Ask("GET /v1/keys/k?wait=2s&revision=0 HTTP/1.1\r\n\r\n");
  EXPECT_EQ(StatusOf(missing), 304) << "it is missing still, which is no news";
  EXPECT_THAT(missing, testing::Not(HasSubstr("ETag")));
  EXPECT_EQ(door.requests[0], (Words{"MYDIS", "REQUEST", "0", "DEFAULT", "9", ""}));
  EXPECT_EQ(door.commands[0], (Words{"MYDIS", "GETKEY", "k", "WAIT", "2000", "REVISION", "9"}));
}

std::string Post(std::string_view path, std::string_view body) {
  return fmt::format("POST {} HTTP/1.1\r\nContent-Length: {}\r\n\r\n{}", path, body.size(), body);
}

TEST(HttpFilter, CommandsAndTheirReplies) {
  Door door;
  std::string reply;
  door.session = [&reply](const Words& words) { return BeginsRequest(words) ? "+OK\r\n" : reply; };
  const auto ask = [&door, &reply](std::string_view body, std::string_view r) {
    reply = r;
    return door.Ask(Post("/v1/commands", body));
  };
  EXPECT_EQ(BodyOf(ask("[\"GET\",{\"b64\":\"/w==\"}]", "$1\r\n\xfe\r\n")),
            "{\"result\":{\"b64\":\"/g==\"},\"revision\":7}\n");
  EXPECT_EQ(door.commands.back(), (Words{"GET", "\xff"}));
  EXPECT_EQ(BodyOf(ask("[\"INCRBY\",\"k\",12345678901234567890]",
                       "%1\r\n+a\r\n*3\r\n#t\r\n,inf\r\n_\r\n")),
            "{\"result\":{\"a\":[true,\"inf\",null]},\"revision\":7}\n");
  EXPECT_EQ(door.commands.back().back(), "12345678901234567890");
  EXPECT_THAT(ask("[\"SET\",\"k\",\"v\"]", "+OK\r\n"), HasSubstr("Mydis-Consistency: eventual"));
  EXPECT_EQ(StatusOf(ask("[\"LPUSH\",\"k\",\"v\"]", "-WRONGTYPE no\r\n")), 409);
  EXPECT_EQ(StatusOf(ask("[\"GET\",\"k\"]", "-NOPERM no\r\n")), 403);
  const std::string unknown = ask("[\"SET\",\"k\",\"v\"]", "-UNKNOWN who knows\r\n");
  EXPECT_EQ(StatusOf(unknown), 504);
  EXPECT_THAT(unknown, HasSubstr("\"committed\":\"unknown\""));
  EXPECT_THAT(ask("[\"SET\",\"k\",\"v\"]",
                  "-NOTALL committed at revision 9, applied on 2 of 3 instances\r\n"),
              HasSubstr("\"committed\":\"yes\""));
  EXPECT_THAT(ask("[\"EVAL\",\"x\",\"0\"]", "-ERR in the midst of it\r\n"),
              HasSubstr("\"committed\":\"unknown\""));
  EXPECT_EQ(StatusOf(ask("[\"NOSUCH\"]", "-ERR unknown command\r\n")), 400);
}

TEST(HttpFilter, AnErrorBeforeAnyCommandKnowsTheRevision) {
  Door door;
  EXPECT_THAT(door.Ask(Post("/v1/commands", "[\"MULTI\"]")), HasSubstr("\"revision\":7"));
}

TEST(HttpFilter, ATransaction) {
  Door door;
  std::string exec = "*2\r\n+OK\r\n-WRONGTYPE no\r\n";
  bool refuses = false;
  door.session = [&](const Words& words) -> std::string {
    if (words[0] == "MYDIS" || words[0] == "MULTI") return "+OK\r\n";
    if (words[0] == "EXEC") return exec;
    return refuses && words[0] == "BAD" ? "-ERR unknown command\r\n" : "+QUEUED\r\n";
  };
  const std::string body =
      R"({"mode":"transaction","if":[{"key":"a","revision":4}],"commands":[["SET","k",1],["BAD"]]})";
  EXPECT_EQ(
      BodyOf(door.Ask(Post("/v1/commands:batch", body))),
      "{\"results\":[{\"result\":\"OK\"},{\"error\":{\"code\":\"WRONGTYPE\",\"message\":\"no\","
      "\"committed\":\"no\",\"revision\":7,\"retryable\":false}}],\"revision\":7}\n");
  EXPECT_THAT(door.commands, ElementsAre(Words{"MYDIS", "WATCH", "a", "4"}, Words{"MULTI"},
                                         Words{"SET", "k", "1"}, Words{"BAD"}, Words{"EXEC"}));
  exec = "_\r\n";
  EXPECT_EQ(StatusOf(door.Ask(Post("/v1/commands:batch", body))), 412);
  exec = "-EXECABORT because\r\n";
  refuses = true;
  const std::string refused = door.Ask(Post("/v1/commands:batch", body));
  EXPECT_EQ(StatusOf(refused), 400);
  EXPECT_THAT(refused, HasSubstr("command 1: unknown command"));
}

TEST(HttpFilter, APipelineGoesOnBehindAnError) {
  Door door;
  door.session = [](const Words& words) -> std::string {
    return words[0] == "BAD" ? "-ERR bad\r\n" : "+OK\r\n";
  };
  EXPECT_EQ(BodyOf(door.Ask(Post("/v1/commands:batch", R"({"commands":[["BAD"],["PING"]]})"))),
            "{\"results\":[{\"error\":{\"code\":\"ERR\",\"message\":\"bad\",\"committed\":\"no\","
            "\"revision\":7,\"retryable\":false}},{\"result\":\"OK\"}],\"revision\":7}\n");
  EXPECT_EQ(StatusOf(door.Ask(Post("/v1/commands:batch", R"({"commands":[]})"))), 400);
}

TEST(HttpFilter, SlowSenders) {
  Door head;
  head.In("GET /v1/ke");
  for (uint64_t s = 1; s <= HttpFilter::kHeadSeconds + 2; ++s) {
    EXPECT_FALSE(head.filter.WantsClose()) << s;
    ASSERT_TRUE(head.filter.CheckTime(s * 1000, head.out).ok());
  }
  EXPECT_EQ(StatusOf(head.out), 408);
  EXPECT_TRUE(head.filter.WantsClose());

  Door body;
  body.In("PUT /v1/keys/k HTTP/1.1\r\nContent-Length: 90000\r\n\r\n");
  for (uint64_t s = 1; s < 100; ++s) {
    body.In(std::string(HttpFilter::kSlowBytes, 'x'));
    ASSERT_TRUE(body.filter.CheckTime(s * 1000, body.out).ok());
  }
  EXPECT_EQ(body.out, "");
  for (uint64_t s = 0; s <= HttpFilter::kSlowSeconds; ++s) {
    body.In("x");
    ASSERT_TRUE(body.filter.CheckTime(200'000 + s * 1000, body.out).ok());
  }
  EXPECT_EQ(StatusOf(body.out), 408);

  Door idle;
  for (uint64_t s = 1; s < 1000; ++s) ASSERT_TRUE(idle.filter.CheckTime(s * 1000, idle.out).ok());
  EXPECT_FALSE(idle.filter.WantsClose());
}

TEST(HttpFilter, PagesOfAnOriginMayCall) {
  Door door;
  const std::string ask =
      "OPTIONS /v1/keys/k HTTP/1.1\r\nAccess-Control-Request-Method: PUT\r\n\r\n";
  const std::string closed = door.Ask(ask);
  EXPECT_THAT(closed, HasSubstr("\r\nAllow: GET, HEAD, PUT, DELETE, OPTIONS\r\n"));
  EXPECT_THAT(closed, testing::Not(HasSubstr("Access-Control")));
  door.backend.origin = "https://app";
  const std::string open = door.Ask(ask);
  EXPECT_THAT(open, HasSubstr("\r\nAccess-Control-Allow-Origin: https://app\r\n"));
  EXPECT_THAT(open,
              HasSubstr("\r\nAccess-Control-Allow-Methods: GET, HEAD, PUT, DELETE, OPTIONS\r\n"));
}

TEST(HttpFilter, TheEndOfTheSessionIsToldIfARequestWaits) {
  Door door;
  door.session = [](const Words& words) { return BeginsRequest(words) ? "+OK\r\n" : ""; };
  door.In("GET /v1/keys/a HTTP/1.1\r\n\r\n");
  door.Send("-ERR Protocol error: invalid bulk length\r\n");
  EXPECT_EQ(StatusOf(door.out), 400);
}

}  // namespace
}  // namespace mydis
