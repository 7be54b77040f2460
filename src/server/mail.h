// What the consensus thread hands to an I/O thread at the end of a turn: batches that come back,
// and the news of what was applied. One hand-over, so that replies and news keep their order.
#pragma once

#include <memory>
#include <vector>

#include "consensus/submission.h"
#include "server/client_batch.h"
#include "server/news.h"

namespace mydis {

struct Mail {
  struct Completed {
    std::unique_ptr<ClientBatch> batch;
    Outcome outcome;
  };
  std::vector<Completed> completed;  // In the order in which they ended.
  std::shared_ptr<const News> news;  // In the order of the log; null: none.
  bool news_lost = false;            // The thread was too far behind: its listeners must go.
  bool history = false;              // There is more for those who watch.
  bool empty() const { return completed.empty() && news == nullptr && !news_lost && !history; }
  // How many announcements of it the thread expects.
  uint32_t Announced() const { return (news != nullptr || news_lost ? 1 : 0) + (history ? 1 : 0); }
};

// The consensus thread.
class Outbox {
 public:
  // Whom it writes to; before the first entry is applied.
  void SetThreads(std::vector<IoThread*> threads);
  const std::vector<IoThread*>& threads() const { return threads_; }

  void Add(std::unique_ptr<ClientBatch> batch, const Outcome& outcome);
  // Takes the news for those who want it, and lets them know at once that it will come. What is
  // behind by too much is told only that it has missed something.
  void Announce(const std::shared_ptr<const News>& news);
  // Likewise that these threads' watches can read on.
  void AnnounceHistory(ThreadMask threads);
  void Send();
  // Sends what is left, and sees to it that what was sent is read.
  void Drive();

 private:
  void SendTo(size_t thread);
  std::vector<IoThread*> threads_;
  std::vector<Mail> mails_;          // For each of them.
  std::vector<IoThread*> to_drive_;  // Who was sent something quietly.
};

}  // namespace mydis
