// What is in a backup, or in a stopped instance's data directory: what verify and recover look at.
// Main thread.
#pragma once

#include <string>

#include "cli/key_summary.h"
#include "consensus/recovery.h"

namespace mydis {

// Reads all of a backup (or a snapshot, which is the same), checking every byte, and whether every
// key can be loaded. For people or programs, and ends with a newline.
Result<std::string> BackupReport(DiskFile& file, const std::string& path, bool people);

// "data directory D: instance n1 of cluster mydis (00c0ffee…)", its log and its members, a line
// each.
std::string DirectoryReport(const DirectoryFacts& facts, const std::string& directory);
// "index 17, term 2, of 2026-11-29 08:00 UTC"
std::string LastEntryText(const DirectoryFacts& facts);
// "n1 (10.0.0.1:2382)"
std::string MemberText(const Member& member);

}  // namespace mydis
