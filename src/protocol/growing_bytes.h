// A byte buffer that grows towards an announced size only as bytes really arrive. One thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

#include "base/assert.h"

namespace mydis {

class GrowingBytes {
 public:
  // Will be `final_size` bytes long.
  explicit GrowingBytes(size_t final_size) : final_size_(final_size) {}

  std::string_view view() const { return {data_.get(), size_}; }
  const char* data() const { return data_.get(); }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  size_t missing() const { return final_size_ - size_; }

  // Room for the next bytes, at least one unless none is missing. Doubles when it is full, so a
  // sender that announces much and sends little holds little; realloc moves pages, not bytes.
  std::span<char> Room() {
    if (size_ == capacity_ && missing() > 0) Grow(std::max(kSmallest, 2 * capacity_));
    return {data_.get() + size_, capacity_ - size_};
  }
  // `n` bytes were written to the start of Room().
  void Filled(size_t n) { size_ += n; }
  // REQUIRES: bytes.size() <= missing().
  void Append(std::string_view bytes) {
    if (bytes.size() > capacity_ - size_) Grow(std::max(size_ + bytes.size(), 2 * capacity_));
    if (!bytes.empty()) std::memcpy(data_.get() + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }

 private:
  static constexpr size_t kSmallest = 64 * 1024;
  struct Free {
    void operator()(char* p) const { std::free(p); }
  };

  void Grow(size_t capacity) {
    capacity_ = std::min(capacity, final_size_);
    char* grown = static_cast<char*>(std::realloc(data_.get(), capacity_));
    MYDIS_ASSERT(grown != nullptr, "out of memory");
    (void)data_.release();
    data_.reset(grown);
  }

  std::unique_ptr<char, Free> data_;
  size_t size_ = 0;
  size_t capacity_ = 0;
  size_t final_size_;
};

}  // namespace mydis
