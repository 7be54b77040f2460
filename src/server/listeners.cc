#include "server/listeners.h"

#include <algorithm>

#include "base/assert.h"
#include "base/glob.h"
#include "server/connection.h"
#include "server/io_thread.h"
#include "server/node.h"
#include "server/push.h"

namespace mydis {

Listeners::Listeners(IoThread& thread) : thread_(thread), tracked_(thread) {}
Listeners::~Listeners() = default;

bool Listeners::Subscribe(Connection& connection, SubscriptionKind kind, std::string_view name) {
  Subscriptions& own = connection.session().Subscribed();
  const auto at = static_cast<size_t>(kind);
  if (!own.names[at].emplace(name).second) return false;
  connection.session().CountSubscriptions();
  const uint64_t since = thread_.node().core().audience.Add(kind, name, thread_.index());
  auto it = members_[at].find(name);
  if (it == members_[at].end()) it = members_[at].emplace(std::string(name), 0).first;
  it->second.push_back({&connection, since});
  return true;
}

bool Listeners::Unsubscribe(Connection& connection, SubscriptionKind kind, std::string_view name) {
  if (connection.session().subscriptions == nullptr) return false;
  auto& names = connection.session().subscriptions->names[static_cast<size_t>(kind)];
  const auto own = names.find(name);
  if (own == names.end()) return false;
  Members& table = members_[static_cast<size_t>(kind)];
  const auto it = table.find(name);
  MYDIS_ASSERT(it != table.end(), "a subscription is known on both sides");
  std::vector<Member>& members = it->second;
  const auto member = std::ranges::find(members, &connection, &Member::connection);
  MYDIS_ASSERT(member != members.end(), "a subscription is known on both sides");
  *member = members.back();
  members.pop_back();
  thread_.node().core().audience.Remove(kind, name, thread_.index());
  if (members.empty()) table.erase(it);
  names.erase(own);
  connection.session().CountSubscriptions();
  return true;
}

void Listeners::UnsubscribeAll(Connection& connection) {
  const auto& subscriptions = connection.session().subscriptions;
  if (subscriptions == nullptr) return;
  for (size_t kind = 0; kind < kSubscriptionKinds; ++kind) {
    while (!subscriptions->names[kind].empty()) {
      const std::string name = *subscriptions->names[kind].begin();
      Unsubscribe(connection, static_cast<SubscriptionKind>(kind), name);
    }
  }
}

void Listeners::Forget(Connection& connection) {
  UnsubscribeAll(connection);
  thread_.watches().EndAll(connection);
  tracked_.Stop(connection);
  RemoveMonitor(connection);
}

void Listeners::TellMembers(const std::vector<Member>& members, const News& news,
                            const NewsItem& item, const std::string* pattern) {
  PushForms push([&](RespWriter& out) {
    out.PushHeader(pattern == nullptr ? 3 : 4);
    if (pattern != nullptr) {
      out.Bulk("pmessage");
      out.Bulk(*pattern);
    } else {
      out.Bulk(item.kind == NewsItem::Kind::kShardMessage ? "smessage" : "message");
    }
    out.Bulk(news.first(item));
    out.Bulk(news.second(item));
  });
  for (const Member& member : members) {
    if (member.since < item.number) member.connection->Push(push);
  }
}

void Listeners::Tell(const News& news, const NewsItem& item) {
  if ((item.threads & MaskOf(thread_.index())) == 0) return;
  if (item.kind == NewsItem::Kind::kKeyChanged) {
    tracked_.Invalidate(news.first(item), item.at.client);
    return;
  }
  if (item.kind == NewsItem::Kind::kUsersChanged) return thread_.CheckUsers();
  if (item.kind == NewsItem::Kind::kAllChanged) {
    tracked_.InvalidateAll();
    return;
  }
  const std::string_view channel = news.first(item);
  const bool sharded = item.kind == NewsItem::Kind::kShardMessage;
  const Members& exact = members_[static_cast<size_t>(sharded ? SubscriptionKind::kShardChannel
                                                              : SubscriptionKind::kChannel)];
  if (const auto it = exact.find(channel); it != exact.end())
    TellMembers(it->second, news, item, nullptr);
  if (sharded) return;
  for (const auto& [pattern, members] : members_[static_cast<size_t>(SubscriptionKind::kPattern)]) {
    if (GlobMatches(pattern, channel)) TellMembers(members, news, item, &pattern);
  }
}

void Listeners::CloseSubscribers(std::string_view why) {
  tracked_.InvalidateAll();
  std::set<Connection*> closing(thread_.watches().connections().begin(),
                                thread_.watches().connections().end());
  for (const Members& table : members_) {
    for (const auto& [name, members] : table) {
      for (const Member& member : members) closing.insert(member.connection);
    }
  }
  for (Connection* connection : closing)
    connection->stream().Close(Status(ErrorCode::kUnavailable, std::string(why)));
}

void Listeners::AddMonitor(Connection& connection) {
  if (connection.session().monitor) return;
  connection.session().monitor = true;
  connection.session().record->monitor = true;
  monitors_.push_back(&connection);
  thread_.node().core().audience.AddMonitor(thread_.index());
}

void Listeners::RemoveMonitor(Connection& connection) {
  if (!connection.session().monitor) return;
  connection.session().monitor = false;
  connection.session().record->monitor = false;
  std::erase(monitors_, &connection);
  thread_.node().core().audience.RemoveMonitor(thread_.index());
}

void Listeners::TellMonitors(std::string_view lines) {
  for (Connection* monitor : monitors_) monitor->PushBytes(lines);
}

}  // namespace mydis
