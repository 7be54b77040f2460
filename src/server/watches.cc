#include "server/watches.h"

#include <algorithm>
#include <array>

#include "commands/acl_rights.h"
#include "server/connection.h"
#include "server/history_renewal.h"
#include "server/io_thread.h"
#include "server/node.h"

namespace mydis {
namespace {

// A watch that has nothing to tell says how far it has come after so much time.
constexpr uint64_t kSilentMs = 15'000;
// When less is left, the cluster is asked to keep history for longer.
constexpr uint64_t kRenewMs = HistoryDemand::kKeptMs / 2;

bool Allows(const AclRights& rights, std::string_view command, std::string_view word) {
  const CommandSpec* spec = rights.table().FindFullName("mydis|" + std::string(command));
  const std::array<std::string_view, 3> words = {"mydis", command, word};
  return rights.Check(*spec, words).ok();
}

}  // namespace

bool MayStillWatch(const AclRights& rights, const WatchList& list) {
  return std::ranges::all_of(list.watches, [&](const auto& watch) {
    constexpr std::string_view kCommands[] = {"follow", "listen", "plisten"};
    return Allows(rights, kCommands[static_cast<size_t>(watch->kind)], watch->name);
  });
}

bool MayWatchKeys(const AclRights& rights, std::string_view key) {
  return Allows(rights, "follow", key);
}

uint64_t Watches::Add(Connection& connection, Watch watch) {
  ClientSession& session = connection.session();
  if (session.watches == nullptr) {
    session.watches = std::make_shared<WatchList>();
    connections_.push_back(&connection);
  }
  WatchList& list = *session.watches;
  watch.number = ++list.last_number;
  watch.told_ms = thread_.now_ms();
  list.watches.push_back(std::make_unique<Watch>(std::move(watch)));
  IndexOf(*list.watches.back()).Add(list.watches.back().get());
  session.record->watches = static_cast<uint32_t>(list.watches.size());
  thread_.node().core().audience.AddWatch(thread_.index());
  ReadOnSoon();
  return list.last_number;
}

void Watches::Forget(Connection& connection, const std::vector<std::unique_ptr<Watch>>& ended,
                     size_t left) {
  for (const auto& watch : ended) {
    IndexOf(*watch).Remove(watch.get());
    thread_.node().core().audience.RemoveWatch(thread_.index());
  }
  connection.session().record->watches = static_cast<uint32_t>(left);
}

bool Watches::End(Connection& connection, uint64_t number) {
  const auto& list = connection.session().watches;
  if (list == nullptr) return false;
  const auto it =
      std::ranges::find(list->watches, number, [](const auto& watch) { return watch->number; });
  if (it == list->watches.end()) return false;
  std::vector<std::unique_ptr<Watch>> ended;
  ended.push_back(std::move(*it));
  list->watches.erase(it);
  Forget(connection, ended, list->watches.size());
  return true;
}

void Watches::EndAll(Connection& connection) {
  const auto list = std::exchange(connection.session().watches, nullptr);
  if (list == nullptr) return;
  Forget(connection, list->watches, 0);
  std::erase(connections_, &connection);
}

void Watches::ReadOnSoon() {
  if (std::exchange(posted_, true)) return;
  thread_.loop().Post([this] {
    posted_ = false;
    ReadOn();
  });
}

bool Watches::LookOn() {
  const State& state = thread_.Read();
  bool all = true;
  for (const HistoryOf what : {HistoryOf::kChanges, HistoryOf::kMessages}) {
    all &= indexes_[static_cast<size_t>(what)].LookOn(thread_.node().core().HistoryOfWatches(what),
                                                      state);
  }
  return all;
}

void Watches::ReadOn() {
  bool more = !LookOn();
  for (Connection* connection : connections_) {
    more |= ReadOn(*connection);
    // Whoever applies need not wait for all of them.
    if (thread_.node().core().lock.writer_waits()) thread_.EndRead();
  }
  thread_.EndRead();
  if (more) ReadOnSoon();
}

WatchReader Watches::Reader(Connection& connection, Watch& watch) {
  const State& state = thread_.Read();
  return {watch,
          thread_.node().core().HistoryOfWatches(watch.history()),
          state,
          [&connection](std::string_view key) { return connection.MayWatch(key); },
          thread_.now_ms(),
          connection.stream().Tail()};
}

bool Watches::ReadOn(Connection& connection) {
  ByteStream& stream = connection.stream();
  bool more = false;
  std::vector<uint64_t> ended;
  for (const auto& watch : connection.session().watches->watches) {
    if (!watch->concerned) IndexOf(*watch).PassOn(*watch);
    if (!watch->concerned) continue;
    if (stream.OutputFull()) stream.Flush();
    // It goes on when the output has drained.
    if (stream.closed() || stream.OutputFull()) return false;
    const WatchReader::Result result = Reader(connection, *watch).Run();
    watch->concerned = result != WatchReader::Result::kCaughtUp;
    more |= result == WatchReader::Result::kMore;
    if (result == WatchReader::Result::kGone) ended.push_back(watch->number);
  }
  for (const uint64_t number : ended) End(connection, number);
  return more;
}

void Watches::EachSecond() {
  if (connections_.empty()) return;
  const HistoryDemand& demand = thread_.Read().history;
  const uint64_t soon_ms = thread_.node().core().cluster_clock.NowMs() + kRenewMs;
  for (Connection* connection : connections_) {
    for (const auto& watch : connection->session().watches->watches) {
      const HistoryOf what = watch->history();
      const bool kept = what == HistoryOf::kChanges ? demand.KeepsChanges(soon_ms)
                                                    : demand.KeepsMessages(soon_ms);
      if (!kept) Renew(what);
      if (thread_.now_ms() - watch->told_ms >= kSilentMs && !connection->stream().closed())
        Reader(*connection, *watch).TellComplete();
    }
  }
  thread_.EndRead();
}

void Watches::Renew(HistoryOf what) {
  bool& renewing = renewing_[static_cast<size_t>(what)];
  if (std::exchange(renewing, true)) return;
  KeepHistory(thread_.node().consensus(), what, [this, &renewing](const Status&) {
    thread_.loop().Post([&renewing] { renewing = false; });
  });
}

}  // namespace mydis
