// A work queue: jobs that several workers share, and that another one takes over when a worker
// dies. A job is done at least once; what it does to the cluster's data is done exactly once, since
// that goes together with its acknowledgement in one transaction.
//
//   work_queue [HOST:PORT,... [JOBS]]
#include "example.h"

#include <atomic>
#include <chrono>
#include <thread>

namespace {

using namespace std::chrono_literals;
using example::Must;

constexpr std::string_view kQueue = "jobs", kGroup = "workers", kDone = "jobs:done";

void MakeGroup(mydis::Session session) {
  const auto made = session.XGroupCreate(kQueue, kGroup, "0", {.make_stream = true});
  // Another process may have been first.
  if (!made && made.error().message().find("BUSYGROUP") == std::string::npos) Must(made);
}

// Whether this worker was the one to finish it.
bool Finish(mydis::Session session, const mydis::StreamRecord& job) {
  mydis::Transaction transaction = session.NewTransaction();
  // XACK counts: a job that was taken over is acknowledged by one worker alone.
  auto acknowledged = transaction.XAck(kQueue, kGroup, {job.id});
  auto counted = transaction.SAdd(kDone, {job.fields.at(0).second});
  Must(transaction.Execute());
  return Must(acknowledged.Get()) == 1 && Must(counted.Get()) == 1;
}

void Work(mydis::Session session, const std::string& name, std::atomic<int>& left) {
  while (left > 0) {
    // What workers who died have left behind, then what is new.
    std::vector<mydis::StreamRecord> jobs =
        Must(session.XAutoClaim(kQueue, kGroup, name, 5s)).records;
    if (jobs.empty()) {
      auto read =
          Must(session.XReadGroup(kGroup, name, {{kQueue, ">"}}, {.count = 10, .block = 200ms}));
      if (!read.empty()) jobs = std::move(read[0].second);
    }
    for (const mydis::StreamRecord& job : jobs) left -= Finish(session, job);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto client = example::Connect(argc, argv);
  const int count = argc > 2 ? std::atoi(argv[2]) : 100;
  mydis::Session session = client->NewSession();
  MakeGroup(session);

  std::atomic<int> left = count;
  std::vector<std::thread> workers;
  for (int i = 0; i < 4; ++i) {
    const std::string name = "worker-" + std::to_string(i);
    workers.emplace_back([&client, &left, name] { Work(client->NewSession(), name, left); });
  }
  for (int i = 0; i < count; ++i) Must(session.XAdd(kQueue, {{"number", std::to_string(i)}}));
  for (std::thread& worker : workers) worker.join();

  std::cout << Must(session.SCard(kDone)) << " of " << count << " jobs done, "
            << Must(session.XPending(kQueue, kGroup)).count << " pending\n";
  Must(session.Del({kQueue, kDone}));
}
