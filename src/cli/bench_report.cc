#include "cli/bench_report.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/version.h"
#include "protocol/json.h"

namespace mydis {
namespace {

constexpr double kUsPerMs = 1000.0;
constexpr size_t kBarWidth = 40;

struct Column {
  std::string_view name;
  double percent;
};
constexpr Column kPercentiles[] = {
    {"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}, {"max", 100}};

double Rate(const LoadResult& result) {
  const auto answered = static_cast<double>(result.latency.count());
  return result.seconds > 0 ? answered / result.seconds : 0;
}

// "1,234,567"
std::string Grouped(uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string out;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

// Three digits that count: "0.123", "1.23", "12.3", "123", "1,234".
std::string Ms(double us) {
  const double ms = us / kUsPerMs;
  if (ms >= 1000) return Grouped(static_cast<uint64_t>(std::llround(ms)));
  const int decimals = ms < 1 ? 3 : ms < 10 ? 2 : ms < 100 ? 1 : 0;
  return fmt::format("{:.{}f}", ms, decimals);
}

// The upper ends of the rows: about evenly spaced on a logarithmic scale, and easy to read.
uint64_t NextStep(uint64_t us) {
  constexpr uint64_t kSteps[] = {15, 20, 30, 50, 70, 100};
  if (us < 10) return us < 3 ? us + 1 : us < 7 ? us + 2 : 10;
  uint64_t power = 1;
  while (power * 100 <= us) power *= 10;
  for (const uint64_t step : kSteps) {
    if (step * power > us) return step * power;
  }
  return us * 10;
}

struct Row {
  uint64_t upto_us;
  uint64_t count;
  uint64_t so_far;
};

// From the row of the shortest latency to that of the longest.
std::vector<Row> Rows(const LatencyHistogram& latency) {
  std::vector<Row> rows;
  uint64_t seen = 0;
  for (uint64_t us = 1; seen < latency.count(); us = NextStep(us)) {
    const uint64_t upto = us > latency.max() ? latency.count() : latency.CountUpTo(us);
    if (upto > 0) rows.push_back({us, upto - seen, upto});
    seen = upto;
  }
  return rows;
}

std::string Bar(double share, bool utf8) {
  const double width = share * static_cast<double>(kBarWidth);
  if (!utf8) {
    const std::string bar(static_cast<size_t>(std::ceil(width)), '#');
    return fmt::format("{:<{}}", bar, kBarWidth);
  }
  constexpr std::string_view kParts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  // What is there at all is to be seen.
  const auto eighths = static_cast<size_t>(share > 0 ? std::max(1.0, width * 8) : 0);
  std::string bar;
  for (size_t i = 0; i < eighths / 8; ++i) bar += "█";
  bar += kParts[eighths % 8];
  const size_t columns = eighths / 8 + (eighths % 8 > 0 ? 1 : 0);
  return bar.append(kBarWidth - std::min(columns, kBarWidth), ' ');
}

std::string Share(double share) {
  if (share == 0) return {};
  return share < 0.000005 ? "<0.001%" : fmt::format("{:.3f}%", share * 100);
}

std::string Histogram(const LatencyHistogram& latency, bool utf8) {
  if (latency.count() == 0) return {};
  std::string out = fmt::format("\n  {:>10}    {:>7}  {:<{}}  {:>8}\n", "latency", "share", "",
                                kBarWidth, "so far");
  const auto all = static_cast<double>(latency.count());
  const std::vector<Row> rows = Rows(latency);
  double most = 0;
  for (const Row& row : rows) most = std::max(most, static_cast<double>(row.count));
  for (const Row& row : rows) {
    const auto count = static_cast<double>(row.count);
    // Nothing but all of it is 100 %.
    const double so_far = row.so_far == latency.count()
                              ? 100
                              : std::min(99.999, static_cast<double>(row.so_far) / all * 100);
    out += fmt::format("  {:>7} ms  {:>9}  {}  {:>7.3f}%\n",
                       fmt::format("≤{}", Ms(static_cast<double>(row.upto_us))), Share(count / all),
                       Bar(count / most, utf8), so_far);
  }
  return out;
}

// What went wrong or is worth a remark, a line each.
std::string Remarks(const LoadResult& result, const LoadOptions& options) {
  std::string out;
  const auto all = static_cast<double>(std::max<uint64_t>(result.latency.count(), 1));
  if (result.interrupted) out += "  stopped by Ctrl-C: this is what was measured until then\n";
  if (result.errors > 0)
    out += fmt::format("  {} errors, the first: {}\n", Grouped(result.errors), result.first_error);
  if (result.reconnects > 0)
    out += fmt::format("  {} connections ended and were made again\n", Grouped(result.reconnects));
  if (result.lost > 0) out += fmt::format("  {} requests got no answer\n", Grouped(result.lost));
  if (result.late > 0)
    out += fmt::format(
        "  {} requests were due and could not be sent: more --clients or --pipeline, or a lower "
        "--rate\n",
        Grouped(result.late));
  if (options.rate > 0 && Rate(result) < 0.95 * options.rate && !result.interrupted)
    out +=
        fmt::format("  {} a second were asked for\n", Grouped(static_cast<uint64_t>(options.rate)));
  if (result.nulls > 0)
    out += fmt::format("  {:.1f}% of the replies were nil: there was nothing\n",
                       static_cast<double>(result.nulls) / all * 100);
  return out;
}

}  // namespace

std::string ReportForPeople(const BenchReport& report, const LoadOptions& options, bool utf8) {
  const LoadResult& result = report.result;
  std::string out = fmt::format(
      "{}: {} requests in {:.2f} s, {}/s, {} clients, pipeline {}{}\n", report.test,
      Grouped(result.latency.count()), result.seconds, Grouped(static_cast<uint64_t>(Rate(result))),
      options.clients, options.pipeline,
      options.rate > 0
          ? fmt::format(", {}/s asked for", Grouped(static_cast<uint64_t>(options.rate)))
          : "");
  out += Remarks(result, options);
  if (result.latency.count() > 0) {
    out += " ";
    for (const Column& column : kPercentiles)
      out += fmt::format(" {} {} ms ", column.name,
                         Ms(static_cast<double>(result.latency.Percentile(column.percent))));
    out += fmt::format(" mean {} ms\n", Ms(result.latency.mean()));
  }
  return out + Histogram(result.latency, utf8);
}

std::string SummaryForPeople(const std::vector<BenchReport>& reports) {
  size_t width = 4;
  for (const BenchReport& report : reports) width = std::max(width, report.test.size());
  std::string out = fmt::format("{:<{}}  {:>12}", "TEST", width, "REQUESTS/S");
  for (const Column& column : kPercentiles) out += fmt::format("  {:>9}", column.name);
  out += fmt::format("  {:>8}\n", "ERRORS");
  for (const BenchReport& report : reports) {
    const LoadResult& result = report.result;
    out += fmt::format("{:<{}}  {:>12}", report.test, width,
                       Grouped(static_cast<uint64_t>(Rate(result))));
    for (const Column& column : kPercentiles) {
      const std::string text =
          Ms(static_cast<double>(result.latency.Percentile(column.percent))) + " ms";
      out += fmt::format("  {:>9}", text);
    }
    out += fmt::format("  {:>8}\n", Grouped(result.errors + result.lost));
  }
  return out;
}

std::string ReportHeader(char separator) {
  std::string out;
  for (const std::string_view name : {"test", "requests", "seconds", "rate", "errors", "nil",
                                      "lost", "late", "reconnects", "mean_ms"})
    out += std::string(name) + separator;
  for (const Column& column : kPercentiles)
    out += fmt::format("{}_ms{}", column.name, column.percent < 100 ? separator : '\n');
  return out;
}

std::string ReportLine(const BenchReport& report, char separator) {
  const LoadResult& r = report.result;
  std::string name = report.test;
  // The words of a command may hold anything.
  std::replace(name.begin(), name.end(), separator, ' ');
  std::string out = name;
  const auto add = [&](const std::string& text) { out += separator + text; };
  add(std::to_string(r.latency.count()));
  add(fmt::format("{:.3f}", r.seconds));
  add(fmt::format("{:.1f}", Rate(r)));
  for (const uint64_t number : {r.errors, r.nulls, r.lost, r.late, r.reconnects})
    add(std::to_string(number));
  add(fmt::format("{:.3f}", r.latency.mean() / kUsPerMs));
  for (const Column& column : kPercentiles)
    add(fmt::format("{:.3f}",
                    static_cast<double>(r.latency.Percentile(column.percent)) / kUsPerMs));
  return out + "\n";
}

std::string ReportJson(const std::vector<BenchReport>& reports, const LoadOptions& options) {
  std::string text;
  JsonWriter out(text);
  out.BeginObject().Key("version").String(Version()).Key("addresses").BeginArray();
  for (const HostPort& address : options.addresses) out.String(address.ToString());
  out.EndArray().Key("clients").Unsigned(options.clients);
  out.Key("threads").Unsigned(options.threads).Key("pipeline").Unsigned(options.pipeline);
  out.Key("keyspace").Unsigned(options.keyspace).Key("asked_rate").Double(options.rate);
  out.Key("tests").BeginArray();
  for (const BenchReport& report : reports) {
    const LoadResult& r = report.result;
    out.BeginObject().Key("test").String(report.test);
    out.Key("requests").Unsigned(r.latency.count()).Key("seconds").Double(r.seconds);
    out.Key("rate").Double(Rate(r)).Key("errors").Unsigned(r.errors);
    out.Key("nil").Unsigned(r.nulls).Key("lost").Unsigned(r.lost).Key("late").Unsigned(r.late);
    out.Key("reconnects").Unsigned(r.reconnects).Key("interrupted").Bool(r.interrupted);
    if (!r.first_error.empty()) out.Key("first_error").String(r.first_error);
    out.Key("latency_ms").BeginObject().Key("mean").Double(r.latency.mean() / kUsPerMs);
    for (const Column& column : kPercentiles)
      out.Key(column.name)
          .Double(static_cast<double>(r.latency.Percentile(column.percent)) / kUsPerMs);
    out.EndObject().Key("histogram").BeginArray();
    for (const Row& row : Rows(r.latency))
      out.BeginObject()
          .Key("upto_ms")
          .Double(static_cast<double>(row.upto_us) / kUsPerMs)
          .Key("count")
          .Unsigned(row.count)
          .EndObject();
    out.EndArray().EndObject();
  }
  out.EndArray().EndObject();
  return text + "\n";
}

}  // namespace mydis
