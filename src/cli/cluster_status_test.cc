#include "cli/cluster_status.h"

#include <gtest/gtest.h>

namespace mydis {
namespace {

using Type = RespValue::Type;

RespValue Text(std::string text) {
  RespValue value;
  value.type = Type::kBulk;
  value.text = std::move(text);
  return value;
}
RespValue Integer(int64_t number) {
  RespValue value;
  value.type = Type::kInteger;
  value.integer = number;
  return value;
}
RespValue Bool(bool flag) {
  RespValue value;
  value.type = Type::kBool;
  value.boolean = flag;
  return value;
}
RespValue Null() {
  RespValue value;
  value.type = Type::kNull;
  return value;
}
RespValue Collection(Type type, std::vector<RespValue> elements) {
  RespValue value;
  value.type = type;
  value.elements = std::move(elements);
  return value;
}

RespValue Member(std::string id, std::string role, int64_t lag) {
  return Collection(
      Type::kMap, {Text("instance-id"), Text(id), Text("role"), Text(std::move(role)),
                   Text("state"), Text("ok"), Text("address"), Text("127.0.0.1"), Text("raft-port"),
                   Integer(2382), Text("match-index"), Integer(40), Text("lag"), Integer(lag)});
}

RespValue ClusterStatus(const std::string& leader, std::string role = "follower",
                        const std::string& reason = "") {
  return Collection(
      Type::kMap,
      {Text("cluster-name"),
       Text("mydis"),
       Text("cluster-id"),
       Text("c1"),
       Text("instance-id"),
       Text("a"),
       Text("role"),
       Text(std::move(role)),
       Text("leader"),
       leader.empty() ? Null() : Text(leader),
       Text("term"),
       Integer(3),
       Text("revision"),
       Integer(17),
       Text("ready"),
       Bool(reason.empty()),
       Text("reason"),
       reason.empty() ? Null() : Text(reason),
       Text("disk-full"),
       Bool(false),
       Text("peer-encryption"),
       Bool(true),
       Text("cluster-keys"),
       Text("k1, k2"),
       Text("members"),
       Collection(Type::kArray, {Member("a", "follower", 2), Member("b", "leader", 0)})});
}

TEST(ClusterStatus, TableForPeople) {
  EXPECT_EQ(*ClusterTable(ClusterStatus("b")),
            "cluster mydis (c1), term 3, revision 17, leader b\n"
            "connections between instances are encrypted; cluster keys here: k1, k2\n"
            "\n"
            "INSTANCE  ROLE      STATE  ADDRESS    RAFT  MATCH  LAG\n"
            "a *       follower  ok     127.0.0.1  2382     40    2\n"
            "b         leader    ok     127.0.0.1  2382     40    0\n"
            "\n"
            "* the instance that answered\n");
}

TEST(ClusterStatus, NoClusterYet) {
  RespValue status = ClusterStatus("", "", "waiting for 1 more of 3 instances");
  status.elements[7] = Null();
  status.elements.back().elements.clear();
  EXPECT_EQ(*ClusterTable(status),
            "instance a belongs to no cluster yet\n"
            "connections between instances are encrypted; cluster keys here: k1, k2\n");
}

TEST(ClusterStatus, WhyAnInstanceCannotServe) {
  EXPECT_EQ(ClusterTrouble(ClusterStatus("b")), "");
  EXPECT_EQ(ClusterTrouble(ClusterStatus("")),
            "there is no leader: writes wait until a majority of the voters reach each other");
  EXPECT_EQ(ClusterTrouble(ClusterStatus("", "follower", "looking for its cluster")),
            "looking for its cluster");
  EXPECT_TRUE(ClusterTrouble(ClusterStatus("b", "removed", "x")).starts_with("this instance was"));
  EXPECT_TRUE(IsMember(ClusterStatus("")));
  EXPECT_FALSE(IsMember(ClusterStatus("b", "removed")));
  EXPECT_FALSE(IsMember(Collection(Type::kMap, {Text("members"), Collection(Type::kArray, {})})));
}

// As an instance says it that has lost its leader: of the others it knows no more.
TEST(ClusterStatus, WhatIsNotKnownIsADash) {
  RespValue status = ClusterStatus("");
  std::vector<RespValue>& b = status.elements.back().elements[1].elements;
  b[b.size() - 3] = Null();
  b.back() = Null();
  EXPECT_TRUE(ClusterTabs(status)->ends_with("\nb\tleader\tok\t127.0.0.1\t2382\t-\t-\n"));
}

TEST(ClusterStatus, TabsForPrograms) {
  EXPECT_EQ(*ClusterTabs(ClusterStatus("b")),
            "instance-id\trole\tstate\taddress\traft-port\tmatch-index\tlag\n"
            "a\tfollower\tok\t127.0.0.1\t2382\t40\t2\n"
            "b\tleader\tok\t127.0.0.1\t2382\t40\t0\n");
  EXPECT_FALSE(ClusterTabs(Text("OK")));
}

}  // namespace
}  // namespace mydis
