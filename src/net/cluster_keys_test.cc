#include "net/cluster_keys.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace mydis {
namespace {

const std::string kOne(64, '1');
const std::string kTwo(64, '2');

TEST(ClusterKeysTest, Lines) {
  const auto keys = ParseClusterKeys("# cluster\n\n" + kOne + "\r\n" + kTwo);
  ASSERT_TRUE(keys.has_value());
  ASSERT_EQ(keys->size(), 2u);
  EXPECT_EQ((*keys)[0].secret, std::string(32, '\x11'));
  EXPECT_EQ((*keys)[0].name.size(), 16u);
  EXPECT_NE((*keys)[0].name, (*keys)[1].name);
  EXPECT_EQ(NamesOf(*keys), (*keys)[0].name + ", " + (*keys)[1].name);
  EXPECT_EQ(ParseClusterKeys(kOne + "\nxyz").error().message(),
            "line 2 is no cluster key: 64 hexadecimal digits make one (mydis cluster keygen)");
  EXPECT_FALSE(ParseClusterKeys("# nothing\n").has_value());
}

TEST(ClusterKeysTest, GeneratedOnesAreKeysAndDiffer) {
  const std::string one = GenerateClusterKey();
  EXPECT_TRUE(ParseClusterKeys(one).has_value()) << one;
  EXPECT_NE(one, GenerateClusterKey());
}

TEST(ClusterKeysTest, FileIsItsOwnersAlone) {
  char file[] = "/tmp/mydis-keys-XXXXXX";
  const int fd = mkstemp(file);
  ASSERT_GE(fd, 0);
  close(fd);
  std::ofstream(file) << kOne << "\n";
  ASSERT_EQ(chmod(file, 0600), 0);
  EXPECT_EQ(LoadClusterKeys(file)->size(), 1u);
  for (const mode_t mode : {0640, 0604, 0620}) {
    ASSERT_EQ(chmod(file, mode), 0);
    const auto keys = LoadClusterKeys(file);
    ASSERT_FALSE(keys.has_value()) << mode;
    EXPECT_TRUE(keys.error().message().ends_with(std::string("): chmod 600 ") + file))
        << keys.error().message();
  }
  unlink(file);
  EXPECT_EQ(
      LoadClusterKeys(file).error().message(),
      std::string("the cluster key file ") + file + " cannot be used: No such file or directory");
}

}  // namespace
}  // namespace mydis
