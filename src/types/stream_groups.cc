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

std::optional<int64_t> Stream::EntriesUpTo(StreamId id) const {
  const auto added = static_cast<int64_t>(entries_added());
  if (added == 0) return 0;
  if (size() == 0 && id <= last_id()) return added;
  if (id == last_id()) return added;
  if (id > last_id()) return std::nullopt;
  // With a tombstone at or after the first entry nobody knows what is between.
  if (!max_deleted_id().zero() && max_deleted_id() >= first_id()) return std::nullopt;
  const int64_t before_first = added - static_cast<int64_t>(size());
  if (id < first_id()) return before_first;
  if (id == first_id()) return before_first + 1;
  return std::nullopt;
}

bool Stream::HasTombstonesFrom(StreamId start) const {
  if (size() == 0 || max_deleted_id().zero()) return false;
  return first_id() <= max_deleted_id() && start <= max_deleted_id();
}

std::optional<int64_t> Stream::Lag(const StreamGroup& group) const {
  const auto added = static_cast<int64_t>(entries_added());
  if (added == 0) return 0;
  if (group.entries_read != StreamGroup::kUnknownEntriesRead && !HasTombstonesFrom(group.last_id))
    return added - group.entries_read;
  const auto read = EntriesUpTo(group.last_id);
  if (!read) return std::nullopt;
  return added - *read;
}

void Stream::Advance(StreamGroup& group, StreamId id) const {
  if (group.entries_read != StreamGroup::kUnknownEntriesRead && !HasTombstonesFrom(id)) {
    ++group.entries_read;
  } else if (entries_added() > 0) {
    group.entries_read = EntriesUpTo(id).value_or(StreamGroup::kUnknownEntriesRead);
  }
  group.last_id = id;
}

}  // namespace mydis
