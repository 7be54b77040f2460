#include "observer.h"

#include <fmt/format.h>

#include "base/hash.h"

namespace mydis::sim {

void Observer::OnApply(uint32_t instance, const LogEntry& entry, const Envelope& envelope,
                       bool fresh) {
  const Record record{entry.term, Hash64(*entry.data), envelope.origin, envelope.sequence, fresh};
  highest_ = std::max(highest_, entry.index);
  const auto [it, first] = history_.emplace(entry.index, record);
  if (!first) {
    const Record& known = it->second;
    if (known.term != record.term || known.hash != record.hash)
      Fail(
          fmt::format("instance {} applies at index {} (term {}) another entry than others did "
                      "(term {})",
                      instance, entry.index, entry.term, known.term));
    if (known.fresh != record.fresh)
      Fail(fmt::format(
          "instance {} {} the entry at index {} (origin {:x}, sequence {}), others "
          "did not",
          instance, fresh ? "takes" : "skips", entry.index, envelope.origin, envelope.sequence));
    return;
  }
  payloads_.emplace(entry.index, *entry.data);
  if (envelope.kind != EntryBody::kCommands || !fresh) return;
  uint64_t& last = sequences_[envelope.origin];
  if (envelope.sequence != last + 1)
    Fail(fmt::format("index {}: origin {:x} goes from sequence {} to {}", entry.index,
                     envelope.origin, last, envelope.sequence));
  last = envelope.sequence;
}

void Observer::OnDigest(uint32_t instance, uint64_t index, uint64_t digest) {
  const auto [it, first] = digests_.emplace(index, digest);
  if (!first && it->second != digest)
    Fail(fmt::format("instance {} has another state than others after index {}", instance, index));
}

void Observer::OnRestore(uint32_t instance, uint64_t index, uint64_t digest) {
  OnDigest(instance, index, digest);
}

void Observer::OnLeader(uint32_t instance, uint64_t term) {
  const auto [it, first] = leaders_.emplace(term, instance);
  if (!first && it->second != instance)
    Fail(fmt::format("instances {} and {} both lead term {}", it->second, instance, term));
}

void Observer::OnCommit(uint32_t instance, uint64_t incarnation, uint64_t commit) {
  uint64_t& last = commits_[{instance, incarnation}];
  if (commit < last)
    Fail(fmt::format("instance {}: the commit index goes back from {} to {}", instance, last,
                     commit));
  last = commit;
}

}  // namespace mydis::sim
