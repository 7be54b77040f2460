// One open file of the machine's file system. See disk.h for what its calls promise.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "consensus/descriptor.h"
#include "consensus/direct_writer.h"
#include "consensus/disk.h"

struct iovec;

namespace mydis {

// The error of a system call, in Disk's codes: "PATH: DOING: the system's words".
Status SystemError(std::string_view doing, const std::string& path, int error);

class PosixFile final : public DiskFile {
 public:
  PosixFile(Descriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<size_t> ReadAt(uint64_t offset, std::span<char> out) override;
  Status WriteAt(uint64_t offset, std::span<const std::string_view> pieces,
                 Durability durability) override;
  Status Sync() override;
  Status Allocate(uint64_t size) override;
  Result<uint64_t> Size() override;

 private:
  // Writes all of [next, end), in as many calls as the system makes of it. Gives the bytes written.
  Result<uint64_t> WriteVectors(uint64_t offset, iovec* next, iovec* end, bool durable);

  const Descriptor fd_;
  const std::string path_;
  std::atomic<bool> dsync_supported_{true};
  DirectWriter direct_{fd_};
};

}  // namespace mydis
