// The file `meta`: whose data directory this is. Written once, when the instance joins or founds a
// cluster, after everything else is in place: its presence says that the directory is complete.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "consensus/disk.h"

namespace mydis {

struct InstanceMeta {
  uint64_t cluster_id = 0;   // Random, chosen when the cluster is founded.
  uint64_t raft_id = 0;      // This instance's number in Raft; never used again by another.
  std::string instance_id;   // --instance-id.
  std::string cluster_name;  // --name.
  bool operator==(const InstanceMeta&) const = default;
};

// None if there is no file; kCorrupt if it fails its checksum or is of a newer format.
Result<std::optional<InstanceMeta>> LoadMeta(Disk& disk, const std::string& data_dir);

// Writes it durably and at once.
Status SaveMeta(Disk& disk, const std::string& data_dir, const InstanceMeta& meta);

// kInvalid, with a line that says what to do, when the directory belongs to an instance or a
// cluster other than the command line names. An empty name or a cluster id of 0 accepts any.
Status CheckIdentity(const InstanceMeta& stored, const std::string& data_dir,
                     const std::string& instance_id, const std::string& cluster_name,
                     uint64_t cluster_id);

}  // namespace mydis
