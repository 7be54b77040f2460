// Places on Earth as Redis keeps them: a geohash of 52 bits, the score of a sorted set's member.
//
// Longitude and latitude take turns in halving the map, longitude first, 26 times each. So
// places with the same first bits lie in one cell, and a cell is a range of scores.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "types/sorted_set.h"

namespace mydis {

struct GeoPoint {
  double longitude;
  double latitude;
};

inline constexpr double kMaxLongitude = 180;
inline constexpr double kMaxLatitude = 85.05112878;  // Where a Mercator map becomes a square.

inline bool IsOnMap(GeoPoint point) {
  return point.longitude >= -kMaxLongitude && point.longitude <= kMaxLongitude &&
         point.latitude >= -kMaxLatitude && point.latitude <= kMaxLatitude;
}
// REQUIRES: IsOnMap(point).
uint64_t GeoScore(GeoPoint point);
// The middle of the smallest cell. Any score gives a point on the map.
GeoPoint GeoPointOf(double score);
// Eleven letters of the usual geohash alphabet; the last is always 0, since there are only 52 bits.
std::string GeoHashText(GeoPoint point);

// How sines are computed. The processor's fastest way may differ in the last bit from that of
// another, which a reply may and the state must not.
enum class Trigonometry : uint8_t { kFast, kReproducible };

// In metres, on a sphere.
double GeoDistance(GeoPoint a, GeoPoint b, Trigonometry trigonometry);

// What is looked for: a circle, or a box that is parallel to the map's edges.
struct GeoShape {
  GeoPoint center;
  bool box = false;
  double radius = 0;  // Of a circle, in `unit` metres …
  double width = 0;   // … as the sides of a box.
  double height = 0;
  double unit = 1;

  // Whether the point is within; then *distance is that from the centre, in metres.
  bool Contains(GeoPoint point, Trigonometry trigonometry, double* distance) const;
  // Ranges of scores that together hold all points within, in Redis's order. No two overlap.
  struct Ranges {
    std::array<ScoreRange, 9> ranges;
    size_t count = 0;
  };
  Ranges Cover() const;
};

}  // namespace mydis
