// The records of the geo commands.
#include "commands/geo.h"

namespace mydis {
namespace {

constexpr KeySpec kReadKeys[] = {OneKey(kKeyRO | kKeyAccess)};
constexpr KeySpec kUpdateKeys[] = {OneKey(kKeyRW | kKeyUpdate)};
constexpr KeySpec kStoreKeys[] = {OneKey(kKeyOW | kKeyUpdate), OneKey(kKeyRO | kKeyAccess, 2)};
constexpr KeySpec StoreOption(std::string_view keyword, int16_t start_from) {
  return {.flags = kKeyOW | kKeyUpdate,
          .begin = KeySpec::Begin::kKeyword,
          .keyword = keyword,
          .start_from = start_from};
}
constexpr KeySpec kRadiusKeys[] = {OneKey(kKeyRO | kKeyAccess), StoreOption("STORE", 6),
                                   StoreOption("STOREDIST", 6)};
constexpr KeySpec kRadiusByMemberKeys[] = {OneKey(kKeyRO | kKeyAccess), StoreOption("STORE", 5),
                                           StoreOption("STOREDIST", 5)};

constexpr CommandSpec kCommands[] = {
    {
        .name = "geoadd",
        .arity = -5,
        .effect = Effect::kWrite,
        .flags = kDenyOom,
        .keys = kUpdateKeys,
        .group = Group::kGeo,
        .since = "3.2.0",
        .complexity = "O(log(N)) for each place, with N the size of the sorted set",
        .summary = "Adds places, given by longitude and latitude.",
        .arguments = "key [condition: NX | XX]@6.2.0 [change:CH@6.2.0] longitude:double "
                     "latitude:double member [data: longitude latitude member ...]",
        .example = "GEOADD k 13.361389 38.115556 Palermo 15.087269 37.502669 Catania",
        .example_reply = ":2",
        .handler = GeoaddCommand,
        .history = "6.2.0: Added `CH`, `NX` and `XX`.",
    },
    {
        .name = "geodist",
        .arity = -4,
        .effect = Effect::kRead,
        .flags = kFlagNone,
        .keys = kReadKeys,
        .group = Group::kGeo,
        .since = "3.2.0",
        .complexity = "O(1)",
        .summary = "Gives the distance between two places.",
        .arguments = "key member1 member2 [unit: 'm' | 'km' | 'ft' | 'mi']",
        .example = "GEOADD k 13.361389 38.115556 Palermo 15.087269 37.502669 Catania; GEODIST k "
                   "Palermo Catania km",
        .example_reply = "\"166.2742\"",
        .handler = GeodistCommand,
    },
    {
        .name = "geohash",
        .arity = -2,
        .effect = Effect::kRead,
        .flags = kFlagNone,
        .keys = kReadKeys,
        .group = Group::kGeo,
        .since = "3.2.0",
        .complexity = "O(1) for each member",
        .summary = "Gives places as geohash texts.",
        .arguments = "key [member [member ...]]",
        .example = "GEOADD k 13.361389 38.115556 Palermo 15.087269 37.502669 Catania; GEOHASH k "
                   "Palermo none",
        .example_reply = "*2\n  \"sqc8b49rny0\"\n  (nil)",
        .handler = GeohashCommand,
    },
    {
        .name = "geopos",
        .arity = -2,
        .effect = Effect::kRead,
        .flags = kFlagNone,
        .keys = kReadKeys,
        .group = Group::kGeo,
        .since = "3.2.0",
        .complexity = "O(1) for each member",
        .summary = "Gives the longitude and latitude of places.",
        .arguments = "key [member [member ...]]",
        .example = "GEOADD k 13.361389 38.115556 Palermo 15.087269 37.502669 Catania; GEOPOS k "
                   "Palermo",
        .example_reply = "*1\n  *2\n    \"13.36138933897018433\"\n    \"38.11555639549629859\"",
        .handler = GeoposCommand,
    },
    {
        .name = "georadius",
        .arity = -6,
        .effect = Effect::kWrite,
        .flags = kDenyOom,
        .keys = kRadiusKeys,
        .group = Group::kGeo,
        .since = "3.2.0",
        .complexity = "O(N+log(M)) with N the places in the squares around the area, M those "
                      "inside",
        .summary = "Gives or stores the places within a circle around a point.",
        .arguments = "key longitude:double latitude:double radius:double <unit: 'm' | 'km' | 'ft' "
                     "| 'mi'> [WITHCOORD] [WITHDIST] [WITHHASH] [count-block: COUNT count "
                     "[ANY@6.2.0]] [order: ASC | DESC] [store: STORE storekey:key/key | STOREDIST "
                     "storedistkey:key/key]",
        .example = "GEOADD k 13.361389 38.115556 Palermo 15.087269 37.502669 Catania; GEORADIUS k "
                   "15 37 100 km",
        .example_reply = "*1\n  \"Catania\"",
        .handler = GeoradiusCommand,
        .history = "6.2.0: Added `ANY` for `COUNT`.|7.0.0: Units can be written in any case.",
        .deprecated = "6.2.0|`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument",
    },
    {
        .name = "georadius_ro",
        .arity = -6,
        .effect = Effect::kRead,
        .flags = kFlagNone,
        .keys = kReadKeys,
        .group = Group::kGeo,
        .since = "3.2.10",
        .complexity = "O(N+log(M)) with N the places in the squares around the area, M those "
                      "inside",
        .summary = "Gives the places within a circle around a point.",
        .arguments = "key longitude:double latitude:double radius:double <unit: 'm' | 'km' | 'ft' "
                     "| 'mi'> [WITHCOORD] [WITHDIST] [WITHHASH] [count-block: COUNT count "
                     "[ANY@6.2.0]] [order: ASC | DESC]",
        .example = "GEOADD k 13.361389 38.115556 Palermo 15.087269 37.502669 Catania; "
                   "GEORADIUS_RO k 15 37 100 km",
        .example_reply = "*1\n  \"Catania\"",
        .handler = GeoradiusRoCommand,
        .history = "6.2.0: Added `ANY` for `COUNT`.",
        .deprecated = "6.2.0|`GEOSEARCH` with the `BYRADIUS` argument",
    },
    {
        .name = "georadiusbymember",
        .arity = -5,
        .effect = Effect::kWrite,
        .flags = kDenyOom,
        .keys = kRadiusByMemberKeys,
        .group = Group::kGeo,
        .since = "3.2.0",
        .complexity = "O(N+log(M)) with N the places in the squares around the area, M those "
                      "inside",
        .summary = "Gives or stores the places within a circle around a member.",
        .arguments = "key member radius:double <unit: 'm' | 'km' | 'ft' | 'mi'> [WITHCOORD] "
                     "[WITHDIST] [WITHHASH] [count-block: COUNT count [ANY]] [order: ASC | DESC] "
                     "[store: STORE storekey:key/key | STOREDIST storedistkey:key/key]",
        .example = "GEOADD k 13.361389 38.115556 Palermo 15.087269 37.502669 Catania; "
                   "GEORADIUSBYMEMBER k Palermo 100 km",
        .example_reply = "*1\n  \"Palermo\"",
        .handler = GeoradiusbymemberCommand,
        .history = "6.2.0: Added `ANY` for `COUNT`.|7.0.0: Units can be written in any case.",
        .deprecated = "6.2.0|`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and "
                      "`FROMMEMBER` arguments",
    },
    {
        .name = "georadiusbymember_ro",
        .arity = -5,
        .effect = Effect::kRead,
        .flags = kFlagNone,
        .keys = kReadKeys,
        .group = Group::kGeo,
        .since = "3.2.10",
        .complexity = "O(N+log(M)) with N the places in the squares around the area, M those "
                      "inside",
        .summary = "Gives the places within a circle around a member.",
        .arguments = "key member radius:double <unit: 'm' | 'km' | 'ft' | 'mi'> [WITHCOORD] "
                     "[WITHDIST] [WITHHASH] [count-block: COUNT count [ANY]] [order: ASC | DESC]",
        .example = "GEOADD k 13.361389 38.115556 Palermo 15.087269 37.502669 Catania; "
                   "GEORADIUSBYMEMBER_RO k Palermo 100 km",
        .example_reply = "*1\n  \"Palermo\"",
        .handler = GeoradiusbymemberRoCommand,
        .deprecated = "6.2.0|`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments",
    },
    {
        .name = "geosearch",
        .arity = -7,
        .effect = Effect::kRead,
        .flags = kFlagNone,
        .keys = kReadKeys,
        .group = Group::kGeo,
        .since = "6.2.0",
        .complexity = "O(N+log(M)) with N the places in the squares around the area, M those "
                      "inside",
        .summary = "Gives the places within a circle or a box.",
        .arguments = "key <from: FROMMEMBER member | FROMLONLAT longitude:double latitude:double> "
                     "<by: <circle: BYRADIUS radius:double <unit: 'm' | 'km' | 'ft' | 'mi'>> | "
                     "<box: <BYBOX width:double> height:double <unit: 'm' | 'km' | 'ft' | 'mi'>>> "
                     "[order: ASC | DESC] [count-block: COUNT count [ANY]] [WITHCOORD] [WITHDIST] "
                     "[WITHHASH]",
        .example = "GEOADD k 13.361389 38.115556 Palermo 15.087269 37.502669 Catania; GEOSEARCH k "
                   "FROMLONLAT 15 37 BYBOX 400 400 km ASC",
        .example_reply = "*2\n  \"Catania\"\n  \"Palermo\"",
        .handler = GeosearchCommand,
        .history = "7.0.0: Units can be written in any case.",
    },
    {
        .name = "geosearchstore",
        .arity = -8,
        .effect = Effect::kWrite,
        .flags = kDenyOom,
        .keys = kStoreKeys,
        .group = Group::kGeo,
        .since = "6.2.0",
        .complexity = "O(N+log(M)) with N the places in the squares around the area, M those "
                      "inside",
        .summary = "Stores the places within a circle or a box.",
        .arguments = "destination source <from: FROMMEMBER member | FROMLONLAT longitude:double "
                     "latitude:double> <by: <circle: BYRADIUS radius:double <unit: 'm' | 'km' | "
                     "'ft' | 'mi'>> | <box: <BYBOX width:double> height:double <unit: 'm' | 'km' "
                     "| 'ft' | 'mi'>>> [order: ASC | DESC] [count-block: COUNT count [ANY]] "
                     "[STOREDIST]",
        .example = "GEOADD k 13.361389 38.115556 Palermo 15.087269 37.502669 Catania; "
                   "GEOSEARCHSTORE x k FROMLONLAT 15 37 BYRADIUS 100 km",
        .example_reply = ":1",
        .handler = GeosearchstoreCommand,
        .history = "7.0.0: Units can be written in any case.",
    },
};

}  // namespace

std::span<const CommandSpec> GeoFamily() { return kCommands; }

}  // namespace mydis
