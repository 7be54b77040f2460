#include "server/config.h"

#include <gtest/gtest.h>

#include <set>

namespace mydis {
namespace {

const ConfigSpec& SpecOf(std::string_view name) {
  for (const ConfigSpec& spec : ConfigSpecs()) {
    if (spec.name == name) return spec;
  }
  ADD_FAILURE() << "there is no " << name;
  return ConfigSpecs()[0];
}

std::string Error(Config& config, std::string_view name, std::string_view value) {
  const Status status = config.Set(name, value);
  return status.ok() ? "" : status.message();
}

std::string Value(const Config& config, std::string_view name) {
  const auto found = config.Get(name);
  return found.size() == 1 ? found[0].second : "not one value";
}

TEST(ConfigTable, NamesAreInOrderAndValuesCanonical) {
  std::set<std::string_view> names;
  std::string_view last;
  for (const ConfigSpec& spec : ConfigSpecs()) {
    EXPECT_LT(last, spec.name);
    last = spec.name;
    EXPECT_TRUE(names.insert(spec.name).second);
    if (!spec.alias.empty()) {
      EXPECT_TRUE(names.insert(spec.alias).second) << spec.alias;
    }
    const auto canonical = CanonicalConfig(spec, spec.initial, spec.initial);
    ASSERT_TRUE(canonical) << spec.name << ": " << canonical.error().message();
    EXPECT_EQ(*canonical, spec.initial) << spec.name;
  }
}

TEST(Config, SetsWhatIsValid) {
  Config config{ServerOptions{}};
  EXPECT_EQ(Error(config, "maxclients", "7"), "");
  EXPECT_EQ(config.max_clients, 7u);
  EXPECT_EQ(Error(config, "client-query-buffer-limit", "2mb"), "");
  EXPECT_EQ(config.query_buffer_limit, uint64_t{2} << 20);
  EXPECT_EQ(Error(config, "client-output-buffer-limit", "normal 1kb 1k 9"), "");
  EXPECT_EQ(config.output_normal.hard_bytes, 1024u);
  EXPECT_EQ(config.output_normal.soft_bytes, 1000u);
  EXPECT_EQ(config.output_normal.soft_seconds, 9u);
  EXPECT_EQ(Value(config, "client-output-buffer-limit"),
            "normal 1024 1000 9 slave 268435456 67108864 60 pubsub 33554432 8388608 60");
  EXPECT_EQ(Error(config, "slave-priority", "5"), "");
  EXPECT_EQ(Value(config, "replica-priority"), "5");
}

TEST(Config, RefusesWhatIsNot) {
  Config config{ServerOptions{}};
  EXPECT_EQ(Error(config, "maxclients", "0"),
            "argument must be between 1 and 4294967295 inclusive");
  EXPECT_EQ(Error(config, "hz", "often"), "argument couldn't be parsed into an integer");
  EXPECT_EQ(Error(config, "activerehashing", "perhaps"), "argument must be 'yes' or 'no'");
  EXPECT_EQ(Error(config, "maxmemory-clients", "101%"),
            "percentage argument must be less or equal to 100");
  EXPECT_EQ(Error(config, "databases", "16"), "can't set immutable config");
  EXPECT_EQ(config.max_clients, 10000u);
}

TEST(Config, FixedSettingsTakeOnlyTheirValueAndSayWhatToDo) {
  Config config{ServerOptions{}};
  EXPECT_EQ(Error(config, "appendonly", "yes"), "");
  EXPECT_EQ(Error(config, "appendonly", "no"),
            "'appendonly' stays 'yes' here: the log is always written");
  EXPECT_FALSE(SpecOf("dir").why.empty());
  EXPECT_NE(Error(config, "dir", "elsewhere"), "");
}

TEST(Config, HiddenSettingsAreShownOnlyByTheirName) {
  Config config{ServerOptions{}};
  EXPECT_EQ(Value(config, "key-load-delay"), "0");
  for (const auto& [name, value] : config.Get("*")) EXPECT_NE(name, "key-load-delay");
}

}  // namespace
}  // namespace mydis
