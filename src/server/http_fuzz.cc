// Whatever bytes come to the HTTP port, in whatever pieces: the same commands go to the session and
// the same responses to the client.
#include "base/assert.h"
#include "protocol/resp_reader.h"
#include "server/http/http_filter.h"
#include "server/local_families.h"

namespace mydis {
namespace {

struct FuzzBackend final : HttpBackend {
  const CommandTable& table() const override {
    static const CommandTable commands(StateFamilies(), LocalFamilies());
    return commands;
  }
  uint64_t max_body() const override { return 5000; }
  std::string Leader() const override { return "n1"; }
  Consistency Given(bool, std::optional<Consistency> wanted) const override {
    return wanted.value_or(Consistency::kEventual);
  }
  const std::string& cors_origin() const override {
    static const std::string origin;
    return origin;
  }
  uint64_t WallMs() const override { return 0; }
  HttpHealth Health() const override { return {}; }
};

// A session that answers everything, each command in a way of its own.
std::string ReplyTo(const RespValue& command) {
  const std::vector<RespValue>& words = command.elements;
  const std::string name = words.size() > 1 ? words[1].text : std::string();
  std::string reply = "|1\r\n+revision\r\n:7\r\n";
  // Were it refused, it would depend on the pieces what had been sent behind it.
  if (name == "REQUEST") return reply + "+OK\r\n";
  if (name == "GETKEY")
    return reply + "%3\r\n+revision\r\n:5\r\n+ttl\r\n:-1\r\n+value\r\n$3\r\nabc\r\n";
  if (name == "PUTKEY") return reply + "%2\r\n+revision\r\n:7\r\n+created\r\n#t\r\n";
  if (name == "DELETEKEY") return reply + ":1\r\n";
  if (name == "LISTKEYS")
    return reply + "*2\r\n$1\r\n0\r\n*1\r\n*4\r\n+k\r\n+list\r\n:3\r\n:-1\r\n";
  if (name == "BACKUP" && words[2].text == "START")
    return reply + "%2\r\n+size\r\n:5\r\n+log-index\r\n:9\r\n";
  if (name == "BACKUP" && words[2].text == "READ") return reply + "$5\r\nabcde\r\n";
  if (words[0].text == "EXEC") return reply + "*1\r\n-ERR no\r\n";
  return reply + (words.size() % 2 == 0 ? "+OK\r\n" : "-WRONGTYPE no\r\n");
}

std::string Converse(std::string_view bytes, size_t piece) {
  static const FuzzBackend backend;
  HttpFilter filter(backend);
  RespReader commands;
  std::string sent, heard;
  const auto receive = [&](std::string_view next) {
    std::string plain;
    MYDIS_ASSERT(filter.Receive(next, plain, heard).ok(), "any bytes are answered");
    sent += plain;
    commands.Feed(plain);
    RespValue command;
    while (commands.Next(&command) == RespReader::Outcome::kValue) {
      MYDIS_ASSERT(filter.Send(ReplyTo(command), heard).ok(), "replies are understood");
      command = RespValue();
    }
  };
  while (!bytes.empty() && !filter.WantsClose()) {
    receive(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    while (filter.HasInput()) receive({});
    MYDIS_ASSERT(!filter.Full(), "the session has answered");
  }
  // Whether this is said depends on when the body comes.
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  for (size_t at; (at = heard.find(kContinue)) != heard.npos;) heard.erase(at, kContinue.size());
  return sent + heard;
}

}  // namespace
}  // namespace mydis

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  // An end for what is not complete: where it is wrong is found sooner or later else.
  const std::string bytes =
      std::string(reinterpret_cast<const char*>(data) + 1, size - 1) + "\r\n\r\n";
  const size_t piece = data[0] % 64 + size_t{1};
  MYDIS_ASSERT(mydis::Converse(bytes, piece) == mydis::Converse(bytes, bytes.size() + 1),
               "pieces give the same conversation as the whole");
  return 0;
}
