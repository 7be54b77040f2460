// A rate limiter, exact for all servers of an application together: a token bucket kept by a
// script, by the cluster's one clock.
//
//   rate_limiter [HOST:PORT,...]
#include "example.h"

#include <chrono>
#include <thread>

namespace {

using namespace std::chrono_literals;
using example::Must;

// KEYS: the bucket. ARGV: size, milliseconds a token. Gives 0 if it may go on, else the
// milliseconds to wait.
constexpr std::string_view kTake = R"(
local size, each = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(bucket[1] or size)
tokens = math.min(size, tokens + (now - tonumber(bucket[2] or now)) / each)
local wait = 0
if tokens >= 1 then
  tokens = tokens - 1
else
  wait = math.ceil((1 - tokens) * each)
end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', now)
redis.call('PEXPIRE', KEYS[1], size * each + 1000)
return wait
)";

class RateLimiter {
 public:
  // `size` at once, and another each time that `each` has passed.
  RateLimiter(mydis::Session session, int size, std::chrono::milliseconds each)
      : session_(std::move(session)),
        size_(std::to_string(size)),
        each_(std::to_string(each.count())) {}

  // How long `who` has to wait; nothing: it may go on now.
  std::chrono::milliseconds Take(const std::string& who) {
    return std::chrono::milliseconds(
        Must(session_.Eval<int64_t>(kTake, {"rate:" + who}, {size_, each_})));
  }

 private:
  mydis::Session session_;
  std::string size_;
  std::string each_;
};

}  // namespace

int main(int argc, char** argv) {
  const auto client = example::Connect(argc, argv);
  Must(client->NewSession().Del({"rate:ada"}));
  // Two servers, each with a session of its own, perhaps at different instances.
  RateLimiter here(client->NewSession(), 5, 2500ms);
  RateLimiter there(client->NewSession(), 5, 2500ms);
  int allowed = 0;
  std::chrono::milliseconds wait = 0ms;
  for (int i = 0; i < 10; ++i) {
    const auto next = (i % 2 == 0 ? here : there).Take("ada");
    allowed += next == 0ms;
    wait = std::max(wait, next);
  }
  std::cout << allowed << " of 10 requests at once were let through\n";
  std::this_thread::sleep_for(wait);
  std::cout << "after the wait: " << (here.Take("ada") == 0ms ? "let through" : "refused") << "\n";
}
