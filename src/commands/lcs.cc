// LCS: the longest common subsequence of two strings.
#include "types/lcs.h"

#include "commands/strings.h"
#include "commands/values.h"

namespace mydis {
namespace {

struct Options {
  bool length = false;
  bool ranges = false;
  bool with_match_length = false;
  int64_t min_match_length = 0;
};

bool ParseOptions(Args args, Options& options, Reply& reply) {
  ArgParser parser(args, 3);
  while (parser.HasNext()) {
    if (parser.Accept("IDX")) {
      options.ranges = true;
    } else if (parser.Accept("LEN")) {
      options.length = true;
    } else if (parser.Accept("WITHMATCHLEN")) {
      options.with_match_length = true;
    } else if (parser.remaining() > 1 && parser.Accept("MINMATCHLEN")) {
      options.min_match_length = parser.Integer();
    } else {
      parser.Fail(kErrSyntax);
    }
  }
  if (options.length && options.ranges)
    parser.Fail("ERR If you want both the length and indexes, please just use IDX.");
  return !parser.Rejected(reply);
}

// Redis builds a table of 32-bit numbers and refuses one above proto-max-bulk-len. The table here
// is smaller, but the limit also bounds the time: it is kept.
bool CheckWork(const State& state, size_t a, size_t b, Reply& reply) {
  constexpr uint64_t kLongest = 0xfffffffe;
  if (a >= kLongest || b >= kLongest) {
    reply.Error("ERR String too long for LCS");
    return false;
  }
  const unsigned __int128 bytes = static_cast<unsigned __int128>(a + 1) * (b + 1) * 4;
  if (bytes > state.settings.proto_max_bulk_len()) {
    reply.Error("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
    return false;
  }
  return true;
}

void SendRange(Reply& reply, uint32_t first, uint32_t last) {
  reply.ArrayHeader(2);
  reply.Integer(first);
  reply.Integer(last);
}

void SendRanges(Reply& reply, const CommonSubsequence& found, const Options& options) {
  const auto counts = [&](const CommonRange& range) {
    return range.size() >= options.min_match_length;
  };
  reply.MapHeader(2);
  reply.Bulk("matches");
  reply.ArrayHeader(
      static_cast<size_t>(std::count_if(found.ranges.begin(), found.ranges.end(), counts)));
  for (const CommonRange& range : found.ranges) {
    if (!counts(range)) continue;
    reply.ArrayHeader(options.with_match_length ? 3 : 2);
    SendRange(reply, range.a_first, range.a_last);
    SendRange(reply, range.b_first, range.b_last);
    if (options.with_match_length) reply.Integer(range.size());
  }
  reply.Bulk("len");
  reply.Integer(static_cast<int64_t>(found.text.size()));
}

}  // namespace

void LcsCommand(ReadContext& context) {
  const Entry* a_entry = context.keyspace.Find(context.db, context.args[1]);
  const Entry* b_entry = context.keyspace.Find(context.db, context.args[2]);
  if ((a_entry != nullptr && !a_entry->is_string()) ||
      (b_entry != nullptr && !b_entry->is_string()))
    return context.reply.Error("ERR The specified keys must contain string values");
  Options options;
  if (!ParseOptions(context.args, options, context.reply)) return;

  Entry::Scratch a_scratch;
  Entry::Scratch b_scratch;
  const std::string_view a = StringOf(a_entry, a_scratch);
  const std::string_view b = StringOf(b_entry, b_scratch);
  if (!CheckWork(context.state, a.size(), b.size(), context.reply)) return;
  if (options.length) return context.reply.Integer(CommonSubsequenceLength(a, b));
  const CommonSubsequence found = FindCommonSubsequence(a, b);
  if (options.ranges) return SendRanges(context.reply, found, options);
  context.reply.Bulk(found.text);
}

}  // namespace mydis
