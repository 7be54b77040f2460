#include "consensus/recovery.h"

#include <algorithm>

#include "base/envelope.h"
#include "consensus/membership.h"

namespace mydis {
namespace {

// So much of the log is written at once.
constexpr uint64_t kGroupBytes = 1 << 20;

// The configuration that a change leads to, if every step of it is taken at once.
ConfState After(ConfState state, const ConfChange& change) {
  for (const ConfChangeStep& step : change.steps) {
    std::erase(state.voters, step.id);
    std::erase(state.learners, step.id);
    if (step.kind == ConfChangeKind::kAddVoter) state.voters.push_back(step.id);
    if (step.kind == ConfChangeKind::kAddLearner) state.learners.push_back(step.id);
  }
  state.voters_outgoing.clear();
  state.learners_next.clear();
  return state;
}

Status AddChanges(LogStore& log, uint64_t from, Members& members) {
  for (const LogEntry& entry : log.Entries()) {
    if (entry.kind != EntryKind::kConfChange || entry.index < from) continue;
    const auto change =
        DecodeConfChange(entry.data ? std::string_view(*entry.data) : std::string_view());
    if (!change) return change.error();
    members.Apply(change->context, After(members.conf_state(), *change));
  }
  return Status::Ok();
}

// Of the last entry that has one, looking back from the end.
Result<uint64_t> LastTime(LogStore& log) {
  for (uint64_t index = log.LastIndex(); index >= log.FirstIndex(); --index) {
    const auto entry = log.Read(index);
    if (!entry) return Fail(entry.error());
    Envelope envelope;
    if (entry->kind == EntryKind::kNormal && entry->data && LoadEnvelope(*entry->data, &envelope))
      return envelope.time_ms;
  }
  return uint64_t{0};
}

// The new table has this instance alone, and goes on with numbers that nobody has had.
Result<std::string> AloneMeta(const DirectoryFacts& facts) {
  const uint64_t id = facts.meta.raft_id;
  if (facts.members.Find(id) == nullptr)
    return Fail(ErrorCode::kInvalid,
                "this instance was removed from its cluster: recover another one");
  Members alone = facts.members;
  alone.Apply({}, ConfState{.voters = {id}});
  std::string meta;
  alone.Save(meta);
  return meta;
}

class Writer {
 public:
  Writer(Disk& disk, Storage& storage, const DirectoryFacts& facts, std::string directory,
         const std::function<void(uint64_t)>& progress)
      : disk_(disk),
        storage_(storage),
        facts_(facts),
        directory_(std::move(directory)),
        progress_(progress) {}

  Status Write(uint64_t cluster_id) {
    const auto alone = AloneMeta(facts_);
    if (!alone) return alone.error();
    if (!facts_.snapshot)
      return {ErrorCode::kInvalid, "this instance has no snapshot yet: recover another one"};
    if (Status status = CopySnapshot(cluster_id, *alone); !status.ok()) return status;
    if (Status status = CopyLog(); !status.ok()) return status;
    InstanceMeta meta = facts_.meta;
    meta.cluster_id = cluster_id;
    return SaveMeta(disk_, directory_, meta);
  }

 private:
  Status CopySnapshot(uint64_t cluster_id, const std::string& meta) {
    auto store = SnapshotStore::Open(disk_, directory_ + "/snapshots", cluster_id);
    if (!store) return store.error();
    auto reader = storage_.snapshots().OpenReader(facts_.snapshot->id);
    if (!reader) return reader.error();
    auto writer = (*store)->Create(facts_.snapshot->id, meta);
    if (!writer) return writer.error();
    while (true) {
      const auto bytes = (*reader)->Next();
      if (!bytes) return bytes.error();
      if (bytes->empty()) break;
      if (Status status = (*writer)->Append(*bytes); !status.ok()) return status;
      Count(bytes->size());
    }
    const auto info = (*writer)->Commit();
    return info ? Status::Ok() : info.error();
  }

  Status CopyLog() {
    const SnapshotId base = facts_.snapshot->id;
    auto log = LogStore::Create(disk_, directory_ + "/log", {}, base.index, base.term);
    if (!log) return log.error();
    std::vector<LogEntry> group;
    uint64_t group_bytes = 0;
    for (uint64_t index = base.index + 1; index <= facts_.last_index; ++index) {
      auto entry = storage_.log().Read(index);
      if (!entry) return entry.error();
      // The configuration is that of the snapshot, for good.
      if (entry->kind == EntryKind::kConfChange)
        entry = LogEntry{.index = entry->index, .term = entry->term};
      group_bytes += entry->Size();
      group.push_back(*std::move(entry));
      if (group_bytes < kGroupBytes) continue;
      if (Status status = Append(**log, group); !status.ok()) return status;
      Count(group_bytes);
      group_bytes = 0;
    }
    if (Status status = Append(**log, group); !status.ok()) return status;
    return (*log)->Close();
  }

  Status Append(LogStore& log, std::vector<LogEntry>& group) {
    const HardState hard_state{.term = std::max(storage_.log().hard_state().term, facts_.last_term),
                               .commit = facts_.committed};
    Status status = log.Append({.hard_state = hard_state, .entries = group});
    group.clear();
    return status;
  }

  void Count(uint64_t bytes) {
    written_ += bytes;
    progress_(written_);
  }

  Disk& disk_;
  Storage& storage_;
  const DirectoryFacts& facts_;
  const std::string directory_;
  const std::function<void(uint64_t)>& progress_;
  uint64_t written_ = 0;
};

}  // namespace

Result<DirectoryFacts> ExamineStorage(Storage& storage) {
  LogStore& log = storage.log();
  DirectoryFacts facts{.meta = storage.meta(),
                       .snapshot = storage.start_snapshot(),
                       .first_index = log.FirstIndex(),
                       .last_index = log.LastIndex(),
                       .committed = log.hard_state().commit};
  if (const auto term = log.Term(facts.last_index)) facts.last_term = *term;
  uint64_t known_to = 0;
  if (facts.snapshot) {
    if (Status status = facts.members.Load(facts.snapshot->meta); !status.ok()) return Fail(status);
    known_to = facts.snapshot->id.index;
    facts.committed = std::max(facts.committed, known_to);
  }
  if (Status status = AddChanges(log, known_to + 1, facts.members); !status.ok())
    return Fail(status);
  const auto time = LastTime(log);
  if (!time) return Fail(time.error());
  facts.last_time_ms = *time;
  return facts;
}

Status WriteRecovered(Disk& disk, Storage& storage, const DirectoryFacts& facts,
                      const std::string& directory, uint64_t new_cluster_id,
                      const std::function<void(uint64_t bytes)>& progress) {
  return Writer(disk, storage, facts, directory, progress).Write(new_cluster_id);
}

}  // namespace mydis
