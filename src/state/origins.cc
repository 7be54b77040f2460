#include "state/origins.h"

namespace mydis {

bool Origins::Register(uint64_t origin, uint64_t replaces, std::string_view instance) {
  if (table_.contains(origin)) return true;
  if (OriginOf(instance) != replaces) return false;
  table_.erase(replaces);
  table_[origin] = Record{std::string(instance), 0};
  return true;
}

uint64_t Origins::OriginOf(std::string_view instance) const {
  for (const auto& [origin, record] : table_) {
    if (record.instance == instance) return origin;
  }
  return 0;
}

bool Origins::Accept(uint64_t origin, uint64_t sequence) {
  auto it = table_.find(origin);
  if (it == table_.end() || sequence != it->second.last + 1) return false;
  it->second.last = sequence;
  return true;
}

uint64_t Origins::LastApplied(uint64_t origin) const {
  auto it = table_.find(origin);
  return it == table_.end() ? 0 : it->second.last;
}

void Origins::Save(Encoder& out) const {
  out.Varint(table_.size());
  for (const auto& [origin, record] : table_) {
    out.U64(origin);
    out.Bytes(record.instance);
    out.Varint(record.last);
  }
}

bool Origins::Load(Decoder& in) {
  table_.clear();
  for (uint64_t n = in.Varint(); n > 0 && in.ok(); --n) {
    const uint64_t origin = in.U64();
    Record record{std::string(in.Bytes()), 0};
    record.last = in.Varint();
    table_[origin] = std::move(record);
  }
  return in.ok();
}

}  // namespace mydis
