// The bytes of `meta` (little endian):
//
//   0   u64    xxh3 of the bytes from 8 to the end of the file (the same in every version)
//   8   u64    magic "MydiMeta"
//   16  u16    version (kMetaVersion)
//   18  u64    cluster id
//   26  u64    Raft id
//   34  bytes  instance id
//   …   bytes  cluster name
#include "consensus/meta_file.h"

#include <fmt/core.h>

#include "base/codec.h"
#include "base/hash.h"
#include "consensus/storage_error.h"

namespace mydis {
namespace {

constexpr uint64_t kMetaMagic = 0x6174654d6964794d;  // "MydiMeta"
constexpr uint16_t kMetaVersion = 1;
constexpr size_t kChecksumSize = 8;

}  // namespace

Result<std::optional<InstanceMeta>> LoadMeta(Disk& disk, const std::string& data_dir) {
  const std::string path = data_dir + "/meta";
  auto bytes = disk.ReadFile(path);
  if (!bytes && bytes.error().code() == ErrorCode::kNotFound) return std::nullopt;
  if (!bytes) return Fail(bytes.error());
  Decoder in(*bytes);
  const uint64_t checksum = in.U64();
  if (!in.ok() || checksum != Hash64(std::string_view(*bytes).substr(kChecksumSize)))
    return Fail(CorruptFile(path, 0, "the file fails its checksum"));
  if (in.U64() != kMetaMagic) return Fail(CorruptFile(path, 8, "this is no meta file"));
  const uint16_t version = in.U16();
  if (version != kMetaVersion) return Fail(NewerFormat(path, version, kMetaVersion));
  InstanceMeta meta;
  meta.cluster_id = in.U64();
  meta.raft_id = in.U64();
  meta.instance_id = in.Bytes();
  meta.cluster_name = in.Bytes();
  if (!in.ok() || !in.AtEnd())
    return Fail(CorruptFile(path, bytes->size() - in.remaining(), "the file is malformed"));
  return meta;
}

Status SaveMeta(Disk& disk, const std::string& data_dir, const InstanceMeta& meta) {
  std::string bytes(kChecksumSize, '\0');
  Encoder out(bytes);
  out.U64(kMetaMagic);
  out.U16(kMetaVersion);
  out.U64(meta.cluster_id);
  out.U64(meta.raft_id);
  out.Bytes(meta.instance_id);
  out.Bytes(meta.cluster_name);
  StoreLittle(bytes.data(), Hash64(std::string_view(bytes).substr(kChecksumSize)));
  return disk.ReplaceFile(data_dir, "meta", bytes);
}

Status CheckIdentity(const InstanceMeta& stored, const std::string& data_dir,
                     const std::string& instance_id, const std::string& cluster_name,
                     uint64_t cluster_id) {
  if (!instance_id.empty() && instance_id != stored.instance_id)
    return Status(ErrorCode::kInvalid,
                  fmt::format("data directory {} belongs to instance {}, not {}: start with "
                              "--instance-id {}, or choose another --data-dir",
                              data_dir, stored.instance_id, instance_id, stored.instance_id));
  if (!cluster_name.empty() && cluster_name != stored.cluster_name)
    return Status(ErrorCode::kInvalid,
                  fmt::format("data directory {} belongs to cluster {}, not {}: start with --name "
                              "{}, or choose another --data-dir",
                              data_dir, stored.cluster_name, cluster_name, stored.cluster_name));
  if (cluster_id != 0 && cluster_id != stored.cluster_id)
    return Status(
        ErrorCode::kInvalid,
        fmt::format("data directory {} belongs to cluster id {:016x}, not {:016x}: choose "
                    "another --data-dir, or correct --join",
                    data_dir, stored.cluster_id, cluster_id));
  return Status::Ok();
}

}  // namespace mydis
