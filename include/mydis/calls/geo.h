// Typed calls: geographical positions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mydis/calls/call_base.h"

namespace mydis {

// In degrees.
struct GeoPoint {
  double longitude = 0;
  double latitude = 0;
};
// What calls take: where its member is.
struct GeoMemberView {
  std::string_view member;
  GeoPoint at;
};
struct GeoMember {
  std::string member;
  GeoPoint at;
  operator GeoMemberView() const { return {member, at}; }
};

enum class GeoUnit : uint8_t { kMetres, kKilometres, kFeet, kMiles };

struct GeoAddOptions {
  enum class When : uint8_t { kAlways, kIfMissing, kIfThere };
  When when = When::kAlways;
  bool count_changed = false;  // The call gives how many are new or elsewhere.
};

// Around a member or a point, within a circle or a box.
struct GeoQuery {
  enum class Order : uint8_t { kAny, kNearestFirst, kFarthestFirst };
  std::string_view member = {};  // Empty: around `point`.
  GeoPoint point;
  double radius = 0;  // 0: a box.
  double width = 0;
  double height = 0;
  GeoUnit unit = GeoUnit::kMetres;
  Order order = Order::kAny;
  int64_t count = 0;  // 0: all.
  bool any = false;   // Whichever are found first, not the nearest.
};

struct GeoMatch {
  std::string member;
  double distance = 0;  // In the query's unit.
  int64_t hash = 0;     // Its score.
  GeoPoint at;
};

namespace detail {

inline std::string_view WordOf(GeoUnit unit) {
  constexpr std::string_view kWords[] = {"m", "km", "ft", "mi"};
  return kWords[static_cast<size_t>(unit)];
}

inline Words& AddGeoQuery(Words& words, const GeoQuery& query) {
  if (query.member.empty()) {
    words.Add("FROMLONLAT", query.point.longitude, query.point.latitude);
  } else {
    words.Add("FROMMEMBER", query.member);
  }
  if (query.radius > 0) {
    words.Add("BYRADIUS", query.radius, WordOf(query.unit));
  } else {
    words.Add("BYBOX", query.width, query.height, WordOf(query.unit));
  }
  words.AddIf(query.order == GeoQuery::Order::kNearestFirst, "ASC");
  words.AddIf(query.order == GeoQuery::Order::kFarthestFirst, "DESC");
  if (query.count > 0) words.Add("COUNT", query.count).AddIf(query.any, "ANY");
  return words;
}

template <>
struct Decoder<GeoPoint> {
  static Result<GeoPoint> From(Value value) {
    auto pair = Decoder<std::pair<double, double>>::From(std::move(value));
    if (!pair) return std::unexpected(std::move(pair.error()));
    return GeoPoint{pair->first, pair->second};
  }
};
// With WITHDIST, WITHHASH and WITHCOORD.
template <>
struct Decoder<GeoMatch> {
  static Result<GeoMatch> From(Value value) {
    if (!value.is_collection() || value.elements().size() != 4) return Unexpected("a match");
    std::vector<Value> parts = std::move(value).elements();
    auto name = DecodePair<std::string, double>(std::move(parts[0]), std::move(parts[1]));
    if (!name) return std::unexpected(std::move(name.error()));
    auto place = DecodePair<int64_t, GeoPoint>(std::move(parts[2]), std::move(parts[3]));
    if (!place) return std::unexpected(std::move(place.error()));
    return GeoMatch{std::move(name->first), name->second, place->first, place->second};
  }
};

}  // namespace detail

template <typename Self, template <typename> class Answer>
class GeoCalls : public CallBase<Self, Answer, GeoCalls<Self, Answer>> {
 public:
  // How many are new.
  Answer<int64_t> GeoAdd(std::string_view key, const ListOf<GeoMemberView>& members,
                         const GeoAddOptions& add = {}, const CallOptions& options = {}) {
    Words words{"GEOADD", key};
    words.AddIf(add.when == GeoAddOptions::When::kIfMissing, "NX");
    words.AddIf(add.when == GeoAddOptions::When::kIfThere, "XX");
    words.AddIf(add.count_changed, "CH");
    for (const auto& [member, at] : members) words.Add(at.longitude, at.latitude, member);
    return this->template Write<int64_t>(words, options);
  }
  // Nothing if one of them is not there.
  Answer<std::optional<double>> GeoDist(std::string_view key, std::string_view first,
                                        std::string_view second, GeoUnit unit = GeoUnit::kMetres,
                                        const CallOptions& options = {}) {
    return this->template Read<std::optional<double>>(
        {"GEODIST", key, first, second, detail::WordOf(unit)}, options);
  }
  Answer<std::vector<std::optional<GeoPoint>>> GeoPos(std::string_view key, const Strings& members,
                                                      const CallOptions& options = {}) {
    return this->template Read<std::vector<std::optional<GeoPoint>>>(
        Words{"GEOPOS", key}.Add(members), options);
  }
  // As geohash.org writes them.
  Answer<std::vector<std::optional<std::string>>> GeoHash(std::string_view key,
                                                          const Strings& members,
                                                          const CallOptions& options = {}) {
    return this->template Read<std::vector<std::optional<std::string>>>(
        Words{"GEOHASH", key}.Add(members), options);
  }
  Answer<std::vector<std::string>> GeoSearch(std::string_view key, const GeoQuery& query,
                                             const CallOptions& options = {}) {
    Words words{"GEOSEARCH", key};
    return this->template Read<std::vector<std::string>>(detail::AddGeoQuery(words, query),
                                                         options);
  }
  // GEOSEARCH with all that it tells of each.
  Answer<std::vector<GeoMatch>> GeoSearchMatches(std::string_view key, const GeoQuery& query,
                                                 const CallOptions& options = {}) {
    Words words{"GEOSEARCH", key};
    return this->template Read<std::vector<GeoMatch>>(
        detail::AddGeoQuery(words, query).Add("WITHCOORD", "WITHDIST", "WITHHASH"), options);
  }
  // How many members `destination` has, a sorted set of their hashes or distances.
  Answer<int64_t> GeoSearchStore(std::string_view destination, std::string_view key,
                                 const GeoQuery& query, bool store_distances = false,
                                 const CallOptions& options = {}) {
    Words words{"GEOSEARCHSTORE", destination, key};
    return this->template Write<int64_t>(
        detail::AddGeoQuery(words, query).AddIf(store_distances, "STOREDIST"), options);
  }
};

}  // namespace mydis
