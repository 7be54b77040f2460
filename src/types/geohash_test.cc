#include "types/geohash.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/random.h"

namespace mydis {
namespace {

constexpr GeoPoint kPalermo{13.361389, 38.115556};
constexpr GeoPoint kCatania{15.087269, 37.502669};

GeoPoint RandomPoint(Random& random) {
  const auto part = [&random] { return static_cast<double>(random.Next() >> 11) / (1ULL << 53); };
  return {(part() * 2 - 1) * kMaxLongitude, (part() * 2 - 1) * kMaxLatitude};
}

TEST(Geohash, KnownPlaces) {
  EXPECT_EQ(GeoScore(kPalermo), 3479099956230698u);
  EXPECT_EQ(GeoScore(kCatania), 3479447370796909u);
  EXPECT_EQ(GeoHashText(GeoPointOf(3479099956230698)), "sqc8b49rny0");
  EXPECT_NEAR(GeoDistance(kPalermo, kCatania, Trigonometry::kFast), 166274.15, 0.2);
}

TEST(Geohash, ScoresLeadBack) {
  Random random(1);
  for (int i = 0; i < 10000; ++i) {
    const GeoPoint point = RandomPoint(random);
    const GeoPoint back = GeoPointOf(static_cast<double>(GeoScore(point)));
    ASSERT_TRUE(IsOnMap(back));
    ASSERT_NEAR(back.longitude, point.longitude, 360.0 / (1 << 26));
    ASSERT_NEAR(back.latitude, point.latitude, 180.0 / (1 << 26));
  }
}

TEST(Geohash, AnyScoreIsAPlace) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double score : {-1.0, -1e300, 1e300, infinity, -infinity, 0.5, 1e18, 1.9e19})
    EXPECT_TRUE(IsOnMap(GeoPointOf(score))) << score;
}

TEST(Geohash, BothWaysOfComputingAgree) {
  Random random(2);
  for (int i = 0; i < 10000; ++i) {
    const GeoPoint a = RandomPoint(random);
    const GeoPoint b = RandomPoint(random);
    const double fast = GeoDistance(a, b, Trigonometry::kFast);
    ASSERT_NEAR(GeoDistance(a, b, Trigonometry::kReproducible) / fast, 1, 1e-12);
  }
}

// Whatever a shape holds lies in the ranges, and in one of them only.
TEST(Geohash, CoversWhatItContains) {
  Random random(3);
  int inside = 0;
  for (int round = 0; round < 3000; ++round) {
    GeoShape shape{.center = RandomPoint(random), .box = random.Chance(1, 2)};
    // Towards the poles and the edges of the map Redis loses some.
    shape.center.longitude *= 0.5;
    shape.center.latitude *= 0.6;
    shape.unit = 1000;
    shape.radius = static_cast<double>(1 + random.Below(900));
    shape.width = static_cast<double>(1 + random.Below(900));
    shape.height = static_cast<double>(1 + random.Below(900));
    const auto cover = shape.Cover();
    for (int i = 0; i < 50; ++i) {
      GeoPoint point = RandomPoint(random);
      point.longitude = shape.center.longitude + point.longitude / 15;
      point.latitude = shape.center.latitude + point.latitude / 15;
      double distance = 0;
      if (!IsOnMap(point) || !shape.Contains(point, Trigonometry::kFast, &distance)) continue;
      ++inside;
      const auto score = static_cast<double>(GeoScore(point));
      int ranges = 0;
      for (size_t k = 0; k < cover.count; ++k) {
        const ScoreRange& range = cover.ranges[k];
        ranges += !range.BeforeMin(score) && range.WithinMax(score);
      }
      ASSERT_EQ(ranges, 1) << shape.center.longitude << ' ' << shape.center.latitude << ' '
                           << shape.radius;
    }
  }
  EXPECT_GT(inside, 1000);
}

TEST(Geohash, HugeShapesCoverEachCellOnce) {
  for (const double radius : {3000.0, 6000.0, 12000.0, 30000.0}) {
    for (const GeoPoint center : {GeoPoint{0, 0}, GeoPoint{179, 80}, GeoPoint{-179, -84}}) {
      const GeoShape shape{.center = center, .radius = radius, .unit = 1000};
      const auto cover = shape.Cover();
      for (size_t a = 0; a < cover.count; ++a) {
        for (size_t b = 0; b < a; ++b) EXPECT_NE(cover.ranges[a].min, cover.ranges[b].min);
      }
    }
  }
}

}  // namespace
}  // namespace mydis
