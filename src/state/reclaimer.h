// What has left the state but still takes memory. Freeing a value of millions of elements, or the
// keys of a database, may take seconds; the thread that applies must not: readers would wait, and
// a leader would lose its followers. So it hands over what is large, and goes on.
#pragma once

#include <cstddef>
#include <memory>

namespace mydis {

// A value, a database or a state that nothing refers to any more. Its destructor frees the memory,
// on whatever thread it runs.
class Remains {
 public:
  virtual ~Remains() = default;
  // How much it is, as INFO counts: 1 for a value, the keys of a database.
  virtual size_t objects() const = 0;
  // Frees about so many allocations ahead of the destructor, for who wants to pause in between.
  // False when the rest is the destructor's.
  virtual bool FreeSome(size_t /*allocations*/) { return false; }
};

// Takes what has left the state. Called by the applying thread; must not block. Nothing that the
// state answers depends on when the memory is free.
class Reclaimer {
 public:
  virtual ~Reclaimer() = default;
  virtual void Reclaim(std::unique_ptr<Remains> remains) = 0;
};

}  // namespace mydis
