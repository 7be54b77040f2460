#include "state/event_flags.h"

#include <gtest/gtest.h>

namespace mydis {
namespace {

std::string Canonical(std::string_view letters) {
  const auto flags = ParseEventFlags(letters);
  return flags ? EventFlagsText(*flags) : "wrong";
}

TEST(EventFlags, AreShownInRedisOrder) {
  EXPECT_EQ(Canonical(""), "");
  EXPECT_EQ(Canonical("EK"), "KE");
  EXPECT_EQ(Canonical("mxE$"), "$xEm");
  EXPECT_EQ(Canonical("KEA"), "AKE");
  EXPECT_EQ(Canonical("g$lshzxetdK"), "AK");
  EXPECT_EQ(Canonical("nK"), "nK");
  EXPECT_EQ(Canonical("Q"), "wrong");
  EXPECT_EQ(Canonical("K E"), "wrong");
}

TEST(EventFlags, KeepWhatAllLeavesOut) {
  const auto all = ParseEventFlags("A");
  ASSERT_TRUE(all);
  EXPECT_EQ(*all & static_cast<uint32_t>(EventClass::kKeyMiss), 0u);
  EXPECT_EQ(*all & static_cast<uint32_t>(EventClass::kNew), 0u);
  EXPECT_EQ(Canonical(Canonical("AnKEm")), "AnKEm");
}

}  // namespace
}  // namespace mydis
