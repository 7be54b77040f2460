#include "cli/server_flags.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <map>

#include "cli/subcommands.h"

namespace mydis {
namespace {

using Words = std::vector<std::string>;
using Variables = std::map<std::string, std::string>;

Result<ServerOptions> Read(const Words& words, const Variables& variables = {}) {
  const Result<CommandLine> line = ParseCommandLine(ServerCommandLine(), words);
  if (!line) return Fail(line.error());
  return ReadServerOptions(*line, [&](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
}

std::string Refusal(const Words& words, const Variables& variables = {}) {
  const Result<ServerOptions> options = Read(words, variables);
  return options ? "" : options.error().message();
}

// A configuration file that is gone after the test.
struct ConfigFile {
  explicit ConfigFile(std::string_view text) : path(testing::TempDir() + "server_flags_test.conf") {
    std::ofstream(path) << text;
  }
  ~ConfigFile() { std::remove(path.c_str()); }
  std::string path;
};

TEST(ServerFlags, CommandLineGoesBeforeEnvironmentBeforeFile) {
  const ConfigFile file(
      "data-dir = \"/file\"\nname = \"file\"\nraft-timeout = \"1s\"\nbootstrap = true\n");
  const Result<ServerOptions> options =
      Read({"--config", file.path, "--data-dir=/line"},
           {{"MYDIS_DATA_DIR", "/variable"}, {"MYDIS_NAME", "variable"}});
  ASSERT_TRUE(options) << options.error().message();
  EXPECT_EQ(options->data_dir, "/line");
  EXPECT_EQ(options->name, "variable");
  EXPECT_EQ(options->raft_timeout_ms, 1000);
  EXPECT_TRUE(options->bootstrap);
}

TEST(ServerFlags, PortBaseSetsAllAndSinglePortsGoBeforeIt) {
  const Result<ServerOptions> options = Read({"--redis-port", "-1", "--port-base", "3000"});
  ASSERT_TRUE(options) << options.error().message();
  EXPECT_EQ(options->http_port, 3000);
  EXPECT_EQ(options->redis_port, -1);
  EXPECT_EQ(options->raft_port, 3002);
}

TEST(ServerFlags, JoinTakesSeveral) {
  const Result<ServerOptions> options =
      Read({"--join", "a:2382,b:2382", "--join", "[::1]:2382", "--expect", "3"});
  ASSERT_TRUE(options) << options.error().message();
  ASSERT_EQ(options->join.size(), 3u);
  EXPECT_EQ(options->join[2].host, "::1");
}

TEST(ServerFlags, ErrorsSayWhereAndWhatToDo) {
  EXPECT_EQ(Refusal({"--redis-port", "70000"}),
            "--redis-port: 70000 is not a port (1 to 65535, 0 for any, or -1 to turn it off)");
  EXPECT_EQ(Refusal({"--data-dri", "x"}),
            "--data-dri is not an option; did you mean --data-dir? try mydis server --help");
  EXPECT_EQ(Refusal({"--data-dir"}), "--data-dir needs a value: --data-dir DIR");
  EXPECT_EQ(Refusal({"--data-dir=", "--name", "n"}), "--data-dir needs a value: --data-dir DIR");
  EXPECT_EQ(Refusal({"--count", "1"}), "--count is not an option; try mydis server --help");
  EXPECT_EQ(Refusal({"start"}), "start is one word too many; try mydis server --help");
  EXPECT_EQ(Refusal({}, {{"MYDIS_DURABILITY", "none"}}),
            "MYDIS_DURABILITY: \"none\" is not one of: commit, relaxed");
  EXPECT_EQ(
      Refusal({"--raft-timeout", "10"}),
      "--raft-timeout: 10 is not a length of time; write a number and ms, s, m, h or d, like 10s");
  EXPECT_EQ(Refusal({"--io-threads", "4x"}), "--io-threads: \"4x\" is not a number");
  EXPECT_EQ(Refusal({"--expect", "0"}), "--expect: 0 instances form no cluster; give 1 or more");
  EXPECT_EQ(Refusal({"--join", "a"}), "--join: a has no port; write HOST:PORT");
  EXPECT_NE(Refusal({"--config", "/nowhere/at/all"}), "");
  const ConfigFile file("data_dir = \"x\"\n");
  EXPECT_EQ(Refusal({"--config", file.path}),
            file.path + ": data_dir is not an option; did you mean data-dir?");
  const ConfigFile no_sign("data-dir \"n5\"\n");
  EXPECT_EQ(Refusal({"--config", no_sign.path}),
            no_sign.path + ": data-dir \"n5\": the = is missing: write data-dir = VALUE");
}

TEST(ServerFlags, EveryOptionTakesAValueFromTheEnvironment) {
  const Variables good = {{"data-dir", "d"},
                          {"bind-address", "a"},
                          {"advertise-address", "b"},
                          {"http-port", "1"},
                          {"http-cors-origin", "https://x"},
                          {"redis-port", "2"},
                          {"raft-port", "3"},
                          {"port-base", "9"},
                          {"instance-id", "i"},
                          {"join", "h:1"},
                          {"expect", "3"},
                          {"bootstrap", "false"},
                          {"name", "n"},
                          {"password", "p"},
                          {"max-voters", "3"},
                          {"write-consistency", "strong"},
                          {"read-consistency", "strong"},
                          {"durability", "relaxed"},
                          {"admin-token-file", "t"},
                          {"audit-log", "l"},
                          {"protected-mode", "no"},
                          {"cluster-key-file", "k"},
                          {"tls-cert", "c"},
                          {"tls-key", "y"},
                          {"tls-ca", "a"},
                          {"tls-auth-clients", "optional"},
                          {"tls-user-from-certificate", "yes"},
                          {"raft-timeout", "1s"},
                          {"io-threads", "2"},
                          {"log-level", "error"},
                          {"log-format", "json"}};
  Variables variables;
  for (const OptionSpec& option : ServerCommandLine().options) {
    const std::string key(OptionKey(option));
    if (key == "config" || key == "version") continue;
    ASSERT_TRUE(good.contains(key)) << key;
    std::string name = "MYDIS_" + key;
    for (char& c : name) c = c == '-' ? '_' : static_cast<char>(std::toupper(c));
    variables[name] = good.at(key);
  }
  const Result<ServerOptions> o = Read({}, variables);
  ASSERT_TRUE(o) << o.error().message();
  EXPECT_EQ(o->data_dir + o->bind_address + o->advertise_address + o->instance_id + o->name,
            "dabin");
  EXPECT_EQ(o->http_port * 100 + o->redis_port * 10 + o->raft_port, 123);
  EXPECT_EQ(o->join[0].host, "h");
  EXPECT_EQ(o->expect + o->max_voters + o->io_threads, 8);
  EXPECT_EQ(o->write_consistency, Consistency::kStrong);
  EXPECT_EQ(o->read_consistency, Consistency::kStrong);
  EXPECT_EQ(o->durability, DurabilityMode::kRelaxed);
  EXPECT_FALSE(o->protected_mode);
  EXPECT_EQ(o->admin_token_file + o->audit_log, "tl");
  EXPECT_EQ(o->cluster_key_file + o->tls_cert + o->tls_key + o->tls_ca, "kcya");
  EXPECT_EQ(o->tls_auth_clients, ClientCertificates::kOptional);
  EXPECT_TRUE(o->tls_user_from_certificate);
  EXPECT_EQ(o->raft_timeout_ms, 1000);
  EXPECT_EQ(o->log_level, LogLevel::kError);
  EXPECT_EQ(o->log_format, LogFormat::kJson);
}

TEST(ServerFlags, HelpNamesEveryOptionAndFitsTheTerminal) {
  const std::string help = HelpText(ServerCommandLine());
  for (const OptionSpec& option : ServerCommandLine().options)
    EXPECT_NE(help.find(option.names), std::string::npos) << option.names;
  for (size_t start = 0; start < help.size();) {
    const size_t end = help.find('\n', start);
    EXPECT_LE(end - start, 100u) << help.substr(start, end - start);
    start = end + 1;
  }
}

}  // namespace
}  // namespace mydis
