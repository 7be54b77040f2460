// A session store for a web application: log-ins that end by themselves when they are not used.
//
//   session_store [HOST:PORT,...]
#include "example.h"

#include <chrono>
#include <random>

namespace {

using namespace std::chrono_literals;
using example::Must;

class SessionStore {
 public:
  explicit SessionStore(mydis::Session session) : session_(std::move(session)) {}

  // Gives the id that goes into the cookie.
  std::string Create(const std::string& user) {
    const std::string id = RandomId();
    // Both or neither: a session without an end would stay for ever.
    mydis::Transaction transaction = session_.NewTransaction();
    transaction.HSet(Key(id), {{"user", user}, {"visits", "0"}});
    transaction.Expire(Key(id), kIdle);
    Must(transaction.Execute());
    return id;
  }

  // The user of a session that is still good, whose time begins anew.
  std::optional<std::string> Visit(const std::string& id) {
    mydis::Pipeline pipeline = session_.NewPipeline();
    auto user = pipeline.HGet(Key(id), "user");
    auto alive = pipeline.Expire(Key(id), kIdle);
    pipeline.Send();
    if (!Must(alive.Get())) return std::nullopt;
    Must(session_.HIncrBy(Key(id), "visits", 1));
    return Must(user.Get());
  }

  // A log-out that no instance may miss: answered when all have it.
  void End(const std::string& id) {
    Must(session_.Del({Key(id)}, {.consistency = mydis::Consistency::kStrong}));
  }

 private:
  static constexpr std::chrono::milliseconds kIdle = 30min;

  static std::string Key(const std::string& id) { return "session:" + id; }
  static std::string RandomId() {
    std::random_device random;
    std::ostringstream id;
    for (int i = 0; i < 4; ++i) id << std::hex << random();
    return id.str();
  }

  mydis::Session session_;
};

}  // namespace

int main(int argc, char** argv) {
  const auto client = example::Connect(argc, argv);
  SessionStore store(client->NewSession());

  const std::string id = store.Create("ada");
  std::cout << "logged in: " << store.Visit(id).value_or("nobody") << "\n";
  // Another web server, at another instance.
  SessionStore elsewhere(client->NewSession({.read_consistency = mydis::Consistency::kStrong}));
  std::cout << "elsewhere: " << elsewhere.Visit(id).value_or("nobody") << "\n";
  store.End(id);
  std::cout << "logged out: " << elsewhere.Visit(id).value_or("nobody") << "\n";
}
