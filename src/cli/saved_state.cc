#include "cli/saved_state.h"

#include <fmt/format.h>

#include "cli/backup_keys.h"
#include "cli/progress.h"
#include "cli/time_text.h"

namespace mydis {
namespace {

std::string_view TypeName(ValueType type) {
  switch (type) {
    case ValueType::kString:
      return "string";
    case ValueType::kList:
      return "list";
    case ValueType::kSet:
      return "set";
    case ValueType::kSortedSet:
      return "zset";
    case ValueType::kHash:
      return "hash";
    case ValueType::kStream:
      return "stream";
  }
  return "";
}

}  // namespace

Result<std::string> BackupReport(DiskFile& file, const std::string& path, bool people) {
  const auto size = file.Size();
  if (!size) return Fail(size.error());
  auto items = BackupItems::Open(file, path);
  if (!items) return Fail(items.error());
  const SnapshotHeader& header = (*items)->header();
  std::string title =
      fmt::format("snapshot of cluster {:016x} at log index {}, term {}, {}\n", header.cluster_id,
                  header.id.index, header.id.term, BytesText(*size));
  KeySummary keys;
  std::string rest;
  Progress progress({.label = "verify", .total = *size, .items = "keys"});
  const auto head = [&](const State& state) {
    title += fmt::format("of {}, revision {}\n",
                         UtcText(static_cast<int64_t>(state.time_ms / 1000)), state.revision);
    rest =
        fmt::format("{}, {} scripts, {} users\n", LibrariesText(state.scripts.libraries().size()),
                    state.scripts.size(), state.users.all().size());
    return Status::Ok();
  };
  const auto key = [&](uint32_t db, const Entry& entry, std::optional<int64_t> deadline_ms) {
    keys.Add(db, TypeName(entry.type()), deadline_ms.has_value(), Keyspace::CostOf(entry));
    return Status::Ok();
  };
  const Status status =
      ReadBackup(**items, {.head = head, .key = key, .progress = [&](uint64_t offset) {
                             progress.Update(offset, keys.keys());
                           }});
  if (!status.ok()) return Fail(status);
  return title + keys.Table(people) + KeysText(keys.keys()) + ", " + rest;
}

std::string MemberText(const Member& member) {
  return fmt::format("{} ({})", member.instance_id, MemberAddress(member));
}

std::string LastEntryText(const DirectoryFacts& facts) {
  std::string text = fmt::format("index {}, term {}", facts.last_index, facts.last_term);
  if (facts.last_time_ms > 0)
    text += ", of " + UtcText(static_cast<int64_t>(facts.last_time_ms / 1000));
  return text;
}

std::string DirectoryReport(const DirectoryFacts& facts, const std::string& directory) {
  std::string text =
      fmt::format("data directory {}: instance {} of cluster {} ({:016x})\n", directory,
                  facts.meta.instance_id, facts.meta.cluster_name, facts.meta.cluster_id);
  text += fmt::format("log from index {} on; last entry: {}; committed up to index {}\n",
                      facts.first_index, LastEntryText(facts), facts.committed);
  text += "members:";
  for (const Member& member : facts.members.List())
    text += fmt::format(" {}{}", MemberText(member),
                        member.role == MemberRole::kLearner ? ", learner;" : ";");
  text.back() = '\n';
  return text;
}

}  // namespace mydis
