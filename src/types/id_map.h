// Records in the order of their stream IDs: the nodes of a stream, the lists of pending entries.
//
// Records stand in chunks of at most kChunk, and the chunks in one vector. New records nearly
// always come at the end and old ones mostly go at the beginning: both cost O(1). A look-up is two
// binary searches; a change in the middle moves half a chunk at most.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "types/stream_id.h"

namespace mydis {

// T has a member `StreamId id` and can be moved by copying its bytes. Not thread-safe: the state's
// lock guards it.
template <typename T>
class IdMap {
 public:
  static constexpr uint32_t kChunk = 128;

  IdMap() = default;
  IdMap(IdMap&& other) noexcept
      : chunks_(std::move(other.chunks_)), size_(std::exchange(other.size_, 0)) {}
  IdMap& operator=(IdMap&& other) noexcept {
    std::swap(chunks_, other.chunks_);
    std::swap(size_, other.size_);
    return *this;
  }
  IdMap(const IdMap&) = delete;
  IdMap& operator=(const IdMap&) = delete;
  ~IdMap() {
    for (Chunk& chunk : chunks_) {
      for (uint32_t i = 0; i < chunk.size(); ++i) chunk.at(i).~T();
      std::free(chunk.items);
    }
  }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // REQUIRES: !empty().
  const T& front() const { return chunks_.front().at(0); }
  const T& back() const { return chunks_.back().at(chunks_.back().size() - 1); }
  T& back() { return chunks_.back().at(chunks_.back().size() - 1); }

  // A place in the order; any change of the map makes it invalid.
  class Cursor {
   public:
    bool valid() const { return chunk_ < map_->chunks_.size(); }
    // REQUIRES: valid().
    const T& operator*() const { return map_->chunks_[chunk_].at(index_); }
    const T* operator->() const { return &**this; }
    void Next() {
      if (++index_ < map_->chunks_[chunk_].size()) return;
      ++chunk_;
      index_ = 0;
    }
    // Before the first record: not valid any more.
    void Previous() {
      if (index_ > 0) {
        --index_;
      } else {
        --chunk_;
        if (valid()) index_ = map_->chunks_[chunk_].size() - 1;
      }
    }

   private:
    friend class IdMap;
    Cursor(const IdMap* map, size_t chunk, uint32_t index)
        : map_(map), chunk_(chunk), index_(index) {}
    const IdMap* map_;
    size_t chunk_;
    uint32_t index_;
  };

  Cursor Begin() const { return {this, 0, 0}; }
  Cursor Last() const {
    if (empty()) return Begin();
    return {this, chunks_.size() - 1, chunks_.back().size() - 1};
  }
  // The first record at or after `id`.
  Cursor LowerBound(StreamId id) const {
    if (empty()) return Begin();
    const size_t at = ChunkOf(id);
    const uint32_t index = chunks_[at].LowerBound(id);
    return index < chunks_[at].size() ? Cursor(this, at, index) : Cursor(this, at + 1, 0);
  }
  // The last record at or before `id`; not valid if all come later.
  Cursor Floor(StreamId id) const {
    Cursor cursor = LowerBound(id);
    if (cursor.valid() && cursor->id == id) return cursor;
    if (!cursor.valid()) return Last();
    cursor.Previous();
    return cursor;
  }
  // nullptr if there is no record of that ID.
  const T* Find(StreamId id) const {
    const Cursor cursor = LowerBound(id);
    return cursor.valid() && cursor->id == id ? &*cursor : nullptr;
  }
  T* Find(StreamId id) { return const_cast<T*>(std::as_const(*this).Find(id)); }
  // The record at a cursor, to change anything but its ID.
  T& At(const Cursor& cursor) { return const_cast<T&>(*cursor); }

  // Adds a record. REQUIRES: there is none of that ID. References to others become invalid.
  T& Insert(T record) {
    if (empty() || back().id < record.id) return Append(std::move(record));
    size_t at = ChunkOf(record.id);
    if (chunks_[at].size() == kChunk) {
      Split(at);
      at = ChunkOf(record.id);
    }
    Chunk& chunk = chunks_[at];
    const uint32_t index = chunk.LowerBound(record.id);
    T& placed = chunk.Insert(index, std::move(record));
    ++size_;
    return placed;
  }
  // False if there is no record of that ID.
  bool Erase(StreamId id) {
    const Cursor cursor = LowerBound(id);
    if (!cursor.valid() || cursor->id != id) return false;
    Erase(cursor);
    return true;
  }
  // REQUIRES: cursor.valid().
  void Erase(const Cursor& cursor) {
    Chunk& chunk = chunks_[cursor.chunk_];
    --size_;
    chunk.at(cursor.index_).~T();
    if (chunk.size() > 1) return chunk.Close(cursor.index_);
    std::free(chunk.items);
    chunks_.erase(chunks_.begin() + static_cast<ptrdiff_t>(cursor.chunk_));
  }

  void CheckInvariants() const {
    size_t count = 0;
    const T* previous = nullptr;
    for (const Chunk& chunk : chunks_) {
      MYDIS_ASSERT(chunk.begin < chunk.end && chunk.end <= chunk.capacity, "no empty chunk");
      MYDIS_ASSERT(chunk.first == chunk.at(0).id, "a chunk knows its first ID");
      for (uint32_t i = 0; i < chunk.size(); ++i) {
        MYDIS_ASSERT(previous == nullptr || previous->id < chunk.at(i).id, "in order");
        previous = &chunk.at(i);
      }
      count += chunk.size();
    }
    MYDIS_ASSERT(count == size_, "the size is the number of records");
  }

 private:
  // Records stand in items[begin, end).
  struct Chunk {
    StreamId first;
    T* items = nullptr;
    uint16_t begin = 0;
    uint16_t end = 0;
    uint16_t capacity = 0;

    static void Shift(T* to, const T* from, size_t count) {
      std::memmove(static_cast<void*>(to), static_cast<const void*>(from), count * sizeof(T));
    }
    uint32_t size() const { return end - begin; }
    // At its end, with too little room at its beginning to be worth moving all for it.
    bool full() const { return end == kChunk && begin < kChunk / 2; }
    T& at(uint32_t index) { return items[begin + index]; }
    const T& at(uint32_t index) const { return items[begin + index]; }
    uint32_t LowerBound(StreamId id) const {
      const T* const found = std::lower_bound(items + begin, items + end, id,
                                              [](const T& t, StreamId v) { return t.id < v; });
      return static_cast<uint32_t>(found - (items + begin));
    }
    T& Insert(uint32_t index, T record) {
      if (end == capacity) MakeRoom();
      T* const place = items + begin + index;
      Shift(place + 1, place, size() - index);
      new (place) T(std::move(record));
      ++end;
      first = at(0).id;
      return *place;
    }
    // Closes the gap that a destroyed record left: the shorter side moves. REQUIRES: size() > 1.
    void Close(uint32_t index) {
      if (index < size() / 2) {
        Shift(items + begin + 1, items + begin, index);
        ++begin;
      } else {
        T* const place = items + begin + index;
        Shift(place, place + 1, size() - index - 1);
        --end;
      }
      first = at(0).id;
    }
    // REQUIRES: size() < kChunk.
    void MakeRoom() {
      if (begin > 0) {
        Shift(items, items + begin, size());
        end = static_cast<uint16_t>(size());
        begin = 0;
        return;
      }
      capacity = static_cast<uint16_t>(capacity == 0 ? 1 : std::min(2u * capacity, kChunk));
      items = static_cast<T*>(std::realloc(static_cast<void*>(items), capacity * sizeof(T)));
      MYDIS_ASSERT(items != nullptr, "memory is there");
    }
  };

  // The chunk that holds `id`, if any does. REQUIRES: !empty().
  size_t ChunkOf(StreamId id) const {
    if (!(id < chunks_.back().first)) return chunks_.size() - 1;
    const auto after = std::upper_bound(chunks_.begin(), chunks_.end(), id,
                                        [](StreamId v, const Chunk& c) { return v < c.first; });
    return after == chunks_.begin() ? 0 : static_cast<size_t>(after - chunks_.begin()) - 1;
  }
  T& Append(T record) {
    if (chunks_.empty() || chunks_.back().full()) chunks_.emplace_back();
    ++size_;
    return chunks_.back().Insert(chunks_.back().size(), std::move(record));
  }
  void Split(size_t at) {
    chunks_.emplace(chunks_.begin() + static_cast<ptrdiff_t>(at) + 1);
    Chunk& left = chunks_[at];
    Chunk& right = chunks_[at + 1];
    const uint32_t half = left.size() / 2;
    while (right.capacity < half) right.MakeRoom();
    Chunk::Shift(right.items, &left.at(left.size() - half), half);
    right.end = static_cast<uint16_t>(half);
    right.first = right.at(0).id;
    left.end = static_cast<uint16_t>(left.end - half);
  }

  std::vector<Chunk> chunks_;
  size_t size_ = 0;
};

}  // namespace mydis
