// The file system as storage sees it. PosixDisk is the real one; SimDisk is its deterministic twin
// in memory, which forgets what was not synced and fails on demand.
//
// What callers may rely on, and all that they may rely on, after the machine has crashed:
//  - bytes written with Durability::kDurable, or before a Sync() of their file, are there, once the
//    file's name is;
//  - other bytes are there or not, sector by sector, in any combination;
//  - a name that was created, renamed or removed before a SyncDirectory() of its directory stays
//  so;
//    other changes of names each happened or did not.
//
// Error codes of every call here: kDiskFull (no room: ENOSPC, EDQUOT), kNotFound, kExists, kBusy
// (locked by another process), kIo (anything else; the message has the path and the system's
// words). After kIo from a write or a sync nobody knows what the disk holds: the caller stops the
// process.
//
// Paths are joined with '/'. Any thread may use a Disk; a DiskFile may be read from any thread
// while another writes it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mydis/status.h"

namespace mydis {

// Writes that start on a multiple of this and cover whole blocks need no read from the disk first,
// and cannot hurt bytes outside of them when they are torn.
inline constexpr uint64_t kDiskBlock = 4096;

enum class Durability : uint8_t {
  kBuffered,  // May be lost or torn by a crash until Sync().
  kDurable,   // On the disk when the call returns.
};

enum class OpenMode : uint8_t {
  kRead,     // Must exist.
  kWrite,    // Must exist; read and write.
  kCreate,   // Must not exist (kExists); read and write.
  kReplace,  // Made empty if it exists; read and write.
};

// An open file; closed by its destructor. It stays usable after its name was renamed or removed.
class DiskFile {
 public:
  virtual ~DiskFile() = default;
  // Reads out.size() bytes at `offset`; fewer only where the file ends. Gives the number read.
  virtual Result<size_t> ReadAt(uint64_t offset, std::span<char> out) = 0;
  // Writes all pieces one after the other, beginning at `offset`. After an error any part of them
  // may have been written. kDiskFull: writing the same place again later is safe.
  virtual Status WriteAt(uint64_t offset, std::span<const std::string_view> pieces,
                         Durability durability) = 0;
  // Makes everything written to this file so far durable.
  virtual Status Sync() = 0;
  // Makes the file `size` bytes of zeros with every block of it written, durably, so that later
  // writes into it need no room and change no metadata. REQUIRES: the file is empty.
  virtual Status Allocate(uint64_t size) = 0;
  virtual Result<uint64_t> Size() = 0;
};

// Holds a directory for this process until it is destroyed.
class DiskLock {
 public:
  virtual ~DiskLock() = default;
};

class Disk {
 public:
  virtual ~Disk() = default;
  virtual Result<std::unique_ptr<DiskFile>> Open(const std::string& path, OpenMode mode) = 0;
  // Replaces `to` if it exists. Both are files of the same file system.
  virtual Status Rename(const std::string& from, const std::string& to) = 0;
  // Removes a file; kNotFound if there is none.
  virtual Status Remove(const std::string& path) = 0;
  // The names in a directory, sorted, without "." and "..".
  virtual Result<std::vector<std::string>> List(const std::string& directory) = 0;
  // Makes the directory and its missing parents; no error if it is there.
  virtual Status CreateDirectory(const std::string& path) = 0;
  virtual Status SyncDirectory(const std::string& path) = 0;
  // One holder of the lock file `path`, in this process or another, at a time. kBusy names the
  // process that holds it and the directory.
  virtual Result<std::unique_ptr<DiskLock>> Lock(const std::string& path) = 0;
  // Bytes that this process may still write in the file system that holds `path`.
  virtual Result<uint64_t> FreeSpace(const std::string& path) = 0;

  // Helpers on top of the above.
  Result<bool> Exists(const std::string& path);
  // The whole file; for small ones.
  Result<std::string> ReadFile(const std::string& path);
  // Puts `bytes` in `directory`/`name` at once: after a crash the old file is there, or the new
  // one.
  Status ReplaceFile(const std::string& directory, const std::string& name, std::string_view bytes);
};

// Reads exactly out.size() bytes; kCorrupt, naming `path` and the offset, if the file ends before.
Status ReadFully(DiskFile& file, const std::string& path, uint64_t offset, std::span<char> out);

inline Status WriteAt(DiskFile& file, uint64_t offset, std::string_view bytes,
                      Durability durability) {
  return file.WriteAt(offset, std::span(&bytes, 1), durability);
}

}  // namespace mydis
