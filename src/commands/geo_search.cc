// Places within a circle or a box: GEOSEARCH, GEORADIUS and their relatives.
#include <algorithm>
#include <string>

#include "commands/arg_parser.h"
#include "commands/geo.h"
#include "commands/values.h"
#include "commands/zsets.h"

namespace mydis {
namespace {

constexpr std::string_view kErrNoMember = "ERR could not decode requested zset member";

// What the commands differ in.
struct Variant {
  enum class From : uint8_t { kPoint, kMember, kOption } from;
  size_t source = 1;           // Where the key stands.
  bool store_option = false;   // STORE and STOREDIST name a key.
  bool store_command = false;  // GEOSEARCHSTORE.
  bool is_search() const { return from == From::kOption; }
};

enum class Order : uint8_t { kNone, kAscending, kDescending };

struct Query {
  const SortedSet* set = nullptr;
  GeoShape shape;
  bool has_center = false;
  bool has_shape = false;
  bool with_distance = false;
  bool with_hash = false;
  bool with_point = false;
  Order order = Order::kNone;
  size_t count = 0;  // 0: all.
  bool any = false;
  std::optional<std::string_view> store;
  bool store_distance = false;
};

struct Found {
  std::string_view member;
  double score;
  GeoPoint point;
  double distance;  // In metres.
};

// Reads the words of one search. Functions answer false after an error, which has been sent.
class QueryReader {
 public:
  QueryReader(const ReadContext& context, const Variant& variant)
      : reply_(context.reply), args_(context.args), variant_(variant), parser_(context.args) {}

  bool Read(const ReadContext& context, Query& query) {
    return FindSortedSet(context, args_[variant_.source], &query.set) && ReadFixed(query) &&
           ReadOptions(query) && Check(query);
  }

 private:
  bool Error(std::string_view text) {
    reply_.Error(text);
    return false;
  }

  // The words before the options.
  bool ReadFixed(Query& query) {
    size_t first = variant_.source + 1;
    if (variant_.from == Variant::From::kPoint) {
      if (!ReadCenter(args_[2], args_[3], query) || !ReadRadius(args_[4], args_[5], query))
        return false;
      first = 6;
    } else if (variant_.from == Variant::From::kMember) {
      // Without a key the radius is not looked at.
      if (query.set != nullptr &&
          (!ReadMember(args_[2], query) || !ReadRadius(args_[3], args_[4], query)))
        return false;
      first = 5;
    }
    if (variant_.store_command) query.store = args_[1];
    parser_ = ArgParser(args_, first);
    return true;
  }

  bool ReadCenter(std::string_view longitude, std::string_view latitude, Query& query) {
    const auto point = ReadGeoPoint(longitude, latitude, reply_);
    if (point) query.shape.center = *point;
    query.has_center = true;
    return point.has_value();
  }
  bool ReadMember(std::string_view member, Query& query) {
    query.has_center = true;
    if (query.set == nullptr) return true;
    const auto score = query.set->Score(member);
    if (!score) return Error(kErrNoMember);
    query.shape.center = GeoPointOf(*score);
    return true;
  }
  bool ReadUnit(std::string_view word, Query& query) {
    const auto unit = ReadGeoUnit(word, reply_);
    if (unit) query.shape.unit = *unit;
    query.has_shape = true;
    return unit.has_value();
  }
  bool ReadRadius(std::string_view radius, std::string_view unit, Query& query) {
    const auto number = ParseDouble(radius);
    if (!number) return Error("ERR need numeric radius");
    if (*number < 0) return Error("ERR radius cannot be negative");
    query.shape.radius = *number;
    return ReadUnit(unit, query);
  }
  bool ReadBox(Query& query) {
    const auto width = ParseDouble(parser_.Next());
    if (!width) return Error("ERR need numeric width");
    const auto height = ParseDouble(parser_.Next());
    if (!height) return Error("ERR need numeric height");
    if (*width < 0 || *height < 0) return Error("ERR height or width cannot be negative");
    query.shape.box = true;
    query.shape.width = *width;
    query.shape.height = *height;
    return ReadUnit(parser_.Next(), query);
  }
  bool ReadCount(Query& query) {
    const auto count = ParseInteger(parser_.Next());
    if (!count) return Error(kErrNotInteger);
    if (*count <= 0) return Error("ERR COUNT must be > 0");
    query.count = static_cast<size_t>(*count);
    return true;
  }

  // Takes the next word if it is `upper` and at least `more` words follow.
  bool Accept(std::string_view upper, size_t more = 0) {
    return parser_.remaining() > more && parser_.Accept(upper);
  }
  bool AcceptFlag(Query& query) {
    if (Accept("WITHDIST")) {
      query.with_distance = true;
    } else if (Accept("WITHHASH")) {
      query.with_hash = true;
    } else if (Accept("WITHCOORD")) {
      query.with_point = true;
    } else if (Accept("ANY")) {
      query.any = true;
    } else if (Accept("ASC")) {
      query.order = Order::kAscending;
    } else if (Accept("DESC")) {
      query.order = Order::kDescending;
    } else if (variant_.store_command && Accept("STOREDIST")) {
      query.store_distance = true;
    } else {
      return false;
    }
    return true;
  }
  bool ReadOptions(Query& query) {
    const bool search = variant_.is_search();
    while (parser_.HasNext()) {
      if (AcceptFlag(query)) continue;
      bool good = true;
      if (Accept("COUNT", 1)) {
        good = ReadCount(query);
      } else if (variant_.store_option && Accept("STORE", 1)) {
        query.store = parser_.Next();
        query.store_distance = false;
      } else if (variant_.store_option && Accept("STOREDIST", 1)) {
        query.store = parser_.Next();
        query.store_distance = true;
      } else if (search && !from_point_ && Accept("FROMMEMBER", 1)) {
        from_member_ = true;
        good = ReadMember(parser_.Next(), query);
      } else if (search && !from_member_ && Accept("FROMLONLAT", 2)) {
        from_point_ = true;
        const std::string_view longitude = parser_.Next();
        good = ReadCenter(longitude, parser_.Next(), query);
      } else if (search && !query.shape.box && Accept("BYRADIUS", 2)) {
        by_radius_ = true;
        const std::string_view radius = parser_.Next();
        good = ReadRadius(radius, parser_.Next(), query);
      } else if (search && !by_radius_ && Accept("BYBOX", 3)) {
        good = ReadBox(query);
      } else {
        good = Error(kErrSyntax);
      }
      if (!good) return false;
    }
    return true;
  }

  bool Check(const Query& query) {
    if (query.store && (query.with_distance || query.with_hash || query.with_point)) {
      std::string text =
          variant_.store_command ? "ERR GEOSEARCHSTORE" : "ERR STORE option in GEORADIUS";
      return Error(text.append(" is not compatible with WITHDIST, WITHHASH and WITHCOORD options"));
    }
    if (variant_.is_search() && !query.has_center) {
      std::string text = "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for ";
      return Error(text.append(args_[0]));
    }
    if (variant_.is_search() && !query.has_shape) {
      std::string text = "ERR exactly one of BYRADIUS and BYBOX can be specified for ";
      return Error(text.append(args_[0]));
    }
    if (query.any && query.count == 0) return Error("ERR the ANY argument requires COUNT argument");
    return true;
  }

  Reply& reply_;
  const Args args_;
  const Variant variant_;
  ArgParser parser_;
  bool from_member_ = false;
  bool from_point_ = false;
  bool by_radius_ = false;
};

// All places within the shape, or the first `count` for ANY; sorted and cut as the query says. The
// members point into the set. (A set's listpack may hold a member as an integer: `digits` keeps
// those.)
std::vector<Found> Search(const Query& query, Trigonometry trigonometry,
                          std::vector<std::string>& digits) {
  std::vector<Found> found;
  const SortedSet& set = *query.set;
  const bool small = set.listpack() != nullptr;
  const size_t limit = query.any ? query.count : SIZE_MAX;
  if (small) digits.reserve(set.size());
  const GeoShape::Ranges cover = query.shape.Cover();
  for (size_t i = 0; i < cover.count && found.size() < limit; ++i) {
    set.ForEach(set.RangeOf(cover.ranges[i]), false, [&](std::string_view member, double score) {
      if (found.size() >= limit) return;
      const GeoPoint point = GeoPointOf(score);
      double distance = 0;
      if (!query.shape.Contains(point, trigonometry, &distance)) return;
      if (small) member = digits.emplace_back(member);
      found.push_back({member, score, point, distance});
    });
  }
  Order order = query.order;
  if (query.count > 0 && order == Order::kNone && !query.any) order = Order::kAscending;
  if (order == Order::kAscending) std::ranges::stable_sort(found, {}, &Found::distance);
  if (order == Order::kDescending)
    std::ranges::stable_sort(found, std::ranges::greater(), &Found::distance);
  if (query.count > 0 && found.size() > query.count) found.resize(query.count);
  return found;
}

void Send(Reply& reply, const Query& query) {
  if (query.set == nullptr) return reply.ArrayHeader(0);
  std::vector<std::string> digits;
  const std::vector<Found> found = Search(query, Trigonometry::kFast, digits);
  const size_t extras = query.with_distance + query.with_hash + query.with_point;
  reply.ArrayHeader(found.size());
  for (const Found& place : found) {
    if (extras > 0) reply.ArrayHeader(1 + extras);
    reply.Bulk(place.member);
    if (query.with_distance) SendGeoDistance(reply, place.distance / query.shape.unit);
    if (query.with_hash) reply.Integer(static_cast<int64_t>(place.score));
    if (query.with_point) SendGeoPoint(reply, place.point);
  }
}

void Read(ReadContext& context, const Variant& variant) {
  Query query;
  if (QueryReader(context, variant).Read(context, query)) Send(context.reply, query);
}

void Write(WriteContext& context, const Variant& variant) {
  Query query;
  const ReadContext read = context.AsRead();
  if (!QueryReader(read, variant).Read(read, query)) return;
  if (!query.store) return Send(context.reply, query);
  std::vector<SortedSet::Element> elements;
  std::vector<std::string> digits;
  if (query.set != nullptr) {
    for (const Found& place : Search(query, Trigonometry::kReproducible, digits)) {
      const double distance = place.distance / query.shape.unit;
      elements.push_back({place.member, query.store_distance ? distance : place.score});
    }
  }
  StoreElements(context, *query.store, elements,
                variant.is_search() ? "geosearchstore" : "georadiusstore");
}

constexpr Variant kRadius{Variant::From::kPoint, 1, true};
constexpr Variant kRadiusByMember{Variant::From::kMember, 1, true};

}  // namespace

// GEOSEARCH key FROMMEMBER member | FROMLONLAT longitude latitude BYRADIUS radius unit | BYBOX
// width height unit [ASC | DESC] [COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]
void GeosearchCommand(ReadContext& context) { Read(context, {Variant::From::kOption}); }

// GEOSEARCHSTORE destination source … [STOREDIST]
void GeosearchstoreCommand(WriteContext& context) {
  Write(context, {Variant::From::kOption, 2, false, true});
}

// GEORADIUS key longitude latitude radius unit … [STORE key | STOREDIST key]
void GeoradiusCommand(WriteContext& context) { Write(context, kRadius); }
void GeoradiusRoCommand(ReadContext& context) { Read(context, {Variant::From::kPoint}); }

// GEORADIUSBYMEMBER key member radius unit … [STORE key | STOREDIST key]
void GeoradiusbymemberCommand(WriteContext& context) { Write(context, kRadiusByMember); }
void GeoradiusbymemberRoCommand(ReadContext& context) { Read(context, {Variant::From::kMember}); }

}  // namespace mydis
