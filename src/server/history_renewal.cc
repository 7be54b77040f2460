#include "server/history_renewal.h"

#include <memory>
#include <string_view>

#include "server/consensus_driver.h"
#include "server/server_submission.h"
#include "state/entry_codec.h"

namespace mydis {
namespace {

class Renewal final : public ServerSubmission {
 public:
  Renewal(HistoryOf what, std::move_only_function<void(const Status&)> done)
      : done_(std::move(done)) {
    const std::string_view words[] = {"MYDIS", "KEEPHISTORY",
                                      what == HistoryOf::kChanges ? "CHANGES" : "MESSAGES"};
    EntryBuilder builder;
    builder.AddCommand(0, words);
    operations = builder.operations();
    payload = builder.Take();
  }
  void Done(const Status& status) { done_(status); }

  ApplyObserver* BeginApply(Core&) override { return nullptr; }
  void Return(std::unique_ptr<ServerSubmission>, const Outcome& outcome, Outbox&) override {
    Done(outcome.status);
  }
  uint32_t begun() const override { return 0; }
  uint64_t current_client() const override { return 0; }

 private:
  std::move_only_function<void(const Status&)> done_;
};

}  // namespace

void KeepHistory(ConsensusDriver& consensus, HistoryOf what,
                 std::move_only_function<void(const Status&)> done) {
  auto renewal = std::make_unique<Renewal>(what, std::move(done));
  consensus.Post([renewal = std::move(renewal)](Replica* replica) mutable {
    if (replica != nullptr) return replica->Submit(std::move(renewal));
    renewal->Done(Status(ErrorCode::kUnavailable, "this instance has not found its cluster yet"));
  });
}

}  // namespace mydis
