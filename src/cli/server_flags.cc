#include "cli/server_flags.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>
#include <fstream>
#include <map>
#include <vector>

#include "base/duration.h"
#include "cli/nearest.h"
#include "cli/subcommands.h"

namespace mydis {
namespace {

// In the order of the help. `--port-base` stands before the single ports, which go before it.
constexpr OptionSpec kOptions[] = {
    {"--data-dir", "DIR", "everything this instance keeps; made if it is not there", "data",
     "This instance"},
    {"--bind-address", "A", "address to listen on", "127.0.0.1"},
    {"--advertise-address", "A", "address where the other instances reach this one",
     "the bind address"},
    {"--http-port", "N", "port for HTTP; -1: none", "2380"},
    {"--http-cors-origin", "ORIGIN", "whose pages may call the HTTP port: an origin, or *"},
    {"--redis-port", "N", "port for Redis clients; -1: none", "2381"},
    {"--raft-port", "N", "port for the other instances, which also use the next one; -1: none",
     "2382"},
    {"--port-base", "N", "all ports at once: HTTP N, Redis N+1, Raft N+2 and N+3"},
    {"--instance-id", "ID", "what the cluster calls this instance", "advertise address:Raft port"},
    {"--join", "HOST:RAFTPORT[,...]",
     "enter the cluster that any of these belongs to; a name stands for all its addresses", "",
     "Its cluster"},
    {"--expect", "N",
     "form a new cluster once N instances of --join, this one included, have met; may stay on the "
     "command line afterwards"},
    {"--bootstrap", "",
     "form a new cluster of this one; an empty data directory without --join does too"},
    {"--name", "NAME", "the cluster's name; instances of another name are refused", "mydis"},
    {"--max-voters", "N", "voting members: 1, 3, 5, 7 or 9; instances beyond that are learners",
     "5"},
    {"--write-consistency", "eventual|strong",
     "strong: answer a write when all instances have applied it", "eventual", "Promises"},
    {"--read-consistency", "eventual|strong", "strong: linearizable reads", "eventual"},
    {"--durability", "commit|relaxed",
     "commit: a write is on disk before it is answered; relaxed: flush once a second", "commit"},
    {"--password", "PW",
     "password of the user default of a new cluster; hidden from others in MYDIS_PASSWORD or "
     "--config"},
    {"--admin-token-file", "F",
     "token of the first administrator of a new cluster, without which nobody gets in; made if it "
     "is not there"},
    {"--audit-log", "F", "notes what was refused and what was administered; off: nowhere",
     "audit.log in the data directory"},
    {"--protected-mode", "yes|no",
     "serve clients of this machine alone while nobody needs a password", "yes"},
    {"--cluster-key-file", "F",
     "encrypt connections between instances with the keys in F; mydis cluster --help says how to "
     "make and replace them",
     "none: they are plain", "Encryption"},
    {"--tls-cert", "F", "speak TLS with clients: the certificate and its chain", "none: plain"},
    {"--tls-key", "F", "private key of --tls-cert"},
    {"--tls-ca", "F", "clients must show a certificate of a CA in F"},
    {"--tls-auth-clients", "yes|optional", "optional: clients without a certificate are let in",
     "yes"},
    {"--tls-user-from-certificate", "",
     "a client whose certificate names a user in its CN is logged in as that user"},
    {"--raft-timeout", "D",
     "how long a write or a strong read may wait; for each 4 MB of a write a second more", "10s"},
    {"--io-threads", "N", "threads that serve clients", "by the number of cores", "Running"},
    {"--log-level", "debug|info|warning|error", "what to log on standard error", "info"},
    {"--log-format", "text|json", "one line of text or JSON an event", "text"},
    {"--config", "F", "a file with these names: data-dir = \"/var/lib/mydis\""},
    {"--version", "", "print the version"},
};

constexpr ExampleSpec kExamples[] = {
    {"mydis server --data-dir /var/lib/mydis", "one instance, on the default ports"},
    {"mydis server --data-dir b --port-base 2390 --join 127.0.0.1:2382",
     "a second one on the same machine, which joins the first one's cluster"},
    {"mydis server --expect 3 --join a:2382,b:2382,c:2382 --bind-address 0.0.0.0 "
     "--advertise-address a",
     "the same on each of three machines, but for the advertised name: they form a cluster"},
};

constexpr CommandLineSpec kCommandLine = {
    .program = "mydis server",
    .summary = "Runs one instance until SIGTERM or Ctrl-C stops it.",
    .usage = "[OPTION]...",
    .options = kOptions,
    .max_words = 0,
    .footer =
        "Every option can come from the environment too (MYDIS_DATA_DIR for --data-dir) or "
        "from the file of --config. The command line goes before the environment, and that "
        "before the file.",
    .examples = kExamples,
};

// Options that are about the command line itself.
bool IsValueOption(std::string_view key) { return key != "config" && key != "version"; }

// A failed setter's message; what was given is put before it by the caller.
using Outcome = std::optional<std::string>;

Outcome SetInteger(std::string_view text, int* field) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, *field);
  if (error != std::errc() || stop != end) return fmt::format("\"{}\" is not a number", text);
  return {};
}

template <typename T>
struct Choice {
  std::string_view word;
  T value;
};

template <typename T>
Outcome SetChoice(std::string_view text, T* field, std::initializer_list<Choice<T>> choices) {
  std::string all;
  for (const Choice<T>& choice : choices) {
    if (text == choice.word) {
      *field = choice.value;
      return {};
    }
    all += fmt::format("{}{}", all.empty() ? "" : ", ", choice.word);
  }
  return fmt::format("\"{}\" is not one of: {}", text, all);
}

Outcome SetBool(std::string_view text, bool* field) {
  return SetChoice<bool>(
      text, field,
      {{"true", true}, {"yes", true}, {"1", true}, {"false", false}, {"no", false}, {"0", false}});
}

Outcome SetConsistency(std::string_view text, Consistency* field) {
  return SetChoice<Consistency>(
      text, field, {{"eventual", Consistency::kEventual}, {"strong", Consistency::kStrong}});
}

Outcome SetPortBase(std::string_view text, ServerOptions& options) {
  int base = 0;
  if (SetInteger(text, &base) || base < 1 || base > 65532)
    return fmt::format("{} is not the first of four ports (1 to 65532)", text);
  options.http_port = base;
  options.redis_port = base + 1;
  options.raft_port = base + 2;
  return {};
}

template <typename T>
Outcome SetParsed(Result<T> parsed, T* field) {
  if (!parsed) return parsed.error().message();
  *field = std::move(*parsed);
  return {};
}

Outcome SetText(std::string_view text, std::string* field) {
  *field = text;
  return {};
}

// REQUIRES: IsValueOption(key).
Outcome SetOption(std::string_view key, std::string_view text, ServerOptions& o) {
  if (key == "data-dir") return SetText(text, &o.data_dir);
  if (key == "bind-address") return SetText(text, &o.bind_address);
  if (key == "advertise-address") return SetText(text, &o.advertise_address);
  if (key == "instance-id") return SetText(text, &o.instance_id);
  if (key == "password") return SetText(text, &o.password);
  if (key == "admin-token-file") return SetText(text, &o.admin_token_file);
  if (key == "audit-log") return SetText(text, &o.audit_log);
  if (key == "name") return SetText(text, &o.name);
  if (key == "http-port") return SetInteger(text, &o.http_port);
  if (key == "http-cors-origin") return SetText(text, &o.http_cors_origin);
  if (key == "redis-port") return SetInteger(text, &o.redis_port);
  if (key == "raft-port") return SetInteger(text, &o.raft_port);
  if (key == "port-base") return SetPortBase(text, o);
  if (key == "join") return SetParsed(ParseHostPorts(text), &o.join);
  if (key == "expect") {
    Outcome failed = SetInteger(text, &o.expect);
    // Zero is how the absence of the option is written; nobody can ask for it.
    return !failed && o.expect == 0 ? "0 instances form no cluster; give 1 or more" : failed;
  }
  if (key == "bootstrap") return SetBool(text, &o.bootstrap);
  if (key == "max-voters") return SetInteger(text, &o.max_voters);
  if (key == "write-consistency") return SetConsistency(text, &o.write_consistency);
  if (key == "read-consistency") return SetConsistency(text, &o.read_consistency);
  if (key == "durability")
    return SetChoice<DurabilityMode>(
        text, &o.durability,
        {{"commit", DurabilityMode::kCommit}, {"relaxed", DurabilityMode::kRelaxed}});
  if (key == "protected-mode") return SetBool(text, &o.protected_mode);
  if (key == "cluster-key-file") return SetText(text, &o.cluster_key_file);
  if (key == "tls-cert") return SetText(text, &o.tls_cert);
  if (key == "tls-key") return SetText(text, &o.tls_key);
  if (key == "tls-ca") return SetText(text, &o.tls_ca);
  if (key == "tls-auth-clients")
    return SetChoice<ClientCertificates>(
        text, &o.tls_auth_clients,
        {{"yes", ClientCertificates::kYes}, {"optional", ClientCertificates::kOptional}});
  if (key == "tls-user-from-certificate") return SetBool(text, &o.tls_user_from_certificate);
  if (key == "raft-timeout") return SetParsed(ParseDuration(text), &o.raft_timeout_ms);
  if (key == "io-threads") return SetInteger(text, &o.io_threads);
  if (key == "log-level")
    return SetChoice<LogLevel>(text, &o.log_level,
                               {{"debug", LogLevel::kDebug},
                                {"info", LogLevel::kInfo},
                                {"warning", LogLevel::kWarning},
                                {"error", LogLevel::kError}});
  return SetChoice<LogFormat>(text, &o.log_format,
                              {{"text", LogFormat::kText}, {"json", LogFormat::kJson}});
}

// What one place (command line, environment, file) says: option key to value.
using Values = std::map<std::string, std::string, std::less<>>;

Result<Values> ReadFile(const std::string& path) {
  std::ifstream file(path);
  if (!file)
    return Fail(ErrorCode::kIo,
                fmt::format("--config: {} cannot be read: {}", path, std::strerror(errno)));
  std::vector<std::string_view> known;
  for (const OptionSpec& option : kOptions) {
    if (IsValueOption(OptionKey(option))) known.push_back(OptionKey(option));
  }
  Values values;
  try {
    for (const CLI::ConfigItem& item : CLI::ConfigTOML().from_config(file)) {
      // "data-dir x" is taken for a name.
      const std::string first = item.name.substr(0, item.name.find_first_of(" \t"));
      if (first.size() < item.name.size() && std::ranges::find(known, first) != known.end())
        return Fail(ErrorCode::kInvalid, fmt::format("{}: {}: the = is missing: write {} = VALUE",
                                                     path, item.name, first));
      if (std::find(known.begin(), known.end(), item.fullname()) == known.end()) {
        const std::string_view nearest = NearestWord(item.fullname(), known);
        return Fail(ErrorCode::kInvalid,
                    fmt::format("{}: {} is not an option{}{}{}", path, item.fullname(),
                                nearest.empty() ? "" : "; did you mean ", nearest,
                                nearest.empty() ? "; try mydis server --help" : "?"));
      }
      values[item.name] = CLI::detail::join(item.inputs, ",");
    }
  } catch (const CLI::Error& error) {
    return Fail(ErrorCode::kInvalid, fmt::format("{}: {}", path, std::string_view(error.what())));
  }
  return values;
}

std::string VariableName(std::string_view key) {
  std::string name = "MYDIS_";
  for (const char c : key) name += c == '-' ? '_' : static_cast<char>(std::toupper(c));
  return name;
}

// Sets what `values` names; `place` says how an option is written there.
Status Take(const Values& values, const std::function<std::string(std::string_view)>& place,
            ServerOptions& options) {
  const auto set = [&](std::string_view key) -> Status {
    const auto found = values.find(key);
    if (found == values.end()) return Status::Ok();
    if (const Outcome failed = SetOption(key, found->second, options))
      return {ErrorCode::kInvalid, fmt::format("{}: {}", place(key), *failed)};
    return Status::Ok();
  };
  if (Status s = set("port-base"); !s.ok()) return s;
  for (const OptionSpec& option : kOptions) {
    const std::string_view key = OptionKey(option);
    if (!IsValueOption(key) || key == "port-base") continue;
    if (Status s = set(key); !s.ok()) return s;
  }
  return Status::Ok();
}

}  // namespace

const CommandLineSpec& ServerCommandLine() { return kCommandLine; }

Result<ServerOptions> ReadServerOptions(const CommandLine& line, const Environment& environment) {
  Values given;
  Values variables;
  for (const OptionSpec& option : kOptions) {
    const std::string key(OptionKey(option));
    if (line.Has(key)) given[key] = key == "join" ? line.Joined(key) : line.Get(key);
    if (key == "version") continue;
    if (std::optional<std::string> value = environment(VariableName(key)))
      variables[key] = std::move(*value);
  }
  ServerOptions options;
  const std::string path = line.Get("config", variables["config"]);
  if (!path.empty()) {
    const Result<Values> file = ReadFile(path);
    if (!file) return Fail(file.error());
    const auto place = [&](std::string_view key) { return fmt::format("{}: {}", path, key); };
    if (Status s = Take(*file, place, options); !s.ok()) return Fail(s);
  }
  if (Status s = Take(variables, VariableName, options); !s.ok()) return Fail(s);
  const auto dashed = [](std::string_view key) { return fmt::format("--{}", key); };
  if (Status s = Take(given, dashed, options); !s.ok()) return Fail(s);
  if (Status s = options.Validate(); !s.ok()) return Fail(s);
  return options;
}

}  // namespace mydis
