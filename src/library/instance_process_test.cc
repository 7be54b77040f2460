// What an embedded instance leaves alone, and leaves behind, in its process: signals, threads,
// descriptors.
#include <dirent.h>
#include <gmock/gmock.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <vector>

#include "library/instance_fixture.h"

namespace mydis {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

size_t EntriesOf(const char* folder) {
  size_t count = 0;
  DIR* open = opendir(folder);
  while (readdir(open) != nullptr) ++count;
  closedir(open);
  return count;
}

// Handlers of all signals, as they were when this was made.
class Handlers {
 public:
  Handlers() {
    for (int i = 1; i < NSIG; ++i) sigaction(i, nullptr, &actions_[static_cast<size_t>(i)]);
  }
  // The signals whose handlers are others there.
  std::vector<int> Differing(const Handlers& there) const {
    std::vector<int> signals;
    for (size_t i = 1; i < actions_.size(); ++i) {
      if (actions_[i].sa_handler != there.actions_[i].sa_handler ||
          actions_[i].sa_flags != there.actions_[i].sa_flags)
        signals.push_back(static_cast<int>(i));
    }
    return signals;
  }

 private:
  std::array<struct sigaction, NSIG> actions_{};
};

void Use(Instance& instance) {
  Session session = instance.NewSession();
  EXPECT_TRUE(session.Set("k", "v"));
  EXPECT_EQ(session.Get("k").value(), "v");
  EXPECT_TRUE(session.Command({"EVAL", "return redis.call('INCR', KEYS[1])", "1", "n"}));
}

using InstanceProcessTest = InstanceTest;

TEST_F(InstanceProcessTest, EverySignalHandlerStaysAsItIs) {
  struct sigaction mine {};
  mine.sa_handler = [](int) {};
  ASSERT_EQ(sigaction(SIGURG, &mine, nullptr), 0);
  const Handlers before;
  {
    const auto instance = StartReady();
    Use(*instance);
    EXPECT_THAT(before.Differing({}), IsEmpty());
  }
  EXPECT_THAT(before.Differing({}), IsEmpty());
  // What the test looks at would show a change.
  ASSERT_EQ(signal(SIGURG, SIG_DFL), mine.sa_handler);
  EXPECT_THAT(before.Differing({}), ElementsAre(SIGURG));
}

TEST_F(InstanceProcessTest, TheCallersMaskStaysAsItIs) {
  sigset_t before, after;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  const auto instance = StartReady();
  Use(*instance);
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  for (int i = 1; i < NSIG; ++i) EXPECT_EQ(sigismember(&before, i), sigismember(&after, i)) << i;
}

sigjmp_buf g_back;
char* g_stack_hit = nullptr;

void OnFault(int, siginfo_t*, void*) {
  char here = 0;
  g_stack_hit = &here;
  siglongjmp(g_back, 1);
}

TEST_F(InstanceProcessTest, TheProgramsFaultHandlerStillRunsOnItsOwnStack) {
  std::vector<char> stack(64 << 10);
  const stack_t alternate{.ss_sp = stack.data(), .ss_flags = 0, .ss_size = stack.size()};
  stack_t old_stack;
  ASSERT_EQ(sigaltstack(&alternate, &old_stack), 0);
  struct sigaction action {
  }, old_action;
  action.sa_sigaction = OnFault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ASSERT_EQ(sigaction(SIGSEGV, &action, &old_action), 0);

  const auto instance = StartReady();
  Use(*instance);
  void* page = mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (sigsetjmp(g_back, 1) == 0) *static_cast<volatile char*>(page) = 1;
  EXPECT_GE(g_stack_hit, stack.data());
  EXPECT_LT(g_stack_hit, stack.data() + stack.size());
  munmap(page, 4096);
  Use(*instance);

  sigaction(SIGSEGV, &old_action, nullptr);
  sigaltstack(&old_stack, nullptr);
}

// The process has the default for SIGPIPE: to die.
TEST_F(InstanceProcessTest, ClientsThatGoAwayRaiseNoSignal) {
  ASSERT_EQ(signal(SIGPIPE, SIG_DFL), SIG_DFL);
  InstanceOptions options = Options();
  options.redis_port = options.http_port = 0;
  const auto instance = StartReady(options);
  EXPECT_TRUE(instance->NewSession().Set("large", std::string(1 << 20, 'x')));
  for (const int port : {instance->redis_port(), instance->http_port()}) {
    for (int i = 0; i < 20; ++i) {
      const std::string command =
          "exec 3<>/dev/tcp/127.0.0.1/" + std::to_string(port) +
          " && for i in 1 2 3 4 5 6 7 8; do printf 'GET large\\r\\n' >&3; done; exec 3>&-";
      ASSERT_EQ(system(("bash -c \"" + command + "\" 2>/dev/null").c_str()), 0);
    }
  }
  Use(*instance);
}

TEST_F(InstanceProcessTest, NoThreadOfTheInstanceTakesTheProgramsSignals) {
  const size_t own = EntriesOf("/proc/self/task");
  const auto instance = StartReady();
  Use(*instance);
  size_t open_to_signals = 0;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream status(thread.path() / "status");
    for (std::string line; std::getline(status, line);) {
      if (!line.starts_with("SigBlk:")) continue;
      const uint64_t blocked = std::stoull(line.substr(8), nullptr, 16);
      open_to_signals += (blocked >> (SIGTERM - 1) & 1) == 0;
    }
  }
  EXPECT_GT(EntriesOf("/proc/self/task"), own);
  // Only the threads that were there: "." and ".." were counted with them.
  EXPECT_LE(open_to_signals, own - 2);
}

TEST_F(InstanceProcessTest, NothingIsLeftBehind) {
  const auto turn = [this] {
    InstanceOptions options = Options();
    options.redis_port = options.http_port = options.raft_port = 0;
    const auto instance = StartReady(options);
    Use(*instance);
    // Any error of Start leaves as little.
    InstanceOptions taken = Options("taken");
    taken.redis_port = instance->redis_port();
    EXPECT_FALSE(Instance::Start(taken));
    EXPECT_FALSE(Instance::Start(Options()));
  };
  // The runtime of the Raft core comes with the first instance, and stays. It adds a thread when
  // all of its own are busy, which is seldom.
  for (int i = 0; i < 3; ++i) turn();
  const size_t descriptors = EntriesOf("/proc/self/fd");
  const size_t threads = EntriesOf("/proc/self/task");
  constexpr int kTurns = 20;
  for (int i = 0; i < kTurns; ++i) turn();
  EXPECT_EQ(EntriesOf("/proc/self/fd"), descriptors);
  EXPECT_TRUE(Eventually([&] { return EntriesOf("/proc/self/task") <= threads + kTurns / 4; }))
      << EntriesOf("/proc/self/task") << " threads were " << threads;
}

}  // namespace
}  // namespace mydis
