#include "network.h"

#include <memory>

namespace mydis::sim {

uint32_t Network::NumberOf(const std::string& host) {
  return static_cast<uint32_t>(std::stoul(host.substr(1)));
}

void Network::Attach(uint32_t number, NetworkEnd* end) { places_[number] = Place{end, ++starts_}; }

// Microseconds until the connection has taken all that it was given.
uint64_t Network::Waiting(uint32_t from, uint32_t to, Channel channel) const {
  const auto it = busy_until_.find({uint64_t{from} << 32 | to, channel});
  return it == busy_until_.end() ? 0 : std::max(it->second, world_.now()) - world_.now();
}

bool Network::Moving(uint32_t from, uint32_t to, Channel channel) const {
  return Waiting(from, to, channel) > 0;
}

uint64_t Network::Delay(uint32_t from, uint32_t to, Channel channel, uint64_t bytes) {
  uint64_t delay = world_.Between(options_.delay_min_us, options_.delay_max_us);
  if (world_.random().Chance(options_.slow_per_mille, 1000))
    delay = world_.Between(delay, options_.slow_us);
  uint64_t gone = world_.now();
  if (options_.bandwidth != 0) {
    uint64_t& busy = busy_until_[{uint64_t{from} << 32 | to, channel}];
    gone = busy = std::max(busy, gone) + bytes * 1'000'000 / options_.bandwidth;
  }
  uint64_t arrival = gone + delay;
  if (!options_.reorder) {
    uint64_t& last = last_delivery_[{uint64_t{from} << 32 | to, channel}];
    arrival = std::max(arrival, last + 1);
    last = arrival;
  }
  return arrival;
}

bool Network::Send(uint32_t from, const Member& self, const std::string& host, uint64_t to,
                   Channel channel, WireMessage message) {
  const uint32_t number = NumberOf(host);
  const Place place = places_[number];
  const Place mine = places_[from];
  // Whether a sender notices that nobody is there is a matter of luck.
  if (place.end == nullptr || !Open(from, number)) {
    connected_.erase({mine.start, place.start});
    return world_.random().Chance(1, 2);
  }
  if (place.end->raft_id() != to) return false;
  if (channel == Channel::kRaft && !message.bodies.empty() &&
      Waiting(from, number, channel) * options_.bandwidth / 1'000'000 > options_.queue_limit)
    return false;
  if (connected_.insert({mine.start, place.start}).second) {
    world_.At(Delay(from, number, channel, 0), [this, number, start = place.start, self] {
      const Place there = places_[number];
      if (there.end != nullptr && there.start == start) there.end->OnHello(self);
    });
    world_.After(options_.delay_max_us, [this, from, start = mine.start, to] {
      const Place here = places_[from];
      if (here.end == nullptr || here.start != start) return;
      for (const Channel each : {Channel::kRaft, Channel::kRpc, Channel::kUrgent})
        here.end->OnConnected(to, each);
    });
  }
  if (Loses()) {
    // A lost message means a broken connection, and a new one with a hello of its own.
    connected_.erase({mine.start, place.start});
    world_.After(options_.delay_max_us, [this, from, start = mine.start, to] {
      const Place here = places_[from];
      if (here.end != nullptr && here.start == start) here.end->OnUnreachable(to);
    });
    return true;
  }
  uint64_t bytes = message.head.size();
  for (const Payload& body : message.bodies) bytes += body->size();
  bytes_sent_ += bytes;
  const int copies = world_.random().Chance(options_.repeat_per_mille, 1000) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    WireMessage copy = message;
    world_.At(Delay(from, number, channel, bytes),
              [this, from, from_start = mine.start, number, start = place.start, to,
               id = self.raft_id, copy = std::move(copy)]() mutable {
                Deliver(from, from_start, number, start, to, id, std::move(copy));
              });
  }
  return true;
}

void Network::Deliver(uint32_t from, uint64_t from_start, uint32_t to, uint64_t to_start,
                      uint64_t to_id, uint64_t from_id, WireMessage message) {
  const Place place = places_[to];
  if (place.end == nullptr || place.start != to_start || !Open(from, to) ||
      place.end->raft_id() != to_id) {
    connected_.erase({from_start, to_start});
    return;
  }
  ++delivered_;
  world_.Trace(uint64_t{from} << 32 | to, message.type, message.head);
  place.end->OnMessage(from_id, std::move(message));
}

void Network::Request(uint32_t from, const std::string& host, WireMessage message,
                      uint64_t timeout_us, Transport::Answer done) {
  const uint32_t number = NumberOf(host);
  const uint64_t start = places_[from].start;
  auto answer = std::make_shared<Transport::Answer>(std::move(done));
  // Called once, if the asker still lives then.
  auto finish = [this, from, start, answer](Result<WireMessage> result) {
    const Place here = places_[from];
    if (here.end == nullptr || here.start != start || !*answer) return;
    auto call = std::exchange(*answer, nullptr);
    call(std::move(result));
  };
  world_.After(timeout_us,
               [finish] { finish(mydis::Fail(ErrorCode::kTimeout, "no answer in time")); });
  if (!Open(from, number) || Loses()) return;
  world_.After(world_.Between(options_.delay_min_us, options_.delay_max_us),
               [this, from, number, finish, message = std::move(message)]() mutable {
                 const Place there = places_[number];
                 if (there.end == nullptr)
                   return finish(mydis::Fail(ErrorCode::kUnavailable, "nobody listens there"));
                 there.end->OnRequest(
                     std::move(message), [this, from, number, finish](WireMessage reply) {
                       if (!Open(number, from) || Loses()) return;
                       world_.After(world_.Between(options_.delay_min_us, options_.delay_max_us),
                                    [finish, reply = std::move(reply)] { finish(reply); });
                     });
               });
}

void Network::Cut(uint32_t from, uint32_t to, bool cut) {
  if (cut)
    cuts_.insert({from, to});
  else
    cuts_.erase({from, to});
}

void Network::Isolate(const std::set<uint32_t>& some, uint32_t total, bool one_way) {
  for (uint32_t a = 0; a < total; ++a)
    for (uint32_t b = 0; b < total; ++b)
      if (some.contains(a) && !some.contains(b)) {
        Cut(a, b, true);
        if (!one_way) Cut(b, a, true);
      }
}

void Network::Heal() { cuts_.clear(); }

}  // namespace mydis::sim
