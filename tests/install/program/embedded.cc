// Runs an instance in this program and talks to it from within, and over its port by a client.
#include <mydis/mydis.h>

#include <cstdlib>
#include <iostream>

namespace {

// Ends the program unless the call went well.
template <typename T>
T Must(mydis::Result<T> result) {
  if (result) return *std::move(result);
  std::cerr << result.error().message() << "\n";
  std::exit(1);
}

void Must(const mydis::Status& status) {
  if (status.ok()) return;
  std::cerr << status.message() << "\n";
  std::exit(1);
}

void Check(bool condition, const char* what) {
  if (condition) return;
  std::cerr << what << "\n";
  std::exit(1);
}

// Everything of a session that the library itself has to carry out.
void Use(mydis::Session session) {
  (void)session.Command({"FLUSHALL"});
  Check(session.Set("greeting", "hello").has_value(), "SET");
  Check(Must(session.Get("greeting")) == "hello", "GET");
  Check(Must(session.Async().Get("greeting").Get()) == "hello", "GET, without waiting");
  // Scripts bring in the library's own Lua.
  Must(
      session.Command({"EVAL", "return redis.call('SET', KEYS[1], 'by script')", "1", "scripted"}));
  Check(Must(session.Get("scripted")) == "by script", "EVAL");

  mydis::Pipeline pipeline = session.NewPipeline();
  mydis::Future<int64_t> first = pipeline.Incr("n");
  mydis::Future<int64_t> second = pipeline.Incr("n");
  pipeline.Send();
  Check(Must(first.Get()) == 1 && Must(second.Get()) == 2, "a pipeline");

  const std::string_view keys[] = {"n"};
  Must(session.Transact(keys, [](mydis::Session&, mydis::Transaction& transaction) {
    transaction.Incr("n");
    return mydis::Status::Ok();
  }));
  Check(Must(session.Get("n")) == "3", "a transaction");
}

}  // namespace

int main(int, char** argv) {
  mydis::InstanceOptions options;
  options.data_dir = argv[1];
  options.redis_port = 0;
  const auto instance = Must(mydis::Instance::Start(options));
  Must(instance->WaitUntilReady());
  Use(instance->NewSession());

  mydis::ClientOptions remote;
  remote.addresses = {"127.0.0.1:" + std::to_string(instance->redis_port())};
  const auto client = Must(mydis::Client::Connect(remote));
  Use(client->NewSession());
  std::cout << "it works\n";
}
