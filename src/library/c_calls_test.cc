// What C programs say of their commands, and what waits within their callbacks.
#include <gmock/gmock.h>

#include <future>

#include "client/command_words.h"
#include "library/instance_fixture.h"
#include "library/running_instance.h"
#include "mydis/c.h"

namespace mydis {
namespace {

using Texts = std::vector<const char*>;

class CCallsTest : public InstanceTest {
 protected:
  CCallsTest() {
    mydis_options* options = nullptr;
    EXPECT_EQ(mydis_options_new(&options), nullptr);
    const std::string folder = folder_ + "/data";
    EXPECT_EQ(mydis_options_set(options, "data-dir", folder.c_str()), nullptr);
    EXPECT_EQ(mydis_options_set(options, "durability", "relaxed"), nullptr);
    EXPECT_EQ(mydis_instance_start(options, &instance_), nullptr);
    mydis_options_free(options);
    EXPECT_EQ(mydis_instance_wait_until_ready(instance_, INT64_MAX), nullptr);
    EXPECT_EQ(mydis_instance_session(instance_, nullptr, &session_), nullptr);
  }
  ~CCallsTest() override {
    mydis_session_free(session_);
    mydis_instance_free(instance_);
  }

  static int Free(mydis_error* error) {
    const int code = mydis_error_get_code(error);
    mydis_error_free(error);
    return code;
  }
  // "error 1", "integer 2" or "string v".
  static std::string Say(mydis_error* error, mydis_reply* reply) {
    std::string said;
    if (error != nullptr) {
      said = "error " + std::to_string(mydis_error_get_code(error));
    } else if (mydis_reply_type(reply) == MYDIS_TYPE_INTEGER) {
      said = "integer " + std::to_string(mydis_reply_integer(reply));
    } else {
      said = std::string("string ") + mydis_reply_string(reply, nullptr);
    }
    mydis_error_free(error);
    mydis_reply_free(reply);
    return said;
  }
  std::string Do(int kind, const Texts& words) {
    mydis_call_options options = MYDIS_CALL_OPTIONS_INIT;
    options.kind = kind;
    mydis_reply* reply = nullptr;
    mydis_error* const error =
        mydis_command(session_, words.size(), words.data(), nullptr, &options, &reply);
    return Say(error, reply);
  }
  mydis_pipeline* NewPipeline(const std::vector<Texts>& commands) {
    mydis_pipeline* pipeline = nullptr;
    EXPECT_EQ(mydis_pipeline_new(session_, &pipeline), nullptr);
    for (const Texts& words : commands) {
      EXPECT_EQ(mydis_pipeline_add(pipeline, words.size(), words.data(), nullptr, nullptr),
                nullptr);
    }
    return pipeline;
  }

  mydis_instance* instance_ = nullptr;
  mydis_session* session_ = nullptr;
};

constexpr int kKinds[] = {MYDIS_ANY, MYDIS_READ, MYDIS_WRITE, MYDIS_BLOCKING};
const std::string kInvalid = "error " + std::to_string(MYDIS_INVALID);

TEST_F(CCallsTest, TheConnectionIsTheLibrarysWhateverIsSaid) {
  for (const int kind : kKinds) {
    for (const Texts& words : std::vector<Texts>{{"SELECT", "3"}, {"SUBSCRIBE", "c"}, {"MULTI"}})
      EXPECT_EQ(Do(kind, words), kInvalid) << words[0] << " said to be " << kind;
  }
  EXPECT_EQ(Do(MYDIS_WRITE, {"SET", "k", "v"}), "string OK");
  EXPECT_EQ(Do(MYDIS_READ, {"GET", "k"}), "string v");
}

TEST_F(CCallsTest, ACommandIsCarriedOutAsWhatItIs) {
  int64_t expected = 0;
  for (const int kind : kKinds) {
    EXPECT_EQ(Do(kind, {"INCR", "n"}), "integer " + std::to_string(++expected));
    EXPECT_EQ(Do(kind, {"GET", "n"}), "string " + std::to_string(expected));
    EXPECT_EQ(Do(kind, {"", "a", "b"}), kInvalid);
  }
}

// Each has the id with its number behind it.
TEST_F(CCallsTest, APipelineMayBeRunAgain) {
  for (int time = 0; time < 2; ++time) {
    mydis_pipeline* const pipeline = NewPipeline({{"INCR", "n"}, {"GET", "n"}, {"INCR", "n"}});
    mydis_call_options options = MYDIS_CALL_OPTIONS_INIT;
    options.request_id = "order-17";
    options.request_id_length = strlen(options.request_id);
    mydis_reply* reply = nullptr;
    EXPECT_EQ(mydis_pipeline_run(pipeline, &options, &reply), nullptr);
    ASSERT_EQ(mydis_reply_size(reply), 3u);
    EXPECT_EQ(mydis_reply_integer(mydis_reply_element(reply, 0)), 1);
    EXPECT_EQ(mydis_reply_integer(mydis_reply_element(reply, 2)), 2);
    mydis_reply_free(reply);
    mydis_pipeline_free(pipeline);
  }
  EXPECT_EQ(Do(MYDIS_READ, {"GET", "n"}), "string 2");
}

TEST_F(CCallsTest, NothingWaitsWithinACallback) {
  struct Seen {
    mydis_session* session;
    mydis_pipeline* pipeline;
    std::promise<std::vector<int>> codes;
  } seen{session_, NewPipeline({{"INCR", "n"}}), {}};
  const Texts words = {"SET", "k", "v"};
  // It is called back within Then, on this thread, if the answer is there by then.
  const auto this_thread = std::this_thread::get_id();
  static std::thread::id callers_thread;
  callers_thread = this_thread;
  std::vector<int> codes;
  while (codes.empty()) {
    seen.codes = {};
    ASSERT_EQ(
        mydis_command_async(
            session_, words.size(), words.data(), nullptr, nullptr,
            [](void* data, mydis_reply* reply, mydis_error* error) {
              auto& told = *static_cast<Seen*>(data);
              std::vector<int> got;
              mydis_reply* out = nullptr;
              if (std::this_thread::get_id() != callers_thread) {
                const char* const incr[] = {"INCR", "n"};
                got.push_back(Free(mydis_pipeline_run(told.pipeline, nullptr, &out)));
                got.push_back(Free(mydis_command(told.session, 2, incr, nullptr, nullptr, &out)));
              }
              EXPECT_EQ(out, nullptr);
              mydis_reply_free(reply);
              mydis_error_free(error);
              told.codes.set_value(std::move(got));
            },
            &seen),
        nullptr);
    codes = seen.codes.get_future().get();
  }
  EXPECT_EQ(codes, (std::vector<int>{MYDIS_INVALID, MYDIS_INVALID}));
  // It is as it was.
  mydis_reply* reply = nullptr;
  EXPECT_EQ(mydis_pipeline_run(seen.pipeline, nullptr, &reply), nullptr);
  EXPECT_EQ(mydis_reply_integer(mydis_reply_element(reply, 0)), 1);
  mydis_reply_free(reply);
  mydis_pipeline_free(seen.pipeline);
}

// What a session takes for reads are reads.
TEST_F(InstanceTest, ReadsThatSessionsKnow) {
  const auto instance = RunningInstance::Start(Options());
  ASSERT_TRUE(instance);
  size_t known = 0;
  for (const CommandSpec* spec : (*instance)->node().table().all()) {
    const std::string_view words[] = {spec->name};
    if (!IsRead(words)) continue;
    ++known;
    if (spec->subcommands.empty()) {
      EXPECT_EQ(spec->effect, Effect::kRead) << spec->name;
    }
    for (const CommandSpec& subcommand : spec->subcommands)
      EXPECT_EQ(subcommand.effect, Effect::kRead) << spec->name << " " << subcommand.name;
  }
  EXPECT_GT(known, 80u);
  (*instance)->Stop();
}

}  // namespace
}  // namespace mydis
