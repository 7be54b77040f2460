// A lock with a fencing token. A lock with a time limit alone protects nothing: its holder may be
// stopped, wake up when the lock is another's, and write. So each holder gets a number greater than
// all before it, and whatever is guarded refuses a smaller number than it has seen.
//
//   lock [HOST:PORT,...]
#include "example.h"

#include <chrono>
#include <thread>

namespace {

using namespace std::chrono_literals;
using example::Must;

class Lock {
 public:
  Lock(mydis::Session session, std::string name, std::string owner)
      : session_(std::move(session)), name_(std::move(name)), owner_(std::move(owner)) {}

  // The fencing token; nothing if somebody else has the lock.
  std::optional<int64_t> TryTake(std::chrono::milliseconds limit) {
    mydis::Transaction transaction = session_.NewTransaction();
    transaction.If(name_, 0);  // Nobody has it.
    transaction.Set(name_, owner_, {.ttl = limit});
    auto token = transaction.Incr(name_ + ":token");
    if (!Must(transaction.Execute())) return std::nullopt;
    return Must(token.Get());
  }

  // Gives it back, unless its time is over and it is another's.
  void Release() {
    Must(session_.Eval<int64_t>(
        "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0", {name_},
        {owner_}));
  }

 private:
  mydis::Session session_;
  std::string name_;
  std::string owner_;
};

// What is guarded; it could be a file server that remembers the token instead.
bool Write(mydis::Session& session, int64_t token, std::string_view text) {
  return Must(session.Eval<int64_t>(
             "local seen = tonumber(redis.call('HGET', KEYS[1], 'token') or 0)\n"
             "if tonumber(ARGV[1]) < seen then return 0 end\n"
             "redis.call('HSET', KEYS[1], 'token', ARGV[1], 'text', ARGV[2])\n"
             "return 1",
             {"guarded"}, {std::to_string(token), text})) == 1;
}

}  // namespace

int main(int argc, char** argv) {
  const auto client = example::Connect(argc, argv);
  mydis::Session session = client->NewSession();
  Must(session.Del({"guarded", "lock", "lock:token"}));

  Lock first(client->NewSession(), "lock", "first");
  Lock second(client->NewSession(), "lock", "second");
  const int64_t token = first.TryTake(3s).value();
  std::cout << "first has the lock, token " << token << "\n";
  std::cout << "second gets it meanwhile: " << (second.TryTake(5s) ? "yes" : "no") << "\n";

  // The first one sleeps too long. Time in the cluster is one: it is over everywhere at once.
  std::optional<int64_t> newer;
  while (!(newer = second.TryTake(5s))) std::this_thread::sleep_for(20ms);
  std::cout << "second has it now, token " << *newer << "\n";
  std::cout << "second writes: " << (Write(session, *newer, "by second") ? "done" : "refused")
            << "\n";
  std::cout << "first wakes up and writes: "
            << (Write(session, token, "by first") ? "done" : "refused") << "\n";
  first.Release();  // Not its own any more: left alone.
  std::cout << "the lock is " << Must(session.Get("lock")).value_or("nobody") << "'s\n";
  second.Release();
}
