#include "consensus/founder.h"

#include <algorithm>
#include <map>

#include "base/log.h"
#include "base/random.h"
#include "consensus/wire.h"

namespace mydis {
namespace {

uint64_t NonZero(Random& random) {
  for (;;)
    if (const uint64_t v = random.Next(); v != 0) return v;
}

}  // namespace

struct Founder::Impl {
  using Address = std::pair<std::string, uint16_t>;

  Impl(FounderOptions o, Clock& c, Transport& t)
      : options(std::move(o)),
        clock(c),
        transport(t),
        random(options.seed != 0 ? options.seed : RandomSeed()) {
    options.self.nonce = NonZero(random);
    alone = options.expect == 1 || (options.expect == 0 && options.seeds.empty());
  }

  uint64_t Turn();
  void Found();
  void Probe(const Address& address, bool claim);
  void OnProbeAnswer(const WireProbeAnswer& answer, const Address& address);
  void Decide();
  void Join();
  void OnJoinAnswer(Result<WireMessage> message, const Address& address);
  void Refused(ErrorCode code, std::string why);
  void Learn(const Member& peer);
  std::vector<Address> Targets() const;
  void Waits(std::string why) { waiting_for = std::move(why), troubled = false; }
  void Troubled(std::string why) { waiting_for = std::move(why), troubled = true; }
  // What was said at this address.
  static std::string Said(const Address& address, const std::string& text) {
    return Name(address) + " says: " + text;
  }
  static std::string Name(const Address& address) {
    return address.first + ":" + std::to_string(address.second);
  }
  void Answer(const WireProbe& probe, Respond respond);
  void Accept(const WireInvite& invite, Respond respond);

  FounderOptions options;
  Clock& clock;
  Transport& transport;
  Random random;
  bool alone;
  std::optional<Founded> result;
  std::string waiting_for;
  bool troubled = false;
  uint64_t next_us = 0;
  std::map<std::string, Member> known;  // Other fresh instances, by instance id.
  // An instance that is in a cluster, or the leader that one has named; where to join.
  std::optional<Address> cluster;
  std::optional<Address>
      invited;              // Where `mydis cluster add` said to join; stays when joining fails.
  std::string promised_to;  // Whom this instance lets found; empty: nobody yet.
  std::map<std::string, bool> promisers;     // Who has promised this one.
  std::map<Address, std::string> unreached;  // Why it does not answer.
  size_t next_seed = 0;
  uint64_t replaces = 0;  // The nonce of an earlier place of this instance.
  // Answers may come after the founder has done its work and is gone.
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
  bool asking = false;  // A join is under way.
};

uint64_t Founder::Impl::Turn() {
  if (result) return UINT64_MAX;
  if (alone) {
    Found();
    return UINT64_MAX;
  }
  const uint64_t now = clock.MonotonicUs();
  if (now < next_us) return next_us;
  next_us = now + options.retry_us;
  if (options.expect == 0 || cluster) {
    Join();
    return next_us;
  }
  Decide();
  const bool claim = promised_to == options.self.instance_id;
  for (const Address& address : Targets()) Probe(address, claim);
  return result ? UINT64_MAX : next_us;
}

void Founder::Impl::Found() {
  Founded founded;
  founded.meta.cluster_id = NonZero(random);
  founded.meta.raft_id = kFounderId;
  founded.meta.instance_id = options.self.instance_id;
  founded.meta.cluster_name = options.cluster_name;
  result = std::move(founded);
}

// The addresses of the command line and of everybody heard of, each once, without itself.
std::vector<Founder::Impl::Address> Founder::Impl::Targets() const {
  std::vector<Address> targets = options.seeds;
  for (const auto& [id, peer] : known) targets.emplace_back(peer.host, peer.raft_port);
  std::sort(targets.begin(), targets.end());
  targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
  std::erase(targets, Address(options.self.host, options.self.raft_port));
  return targets;
}

void Founder::Impl::Learn(const Member& peer) {
  if (peer.instance_id.empty() || peer.instance_id == options.self.instance_id) return;
  known[peer.instance_id] = peer;
}

void Founder::Impl::Probe(const Address& address, bool claim) {
  transport.Request(address.first, address.second,
                    Encode(WireProbe{.cluster_name = options.cluster_name,
                                     .self = options.self,
                                     .expect = options.expect,
                                     .claim = claim}),
                    options.request_timeout_us,
                    [this, weak = std::weak_ptr(alive), address](Result<WireMessage> message) {
                      if (weak.expired()) return;
                      WireProbeAnswer answer;
                      // That the time is over says nothing of why.
                      unreached.erase(address);
                      if (!message && message.error().code() != ErrorCode::kTimeout)
                        unreached[address] = message.error().message();
                      if (message && Decode(message->head, &answer)) OnProbeAnswer(answer, address);
                    });
}

void Founder::Impl::OnProbeAnswer(const WireProbeAnswer& answer, const Address& address) {
  if (result) return;
  if (answer.code != ErrorCode::kOk) {
    Troubled(Said(address, answer.text));
    return;
  }
  if (answer.in_cluster) {
    cluster = address;
    next_us = 0;
    return;
  }
  Learn(answer.self);
  for (const Member& peer : answer.known) Learn(peer);
  if (answer.promised_to == options.self.instance_id) promisers[answer.self.instance_id] = true;
  Decide();
}

// Claims if this instance is the lowest of all that are expected, and founds with all promises.
void Founder::Impl::Decide() {
  if (result || cluster) return;
  if (known.size() + 1 < options.expect) {
    std::string why = "waiting for " + std::to_string(options.expect - known.size() - 1) +
                      " more of " + std::to_string(options.expect) + " instances";
    for (const auto& [address, reason] : unreached) why += "; " + reason;
    return Waits(std::move(why));
  }
  if (known.size() + 1 > options.expect) {
    Troubled("--expect " + std::to_string(options.expect) + ", but " +
             std::to_string(known.size() + 1) +
             " instances without a cluster are there: start them with the right number");
    return;
  }
  const bool lowest = std::all_of(known.begin(), known.end(), [this](const auto& peer) {
    return options.self.instance_id < peer.first;
  });
  if (lowest && promised_to.empty()) promised_to = options.self.instance_id;
  if (promised_to != options.self.instance_id) {
    Waits("waiting for " + (promised_to.empty() ? known.begin()->first : promised_to) +
          " to found the cluster");
    return;
  }
  for (const auto& [id, peer] : known) {
    if (promisers.contains(id)) continue;
    Waits("waiting for the promise of " + id);
    return;
  }
  Found();
}

void Founder::Impl::Join() {
  if (asking) return;
  Address address;
  if (cluster) {
    address = *cluster;
  } else {
    address = options.seeds[next_seed++ % options.seeds.size()];
  }
  if (waiting_for.empty()) Waits("asking " + Name(address) + " for a place in the cluster");
  asking = true;
  transport.Request(
      address.first, address.second,
      Encode(WireJoin{
          .cluster_name = options.cluster_name, .self = options.self, .replaces = replaces}),
      options.request_timeout_us,
      [this, weak = std::weak_ptr(alive), address](Result<WireMessage> message) {
        if (weak.expired()) return;
        if (!message) Troubled("cannot reach " + Name(address) + ": " + message.error().message());
        OnJoinAnswer(std::move(message), address);
      });
}

void Founder::Impl::OnJoinAnswer(Result<WireMessage> message, const Address& address) {
  asking = false;
  // With seeds alone the next one is asked next time; what discovery found may have gone away too.
  cluster = invited;
  WireJoinAnswer answer;
  if (result || !message || !Decode(message->head, &answer)) return;
  if (answer.code == ErrorCode::kNotLeader && !answer.host.empty()) {
    cluster = Address(answer.host, static_cast<uint16_t>(answer.port));
    next_us = 0;
    return;
  }
  if (answer.code == ErrorCode::kExists && answer.place != 0) {
    // An earlier life of this instance, whose directory is gone; nobody else may replace it.
    replaces = answer.place;
    cluster = address;
    next_us = 0;
    return;
  }
  if (answer.code != ErrorCode::kOk) return Refused(answer.code, Said(address, answer.text));
  Founded founded;
  founded.meta.cluster_id = answer.cluster_id;
  founded.meta.raft_id = answer.raft_id;
  founded.meta.instance_id = options.self.instance_id;
  founded.meta.cluster_name = options.cluster_name;
  founded.members = std::move(answer.members);
  result = std::move(founded);
}

// What passes by itself is waited for.
void Founder::Impl::Refused(ErrorCode code, std::string why) {
  if (code == ErrorCode::kUnavailable || code == ErrorCode::kNotLeader ||
      code == ErrorCode::kTimeout)
    Waits(std::move(why));
  else
    Troubled(std::move(why));
}

void Founder::Impl::Answer(const WireProbe& probe, Respond respond) {
  WireProbeAnswer answer;
  if (probe.cluster_name != options.cluster_name) {
    answer.code = ErrorCode::kInvalid;
    answer.text = "this is an instance of '" + options.cluster_name + "', not of '" +
                  probe.cluster_name + "': see --name";
    return respond(Encode(answer));
  }
  if (probe.expect != 0) Learn(probe.self);
  // One promise, for good. It founds itself already, or has promised another: no.
  if (probe.claim && promised_to.empty() && !result && !cluster)
    promised_to = probe.self.instance_id;
  answer.in_cluster = result.has_value();
  answer.self = options.self;
  answer.promised_to = promised_to;
  for (const auto& [id, peer] : known) answer.known.push_back(peer);
  respond(Encode(answer));
}

void Founder::Impl::Accept(const WireInvite& invite, Respond respond) {
  WireInviteAnswer answer;
  if (invite.cluster_name != options.cluster_name) {
    answer.code = ErrorCode::kInvalid;
    answer.text = "it was started for cluster '" + options.cluster_name + "', this one is '" +
                  invite.cluster_name + "': see --name";
  } else if (alone || result || !promised_to.empty()) {
    answer.code = ErrorCode::kExists;
    answer.text = "it founds a cluster of its own";
  } else {
    invited = Address(invite.member.host, invite.member.raft_port);
    cluster = invited;
    next_us = 0;
  }
  respond(Encode(answer));
}

Founder::Founder(FounderOptions options, Clock& clock, Transport& transport)
    : impl_(std::make_unique<Impl>(std::move(options), clock, transport)) {}
Founder::~Founder() = default;
uint64_t Founder::Turn() { return impl_->Turn(); }
void Founder::ReceiveRequest(WireMessage message, Respond respond) {
  if (message.type == static_cast<uint8_t>(WireType::kProbe)) {
    WireProbe probe;
    if (Decode(message.head, &probe)) impl_->Answer(probe, std::move(respond));
    return;
  }
  if (message.type == static_cast<uint8_t>(WireType::kInvite)) {
    WireInvite invite;
    if (Decode(message.head, &invite)) impl_->Accept(invite, std::move(respond));
    return;
  }
  if (message.type != static_cast<uint8_t>(WireType::kJoin)) return;
  WireJoinAnswer answer;
  answer.code = ErrorCode::kUnavailable;
  answer.text = "this instance has no cluster itself yet";
  respond(Encode(answer));
}
const std::optional<Founded>& Founder::result() const { return impl_->result; }
const std::string& Founder::waiting_for() const { return impl_->waiting_for; }
bool Founder::troubled() const { return impl_->troubled; }

}  // namespace mydis
