#include "server/mail.h"

#include <utility>

#include "server/io_thread.h"

namespace mydis {
namespace {

constexpr size_t kMaxNewsBacklog = 64 << 20;  // Of one I/O thread.

}  // namespace

void Outbox::SetThreads(std::vector<IoThread*> threads) {
  threads_ = std::move(threads);
  mails_.resize(threads_.size());
}

void Outbox::Add(std::unique_ptr<ClientBatch> batch, const Outcome& outcome) {
  const uint32_t thread = batch->thread().index();
  mails_[thread].completed.push_back({std::move(batch), outcome});
}

void Outbox::Announce(const std::shared_ptr<const News>& news) {
  for (size_t i = 0; i < threads_.size(); ++i) {
    if ((news->threads() & MaskOf(static_cast<uint32_t>(i))) == 0) continue;
    Mail& mail = mails_[i];
    if (mail.news != nullptr || mail.news_lost) SendTo(i);
    threads_[i]->ExpectNews();
    if (threads_[i]->news_backlog() > kMaxNewsBacklog) {
      mail.news_lost = true;
    } else {
      mail.news = news;
    }
  }
}

void Outbox::AnnounceHistory(ThreadMask threads) {
  for (size_t i = 0; i < threads_.size(); ++i) {
    if ((threads & MaskOf(static_cast<uint32_t>(i))) == 0 || mails_[i].history) continue;
    threads_[i]->ExpectNews();
    mails_[i].history = true;
  }
}

void Outbox::SendTo(size_t thread) {
  IoThread* to = threads_[thread];
  if (to->Receive(std::exchange(mails_[thread], {}))) to_drive_.push_back(to);
}

void Outbox::Send() {
  for (size_t i = 0; i < threads_.size(); ++i) {
    if (!mails_[i].empty()) SendTo(i);
  }
}

void Outbox::Drive() {
  Send();
  for (IoThread* thread : std::exchange(to_drive_, {})) thread->loop().TryDrive();
}

}  // namespace mydis
