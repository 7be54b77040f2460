// Who may submit, and how far each has come: what makes submissions exactly-once.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/codec.h"

namespace mydis {

// An origin is one process start of one instance. Changed by the applying thread alone.
class Origins {
 public:
  // Registers `origin` in the place of `replaces`, the one that the instance has now (0: none),
  // whose process is gone. False, without change, if the instance has another one: this is a late
  // copy of a dead process's registration. True, without change, if `origin` is registered already.
  bool Register(uint64_t origin, uint64_t replaces, std::string_view instance);
  // True exactly once per sequence number, in order 1, 2, 3 …: then the entry is to be applied.
  bool Accept(uint64_t origin, uint64_t sequence);
  // The last sequence number applied; 0 for an origin that is unknown or has none.
  uint64_t LastApplied(uint64_t origin) const;
  // The origin that the instance is registered with; 0: none.
  uint64_t OriginOf(std::string_view instance) const;
  bool Known(uint64_t origin) const { return table_.contains(origin); }
  size_t size() const { return table_.size(); }

  void Save(Encoder& out) const;
  bool Load(Decoder& in);

 private:
  struct Record {
    std::string instance;
    uint64_t last = 0;
  };
  std::map<uint64_t, Record> table_;
};

}  // namespace mydis
