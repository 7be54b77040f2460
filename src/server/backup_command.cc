// MYDIS BACKUP: a consistent copy of the whole state, as a client reads it piece by piece.
#include "base/error_table.h"
#include "commands/arg_parser.h"
#include "commands/containers.h"
#include "commands/subcommands.h"
#include "server/backup_file.h"
#include "server/connection.h"
#include "server/local_context.h"
#include "server/local_families.h"
#include "server/node.h"
#include "server/snapshot_request.h"

namespace mydis {
namespace {

constexpr int64_t kLargestPiece = 4 << 20;

void ReplyOpened(ClientSession& session, std::unique_ptr<SnapshotSource> source, Reply& reply) {
  const SnapshotInfo info = source->info();
  session.backup = std::make_shared<BackupFile>(std::move(source));
  reply.MapHeader(2);
  reply.Bulk("size");
  reply.Integer(static_cast<int64_t>(info.file_size));
  reply.Bulk("log-index");
  reply.Integer(static_cast<int64_t>(info.id.index));
}

// The audit log has the backup once, not every piece of it.
void Start(LocalContext& c) {
  using Opened = Result<std::unique_ptr<SnapshotSource>>;
  const auto note = [&log = c.node.audit_log(), &session = c.session](std::string_view outcome) {
    log.Administered(session.user, session.record->address, R"("mydis" "backup" "start")", outcome);
  };
  WithSnapshot(c.thread,
               [resume = c.Suspend(), &session = c.session, note](Replica* replica, Status status) {
                 Opened opened = status.ok() ? replica->OpenSnapshot() : Opened(Fail(status));
                 resume([&session, note, opened = std::move(opened)](Reply& reply) mutable {
                   note(opened ? "done" : "failed");
                   if (!opened) return reply.Error(RedisError(opened.error()));
                   ReplyOpened(session, *std::move(opened), reply);
                 });
               });
}

// What has just been written is in the system's cache, so that this does not wait for the disk.
void Read(LocalContext& c, ArgParser& parser) {
  const int64_t offset = parser.Integer();
  const int64_t count = parser.Integer();
  if (offset < 0 || count < 1 || count > kLargestPiece)
    parser.Fail("ERR a piece has an offset of 0 or more, and from 1 to 4194304 bytes");
  if (!parser.error().empty()) return c.reply.Error(parser.error());
  if (c.session.backup == nullptr)
    return c.reply.Error("ERR no backup is open on this connection: MYDIS BACKUP START");
  auto bytes = c.session.backup->source().ReadChunk(static_cast<uint64_t>(offset),
                                                    static_cast<size_t>(count));
  if (!bytes) return c.reply.Error(RedisError(bytes.error()));
  c.reply.Bulk(*bytes);
}

void Backup(LocalContext& c) {
  if (c.in_transaction)
    return c.reply.Error("ERR MYDIS BACKUP is not allowed inside a transaction");
  ArgParser parser(c.args, 2);
  if (parser.Accept("START") && c.args.size() == 3) return Start(c);
  if (EqualsUpper(c.args[2], "READ") && c.args.size() == 5) {
    parser.Accept("READ");
    return Read(c, parser);
  }
  if (!EqualsUpper(c.args[2], "END") || c.args.size() != 3) return c.reply.Error(kErrSyntax);
  c.session.backup.reset();
  c.reply.Ok();
}

constexpr CommandSpec kSubcommands[] = {
    {.name = "backup",
     .arity = -3,
     .effect = Effect::kLocal,
     .flags = kAdmin | kNoScript | kNoMulti,
     .group = Group::kServer,
     .since = "0.1.0",
     .complexity = "O(N) to start, where N is the number of keys; else of the bytes read",
     .summary = "Reads a snapshot of the whole state.",
     .arguments = "<step: START | <read: READ offset:integer count:integer> | END>",
     .handler = Backup},
};

constexpr CommandSpec kFamily[] = {
    MydisContainer(kSubcommands),
};

}  // namespace

std::span<const CommandSpec> BackupFamily() { return kFamily; }

}  // namespace mydis
