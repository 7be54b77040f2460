// A backup of a running instance, read over its Redis port (MYDIS BACKUP) as if it were a file.
// Main thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "client/remote_connection.h"
#include "consensus/disk.h"

namespace mydis {

// Reading goes from the front to the end, and may begin anew.
class RemoteBackup final : public DiskFile {
 public:
  // Has the instance take a snapshot of all that the cluster has committed by now.
  // `notice` gets a line if nobody can say what that is. `connection` is logged in and outlives
  // this.
  static Result<std::unique_ptr<RemoteBackup>> Start(
      RemoteConnection& connection, const std::function<void(const std::string&)>& notice);

  // Takes every piece of the file, in order, when it has come.
  using OnPiece = std::function<Status(std::string_view bytes)>;
  void set_on_piece(OnPiece on_piece) { on_piece_ = std::move(on_piece); }
  uint64_t size() const { return size_; }
  uint64_t log_index() const { return log_index_; }
  // REQUIRES: no other command is sent before this, except by ReadAt.
  Status End();

  // kInvalid for an offset before the last one that is not 0.
  Result<size_t> ReadAt(uint64_t offset, std::span<char> out) override;
  Result<uint64_t> Size() override { return size_; }
  // It cannot be written.
  Status WriteAt(uint64_t, std::span<const std::string_view>, Durability) override;
  Status Sync() override;
  Status Allocate(uint64_t) override;

 private:
  RemoteBackup(RemoteConnection& connection, uint64_t size, uint64_t log_index)
      : connection_(connection), size_(size), log_index_(log_index) {}
  Status AskAhead();
  Status TakePiece();

  RemoteConnection& connection_;
  const uint64_t size_;
  const uint64_t log_index_;
  OnPiece on_piece_;
  std::string buffer_;  // Of the file, from start_ on.
  uint64_t start_ = 0;
  bool asked_ = false;  // For the piece behind the buffer.
};

}  // namespace mydis
