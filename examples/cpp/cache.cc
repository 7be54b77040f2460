// An application's cache, embedded and replicated: each process of the application has an instance
// of its own, reads from its own memory without a system call, and sees what the others have
// written.
//
//   cache NUMBER DATA-DIR RAFT-PORT RAFT-PORT RAFT-PORT
//
// NUMBER is this process's, 1 to 3; the ports are those of all three, each with the one after it.
// Commands come from standard input: `put KEY VALUE`, `get KEY`, `end`.
#include "example.h"

#include <chrono>

namespace {

using namespace std::chrono_literals;
using example::Must;

mydis::InstanceOptions OptionsOf(char** argv) {
  const int number = std::atoi(argv[1]);
  mydis::InstanceOptions options;
  options.data_dir = argv[2];
  options.raft_port = std::atoi(argv[2 + number]);
  options.instance_id = "process-" + std::to_string(number);
  options.expect = 3;
  for (int i = 3; i < 6; ++i) options.join.push_back("127.0.0.1:" + std::string(argv[i]));
  options.durable = false;  // A cache: the disk is flushed once a second.
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::cerr << "cache: give NUMBER DATA-DIR RAFT-PORT RAFT-PORT RAFT-PORT\n";
    return 2;
  }
  const auto instance = Must(mydis::Instance::Start(OptionsOf(argv)));
  if (const mydis::Status ready = instance->WaitUntilReady(60s); !ready.ok()) {
    std::cerr << ready.message() << "\n";
    return 1;
  }
  mydis::Session session = instance->NewSession();
  std::cout << "ready" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string what, key, value;
    words >> what >> key >> value;
    if (what == "end") break;
    if (what == "put") {
      // Answered when every process has it, so that none of them reads an older value.
      Must(session.Set(key, value, {.ttl = 1h}, {.consistency = mydis::Consistency::kStrong}));
      std::cout << "stored" << std::endl;
    } else if (what == "get") {
      std::cout << Must(session.Get(key)).value_or("nothing") << std::endl;
    } else {
      std::cout << "put KEY VALUE, get KEY or end" << std::endl;
    }
  }
}
