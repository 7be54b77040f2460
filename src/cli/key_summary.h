// What keys there are, by database and type: what verify and a dry run of import show. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace mydis {

// "1 key", "3 keys"; "0 function libraries".
std::string KeysText(uint64_t count);
std::string LibrariesText(uint64_t count);

class KeySummary {
 public:
  void Add(uint32_t db, std::string_view type, bool expires, uint64_t bytes);
  uint64_t keys() const { return keys_; }
  // One line for each database and type, and a head; empty if there is no key.
  std::string Table(bool people) const;

 private:
  struct Sum {
    uint64_t keys = 0;
    uint64_t expiring = 0;
    uint64_t bytes = 0;
  };
  std::map<std::pair<uint32_t, std::string>, Sum> sums_;
  uint64_t keys_ = 0;
};

}  // namespace mydis
