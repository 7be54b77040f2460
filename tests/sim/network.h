// What is between the instances: delay, loss, repetition, reordering, partitions also of one way.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "consensus/transport.h"
#include "world.h"

namespace mydis::sim {

struct NetworkOptions {
  uint64_t delay_min_us = 50;
  uint64_t delay_max_us = 1'500;
  uint32_t loss_per_mille = 0;
  uint32_t repeat_per_mille = 0;
  uint32_t slow_per_mille = 0;  // Messages that take up to slow_us.
  uint64_t slow_us = 300'000;
  bool reorder = false;  // Messages overtake each other, which TCP's do not.
  // Bytes a second of each connection; 0: as many as one likes.
  uint64_t bandwidth = 0;
  // With a bandwidth: how many bytes may wait for it before the log's channel refuses more bodies.
  // (A window of submissions is smaller than what the others take.)
  uint64_t queue_limit = 100'000;
};

// One end of the network: an instance that runs. Named by its number; it changes with every start.
class NetworkEnd {
 public:
  virtual ~NetworkEnd() = default;
  virtual uint64_t raft_id() const = 0;  // 0: not in a cluster yet.
  virtual void OnHello(const Member& peer) = 0;
  virtual void OnConnected(uint64_t peer, Channel channel) = 0;
  virtual void OnUnreachable(uint64_t peer) = 0;
  virtual void OnMessage(uint64_t from, WireMessage message) = 0;
  virtual void OnRequest(WireMessage message, Respond respond) = 0;
};

// One thread.
class Network {
 public:
  Network(World& world, NetworkOptions options) : world_(world), options_(options) {}

  // A running instance at address "n<number>"; null when it stops.
  void Attach(uint32_t number, NetworkEnd* end);
  bool Send(uint32_t from, const Member& self, const std::string& host, uint64_t to,
            Channel channel, WireMessage message);
  void Request(uint32_t from, const std::string& host, WireMessage message, uint64_t timeout_us,
               Transport::Answer done);

  // Cuts (or mends) the way from one instance to another.
  void Cut(uint32_t from, uint32_t to, bool cut);
  void Isolate(const std::set<uint32_t>& some, uint32_t total, bool one_way);
  void Heal();
  void SetOptions(const NetworkOptions& options) { options_ = options; }
  uint64_t delivered() const { return delivered_; }
  uint64_t bytes_sent() const { return bytes_sent_; }
  // Whether something is on its way over this connection.
  bool Moving(uint32_t from, uint32_t to, Channel channel) const;

  static uint32_t NumberOf(const std::string& host);

 private:
  struct Place {
    NetworkEnd* end = nullptr;
    uint64_t start = 0;  // Which of its lives.
  };
  bool Open(uint32_t from, uint32_t to) const { return !cuts_.contains({from, to}); }
  uint64_t Waiting(uint32_t from, uint32_t to, Channel channel) const;
  uint64_t Delay(uint32_t from, uint32_t to, Channel channel, uint64_t bytes);
  bool Loses() { return world_.random().Chance(options_.loss_per_mille, 1000); }
  void Deliver(uint32_t from, uint64_t from_start, uint32_t to, uint64_t to_start, uint64_t to_id,
               uint64_t from_id, WireMessage message);

  World& world_;
  NetworkOptions options_;
  std::map<uint32_t, Place> places_;
  uint64_t starts_ = 0;
  std::set<std::pair<uint32_t, uint32_t>> cuts_;
  // Pairs of lives between which a hello has passed.
  std::set<std::pair<uint64_t, uint64_t>> connected_;
  std::map<std::pair<uint64_t, Channel>, uint64_t> last_delivery_;
  std::map<std::pair<uint64_t, Channel>, uint64_t> busy_until_;
  uint64_t delivered_ = 0;
  uint64_t bytes_sent_ = 0;
};

}  // namespace mydis::sim
