#include "server/tracked_keys.h"

#include <algorithm>
#include <memory>

#include "server/connection.h"
#include "server/io_thread.h"
#include "server/node.h"

namespace mydis {
namespace {

constexpr std::string_view kChannel = "__redis__:invalidate";

// What the receiver of invalidations gets, in the form that it understands.
void Encode(RespWriter& out, const std::vector<std::string_view>& keys) {
  if (out.version() >= 3) {
    out.PushHeader(2);
    out.Bulk("invalidate");
  } else {
    out.ArrayHeader(3);
    out.Bulk("message");
    out.Bulk(kChannel);
  }
  if (keys.empty()) return out.Null();
  out.ArrayHeader(keys.size());
  for (std::string_view key : keys) out.Bulk(key);
}

void PushKeys(Connection& target, const std::vector<std::string_view>& keys, bool redirected) {
  const ClientSession& session = target.session();
  // RESP2 has no pushes, but a subscriber can be sent a message.
  if (session.resp_version < 3 && !(redirected && session.subscribed())) return;
  PushForms push([&keys](RespWriter& out) { Encode(out, keys); });
  target.Push(push);
}

}  // namespace

TrackedKeys::TrackedKeys(IoThread& thread) : thread_(thread) {}

void TrackedKeys::Start(Connection& connection, Tracking options) {
  ClientSession& session = connection.session();
  if (session.tracking == nullptr) {
    thread_.node().core().audience.AddTracker(thread_.index());
    connections_[connection.id()] = &connection;
  } else {
    options.prefixes.merge(session.tracking->prefixes);
  }
  ClientRecord& record = *session.record;
  record.tracking = true;
  record.tracking_broadcast = options.broadcast;
  record.tracking_broken = false;
  record.tracking_redirect = static_cast<int64_t>(options.redirect);
  if (options.broadcast && options.prefixes.empty()) options.prefixes.emplace("");
  for (const std::string& prefix : options.prefixes) AddToPrefix(connection, prefix);
  session.tracking = std::make_unique<Tracking>(std::move(options));
}

void TrackedKeys::AddToPrefix(Connection& connection, std::string_view prefix) {
  auto it = prefixes_.find(prefix);
  if (it == prefixes_.end()) {
    it = prefixes_.emplace(std::string(prefix), Prefix{}).first;
    ++thread_.node().core().audience.tracked_prefixes;
  }
  std::vector<uint64_t>& members = it->second.connections;
  if (std::ranges::find(members, connection.id()) == members.end())
    members.push_back(connection.id());
}

void TrackedKeys::LeavePrefixes(Connection& connection) {
  for (const std::string& prefix : connection.session().tracking->prefixes) {
    const auto it = prefixes_.find(prefix);
    if (it == prefixes_.end()) continue;
    std::erase(it->second.connections, connection.id());
    if (!it->second.connections.empty()) continue;
    prefixes_.erase(it);
    --thread_.node().core().audience.tracked_prefixes;
  }
}

void TrackedKeys::Stop(Connection& connection) {
  ClientSession& session = connection.session();
  if (session.tracking == nullptr) return;
  LeavePrefixes(connection);
  // Its keys stay until they change, or the limit drops them, or nobody tracks any more: to find
  // them would take long.
  session.tracking.reset();
  connections_.erase(connection.id());
  if (connections_.empty()) DropAll();
  thread_.node().core().audience.RemoveTracker(thread_.index());
  ClientRecord& record = *session.record;
  record.tracking = false;
  record.tracking_broadcast = false;
  record.tracking_broken = false;
  record.tracking_redirect = -1;
}

void TrackedKeys::Remember(Connection& connection, std::string_view key) {
  Audience& audience = thread_.node().core().audience;
  auto it = keys_.find(key);
  if (it == keys_.end()) {
    it = keys_.emplace(std::string(key), 0).first;
    ++audience.tracked_keys;
  }
  std::vector<uint64_t>& ids = it->second;
  if (std::ranges::find(ids, connection.id()) != ids.end()) return;
  ids.push_back(connection.id());
  ++audience.tracked_items;
  const uint64_t limit = thread_.node().config().tracking_max_keys;
  if (limit != 0 && audience.tracked_keys > limit) [[unlikely]]
    ObeyLimit();
}

Connection* TrackedKeys::Tracker(uint64_t id, bool broadcast) {
  const auto it = connections_.find(id);
  if (it == connections_.end()) return nullptr;
  return it->second->session().tracking->broadcast == broadcast ? it->second : nullptr;
}

void TrackedKeys::Drop(Keys::iterator it) {
  Audience& audience = thread_.node().core().audience;
  --audience.tracked_keys;
  audience.tracked_items -= it->second.size();
  keys_.erase(it);
}

void TrackedKeys::Invalidate(std::string_view key, uint64_t client) {
  for (auto& [prefix, state] : prefixes_) {
    if (key.starts_with(prefix)) state.changed.insert_or_assign(std::string(key), client);
  }
  const auto it = keys_.find(key);
  if (it == keys_.end()) return;
  for (const uint64_t id : it->second) {
    Connection* connection = Tracker(id, false);
    if (connection == nullptr) continue;
    if (connection->session().tracking->no_loop && id == client) continue;
    Send(*connection, {key});
  }
  Drop(it);
}

void TrackedKeys::InvalidateAll() {
  for (const auto& [id, connection] : connections_) Send(*connection, {});
  DropAll();
}

void TrackedKeys::DropAll() {
  Audience& audience = thread_.node().core().audience;
  audience.tracked_keys -= keys_.size();
  for (const auto& [key, ids] : keys_) audience.tracked_items -= ids.size();
  keys_.clear();
}

void TrackedKeys::InvalidateFor(Connection& connection, std::string_view key) {
  if (connection.session().tracking != nullptr) Send(connection, {key});
}

void TrackedKeys::SendBroadcasts() {
  for (auto& [prefix, state] : prefixes_) {
    if (state.changed.empty()) continue;
    const auto changed = std::exchange(state.changed, {});
    std::vector<std::string_view> all;
    for (const auto& [key, client] : changed) all.push_back(key);
    for (const uint64_t id : state.connections) {
      Connection* connection = Tracker(id, true);
      if (connection == nullptr) continue;
      if (!connection->session().tracking->no_loop) {
        Send(*connection, all);
        continue;
      }
      std::vector<std::string_view> by_others;
      for (const auto& [key, client] : changed) {
        if (client != id) by_others.push_back(key);
      }
      if (!by_others.empty()) Send(*connection, by_others);
    }
  }
}

void TrackedKeys::ObeyLimit() {
  const Audience& audience = thread_.node().core().audience;
  const uint64_t limit = thread_.node().config().tracking_max_keys;
  while (limit != 0 && audience.tracked_keys > limit && !keys_.empty()) {
    size_t bucket = thread_.random().Below(keys_.bucket_count());
    while (keys_.bucket_size(bucket) == 0) bucket = (bucket + 1) % keys_.bucket_count();
    const auto it = keys_.find(keys_.begin(bucket)->first);
    for (const uint64_t id : it->second) {
      if (Connection* connection = Tracker(id, false)) Send(*connection, {it->first});
    }
    Drop(it);
  }
}

void TrackedKeys::Send(Connection& connection, const std::vector<std::string_view>& keys) {
  ClientSession& session = connection.session();
  const uint64_t redirect = session.tracking->redirect;
  if (redirect == 0) return PushKeys(connection, keys, false);
  const auto target = thread_.node().clients().Find(redirect);
  if (target == nullptr) {
    session.record->tracking_broken = true;
    if (session.resp_version < 3) return;
    PushForms push([redirect](RespWriter& out) {
      out.PushHeader(2);
      out.Bulk("tracking-redir-broken");
      out.Integer(static_cast<int64_t>(redirect));
    });
    connection.Push(push);
    return;
  }
  if (target->thread == thread_.index()) {
    if (Connection* here = thread_.Find(redirect)) PushKeys(*here, keys, true);
    return;
  }
  std::vector<std::string> copies(keys.begin(), keys.end());
  thread_.node().threads()[target->thread]->WithConnection(
      redirect, [copies = std::move(copies)](Connection& other) {
        PushKeys(other, {copies.begin(), copies.end()}, true);
      });
}

}  // namespace mydis
