// Handlers of the geo commands, which keep places as scores of sorted sets; records in
// geo_family.cc.
#pragma once

#include <span>
#include <vector>

#include "commands/spec.h"
#include "types/geohash.h"

namespace mydis {

std::span<const CommandSpec> GeoFamily();

// geo.cc
void GeoaddCommand(WriteContext& context);
void GeodistCommand(ReadContext& context);
void GeohashCommand(ReadContext& context);
void GeoposCommand(ReadContext& context);

// geo_search.cc
void GeosearchCommand(ReadContext& context);
void GeosearchstoreCommand(WriteContext& context);
void GeoradiusCommand(WriteContext& context);
void GeoradiusRoCommand(ReadContext& context);
void GeoradiusbymemberCommand(WriteContext& context);
void GeoradiusbymemberRoCommand(ReadContext& context);

// --- What both files share ---

// How many metres a unit has; nullopt for a word that is none: then the error has been sent.
std::optional<double> ReadGeoUnit(std::string_view word, Reply& reply);
// A place on the map; nullopt if the words are none: then the error has been sent.
std::optional<GeoPoint> ReadGeoPoint(std::string_view longitude, std::string_view latitude,
                                     Reply& reply);
// A distance with four digits after the point.
void SendGeoDistance(Reply& reply, double distance);
// Longitude and latitude with all their digits.
void SendGeoPoint(Reply& reply, GeoPoint point);

}  // namespace mydis
