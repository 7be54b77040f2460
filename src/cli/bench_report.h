// What `mydis bench` has measured, for people and for programs. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/bench_load.h"

namespace mydis {

struct BenchReport {
  std::string test;
  LoadResult result;
};

// For people: a line of figures, percentiles, and bars whose rows are latencies on a logarithmic
// scale. `utf8`: bars of block characters, to an eighth of a column.
std::string ReportForPeople(const BenchReport& report, const LoadOptions& options, bool utf8);

// All tests, a line each.
std::string SummaryForPeople(const std::vector<BenchReport>& reports);

// For programs: columns separated by `separator`, and the line above them.
std::string ReportHeader(char separator);
std::string ReportLine(const BenchReport& report, char separator);

// One document for all tests, histograms too.
std::string ReportJson(const std::vector<BenchReport>& reports, const LoadOptions& options);

}  // namespace mydis
