// What a stream knows of its groups, and how far they have read.
#include "types/stream.h"

namespace mydis {

const StreamGroup* Stream::FindGroup(std::string_view name) const {
  const auto found = groups().find(name);
  return found == groups().end() ? nullptr : &found->second;
}

StreamGroup* Stream::FindGroup(std::string_view name) {
  return const_cast<StreamGroup*>(std::as_const(*this).FindGroup(name));
}

StreamGroup& Stream::CreateGroup(std::string_view name) {
  Body& body = MutableBody();
  const auto [place, created] = body.groups.try_emplace(std::string(name), body.memory);
  MYDIS_ASSERT(created, "there is no group of that name");
  body.memory += kGroupCost + name.size();
  return place->second;
}

bool Stream::DestroyGroup(std::string_view name) {
  if (body_ == nullptr) return false;
  const auto found = body_->groups.find(name);
  if (found == body_->groups.end()) return false;
  body_->memory -= kGroupCost + found->first.size();
  body_->groups.erase(found);
  return true;
}

// Clients may set both counts to anything (XSETID, XGROUP, RESTORE), so they wrap around.
static int64_t Difference(uint64_t added, int64_t read) {
  return static_cast<int64_t>(added - static_cast<uint64_t>(read));
}

std::optional<int64_t> Stream::EntriesUpTo(StreamId id) const {
  const auto added = static_cast<int64_t>(entries_added());
  if (added == 0) return 0;
  if (size() == 0 && id <= last_id()) return added;
  if (id == last_id()) return added;
  if (id > last_id()) return std::nullopt;
  // With a tombstone at or after the first entry nobody knows what is between.
  if (!max_deleted_id().zero() && max_deleted_id() >= first_id()) return std::nullopt;
  const uint64_t before_first = entries_added() - size();
  if (id < first_id()) return static_cast<int64_t>(before_first);
  if (id == first_id()) return static_cast<int64_t>(before_first + 1);
  return std::nullopt;
}

bool Stream::HasTombstonesFrom(StreamId start) const {
  if (size() == 0 || max_deleted_id().zero()) return false;
  return first_id() <= max_deleted_id() && start <= max_deleted_id();
}

std::optional<int64_t> Stream::Lag(const StreamGroup& group) const {
  if (entries_added() == 0) return 0;
  if (group.entries_read != StreamGroup::kUnknownEntriesRead && !HasTombstonesFrom(group.last_id))
    return Difference(entries_added(), group.entries_read);
  const auto read = EntriesUpTo(group.last_id);
  if (!read) return std::nullopt;
  return Difference(entries_added(), *read);
}

void Stream::Advance(StreamGroup& group, StreamId id) const {
  if (group.entries_read != StreamGroup::kUnknownEntriesRead && !HasTombstonesFrom(id)) {
    group.entries_read = static_cast<int64_t>(static_cast<uint64_t>(group.entries_read) + 1);
  } else if (entries_added() > 0) {
    group.entries_read = EntriesUpTo(id).value_or(StreamGroup::kUnknownEntriesRead);
  }
  group.last_id = id;
}

}  // namespace mydis
