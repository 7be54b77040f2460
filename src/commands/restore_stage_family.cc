// MYDIS STAGE: a backup comes back through the log, in parts that wait beside the keys until all of
// them are there: docs/backup.md. What MYDIS RESTORE and POST /v1/restore are made of.
#include <fmt/format.h>

#include <memory>

#include "commands/arg_parser.h"
#include "commands/cluster_settings.h"
#include "commands/containers.h"
#include "state/restore_stage.h"

namespace mydis {
namespace {

constexpr std::string_view kErrUnderWay =
    "BUSY another backup is being restored; if who began that is gone, wait a minute";
constexpr std::string_view kErrNone =
    "ERR no such restore is under way: nothing was changed. A minute without a part ends it";

// The stage that is under way, if it is this one; else an error has been sent.
RestoreStage* Find(WriteContext& c) {
  RestoreStage* stage = c.state.restoring.get();
  if (stage == nullptr || stage->id != c.args[3]) {
    c.reply.Error(kErrNone);
    return nullptr;
  }
  stage->touched_ms = c.state.time_ms;
  return stage;
}

// Large as it is, its memory is freed by another thread.
void Drop(WriteContext& c) {
  c.state.restoring->keys.FlushAll();
  c.state.restoring.reset();
}

void DropAndFail(WriteContext& c, std::string_view why) {
  Drop(c);
  c.reply.Error(fmt::format("{}: the restore has ended", why));
}

// What is staged is in memory besides what is there.
bool TooMuch(const State& state) {
  const uint64_t limit = state.settings.max_memory();
  return limit != 0 && state.CountedBytes() + state.restoring->keys.MemoryBytes() > limit;
}

void Begin(WriteContext& c) {
  if (c.args.size() != 4) return c.reply.Error(kErrSyntax);
  if (c.state.restoring != nullptr) return c.reply.Error(kErrUnderWay);
  auto stage = std::make_shared<RestoreStage>(std::string(c.args[3]), c.keyspace.hash_seed(),
                                              c.keyspace.databases());
  stage->revision = c.state.revision + RestoreStage::kRevisionsAhead;
  stage->touched_ms = c.state.time_ms;
  stage->keys.set_reclaimer(c.keyspace.reclaimer());
  c.state.restoring = std::move(stage);
  c.reply.Ok();
}

// MYDIS STAGE KEYS id number partition [partition ...]. `number` counts from 0, so that a part that
// is missing or comes twice is noticed.
void Keys(WriteContext& c) {
  RestoreStage* stage = Find(c);
  if (stage == nullptr) return;
  const auto number = c.args.size() < 6 ? std::nullopt : ParseInteger(c.args[4]);
  if (!number || static_cast<uint64_t>(*number) != stage->parts)
    return c.reply.Error(fmt::format("ERR part {} comes next", stage->parts));
  for (const std::string_view partition : c.args.subspan(5)) {
    if (!stage->keys.LoadForeign(partition, stage->revision))
      return DropAndFail(c, "ERR these are no keys of a backup");
  }
  if (TooMuch(c.state))
    return DropAndFail(c, "OOM the backup and the keys that are there need more than 'maxmemory'");
  ++stage->parts;
  c.reply.Ok();
}

void ScriptsOf(WriteContext& c) {
  RestoreStage* stage = Find(c);
  if (stage == nullptr) return;
  if (c.args.size() != 5) return c.reply.Error(kErrSyntax);
  Decoder in(c.args[4]);
  Scripts scripts;
  if (!scripts.Load(in) || !in.AtEnd())
    return DropAndFail(c, "ERR these are no scripts of a backup");
  stage->scripts = std::move(scripts);
  c.reply.Ok();
}

// MYDIS STAGE COMMIT id parts
void Commit(WriteContext& c) {
  RestoreStage* stage = Find(c);
  if (stage == nullptr) return;
  const auto parts = c.args.size() != 5 ? std::nullopt : ParseInteger(c.args[4]);
  if (!parts || static_cast<uint64_t>(*parts) != stage->parts)
    return c.reply.Error(fmt::format("ERR {} parts have come", stage->parts));
  if (stage->revision < c.state.revision)
    return DropAndFail(c, "ERR too much was written meanwhile");
  const std::shared_ptr<RestoreStage> done = std::move(c.state.restoring);
  // Whatever was known of any key is old: also by clients that watch it.
  c.state.revision = done->revision + 1;
  c.keyspace.set_revision(c.state.revision);
  c.keyspace.TakeKeysOf(done->keys);
  if (done->scripts) c.state.scripts = std::move(*done->scripts);
  int64_t keys = 0;
  for (uint32_t db = 0; db < c.keyspace.databases(); ++db)
    keys += static_cast<int64_t>(c.keyspace.Size(db));
  c.reply.Integer(keys);
}

void End(WriteContext& c) {
  if (Find(c) == nullptr) return;
  Drop(c);
  c.reply.Ok();
}

void Stage(WriteContext& c) {
  constexpr std::pair<std::string_view, void (*)(WriteContext&)> kSteps[] = {
      {"BEGIN", Begin}, {"KEYS", Keys}, {"SCRIPTS", ScriptsOf}, {"COMMIT", Commit}, {"DROP", End}};
  for (const auto& [name, run] : kSteps) {
    if (EqualsUpper(c.args[2], name)) return run(c);
  }
  c.reply.Error(kErrSyntax);
}

constexpr CommandSpec kSubcommands[] = {
    {
        .name = "stage",
        .arity = -4,
        .effect = Effect::kWrite,
        .flags = kAdmin | kNoScript | kNoEffectFlag,
        .keys = {},
        .group = Group::kServer,
        .since = "0.1.0",
        .complexity = "O(N) where N is the number of keys in the part",
        .summary = "A step of a restore, which MYDIS RESTORE and HTTP take for you.",
        .arguments = "<step: BEGIN | KEYS | SCRIPTS | COMMIT | DROP> id [argument [argument ...]]",
        .handler = Stage,
    },
};

constexpr CommandSpec kFamily[] = {
    MydisContainer(kSubcommands),
};

}  // namespace

std::span<const CommandSpec> RestoreStageFamily() { return kFamily; }

}  // namespace mydis
