// A file system in memory that keeps the promises of disk.h and not one more: Crash() loses or
// tears what was not synced, by a seed. Faults are injected by name. The same calls with the same
// seeds give the same bytes. Any thread; tests and simulator only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/random.h"
#include "consensus/disk.h"

namespace mydis {

// The operations that change what is on a SimDisk.
enum class DiskOp : uint8_t {
  kOpen,
  kWrite,
  kSync,
  kAllocate,
  kRename,
  kRemove,
  kSyncDirectory,
};

class SimDisk final : public Disk {
 public:
  SimDisk();
  ~SimDisk() override;

  Result<std::unique_ptr<DiskFile>> Open(const std::string& path, OpenMode mode) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Result<std::vector<std::string>> List(const std::string& directory) override;
  Status CreateDirectory(const std::string& path) override;
  Status SyncDirectory(const std::string& path) override;
  Result<std::unique_ptr<DiskLock>> Lock(const std::string& path) override;
  Result<uint64_t> FreeSpace(const std::string& path) override;

  // The machine stops and starts again: each sector and each name that was not synced is, by the
  // seed, as it was when last synced or as one of the later writes left it. Locks are gone. Files
  // opened before give kIo from now on.
  void Crash(uint64_t seed);

  // The process dies and the machine goes on: nothing is lost, but nothing is more durable than it
  // was.
  void KillProcess();

  // The power fails during the `n`-th changing operation from now (1: the next one): it happens in
  // part, like anything not synced, and every call fails with kIo until Crash() or
  // KillProcess(). 0 calls that off.
  void StopAfter(uint64_t n);
  bool stopped() const;
  // How many changing operations there have been.
  uint64_t operations() const;

  // Bytes that all files together may have; growing beyond gives kDiskFull. None: no limit.
  void SetCapacity(std::optional<uint64_t> bytes);
  uint64_t UsedBytes() const;

  // Asked before every changing operation; an error it gives is the operation's result, and nothing
  // of it happens. It must not call the disk. An empty
  // function takes the fault away.
  using Fault = std::function<Status(DiskOp, const std::string& path)>;
  void SetFault(Fault fault);

  // Damage to what is on the disk, for tests of recovery. REQUIRES: the file exists.
  void FlipBit(const std::string& path, uint64_t bit);
  void ZeroRange(const std::string& path, uint64_t offset, uint64_t length);
  void TruncateFile(const std::string& path, uint64_t size);
  void DeleteFile(const std::string& path);
  std::string Contents(const std::string& path) const;

  // An independent copy of everything, without faults: one state can be damaged in many ways.
  std::unique_ptr<SimDisk> Clone() const;

 private:
  friend class SimFile;
  friend class SimLock;
  struct Inode;
  struct NameChange;
  using Names = std::map<std::string, std::shared_ptr<Inode>>;

  Status Begin(DiskOp op, const std::string& path) MYDIS_REQUIRES(mutex_);
  Status WriteLocked(Inode& inode, const std::string& path, uint64_t offset,
                     std::span<const std::string_view> pieces, Durability durability)
      MYDIS_REQUIRES(mutex_);
  Status CheckRoom(const Inode& inode, const std::string& path, uint64_t size) const
      MYDIS_REQUIRES(mutex_);
  Inode& Find(const std::string& path) const MYDIS_REQUIRES(mutex_);
  uint64_t UsedBytesLocked() const MYDIS_REQUIRES(mutex_);
  void RestartLocked() MYDIS_REQUIRES(mutex_);

  mutable Mutex mutex_;
  Names names_ MYDIS_GUARDED_BY(mutex_);                      // As a running program sees them.
  Names durable_names_ MYDIS_GUARDED_BY(mutex_);              // As of each directory's last sync.
  std::vector<NameChange> changes_ MYDIS_GUARDED_BY(mutex_);  // Since then, in order.
  std::set<std::string> directories_ MYDIS_GUARDED_BY(mutex_);
  std::set<std::string> locks_ MYDIS_GUARDED_BY(mutex_);
  uint64_t generation_ MYDIS_GUARDED_BY(mutex_) = 0;  // Counts crashes.
  uint64_t operations_ MYDIS_GUARDED_BY(mutex_) = 0;
  uint64_t stop_at_ MYDIS_GUARDED_BY(mutex_) = 0;  // The operation that does not complete; 0: none.
  bool stopped_ MYDIS_GUARDED_BY(mutex_) = false;
  std::optional<uint64_t> capacity_ MYDIS_GUARDED_BY(mutex_);
  Fault fault_ MYDIS_GUARDED_BY(mutex_);
};

}  // namespace mydis
