// Places: adding them, their coordinates, geohashes and distances.
#include "commands/geo.h"

#include <fmt/format.h>

#include <cmath>
#include <string>

#include "commands/arg_parser.h"
#include "commands/values.h"
#include "commands/zsets.h"

namespace mydis {

std::optional<double> ReadGeoUnit(std::string_view word, Reply& reply) {
  if (EqualsUpper(word, "M")) return 1;
  if (EqualsUpper(word, "KM")) return 1000;
  if (EqualsUpper(word, "FT")) return 0.3048;
  if (EqualsUpper(word, "MI")) return 1609.34;
  reply.Error("ERR unsupported unit provided. please use M, KM, FT, MI");
  return std::nullopt;
}

std::optional<GeoPoint> ReadGeoPoint(std::string_view longitude, std::string_view latitude,
                                     Reply& reply) {
  const auto x = ParseDouble(longitude);
  const auto y = x ? ParseDouble(latitude) : std::nullopt;
  if (!x || !y) {
    reply.Error(kErrNotFloat);
    return std::nullopt;
  }
  const GeoPoint point{*x, *y};
  if (IsOnMap(point)) return point;
  reply.Error(fmt::format("ERR invalid longitude,latitude pair {:f},{:f}", *x, *y));
  return std::nullopt;
}

void SendGeoDistance(Reply& reply, double distance) {
  constexpr int64_t kScale = 10000;
  const int64_t scaled = std::llrint(distance * kScale);
  reply.Bulk(fmt::format("{}.{:04}", scaled / kScale, scaled % kScale));
}

void SendGeoPoint(Reply& reply, GeoPoint point) {
  reply.ArrayHeader(2);
  for (const double degrees : {point.longitude, point.latitude})
    reply.DoubleText(degrees, FormatLongDouble(degrees));
}

// GEOADD key [NX | XX] [CH] longitude latitude member [longitude latitude member ...]
void GeoaddCommand(WriteContext& context) {
  SortedSet::AddOptions options;
  bool count_changed = false;
  ArgParser parser(context.args, 2);
  for (bool more = true; more;) {
    if (parser.Accept("NX")) {
      options.only_new = true;
    } else if (parser.Accept("XX")) {
      options.only_existing = true;
    } else if (parser.Accept("CH")) {
      count_changed = true;
    } else {
      more = false;
    }
  }
  const size_t words = parser.remaining();
  if (words % 3 != 0 || (options.only_new && options.only_existing))
    return context.reply.Error(kErrSyntax);
  std::vector<SortedSet::Element> elements;
  while (parser.HasNext()) {
    const std::string_view longitude = parser.Next();
    const auto point = ReadGeoPoint(longitude, parser.Next(), context.reply);
    if (!point) return;
    elements.push_back({parser.Next(), static_cast<double>(GeoScore(*point))});
  }
  if (elements.empty()) return context.reply.Error(kErrSyntax);
  AddElements(context, elements, options, count_changed);
}

// GEODIST key member1 member2 [M | KM | FT | MI]
void GeodistCommand(ReadContext& context) {
  std::optional<double> unit = 1;
  if (context.args.size() > 5) return context.reply.Error(kErrSyntax);
  if (context.args.size() == 5) unit = ReadGeoUnit(context.args[4], context.reply);
  const SortedSet* set = nullptr;
  if (!unit || !FindSortedSet(context, context.args[1], &set)) return;
  const auto a = set == nullptr ? std::nullopt : set->Score(context.args[2]);
  const auto b = a ? set->Score(context.args[3]) : std::nullopt;
  if (!b) return context.reply.Null();
  const double meters = GeoDistance(GeoPointOf(*a), GeoPointOf(*b), Trigonometry::kFast);
  SendGeoDistance(context.reply, meters / *unit);
}

// GEOHASH key [member [member ...]]
void GeohashCommand(ReadContext& context) {
  const SortedSet* set = nullptr;
  if (!FindSortedSet(context, context.args[1], &set)) return;
  const Args members = context.args.subspan(2);
  context.reply.ArrayHeader(members.size());
  for (const std::string_view member : members) {
    const auto score = set == nullptr ? std::nullopt : set->Score(member);
    score ? context.reply.Bulk(GeoHashText(GeoPointOf(*score))) : context.reply.Null();
  }
}

// GEOPOS key [member [member ...]]
void GeoposCommand(ReadContext& context) {
  const SortedSet* set = nullptr;
  if (!FindSortedSet(context, context.args[1], &set)) return;
  const Args members = context.args.subspan(2);
  context.reply.ArrayHeader(members.size());
  for (const std::string_view member : members) {
    const auto score = set == nullptr ? std::nullopt : set->Score(member);
    score ? SendGeoPoint(context.reply, GeoPointOf(*score)) : context.reply.NullArray();
  }
}

}  // namespace mydis
