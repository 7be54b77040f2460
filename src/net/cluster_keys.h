// The secrets that all instances of a cluster share, and the file they come from.
//
// A cluster key file holds a key a line, 64 hexadecimal digits; empty lines and lines that begin
// with # are skipped. The first key is used to connect, all are accepted, so that a key can be
// replaced without a stop: add the new one behind on all instances, then move it to the front on
// all, then take the old one away.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mydis/status.h"

namespace mydis {

struct ClusterKey {
  std::string name;    // Shown to whoever connects and in logs; says nothing about the secret.
  std::string secret;  // 32 bytes.
};

// A new key as a line of the file has it, without the end of the line.
std::string GenerateClusterKey();
// The keys in `text`; at least one.
Result<std::vector<ClusterKey>> ParseClusterKeys(std::string_view text);
// The keys in `file`, which nobody but its owner may read.
Result<std::vector<ClusterKey>> LoadClusterKeys(const std::string& file);
// "NAME, NAME", the one that is used to connect first.
std::string NamesOf(const std::vector<ClusterKey>& keys);

}  // namespace mydis
