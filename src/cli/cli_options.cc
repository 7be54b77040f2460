#include "cli/cli_options.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <optional>

#include "base/duration.h"
#include "base/split_line.h"
#include "cli/addresses.h"
#include "cli/password_prompt.h"
#include "cli/remote_call.h"
#include "cli/server_uri.h"
#include "cli/subcommands.h"

namespace mydis {
namespace {

constexpr std::string_view kTypes = "string|list|set|zset|hash|stream";

constexpr OptionSpec kOptions[] = {
    {kAddressOption.names, kAddressOption.value, kAddressOption.help, kAddressOption.fallback,
     "Where to"},
    kHostOption,
    kPortOption,
    {"-u,--uri", "URI",
     "the same in one: redis://USER:PASSWORD@HOST:PORT/DB, or rediss:// for TLS"},
    kUserOption,
    kPasswordOption,
    {"--askpass", "", "ask for the password on the terminal"},
    kTokenOption,
    kTlsOption,
    kTlsCaOption,
    kTlsCertOption,
    kTlsKeyOption,
    kTlsNameOption,
    {"-t,--connect-timeout", "D",
     "give up connecting to an address after this time; a number alone is seconds", "5"},
    {"--timeout", "D", "how long to wait for each reply, also to a command that blocks",
     "no limit"},
    {"-n,--db", "N", "database to select", "0", "How"},
    {"-2", "", "speak version 2 of the Redis protocol, with --json too"},
    {"-3", "", "speak version 3 of the Redis protocol"},
    {"--strong", "", "strong reads and writes: --read-consistency and --write-consistency at once"},
    {"--read-consistency", "eventual|strong", "strong: linearizable reads",
     "what the instance was told"},
    {"--write-consistency", "eventual|strong",
     "strong: a write is answered when all instances have applied it",
     "what the instance was told"},
    {"-r,--repeat", "N", "run the command N times; -1: until Ctrl-C", "1"},
    {"-i,--interval", "D", "wait between repetitions, like 500ms; a number alone is seconds", "0"},
    {"-x", "", "take the last argument of the command from standard input"},
    {"-X", "TAG", "take the argument that is TAG from standard input"},
    {"--quoted-input", "", "arguments may be in quotes, with escapes as in a line of input"},
    {"-e", "", "print error replies to lines of standard input on standard error"},
    {"--no-auth-warning", "", "nothing: redis-cli's scripts say it, and there is no warning here"},
    {"--raw", "", "print replies as bytes alone: for programs, and the way into a pipe", "",
     "Output"},
    {"--no-raw", "", "print types, numbers and quotes: for people, and the way on a terminal"},
    {"-d,--delimiter", "TEXT", "what to print between the elements of a raw reply", "a newline"},
    {"--json", "", "print each reply as JSON on one line, as the HTTP port has it"},
    {"--csv", "", "print each reply as comma-separated values on one line"},
    {"--scan", "", "print the names of all keys, without stopping the instance", "",
     "Instead of commands"},
    {"--bigkeys", "", "look at all keys, and print the largest ones and what each type takes"},
    {"--pattern", "GLOB", "--scan and --bigkeys: only keys that match", "all"},
    {"--type", kTypes, "--scan and --bigkeys: only keys of this type", "all"},
    {"--count", "N", "--scan and --bigkeys: about how many keys to ask for at a time", "1000"},
    {"--stat", "", "print figures of the instance every second, or every --interval"},
    {"--latency", "",
     "measure how long PING, or the command given, takes until Ctrl-C; into a "
     "pipe for a second, or --interval"},
    {"--eval", "FILE", "run the Lua script in FILE: --eval FILE KEY... , ARGUMENT..."},
    {"--pipe", "",
     "send the commands of standard input, in the Redis protocol or one a line, "
     "without waiting for each reply"},
};

constexpr ExampleSpec kExamples[] = {
    {"mydis cli", "a conversation: Tab completes, help COMMAND explains"},
    {"mydis cli SET greeting hello", "one command"},
    {"mydis cli --json HGETALL user:7", "its reply as JSON"},
    {"mydis cli --strong GET greeting", "a linearizable read"},
    {"mydis cli -x SET photo < photo.jpg", "a value from a file"},
    {"mydis cli --scan --pattern 'user:*'", "the names of keys"},
    {"mydis cli -r -1 -i 1 LLEN queue", "a length, every second"},
    {"mydis cli --latency", "how long a round trip takes"},
};

// Of redis-cli.
constexpr ForeignOption kForeign[] = {
    {"-c", "it is not needed, any instance serves every key"},
    {"-s", "instances listen on TCP ports: give --address HOST:PORT"},
    {"-D", "-d sets what is between the elements of a reply"},
    {"--cacert", "say --tls-ca FILE"},
    {"--cacertdir", "say --tls-ca FILE"},
    {"--cert", "say --tls-cert FILE"},
    {"--key", "say --tls-key FILE"},
    {"--sni", "say --tls-server-name NAME"},
    {"--insecure", "say --tls-ca FILE to trust a certificate of one's own"},
    {"--rdb", "mydis export FILE writes an RDB file, mydis backup a backup"},
    {"--functions-rdb", "mydis export FILE writes an RDB file, with the functions"},
    {"--cluster", "mydis cluster shows and changes the cluster"},
    {"--memkeys", "say --bigkeys, which goes by memory"},
    {"--latency-dist", "mydis bench shows a histogram"},
    {"--quoted-pattern", "say --quoted-input --pattern GLOB"},
    {"--verbose", "errors say what to do without it"},
};

constexpr CommandLineSpec kCommandLine = {
    .program = "mydis cli",
    .summary = "Runs the command given, or the lines of standard input, or talks on a terminal.",
    .usage = "[OPTION]... [COMMAND [ARGUMENT]...]",
    .options = kOptions,
    .words_end_options = true,
    .footer =
        "When the instance that it talks to goes away it goes on at another one of its addresses, "
        "or at the same once that is there again, for up to 30 seconds or --timeout. No write is "
        "lost, and none happens twice; what cannot be sent again it says, and stops.\n\n"
        "The history is kept in ~/.mydis_history (MYDIS_HISTFILE names another file), without "
        "lines that hold passwords. Exit status: 0, or 1 if a command failed, or 2 for a "
        "wrong command line.",
    .examples = kExamples,
    .words = "COMMAND",
    .foreign = kForeign,
};

Result<int64_t> ParseInteger(std::string_view option, std::string_view text, int64_t min) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < min)
    return Fail(ErrorCode::kInvalid,
                fmt::format("{}: {} is not a number from {} on", option, text, min));
  return value;
}

// redis-cli's -i takes seconds, with fractions; a unit may follow here.
Result<int64_t> ParseInterval(std::string_view option, const std::string& text) {
  const bool plain = text.find_first_not_of("0123456789.") == std::string::npos;
  Result<int64_t> ms = ParseDuration(plain ? text + "s" : text);
  if (!ms) return Fail(ErrorCode::kInvalid, fmt::format("{}: {}", option, ms.error().message()));
  return ms;
}

// The one of these flags that is given, or nothing. Two are an error.
template <typename T>
Result<std::optional<T>> OneOf(const CommandLine& line,
                               std::initializer_list<std::pair<std::string_view, T>> flags) {
  std::string_view given;
  std::optional<T> value;
  for (const auto& [flag, meaning] : flags) {
    if (!line.Has(flag)) continue;
    if (value)
      return Fail(
          ErrorCode::kInvalid,
          fmt::format("--{} and --{} exclude each other: give one of the two", given, flag));
    given = flag;
    value = meaning;
  }
  return value;
}

// -h and -p, or --uri, or --address.
Status ReadWhere(const CommandLine& line, CliOptions& options) {
  if (line.Has("uri") && (line.Has("host") || line.Has("port") || line.Has("address")))
    return {ErrorCode::kInvalid, "give --address, or --host and --port, or --uri: one of them"};
  RemoteConnection::Options& connection = options.session.retrying.connection;
  if (line.Has("uri")) {
    const Result<ServerUri> uri = ParseServerUri(line.Get("uri"));
    if (!uri) return {ErrorCode::kInvalid, fmt::format("--uri: {}", uri.error().message())};
    connection.addresses = {uri->address};
    if (uri->database >= 0) options.session.retrying.beginning.database = uri->database;
    if (!uri->password.empty()) {
      options.session.retrying.beginning.login = {"AUTH", uri->password};
      if (!uri->user.empty())
        options.session.retrying.beginning.login = {"AUTH", uri->user, uri->password};
    }
    return uri->tls ? MakeTls(line, &connection) : Status::Ok();
  }
  Result<std::vector<HostPort>> addresses = ReadAddresses(line);
  if (!addresses) return addresses.error();
  connection.addresses = *std::move(addresses);
  return Status::Ok();
}

Status ReadLogin(const CommandLine& line, CliOptions& options) {
  if (line.Has("askpass")) {
    Result<std::string> password = AskPassword();
    if (!password) return password.error();
    options.session.retrying.beginning.login = {"AUTH"};
    if (line.Has("user")) options.session.retrying.beginning.login.push_back(line.Get("user"));
    options.session.retrying.beginning.login.push_back(*std::move(password));
    return Status::Ok();
  }
  // What the URI has said stays, unless something else is given.
  if (auto login = ReadLogin(line); !login.empty())
    options.session.retrying.beginning.login = std::move(login);
  return Status::Ok();
}

Status ReadConsistency(const CommandLine& line, CliOptions& options) {
  for (const auto& [option, word] :
       {std::pair{"read-consistency", "READ"}, std::pair{"write-consistency", "WRITE"}}) {
    const std::string value = line.Get(option, line.Has("strong") ? "strong" : "");
    if (value.empty()) continue;
    if (value != "strong" && value != "eventual")
      return {ErrorCode::kInvalid,
              fmt::format("--{}: {} is not one of: eventual, strong", option, value)};
    std::vector<std::string>& command = options.session.retrying.beginning.consistency;
    if (command.empty()) command = {"CLIENT", "CONSISTENCY"};
    command.insert(command.end(), {word, value});
  }
  return Status::Ok();
}

Status ReadOutput(const CommandLine& line, CliOptions& options) {
  const auto style = OneOf<ReplyStyle>(line, {{"raw", ReplyStyle::kRaw},
                                              {"no-raw", ReplyStyle::kPeople},
                                              {"json", ReplyStyle::kJson},
                                              {"csv", ReplyStyle::kCsv}});
  if (!style) return style.error();
  const bool terminal = isatty(STDOUT_FILENO) != 0;
  options.session.style = style->value_or(terminal ? ReplyStyle::kPeople : ReplyStyle::kRaw);
  if (line.Has("2") && line.Has("3"))
    return {ErrorCode::kInvalid, "-2 and -3 exclude each other: give one of the two"};
  // Version 3 tells maps from lists, which makes objects of them.
  options.session.retrying.beginning.resp3 = line.Has("3") || (line.Has("json") && !line.Has("2"));
  options.session.delimiter = line.Get("delimiter", options.session.delimiter);
  options.session.errors_apart = line.Has("e");
  return Status::Ok();
}

// Takes the quotes off. Words without any stay as they are.
Status Unquote(std::string* word) {
  if (word->empty()) return Status::Ok();
  std::vector<std::string_view> words;
  std::deque<std::string> unquoted;
  if (!SplitLine(*word, &words, &unquoted) || words.size() != 1)
    return {
        ErrorCode::kInvalid,
        fmt::format("--quoted-input: {} is not one word: put it in quotes, or close them", *word)};
  *word = std::string(words[0]);
  return Status::Ok();
}

// Which keys --scan and --bigkeys look at. `looks`: one of them is given.
Status ReadKeys(const CommandLine& line, bool looks, CliOptions& options) {
  if (!looks && (line.Has("pattern") || line.Has("type") || line.Has("count")))
    return {ErrorCode::kInvalid,
            "--pattern, --type and --count belong to --scan or --bigkeys: give one"};
  options.pattern = line.Get("pattern");
  options.type = line.Get("type");
  const bool several = options.type.find('|') != std::string::npos;
  if (line.Has("type") &&
      (several ||
       fmt::format("|{}|", kTypes).find(fmt::format("|{}|", options.type)) == std::string::npos))
    return {ErrorCode::kInvalid, fmt::format("--type: {} is not one of: {}", options.type, kTypes)};
  const Result<int64_t> count = ParseInteger("--count", line.Get("count", "1000"), 1);
  if (!count) return count.error();
  options.scan_count = *count;
  return Status::Ok();
}

Status ReadMode(const CommandLine& line, CliOptions& options) {
  const auto mode = OneOf<CliMode>(line, {{"scan", CliMode::kScan},
                                          {"bigkeys", CliMode::kBigKeys},
                                          {"stat", CliMode::kStat},
                                          {"latency", CliMode::kLatency},
                                          {"eval", CliMode::kEval},
                                          {"pipe", CliMode::kPipe}});
  if (!mode) return mode.error();
  options.mode = mode->value_or(CliMode::kCommands);
  const bool looks = options.mode == CliMode::kScan || options.mode == CliMode::kBigKeys;
  if (Status s = ReadKeys(line, looks, options); !s.ok()) return s;
  options.script = line.Get("eval");
  if (line.Has("eval") && options.script.empty())
    return {ErrorCode::kInvalid, "--eval: the name of the file is empty"};
  if (!line.words.empty() && (looks || line.Has("stat") || line.Has("pipe")))
    return {ErrorCode::kInvalid,
            fmt::format("{}: --scan, --bigkeys, --stat and --pipe take no command", line.words[0])};
  return Status::Ok();
}

// The command, and what of it comes from elsewhere.
Status ReadWords(const CommandLine& line, CliOptions& options) {
  options.words = line.words;
  if (line.Has("quoted-input")) {
    for (std::string& word : options.words) {
      if (Status s = Unquote(&word); !s.ok()) return s;
    }
    if (Status s = Unquote(&options.pattern); !s.ok()) return s;
  }
  options.last_from_stdin = line.Has("x");
  options.stdin_tag = line.Get("X");
  if (options.last_from_stdin && options.words.empty())
    return {ErrorCode::kInvalid, "-x needs a command: mydis cli -x SET key"};
  if (!line.Has("X")) return Status::Ok();
  if (options.last_from_stdin)
    return {ErrorCode::kInvalid, "-x and -X exclude each other: give one of the two"};
  if (std::ranges::find(options.words, options.stdin_tag) == options.words.end())
    return {ErrorCode::kInvalid,
            fmt::format("-X {0}: no argument of the command is {0}", options.stdin_tag)};
  return Status::Ok();
}

}  // namespace

const CommandLineSpec& CliCommandLine() { return kCommandLine; }

Result<CliOptions> ReadCliOptions(const CommandLine& line) {
  CliOptions options;
  const Result<int64_t> database = ParseInteger("--db", line.Get("db", "0"), 0);
  if (!database) return Fail(database.error());
  if (Status s = ReadWhere(line, options); !s.ok()) return Fail(s);
  if (line.Has("timeout")) {
    const Result<int64_t> timeout = ReadTimeout(line.Get("timeout"));
    if (!timeout) return Fail(timeout.error());
    LimitWaiting(*timeout, &options.session.retrying.connection);
    options.session.retrying.patience_ms = *timeout;
  }
  if (line.Has("db")) options.session.retrying.beginning.database = static_cast<int>(*database);
  if (Status s = ReadTls(line, &options.session.retrying.connection); !s.ok()) return Fail(s);
  if (Status s = ReadConsistency(line, options); !s.ok()) return Fail(s);
  if (Status s = ReadOutput(line, options); !s.ok()) return Fail(s);
  if (Status s = ReadMode(line, options); !s.ok()) return Fail(s);
  if (Status s = ReadWords(line, options); !s.ok()) return Fail(s);
  const Result<int64_t> connect =
      ParseInterval("--connect-timeout", line.Get("connect-timeout", "5"));
  if (!connect) return Fail(connect.error());
  if (*connect == 0) return Fail(ErrorCode::kInvalid, "--connect-timeout: give more than 0");
  options.session.retrying.connection.connect_timeout_ms = *connect;
  const bool endless = options.mode == CliMode::kStat;
  const Result<int64_t> repeat =
      ParseInteger("--repeat", line.Get("repeat", endless ? "-1" : "1"), -1);
  if (!repeat) return Fail(repeat.error());
  options.repeat = *repeat;
  const bool timed = endless || options.mode == CliMode::kLatency;
  const Result<int64_t> interval =
      ParseInterval("--interval", line.Get("interval", timed ? "1" : "0"));
  if (!interval) return Fail(interval.error());
  options.interval_ms = *interval;
  // Last: nobody is asked for a password in vain.
  if (Status s = ReadLogin(line, options); !s.ok()) return Fail(s);
  return options;
}

}  // namespace mydis
