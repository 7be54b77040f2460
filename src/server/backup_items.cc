#include "server/backup_items.h"

namespace mydis {

Result<std::unique_ptr<BackupItems>> BackupItems::Open(DiskFile& file, const std::string& path) {
  auto scanner = SnapshotScanner::Open(file, path);
  if (!scanner) return Fail(scanner.error());
  return std::unique_ptr<BackupItems>(new BackupItems(*std::move(scanner)));
}

Result<std::optional<SnapshotItem>> BackupItems::Next() {
  while (true) {
    auto item = splitter_.Next();
    if (!item || *item) return item;
    auto block = scanner_->Next();
    if (!block) return Fail(block.error());
    if (block->empty()) break;
    splitter_.Add(*block);
  }
  if (!splitter_.done()) return Fail(ErrorCode::kCorrupt, "the state in it ends too early");
  return std::optional<SnapshotItem>();
}

}  // namespace mydis
