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

// --- POST /v1/restore ---

class RestoreHandler final : public HttpHandler {
 public:
  void Start(HttpExchange& x) override { x.set_writes(); }

  void OnBody(HttpExchange& x, std::string_view bytes) override {
    if (!failure_.empty()) return;
    piece_ += bytes;
    if (piece_.size() >= kPiece) Upload(x);
  }

  void OnBodyEnd(HttpExchange& x) override {
    came_ = true;
    if (failure_.empty()) Upload(x);
  }

  void OnReply(HttpExchange& x, RespValue reply) override {
    if (!failure_.empty()) return RespondFailure(x);
    if (reply.is_error()) return Fail(x, std::move(reply.text));
    switch (step_) {
      case Step::kUpload:
        if (--uploads_due_ > 0 || !came_) return;
        return Next(x, Step::kCheck);
      case Step::kCheck:
        return Next(x, reply.integer == 0 ? Step::kBegin : Step::kCheck);
      case Step::kBegin:
        return Next(x, Step::kFeed);
      case Step::kFeed:
        return Next(x, reply.integer == 0 ? Step::kCommit : Step::kFeed);
      case Step::kCommit:
        return Respond(x);
    }
  }

 private:
  enum class Step : uint8_t { kUpload, kCheck, kBegin, kFeed, kCommit };
  static constexpr size_t kPiece = 256 << 10;

  void Upload(HttpExchange& x) {
    ++uploads_due_;
    x.Send({"MYDIS", "RESTORE", "UPLOAD", piece_});
    piece_.clear();
  }

  void Next(HttpExchange& x, Step step) {
    constexpr std::string_view kWords[] = {"UPLOAD", "CHECK", "BEGIN", "FEED", "COMMIT"};
    step_ = step;
    x.Send({"MYDIS", "RESTORE", kWords[static_cast<size_t>(step)]});
  }

  // What was brought is thrown away, also what was put beside the keys.
  void Fail(HttpExchange& x, std::string error) {
    failure_ = std::move(error);
    x.Send({"MYDIS", "RESTORE", "END"});
  }

  // What may be in the log before the commit has changed nothing.
  void RespondFailure(HttpExchange& x) {
    if (step_ == Step::kCommit || HttpErrorOf(failure_, nullptr).committed == "no")
      return x.RespondError(failure_);
    x.RespondError("TIMEOUT the log has not taken the backup in time: nothing was changed");
  }

  static void Respond(HttpExchange& x) {
    HttpResponse response{.fields = {}, .body = {}, .length = {}};
    JsonWriter out(response.body);
    out.BeginObject().Key("result").String("OK");
    out.Key("revision").Unsigned(x.revision()).EndObject();
    response.body += '\n';
    x.Respond(std::move(response));
  }

  std::string piece_;
  Step step_ = Step::kUpload;
  uint32_t uploads_due_ = 0;
  bool came_ = false;  // All of the body.
  std::string failure_;
};

constexpr HttpAnswer kBackupAnswers[] = {
    {200, "the file: all keys, users, tokens, settings and scripts, with checksums"},
    {403, "this takes an administrator"},
};
constexpr HttpAnswer kRestoreAnswers[] = {
    {200,
     "{\"result\":\"OK\",\"revision\":N}: all instances have the keys and scripts of the backup"},
    {400, "this is no whole backup: nothing was changed"},
    {403, "this takes an administrator"},
    {429, "another restore is under way"},
    {507,
     "keys and backup together are more than maxmemory, or the disk is full: nothing was "
     "changed"},
};

constexpr HttpRoute kRoutes[] = {
    {.method = "GET",
     .path = "/v1/backup",
     .summary = "A consistent copy of the whole state.",
     .commands = "MYDIS BACKUP",
     .gives = "application/octet-stream",
     .answers = kBackupAnswers,
     .make = MakeHttpHandler<BackupHandler>},
    {.method = "POST",
     .path = "/v1/restore",
     .summary = "Replaces all keys and scripts by those of a backup, on all instances at once.",
     .commands = "MYDIS RESTORE",
     .body = HttpBody::kPieces,
     .body_form = "what GET /v1/backup gave",
     .answers = kRestoreAnswers,
     .make = MakeHttpHandler<RestoreHandler>},
};

}  // namespace

std::span<const HttpRoute> BackupRoutes() { return kRoutes; }

}  // namespace mydis
