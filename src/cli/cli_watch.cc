// --stat and --latency: figures of an instance as time goes by.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <map>

#include "base/clock.h"
#include "cli/cli_modes.h"
#include "cli/figures.h"
#include "cli/interrupt.h"
#include "cli/latency_histogram.h"
#include "cli/progress.h"

namespace mydis {
namespace {

constexpr int kLinesAHeader = 20;
constexpr int64_t kLatencyPauseMs = 10;
constexpr uint64_t kLatencyShownUs = 100'000;

int Failure(const Status& status) {
  std::fflush(stdout);
  fmt::print(stderr, "mydis cli: {}\n", status.message());
  return kExitFailed;
}

// The lines of INFO.
using Info = std::map<std::string, std::string, std::less<>>;

Info ParseInfo(std::string_view text) {
  Info info;
  while (!text.empty()) {
    const size_t end = std::min(text.find("\r\n"), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 2, text.size()));
    const size_t colon = line.find(':');
    if (colon != std::string_view::npos)
      info.emplace(line.substr(0, colon), line.substr(colon + 1));
  }
  return info;
}

uint64_t Number(std::string_view text) {
  uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

uint64_t Number(const Info& info, std::string_view name) {
  const auto found = info.find(name);
  return found == info.end() ? 0 : Number(found->second);
}

std::string Text(const Info& info, std::string_view name) {
  const auto found = info.find(name);
  return found == info.end() ? "-" : found->second;
}

// Of all databases: "db0:keys=3,expires=0,avg_ttl=0".
uint64_t Keys(const Info& info) {
  uint64_t keys = 0;
  for (auto it = info.lower_bound("db"); it != info.end() && it->first.starts_with("db"); ++it) {
    if (it->second.starts_with("keys=")) keys += Number(std::string_view(it->second).substr(5));
  }
  return keys;
}

// What one line of --stat shows.
struct Figures {
  uint64_t time_us = 0;
  uint64_t requests = 0;
  Info info;
};

std::string FiguresForPeople(const Figures& now, const Figures& before) {
  const auto elapsed = static_cast<double>(std::max<uint64_t>(now.time_us - before.time_us, 1));
  const uint64_t more = now.requests - std::min(before.requests, now.requests);
  const double rate = before.time_us == 0 ? 0 : static_cast<double>(more) * 1e6 / elapsed;
  return fmt::format("{:>10}{:>12}{:>9}{:>9}{:>14}{:>12}{:>8}{:>13}\n", CountText(Keys(now.info)),
                     BytesText(Number(now.info, "used_memory")),
                     Text(now.info, "connected_clients"), Text(now.info, "blocked_clients"),
                     CountText(now.requests), CountText(static_cast<uint64_t>(rate)),
                     Text(now.info, "role"), Text(now.info, "revision"));
}

std::array<Figure, 7> RowOf(const Figures& now) {
  return {{{"keys", std::to_string(Keys(now.info))},
           {"memory", std::to_string(Number(now.info, "used_memory"))},
           {"clients", Text(now.info, "connected_clients")},
           {"blocked", Text(now.info, "blocked_clients")},
           {"requests", std::to_string(now.requests)},
           {"role", Text(now.info, "role"), Figure::Kind::kWord},
           {"revision", Text(now.info, "revision")}}};
}

// The header again from time to time for people, who see a screen of lines.
void PrintStat(const Figures& now, const Figures& before, ReplyStyle style, int64_t line) {
  if (style != ReplyStyle::kPeople) {
    const auto row = RowOf(now);
    fmt::print("{}{}", line == 0 ? FigureNames(row, style) : "", FigureLine(row, style));
    return;
  }
  if (line % kLinesAHeader == 0)
    fmt::print("{:>10}{:>12}{:>9}{:>9}{:>14}{:>12}{:>8}{:>13}\n", "KEYS", "MEMORY", "CLIENTS",
               "BLOCKED", "REQUESTS", "A SECOND", "ROLE", "REVISION");
  fmt::print("{}", FiguresForPeople(now, before));
}

std::string Ms(uint64_t us) { return fmt::format("{:.3f}", static_cast<double>(us) / 1000); }

std::string LatencyForPeople(const LatencyHistogram& latency, uint64_t fewest_us) {
  return fmt::format("{} samples, min {} ms, mean {:.3f} ms, p50 {} ms, p99 {} ms, max {} ms",
                     latency.count(), Ms(fewest_us), latency.mean() / 1000,
                     Ms(latency.Percentile(50)), Ms(latency.Percentile(99)), Ms(latency.max()));
}

}  // namespace

int RunStat(const CliOptions& options) {
  CliSession session(options.session, nullptr);
  Figures before;
  for (int64_t i = 0; options.repeat < 0 || i < options.repeat; ++i) {
    if (i > 0) session.Sleep(options.interval_ms);
    const Result<RespValue> reply = session.Call({"INFO", "everything"});
    if (!reply) return Failure(reply.error());
    Figures now{SystemClock().MonotonicUs(), 0, ParseInfo(reply->text)};
    now.requests = Number(now.info, "total_commands_processed");
    PrintStat(now, before, options.session.style, i);
    std::fflush(stdout);
    before = std::move(now);
  }
  return kExitOk;
}

int RunLatency(const CliOptions& options, const std::vector<std::string>& words) {
  Interrupt interrupt;
  CliSession::Options session_options = options.session;
  session_options.retrying.connection.interrupt_fd = interrupt.fd();
  CliSession session(session_options, &interrupt);
  const std::vector<std::string> command = words.empty() ? std::vector<std::string>{"PING"} : words;
  const ReplyStyle style = options.session.style;
  const bool terminal = isatty(STDOUT_FILENO) != 0 && style == ReplyStyle::kPeople;
  SystemClock clock;
  // The first one makes the connection, and is no measure of anything else.
  if (const Result<RespValue> reply = session.Call(command); !reply) return Failure(reply.error());
  const uint64_t start = clock.MonotonicUs();
  uint64_t shown = start;
  uint64_t fewest = UINT64_MAX;
  LatencyHistogram latency;
  do {
    const uint64_t sent = clock.MonotonicUs();
    const Result<RespValue> reply = session.Call(command);
    if (!reply && reply.error().code() == ErrorCode::kBusy) break;
    if (!reply) return Failure(reply.error());
    const uint64_t now = clock.MonotonicUs();
    latency.Add(now - sent);
    fewest = std::min(fewest, now - sent);
    if (terminal && now - shown > kLatencyShownUs) {
      fmt::print("\r{}\x1b[K", LatencyForPeople(latency, fewest));
      std::fflush(stdout);
      shown = now;
    }
    if (!terminal && now - start >= static_cast<uint64_t>(options.interval_ms) * 1000) break;
  } while (session.Sleep(kLatencyPauseMs));
  if (terminal) {
    fmt::print("\r{}\x1b[K\n", LatencyForPeople(latency, fewest));
  } else {
    const std::array<Figure, 6> row = {{{"samples", std::to_string(latency.count())},
                                        {"min_ms", Ms(fewest)},
                                        {"mean_ms", fmt::format("{:.3f}", latency.mean() / 1000)},
                                        {"p50_ms", Ms(latency.Percentile(50))},
                                        {"p99_ms", Ms(latency.Percentile(99))},
                                        {"max_ms", Ms(latency.max())}}};
    fmt::print("{}{}", FigureNames(row, style), FigureLine(row, style));
  }
  return kExitOk;
}

}  // namespace mydis
