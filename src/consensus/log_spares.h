// The pool of empty segment files, log/spare-NNNNNNNNNNNN: all blocks written, content without
// meaning. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "consensus/disk.h"

namespace mydis {

class LogSpares {
 public:
  struct Spare {
    std::string path;
    uint64_t size = 0;
    std::unique_ptr<DiskFile> file;
  };

  LogSpares(Disk& disk, std::string directory, uint64_t segment_size, size_t max_spares)
      : disk_(disk),
        directory_(std::move(directory)),
        segment_size_(segment_size),
        max_spares_(max_spares) {}

  // Takes over the spare files of an earlier run and removes half-made and superfluous ones.
  Status Open(const std::vector<std::string>& names);

  // Makes one more, unless there are enough.
  Status Prepare();
  // A file of at least `size` bytes: from the pool if the usual size suffices, else made now. The
  // caller renames it, or gives it back by Return(), which keeps it if it is of the usual size.
  Result<Spare> Take(uint64_t size);
  void Return(Spare spare);
  // Takes the file `path` of `size` bytes out of use: into the pool if it fits in, else removed.
  // `recyclable`: nobody reads the file any more.
  Status Retire(const std::string& path, uint64_t size, bool recyclable);

  size_t count() const;

 private:
  Result<Spare> Make(uint64_t size);
  std::string NewPath();

  Disk& disk_;
  const std::string directory_;
  const uint64_t segment_size_;
  const size_t max_spares_;
  // Held while a file is being made: whoever needs one then waits for it instead of making a
  // second.
  Mutex making_;
  mutable Mutex mutex_;
  std::vector<Spare> spares_ MYDIS_GUARDED_BY(mutex_);
  uint64_t next_number_ MYDIS_GUARDED_BY(mutex_) = 1;
};

}  // namespace mydis
