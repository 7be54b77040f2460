// How an instance with an empty data directory gets into a cluster: it founds one, joins one, or
// finds with others which of them founds it (--expect). Runs before there is a Replica; its result
// is what goes into the data directory (Storage::Initialise) and then to Replica::Open.
//
// --expect N. Every fresh instance probes the addresses of --join and whomever it hears of by that.
//  - If anybody is in a cluster of this name already, it joins that.
//  - Otherwise the one with the lowest instance id among N known ones claims: it asks each of the
//    others for its promise. An instance promises once, to one claimer and for good (while its
//    process lives), and refuses others. With all N - 1 promises the claimer founds; the rest join.
//  - Two can never found: both would need every expected instance's promise, each other's included.
//    A claimer gives its own promise to itself first. One that dies after it was promised is waited
//    for; if it comes back with an empty directory under the same instance id, the promise holds
//    for it.
//
// A step machine like Replica. Thread: one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "consensus/meta_file.h"
#include "consensus/transport.h"
#include "mydis/status.h"

namespace mydis {

struct FounderOptions {
  std::string cluster_name = "mydis";
  Member self;  // Without a raft id.
  // Where others may be: host and Raft port. The caller expands a DNS name that stands for several.
  std::vector<std::pair<std::string, uint16_t>> seeds;
  // 0: join through the seeds. 1, or 0 without seeds: found a cluster at once. More: discovery.
  uint32_t expect = 0;
  uint64_t retry_us = 250'000;
  uint64_t request_timeout_us = 2'000'000;
  uint64_t seed = 0;  // Of chance; 0: from the operating system.
};

struct Founded {
  InstanceMeta meta;
  std::vector<Member> members;  // Of a cluster that was joined; empty for a founder.
};

class Founder {
 public:
  Founder(FounderOptions options, Clock& clock, Transport& transport);
  ~Founder();
  Founder(const Founder&) = delete;
  Founder& operator=(const Founder&) = delete;

  // Does what is due; returns when to be called again at the latest.
  uint64_t Turn();
  // Answers the probes of others. REQUIRED as long as there is no Replica.
  void ReceiveRequest(WireMessage message, Respond respond);
  // Set once it is decided. The caller initialises the directory and opens a Replica.
  const std::optional<Founded>& result() const;
  // What it is waiting for, one line for people; changes. Empty before it has begun.
  const std::string& waiting_for() const;
  // That is nothing that passes by itself: somebody has refused it, or cannot be reached.
  bool troubled() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mydis
