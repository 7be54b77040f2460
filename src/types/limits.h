// How large a collection may be in its compact form, and other limits that decide how a value is
// kept: cluster-wide settings with Redis's names and defaults, since OBJECT ENCODING and memory
// show them.
#pragma once

#include <cstdint>

namespace mydis {

struct EncodingLimits {
  uint64_t hash_max_listpack_entries = 512;
  uint64_t hash_max_listpack_value = 64;  // Bytes.
  uint64_t set_max_intset_entries = 512;
  uint64_t set_max_listpack_entries = 128;
  uint64_t set_max_listpack_value = 64;  // Bytes.
  uint64_t zset_max_listpack_entries = 128;
  uint64_t zset_max_listpack_value = 64;  // Bytes.
  // Positive: elements of a list's node; -1 to -5: 4, 8, 16, 32 or 64 KiB a node.
  int64_t list_max_listpack_size = -2;
  uint64_t hll_sparse_max_bytes = 3000;
  uint64_t stream_node_max_bytes = 4096;   // 0: no limit.
  uint64_t stream_node_max_entries = 100;  // 0: no limit.
};

}  // namespace mydis
