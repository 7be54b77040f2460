#include "types/geohash.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace mydis {
namespace {

constexpr int kMaxStep = 26;
constexpr double kEarthRadius = 6372797.560856;  // Metres.
constexpr double kMercatorMax = 20037726.37;     // Half the map's width in metres.
constexpr double kDegree = std::numbers::pi / 180;
constexpr uint64_t kLatitudeBits = 0x5555555555555555;
constexpr uint64_t kLongitudeBits = 0xaaaaaaaaaaaaaaaa;

double Radians(double degrees) { return degrees * kDegree; }
double Degrees(double radians) { return radians / kDegree; }

// Long doubles are computed the same way on every processor of a kind, and then rounded.
template <Trigonometry kWay>
double Sine(double angle) {
  if constexpr (kWay == Trigonometry::kFast) return std::sin(angle);
  return static_cast<double>(std::sin(static_cast<long double>(angle)));
}
template <Trigonometry kWay>
double Cosine(double angle) {
  if constexpr (kWay == Trigonometry::kFast) return std::cos(angle);
  return static_cast<double>(std::cos(static_cast<long double>(angle)));
}
template <Trigonometry kWay>
double ArcSine(double sine) {
  if constexpr (kWay == Trigonometry::kFast) return std::asin(sine);
  return static_cast<double>(std::asin(static_cast<long double>(sine)));
}

double DistanceAlongMeridian(double latitude_a, double latitude_b) {
  return kEarthRadius * std::abs(Radians(latitude_b) - Radians(latitude_a));
}

// The haversine formula.
template <Trigonometry kWay>
double Distance(GeoPoint a, GeoPoint b) {
  const double v = Sine<kWay>((Radians(b.longitude) - Radians(a.longitude)) / 2);
  if (v == 0) return DistanceAlongMeridian(a.latitude, b.latitude);
  const double latitude_a = Radians(a.latitude);
  const double latitude_b = Radians(b.latitude);
  const double u = Sine<kWay>((latitude_b - latitude_a) / 2);
  const double h = u * u + Cosine<kWay>(latitude_a) * Cosine<kWay>(latitude_b) * v * v;
  return 2 * kEarthRadius * ArcSine<kWay>(std::sqrt(h));
}

template <Trigonometry kWay>
bool ShapeContains(const GeoShape& shape, GeoPoint point, double* distance) {
  const GeoPoint center = shape.center;
  if (shape.box) {
    if (DistanceAlongMeridian(point.latitude, center.latitude) > shape.height * shape.unit / 2)
      return false;
    const GeoPoint beside{center.longitude, point.latitude};
    if (Distance<kWay>(point, beside) > shape.width * shape.unit / 2) return false;
  }
  *distance = Distance<kWay>(center, point);
  return shape.box || *distance <= shape.radius * shape.unit;
}

// The bits of `value` moved to every second place.
uint64_t Spread(uint32_t value) {
  uint64_t bits = value;
  bits = (bits | bits << 16) & 0x0000ffff0000ffff;
  bits = (bits | bits << 8) & 0x00ff00ff00ff00ff;
  bits = (bits | bits << 4) & 0x0f0f0f0f0f0f0f0f;
  bits = (bits | bits << 2) & 0x3333333333333333;
  return (bits | bits << 1) & 0x5555555555555555;
}

uint32_t Gather(uint64_t bits) {
  bits &= 0x5555555555555555;
  bits = (bits | bits >> 1) & 0x3333333333333333;
  bits = (bits | bits >> 2) & 0x0f0f0f0f0f0f0f0f;
  bits = (bits | bits >> 4) & 0x00ff00ff00ff00ff;
  bits = (bits | bits >> 8) & 0x0000ffff0000ffff;
  return static_cast<uint32_t>(bits | bits >> 16);
}

// A part of the map: what `step` halvings each way lead to.
struct Cell {
  uint64_t bits;
  int step;
};

// An interval that is halved.
struct Axis {
  double min;
  double max;
  uint32_t Part(double value, int step) const {
    const double parts = static_cast<double>(uint64_t{1} << step);
    return static_cast<uint32_t>((value - min) / (max - min) * parts);
  }
  double Edge(uint64_t part, int step) const {
    const double parts = static_cast<double>(uint64_t{1} << step);
    return min + static_cast<double>(part) / parts * (max - min);
  }
};
constexpr Axis kLongitudes{-kMaxLongitude, kMaxLongitude};
constexpr Axis kLatitudes{-kMaxLatitude, kMaxLatitude};

Cell CellOf(GeoPoint point, int step, Axis latitudes = kLatitudes) {
  return {Spread(latitudes.Part(point.latitude, step)) |
              Spread(kLongitudes.Part(point.longitude, step)) << 1,
          step};
}

struct Area {
  GeoPoint min;
  GeoPoint max;
};

Area AreaOf(Cell cell) {
  const uint64_t latitude = Gather(cell.bits);
  const uint64_t longitude = Gather(cell.bits >> 1);
  // Beyond the last part on an axis the numbers begin again, as 32 bits do.
  const auto next = [](uint64_t part) { return static_cast<uint32_t>(part + 1); };
  return {
      {kLongitudes.Edge(longitude, cell.step), kLatitudes.Edge(latitude, cell.step)},
      {kLongitudes.Edge(next(longitude), cell.step), kLatitudes.Edge(next(latitude), cell.step)}};
}

// The neighbour so many cells to the east and north; the map's edges meet.
Cell Neighbor(Cell cell, int east, int north) {
  const uint64_t mask = ~uint64_t{0} >> (64 - 2 * cell.step);
  const auto move = [&](uint64_t axis, int by) {
    uint64_t bits = cell.bits & axis;
    // With the other axis' bits all set a carry passes through them.
    const uint64_t other = ~axis & mask;
    if (by > 0) bits += other + 1;
    if (by < 0) bits = (bits | other) - (other + 1);
    return bits & axis & mask;
  };
  const uint64_t x = east == 0 ? cell.bits & kLongitudeBits : move(kLongitudeBits, east);
  const uint64_t y = north == 0 ? cell.bits & kLatitudeBits : move(kLatitudeBits, north);
  return {x | y, cell.step};
}

ScoreRange ScoresOf(Cell cell) {
  const int shift = 2 * (kMaxStep - cell.step);
  return {.min = static_cast<double>(cell.bits << shift),
          .max = static_cast<double>((cell.bits + 1) << shift),
          .max_open = true};
}

// How small cells may be so that a cell and its neighbours hold a circle; larger ones are taken
// near the poles, where they are narrow.
int StepFor(double meters, double latitude) {
  if (meters == 0) return kMaxStep;
  int step = 1;
  for (; meters < kMercatorMax; meters *= 2) ++step;
  step -= 2;
  if (std::abs(latitude) > 66) --step;
  if (std::abs(latitude) > 80) --step;
  return std::clamp(step, 1, kMaxStep);
}

// What holds the shape between two meridians and two circles of latitude.
Area BoundingBox(const GeoShape& shape) {
  constexpr auto kWay = Trigonometry::kReproducible;
  const double height = shape.unit * (shape.box ? shape.height / 2 : shape.radius);
  const double width = shape.unit * (shape.box ? shape.width / 2 : shape.radius);
  const double up = Degrees(height / kEarthRadius);
  // Widest at the edge that is nearer to the pole.
  const double edge = shape.center.latitude + (shape.center.latitude < 0 ? -up : up);
  const double aside = Degrees(width / kEarthRadius / Cosine<kWay>(Radians(edge)));
  return {{shape.center.longitude - aside, shape.center.latitude - up},
          {shape.center.longitude + aside, shape.center.latitude + up}};
}

bool NeighborsReach(Cell cell, const Area& box) {
  return AreaOf(Neighbor(cell, 0, 1)).max.latitude >= box.max.latitude &&
         AreaOf(Neighbor(cell, 0, -1)).min.latitude <= box.min.latitude &&
         AreaOf(Neighbor(cell, 1, 0)).max.longitude >= box.max.longitude &&
         AreaOf(Neighbor(cell, -1, 0)).min.longitude <= box.min.longitude;
}

}  // namespace

uint64_t GeoScore(GeoPoint point) { return CellOf(point, kMaxStep).bits; }

GeoPoint GeoPointOf(double score) {
  // Scores that no GEOADD made are read as what fits into their place, whatever they are.
  uint64_t bits = 0;
  if (score >= 0 && score < 18446744073709551616.0) {
    bits = static_cast<uint64_t>(score);
  } else if (score >= -9223372036854775808.0 && score < 0) {
    bits = static_cast<uint64_t>(static_cast<int64_t>(score));
  } else if (score < 0) {
    bits = uint64_t{1} << 63;
  }
  const Area area = AreaOf({bits, kMaxStep});
  const auto middle = [](double a, double b, double most) {
    return std::clamp((a + b) / 2, -most, most);
  };
  return {middle(area.min.longitude, area.max.longitude, kMaxLongitude),
          middle(area.min.latitude, area.max.latitude, kMaxLatitude)};
}

std::string GeoHashText(GeoPoint point) {
  constexpr std::string_view kAlphabet = "0123456789bcdefghjkmnpqrstuvwxyz";
  // The usual geohash goes up to the poles.
  const uint64_t bits = CellOf(point, kMaxStep, {-90, 90}).bits;
  std::string text;
  for (int shift = 47; shift > 0; shift -= 5) text += kAlphabet[bits >> shift & 31];
  return text + '0';
}

double GeoDistance(GeoPoint a, GeoPoint b, Trigonometry trigonometry) {
  return trigonometry == Trigonometry::kFast ? Distance<Trigonometry::kFast>(a, b)
                                             : Distance<Trigonometry::kReproducible>(a, b);
}

bool GeoShape::Contains(GeoPoint point, Trigonometry trigonometry, double* distance) const {
  return trigonometry == Trigonometry::kFast
             ? ShapeContains<Trigonometry::kFast>(*this, point, distance)
             : ShapeContains<Trigonometry::kReproducible>(*this, point, distance);
}

GeoShape::Ranges GeoShape::Cover() const {
  const Area bounds = BoundingBox(*this);
  const double reach =
      box ? std::sqrt((width / 2) * (width / 2) + (height / 2) * (height / 2)) : radius;
  Cell cell = CellOf(center, StepFor(reach * unit, center.latitude));
  if (cell.step > 1 && !NeighborsReach(cell, bounds)) cell = CellOf(center, cell.step - 1);
  // Neighbours on a side where the cell itself reaches far enough are left out.
  const Area area = AreaOf(cell);
  const bool all = cell.step < 2;
  const bool north = all || area.max.latitude <= bounds.max.latitude;
  const bool south = all || area.min.latitude >= bounds.min.latitude;
  const bool east = all || area.max.longitude <= bounds.max.longitude;
  const bool west = all || area.min.longitude >= bounds.min.longitude;
  struct Side {
    int east;
    int north;
    bool wanted;
  };
  const Side sides[] = {{0, 1, north},          {0, -1, south},         {1, 0, east},
                        {-1, 0, west},          {1, 1, north && east},  {-1, 1, north && west},
                        {1, -1, south && east}, {-1, -1, south && west}};
  Ranges cover;
  std::array<uint64_t, 9> cells;
  const auto add = [&](Cell one) {
    // On a map of four cells opposite neighbours are one.
    const auto end = cells.begin() + static_cast<ptrdiff_t>(cover.count);
    if (std::find(cells.begin(), end, one.bits) != end) return;
    cells[cover.count] = one.bits;
    cover.ranges[cover.count++] = ScoresOf(one);
  };
  add(cell);
  for (const Side& side : sides) {
    if (side.wanted) add(Neighbor(cell, side.east, side.north));
  }
  return cover;
}

}  // namespace mydis
