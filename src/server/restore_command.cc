// MYDIS RESTORE: brings a backup back, step by step. The state changes at its COMMIT, everywhere at
// the same place in the log.
#include <fmt/format.h>

#include "base/error_table.h"
#include "commands/arg_parser.h"
#include "commands/containers.h"
#include "commands/subcommands.h"
#include "server/connection.h"
#include "server/local_context.h"
#include "server/local_families.h"
#include "server/node.h"
#include "server/restore_upload.h"

namespace mydis {
namespace {

constexpr std::string_view kErrNothing =
    "ERR no backup was brought on this connection: MYDIS RESTORE UPLOAD bytes";
constexpr std::string_view kErrUnchecked =
    "ERR the backup has not been looked at to its end: MYDIS RESTORE CHECK until it says 0";

// Nobody sees what is staged.
void Stage(LocalContext& c, std::vector<std::string> words, std::string reply) {
  words.insert(words.begin(), {"MYDIS", "STAGE"});
  c.connection.SubmitUnseen(words, std::move(reply));
}

void Upload(LocalContext& c) {
  if (c.args.size() != 4) return c.reply.Error(kErrSyntax);
  if (c.session.restore == nullptr) {
    auto upload = RestoreUpload::Create(c.node.table(), c.node.options().data_dir);
    if (!upload) return c.reply.Error(RedisError(upload.error()));
    c.session.restore = *std::move(upload);
  }
  if (Status status = c.session.restore->Add(c.args[3]); !status.ok()) {
    // A part of it is missing now; and what fills the disk has to leave it.
    if (status.code() != ErrorCode::kInvalid) c.session.restore.reset();
    return c.reply.Error(RedisError(status));
  }
  c.reply.Integer(static_cast<int64_t>(c.session.restore->size()));
}

void Check(LocalContext& c) {
  if (c.session.restore == nullptr) return c.reply.Error(kErrNothing);
  auto more = c.session.restore->Check();
  if (!more) {
    c.session.restore.reset();
    return c.reply.Error(RedisError(more.error()));
  }
  c.reply.Integer(*more ? 1 : 0);
}

// The backup, if it may be put into the log; else an error has been sent.
RestoreUpload* Checked(LocalContext& c) {
  RestoreUpload* upload = c.session.restore.get();
  if (upload == nullptr) {
    c.reply.Error(kErrNothing);
  } else if (!upload->checked()) {
    c.reply.Error(kErrUnchecked);
    return nullptr;
  }
  return upload;
}

// The audit log has where a restore begins and where it takes effect, not every piece of it.
void Note(LocalContext& c, std::string_view step) {
  c.node.audit_log().Administered(c.session.user, c.session.record->address,
                                  fmt::format(R"("mydis" "restore" "{}")", step), "sent");
}

void Begin(LocalContext& c) {
  RestoreUpload* upload = Checked(c);
  if (upload == nullptr) return;
  Note(c, "begin");
  Stage(c, {"BEGIN", upload->id()}, "+OK\r\n");
}

void Feed(LocalContext& c) {
  RestoreUpload* upload = Checked(c);
  if (upload == nullptr) return;
  auto part = upload->NextPart();
  if (!part) return c.reply.Error(RedisError(part.error()));
  if (!*part) return c.reply.Integer(0);
  Stage(c, **std::move(part), ":1\r\n");
}

// Whatever comes of it, the connection may bring another one after it.
void Commit(LocalContext& c) {
  if (Checked(c) == nullptr) return;
  const auto upload = std::move(c.session.restore);
  Note(c, "commit");
  c.connection.SubmitOne(std::vector<std::string>{"MYDIS", "STAGE", "COMMIT", upload->id(),
                                                  std::to_string(upload->parts())},
                         "+OK\r\n");
}

// Also of one that was given up half-way.
void End(LocalContext& c) {
  const auto upload = std::move(c.session.restore);
  if (upload == nullptr || upload->parts() == 0) return c.reply.Ok();
  Stage(c, {"DROP", upload->id()}, "+OK\r\n");
}

void Restore(LocalContext& c) {
  if (c.in_transaction)
    return c.reply.Error("ERR MYDIS RESTORE is not allowed inside a transaction");
  constexpr std::pair<std::string_view, void (*)(LocalContext&)> kSteps[] = {
      {"CHECK", Check}, {"BEGIN", Begin}, {"FEED", Feed}, {"COMMIT", Commit}, {"END", End}};
  if (EqualsUpper(c.args[2], "UPLOAD")) return Upload(c);
  for (const auto& [name, run] : kSteps) {
    if (EqualsUpper(c.args[2], name) && c.args.size() == 3) return run(c);
  }
  c.reply.Error(kErrSyntax);
}

constexpr CommandSpec kSubcommands[] = {
    {.name = "restore",
     .arity = -3,
     .effect = Effect::kLocal,
     .flags = kAdmin | kNoScript | kNoMulti,
     .group = Group::kServer,
     .since = "0.1.0",
     .complexity = "O(N) where N is the number of bytes brought, looked at or fed",
     .summary = "Replaces all keys by those of a backup, step by step.",
     .arguments = "<step: <upload: UPLOAD bytes> | CHECK | BEGIN | FEED | COMMIT | END>",
     .handler = Restore},
};

constexpr CommandSpec kFamily[] = {
    MydisContainer(kSubcommands),
};

}  // namespace

std::span<const CommandSpec> RestoreBackupFamily() { return kFamily; }

}  // namespace mydis
