// SAVE, BGSAVE, BGREWRITEAOF, LASTSAVE. Everything that was answered is in the log on disk, so
// nothing has to be saved; what these commands do is take a snapshot, which lets the log be cut.
#include "commands/arg_parser.h"
#include "server/io_thread.h"
#include "server/local_context.h"
#include "server/local_families.h"
#include "server/node.h"
#include "server/snapshot_request.h"

namespace mydis {
namespace {

bool UnderWay(LocalContext& c) { return c.node.consensus().status()->snapshot_running; }

// Nobody waits for it; one that is under way is over first.
void Want(LocalContext& c) {
  c.node.consensus().Post([](Replica* replica) {
    if (replica != nullptr) replica->WantSnapshot();
  });
}

// Snapshots are also taken because the log has grown, so that one is under way is nobody's mistake:
// SAVE waits, and the others ask for one behind it.
void Save(LocalContext& c) { ReplyAfterSnapshot(c); }

void Bgsave(LocalContext& c) {
  if (c.args.size() > 2 || (c.args.size() == 2 && !EqualsUpper(c.args[1], "SCHEDULE")))
    return c.reply.Error(kErrSyntax);
  const bool wait = UnderWay(c);
  Want(c);
  c.reply.Simple(wait ? "Background saving scheduled" : "Background saving started");
}

void Bgrewriteaof(LocalContext& c) {
  const bool wait = UnderWay(c);
  Want(c);
  // A transaction's own writes are in the log before this runs.
  c.reply.Simple(wait || c.in_transaction ? "Background append only file rewriting scheduled"
                                          : "Background append only file rewriting started");
}

void Lastsave(LocalContext& c) {
  c.reply.Integer(static_cast<int64_t>(LastSnapshotSeconds(c.node)));
}

constexpr CommandSpec Command(std::string_view name, int arity, uint32_t flags,
                              std::string_view complexity, std::string_view summary,
                              std::string_view arguments, LocalHandler handler) {
  return {.name = name,
          .arity = arity,
          .effect = Effect::kLocal,
          .flags = flags,
          .group = Group::kServer,
          .since = "1.0.0",
          .complexity = complexity,
          .summary = summary,
          .arguments = arguments,
          .handler = handler};
}

constexpr uint32_t kFlags = kAdmin | kAudited | kNoScript | kNoAsyncLoading;

constexpr CommandSpec LastsaveSpec() {
  CommandSpec spec =
      Command("lastsave", 1, kLoading | kStale | kFast, "O(1)",
              "When this instance's last snapshot was taken, in Unix time.", "", Lastsave);
  spec.tips = "nondeterministic_output";
  spec.categories = "admin,dangerous";
  return spec;
}

constexpr CommandSpec BgsaveSpec() {
  CommandSpec spec = Command("bgsave", -1, kFlags, "O(1)", "Begins a snapshot on this instance.",
                             "[SCHEDULE@3.2.2]", Bgsave);
  spec.history = "3.2.2: Added the `SCHEDULE` option.";
  return spec;
}

constexpr CommandSpec kFamily[] = {
    Command("bgrewriteaof", 1, kFlags, "O(1)",
            "Begins a snapshot on this instance, so that its log gets shorter.", "", Bgrewriteaof),
    BgsaveSpec(),
    LastsaveSpec(),
    Command("save", 1, kFlags | kNoMulti, "O(N) where N is the number of keys",
            "Takes a snapshot on this instance.", "", Save),
};

}  // namespace

std::span<const CommandSpec> PersistenceFamily() { return kFamily; }

}  // namespace mydis
