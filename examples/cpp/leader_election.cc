// Leader election: of several processes one leads, and another takes over when it goes or dies. The
// others do not ask again and again: a watch tells them when the place is free.
//
//   leader_election [HOST:PORT,...]
#include "example.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace {

using namespace std::chrono_literals;
using example::Must;

constexpr std::string_view kPlace = "leader";

class Candidate {
 public:
  Candidate(mydis::Session session, std::string name)
      : session_(std::move(session)), name_(std::move(name)) {
    watch_ = Must(session_.Watch({.name = std::string(kPlace)},
                                 {.on_change =
                                      [this](const mydis::KeyChange& change) {
                                        if (change.key == kPlace &&
                                            change.kind != mydis::KeyChange::Kind::kPut)
                                          Wake();
                                      },
                                  .on_end = [this](const mydis::Status&, uint64_t) { Wake(); }}));
  }

  // Waits until it leads.
  void Campaign() {
    for (;;) {
      const uint64_t seen = Seen();
      if (Must(session_.Set(kPlace, name_,
                            {.when = mydis::SetOptions::When::kIfMissing, .ttl = kTerm})))
        return;
      // The watch began before the attempt, so a place that gets free after it is not missed.
      std::unique_lock lock(mutex_);
      woken_.wait_for(lock, kTerm, [&] { return changes_ != seen; });
    }
  }

  // To be called well within kTerm: false if it does not lead any more, and must stop what leaders
  // do.
  bool Renew() {
    return Must(
               session_.Eval<int64_t>("if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end\n"
                                      "return redis.call('PEXPIRE', KEYS[1], ARGV[2])",
                                      {kPlace}, {name_, std::to_string(kTerm.count())})) == 1;
  }

  void Resign() {
    Must(session_.Eval<int64_t>(
        "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0",
        {kPlace}, {name_}));
  }

  const std::string& name() const { return name_; }

 private:
  static constexpr std::chrono::milliseconds kTerm = 10s;

  void Wake() {
    std::lock_guard lock(mutex_);
    ++changes_;
    woken_.notify_all();
  }
  uint64_t Seen() {
    std::lock_guard lock(mutex_);
    return changes_;
  }

  mydis::Session session_;
  std::string name_;
  std::mutex mutex_;
  std::condition_variable woken_;
  uint64_t changes_ = 0;
  mydis::Subscription watch_;  // Ends first: it calls Wake.
};

}  // namespace

int main(int argc, char** argv) {
  const auto client = example::Connect(argc, argv);
  Must(client->NewSession().Del({kPlace}));
  Candidate ada(client->NewSession(), "ada");
  Candidate bob(client->NewSession(), "bob");

  ada.Campaign();
  std::cout << "ada leads\n";
  std::thread other([&] {
    bob.Campaign();
    std::cout << "bob leads\n";
  });
  std::cout << "ada renews: " << (ada.Renew() ? "yes" : "no") << "\n";
  ada.Resign();  // Bob hears of it at once; of a dead leader after kTerm.
  other.join();
  std::cout << "ada renews: " << (ada.Renew() ? "yes" : "no") << "\n";
  bob.Resign();
}
