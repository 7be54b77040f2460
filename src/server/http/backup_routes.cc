// /v1/backup and /v1/restore: the whole state as a stream (docs/backup.md).
#include <fmt/format.h>

#include "protocol/json.h"
#include "server/http/routes.h"

namespace mydis {
namespace {

// --- GET /v1/backup ---

// One piece is asked for when the one before has gone to the socket, so that a slow client holds
// no more than that.
class BackupHandler final : public HttpHandler {
 public:
  void Start(HttpExchange& x) override { x.Send({"MYDIS", "BACKUP", "START"}); }

  void OnReply(HttpExchange& x, RespValue reply) override {
    if (ended_) return x.EndStream();
    if (reply.is_error()) return size_ == 0 ? x.RespondError(reply.text) : x.BreakStream();
    if (size_ == 0) {
      Begin(x, reply);
    } else {
      if (reply.text.empty()) return x.BreakStream();
      sent_ += reply.text.size();
      x.WriteStream(reply.text);
    }
    ended_ = sent_ == size_;
    if (ended_) return x.Send({"MYDIS", "BACKUP", "END"});
    x.Send({"MYDIS", "BACKUP", "READ", std::to_string(sent_), std::to_string(kPiece)});
  }

 private:
  static constexpr uint64_t kPiece = 512 << 10;

  void Begin(HttpExchange& x, const RespValue& opened) {
    size_ = static_cast<uint64_t>(opened.elements[1].integer);
    const int64_t index = opened.elements[3].integer;
    x.BeginStream({.fields = {{"Content-Disposition",
                               fmt::format("attachment; filename=\"mydis-{}.snapshot\"", index)},
                              {"Cache-Control", "no-store"}},
                   .body = {},
                   .content_type = "application/octet-stream",
                   .length = size_});
  }

  uint64_t size_ = 0;  // Of the whole; 0: not known yet.
  uint64_t sent_ = 0;
  bool ended_ = false;
};

constexpr HttpAnswer kBackupAnswers[] = {
    {200, "the file: all keys, users, tokens, settings and scripts, with checksums"},
    {403, "this takes an administrator"},
};
constexpr HttpRoute kRoutes[] = {
    {.method = "GET",
     .path = "/v1/backup",
     .summary = "A consistent copy of the whole state.",
     .commands = "MYDIS BACKUP",
     .gives = "application/octet-stream",
     .answers = kBackupAnswers,
     .make = MakeHttpHandler<BackupHandler>},
};

}  // namespace

std::span<const HttpRoute> BackupRoutes() { return kRoutes; }

}  // namespace mydis
