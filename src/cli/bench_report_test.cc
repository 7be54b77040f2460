#include "cli/bench_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/json.h"

namespace mydis {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

BenchReport Report() {
  BenchReport report{"set", {}};
  for (int i = 0; i < 9'990; ++i) report.result.latency.Add(120);
  for (int i = 0; i < 10; ++i) report.result.latency.Add(2'500'000);
  report.result.seconds = 0.5;
  return report;
}

LoadOptions Options() { return {.addresses = {{"db1", 2381}}}; }

TEST(BenchReportTest, ForPeople) {
  const std::string text = ReportForPeople(Report(), Options(), true);
  EXPECT_THAT(text,
              HasSubstr("set: 10,000 requests in 0.50 s, 20,000/s, 50 clients, pipeline 1\n"));
  EXPECT_THAT(text, HasSubstr("p50 0.120 ms  p90 0.120 ms  p99 0.120 ms  p99.9 0.120 ms  max 2,500 "
                              "ms  mean 2.62 ms\n"));
  EXPECT_THAT(text, HasSubstr("≤0.150 ms    99.900%  ████████████████████████████████████████"));
  // However few, they can be seen; between both ends no row is left out.
  EXPECT_THAT(text, HasSubstr("≤3,000 ms     0.100%  ▏"));
  EXPECT_THAT(text, HasSubstr("≤30.0 ms             "));
  EXPECT_THAT(text, Not(HasSubstr("≤0.100 ms")));
  EXPECT_THAT(text, Not(HasSubstr("nil")));
  EXPECT_THAT(ReportForPeople(Report(), Options(), false), HasSubstr("0.100%  #  "));
}

TEST(BenchReportTest, Remarks) {
  BenchReport report = Report();
  report.result.errors = 3;
  report.result.first_error = "WRONGTYPE no";
  report.result.nulls = 5000;
  report.result.lost = 1200;
  report.result.late = 7;
  report.result.reconnects = 2;
  report.result.interrupted = true;
  LoadOptions options = Options();
  options.rate = 20'000;
  const std::string text = ReportForPeople(report, options, true);
  EXPECT_THAT(text, HasSubstr("3 errors, the first: WRONGTYPE no\n"));
  EXPECT_THAT(text, HasSubstr("50.0% of the replies were nil"));
  EXPECT_THAT(text, HasSubstr("1,200 requests got no answer\n"));
  EXPECT_THAT(text, HasSubstr("7 requests were due and could not be sent"));
  EXPECT_THAT(text, HasSubstr("2 connections ended"));
  EXPECT_THAT(text, HasSubstr("stopped by Ctrl-C"));
  EXPECT_THAT(text, HasSubstr(", 20,000/s asked for"));
}

TEST(BenchReportTest, NothingWasMeasured) {
  const BenchReport report{"get", {}};
  EXPECT_THAT(ReportForPeople(report, Options(), true),
              HasSubstr("get: 0 requests in 0.00 s, 0/s"));
  EXPECT_THAT(ReportLine(report, ','), HasSubstr("get,0,0.000,0.0,0,0,0,0,0,0.000,"));
  EXPECT_TRUE(ParseJson(ReportJson({report}, Options())).has_value());
}

TEST(BenchReportTest, Summary) {
  EXPECT_EQ(
      SummaryForPeople({Report()}),
      "TEST    REQUESTS/S        p50        p90        p99      p99.9        max    ERRORS\n"
      "set         20,000   0.120 ms   0.120 ms   0.120 ms   0.120 ms   2,500 ms         0\n");
}

TEST(BenchReportTest, Lines) {
  EXPECT_EQ(ReportHeader(','),
            "test,requests,seconds,rate,errors,nil,lost,late,reconnects,mean_ms,p50_ms,p90_ms,"
            "p99_ms,p99.9_ms,max_ms\n");
  BenchReport report = Report();
  report.test = "SET a,b c";
  EXPECT_EQ(ReportLine(report, ','),
            "SET a b c,10000,0.500,20000.0,0,0,0,0,0,2.620,0.120,0.120,0.120,0.120,2500.000\n");
}

TEST(BenchReportTest, Json) {
  const auto document = ParseJson(ReportJson({Report(), Report()}, Options()));
  ASSERT_TRUE(document.has_value());
  EXPECT_EQ(document->Find("addresses")->elements[0].text, "db1:2381");
  const JsonValue* tests = document->Find("tests");
  ASSERT_EQ(tests->elements.size(), 2u);
  EXPECT_EQ(tests->elements[0].Find("latency_ms")->Find("p99")->text, "0.12");
  uint64_t count = 0;
  for (const JsonValue& row : tests->elements[0].Find("histogram")->elements)
    count += std::stoull(row.Find("count")->text);
  EXPECT_EQ(count, 10'000u);
}

}  // namespace
}  // namespace mydis
