// What a client brings as a backup: whatever is wrong with it is found before anything is changed.
#include "server/restore_upload.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/codec.h"
#include "base/hash.h"
#include "commands/table.h"
#include "consensus/snapshot_writer.h"

namespace mydis {
namespace {

constexpr uint64_t kSeed = 42;

class RestoreUploadTest : public ::testing::Test {
 protected:
  RestoreUploadTest() {
    std::string pattern = testing::TempDir() + "mydis_restore_XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~RestoreUploadTest() override { std::filesystem::remove_all(directory_); }

  // The stream of a state with that many keys.
  std::string StreamOf(int keys) {
    StateMachine machine(table_, kSeed);
    Keyspace& keyspace = const_cast<State&>(machine.state()).keyspace;
    for (int i = 0; i < keys; ++i)
      keyspace.SetText(0, fmt::format("key:{}", i), std::string(50, 'x'), Ttl::None());
    SnapshotTaker taker(machine);
    std::string stream;
    while (*taker.Next(1 << 20, stream)) {
    }
    return stream;
  }

  // The stream of a state with one partition.
  std::string StreamWith(uint32_t partition, std::string_view contents) {
    const std::string empty = StreamOf(0);
    std::string stream;
    Encoder out(stream);
    out.Bytes(Decoder(empty).Bytes());
    out.Varint(partition + 1);
    out.Bytes(contents);
    out.Varint(0);
    return stream;
  }

  // The file that has this stream.
  std::string FileOf(std::string_view stream) {
    PosixDisk disk;
    auto writer = SnapshotFileWriter::Create(disk, directory_, {.cluster_id = 7, .id = {5, 1}});
    EXPECT_TRUE(writer && (*writer)->Append(stream).ok() && (*writer)->Finish());
    std::ifstream file(directory_ + "/" + SnapshotName({5, 1}), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  std::shared_ptr<RestoreUpload> Bring(std::string_view bytes) {
    auto upload = *RestoreUpload::Create(table_, directory_);
    EXPECT_TRUE(upload->Add(bytes).ok());
    return upload;
  }

  // Empty if it is found to be good.
  std::string WrongWith(std::string_view bytes) {
    const auto upload = Bring(bytes);
    Result<bool> more = true;
    while (more && *more) more = upload->Check();
    EXPECT_EQ(upload->checked(), more.has_value());
    if (more) return "";
    EXPECT_EQ(more.error().code(), ErrorCode::kInvalid);
    return more.error().message();
  }

  CommandTable table_{StateFamilies(), {}};
  std::string directory_;
};

TEST_F(RestoreUploadTest, GivesItsKeysInParts) {
  const auto upload = Bring(FileOf(StreamOf(30'000)));
  while (*upload->Check()) {
  }
  ASSERT_TRUE(upload->checked());
  EXPECT_EQ((**upload->NextPart())[0], "SCRIPTS");
  Keyspace keyspace(kSeed + 1, kDatabases);
  uint64_t number = 0;
  while (true) {
    const auto part = *upload->NextPart();
    if (!part) break;
    EXPECT_EQ((*part)[2], std::to_string(number++));
    for (size_t i = 3; i < part->size(); ++i) ASSERT_TRUE(keyspace.LoadForeign((*part)[i], 9));
  }
  EXPECT_EQ(upload->parts(), number);
  EXPECT_GT(number, 1u);
  EXPECT_EQ(keyspace.Size(0), 30'000u);
  keyspace.CheckInvariants();
}

TEST_F(RestoreUploadTest, LeavesNoFile) {
  const auto upload = Bring("bytes");
  EXPECT_TRUE(std::filesystem::is_empty(directory_));
}

TEST_F(RestoreUploadTest, IsNothingThatWasCutOffOrChanged) {
  const std::string good = FileOf(StreamOf(20));
  EXPECT_EQ(WrongWith(good), "");
  for (size_t i = 0; i < good.size(); ++i) {
    EXPECT_NE(WrongWith(good.substr(0, i)), "") << "cut off at " << i;
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    EXPECT_NE(WrongWith(bad), "") << "changed at " << i;
  }
  EXPECT_NE(WrongWith(good + "x"), "");
  EXPECT_NE(WrongWith(good + good), "");
}

TEST_F(RestoreUploadTest, IsOfThisVersion) {
  std::string file = FileOf(StreamOf(20));
  file[16] = static_cast<char>(kSnapshotVersion + 1);
  StoreLittle(file.data(), Hash64(std::string_view(file).substr(8, kSnapshotHeaderFixed - 8)));
  EXPECT_EQ(WrongWith(file),
            "not a whole backup: the backup: format version 2 is newer than this program knows "
            "(1): start the newer program that wrote it");
}

TEST_F(RestoreUploadTest, HoldsAStateAndNothingElse) {
  const std::string stream = StreamOf(20);
  EXPECT_EQ(WrongWith(FileOf(stream)), "");
  for (const std::string& bad : {std::string(), std::string("\0", 1), stream + "x",
                                 stream.substr(0, stream.size() - 1), std::string(1000, 'z')}) {
    EXPECT_NE(WrongWith(FileOf(bad)), "") << bad.size();
  }
}

TEST_F(RestoreUploadTest, HasEachKeyWhereItBelongs) {
  Keyspace keyspace(kSeed, kDatabases);
  keyspace.SetText(0, "key", "value", Ttl::None());
  const uint32_t place = Keyspace::PartitionOf(keyspace.HashOf("key"));
  std::string contents;
  keyspace.SavePartition(place, contents);
  EXPECT_EQ(WrongWith(FileOf(StreamWith(place, contents))), "");
  EXPECT_NE(WrongWith(FileOf(StreamWith(place ^ 1, contents))), "");
  EXPECT_NE(WrongWith(FileOf(StreamWith(kPartitions, contents))), "");
  EXPECT_NE(WrongWith(FileOf(StreamWith(place, contents.substr(0, contents.size() - 1)))), "");
}

}  // namespace
}  // namespace mydis
