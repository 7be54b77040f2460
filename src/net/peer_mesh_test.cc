#include "net/peer_mesh.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "net/mesh_hello.h"
#include "net/stream_fixture.h"
#include "net/tls.h"

namespace mydis {
namespace {

constexpr uint64_t kCluster = 0xc1;

// One instance: its mesh, and what that has told.
struct Node final : MeshHandler {
  void OnFrame(uint64_t peer, MeshChannel channel, Frame&& frame) override {
    frames.push_back({peer, channel, std::move(frame)});
    if (on_frame) on_frame();
  }
  void OnConnected(uint64_t peer, MeshChannel channel) override {
    ++connected[static_cast<size_t>(channel)];
    last_peer = peer;
  }
  void OnUnreachable(uint64_t, MeshChannel channel, const std::string&) override {
    ++unreachable[static_cast<size_t>(channel)];
  }
  void OnRequest(uint64_t id, Frame&& question) override {
    questions.push_back(question.head);
    question.head += " yourself";
    if (answer) mesh->Reply(id, question);
  }
  std::string OnHello(uint64_t peer, std::string_view identity) override {
    hellos.push_back(std::to_string(peer) + ":" + std::string(identity));
    return refusal;
  }
  bool Connected(uint64_t peer) const { return mesh->Connected(peer, MeshChannel::kRaft); }

  struct Received {
    uint64_t peer;
    MeshChannel channel;
    Frame frame;
  };
  std::unique_ptr<PeerMesh> mesh;
  uint16_t port = 0;
  std::vector<Received> frames;
  std::vector<std::string> questions, hellos;
  std::function<void()> on_frame;
  std::string refusal;
  bool answer = true;
  int connected[kMeshChannels] = {}, unreachable[kMeshChannels] = {};
  uint64_t last_peer = 0;
};

class MeshTest : public testing::Test {
 protected:
  MeshTest() {
    auto made = EventLoop::Create();
    EXPECT_TRUE(made.has_value());
    loop = std::move(*made);
  }
  template <typename F>
  void Until(F&& condition) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), limit) << "the condition does not come true";
      loop->RunOnce(10);
    }
  }
  // Listens at `port`, or at the first pair of ports that is free.
  void Start(Node& node, uint16_t port = 0, PeerMesh::Options options = {}) {
    for (uint16_t p = port != 0 ? port : 21020; p < 21098; p = static_cast<uint16_t>(p + 2)) {
      options.raft_port = p;
      auto mesh = PeerMesh::Create(*loop, resolver, &node, options);
      if (!mesh && port == 0) continue;
      ASSERT_TRUE(mesh.has_value()) << mesh.error().message();
      node.mesh = std::move(*mesh);
      node.port = p;
      return;
    }
    FAIL() << "no free ports";
  }
  // Two instances, 1 and 2, that know each other.
  void StartPair(PeerMesh::Options options = {}) {
    Start(a, 0, options);
    Start(b, 0, options);
    a.mesh->SetIdentity(kCluster, 1, "first");
    b.mesh->SetIdentity(kCluster, 2, "second");
    a.mesh->AddPeer(2, "localhost", b.port);
    b.mesh->AddPeer(1, "127.0.0.1", a.port);
    Until([&] {
      return std::ranges::count(a.connected, 1) == 3 && std::ranges::count(b.connected, 1) == 3;
    });
  }
  // What `a` is answered by whoever listens there.
  std::string Ask(uint16_t port, const std::string& payload = {}) {
    std::string answer;
    a.mesh->Request("127.0.0.1", port, Make("who", {payload}), 5000, [&](Result<Frame> r) {
      answer = r ? r->head : "error " + std::to_string(static_cast<int>(r.error().code()));
    });
    Until([&] { return !answer.empty(); });
    return answer;
  }
  static std::shared_ptr<const TlsContext> Keys(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return *TlsContext::ForCluster(*ParseClusterKeys(text));
  }
  static PeerMesh::Options WithKeys(const std::vector<std::string>& lines) {
    PeerMesh::Options options;
    options.keys = Keys(lines);
    return options;
  }
  static Frame Make(std::string head, const std::vector<std::string>& payloads = {}) {
    Frame frame{.type = 5, .flags = 1, .head = std::move(head), .payloads = {}};
    for (const std::string& p : payloads) frame.payloads.push_back(MakePayload(p));
    return frame;
  }

  std::unique_ptr<EventLoop> loop;
  Resolver resolver;
  Node a, b;
};

TEST_F(MeshTest, FramesBothWaysOnTwoChannels) {
  StartPair();
  EXPECT_EQ(a.last_peer, 2u);
  EXPECT_EQ(a.hellos, std::vector<std::string>(kMeshChannels, "2:second"));
  const std::string large(3 << 20, 'p');
  for (int i = 0; i < 10; ++i)
    EXPECT_TRUE(a.mesh->Send(2, MeshChannel::kRaft, Make(std::to_string(i), {large, "x", ""})));
  EXPECT_GT(a.mesh->QueuedBytes(2, MeshChannel::kRaft), large.size() * 10);
  EXPECT_TRUE(b.mesh->Send(1, MeshChannel::kRpc, Make("rpc")));
  Until([&] { return b.frames.size() == 10 && a.frames.size() == 1; });
  for (size_t i = 0; i < 10; ++i) {
    const Node::Received& got = b.frames[i];
    EXPECT_EQ(got.peer, 1u);
    EXPECT_EQ(got.channel, MeshChannel::kRaft);
    EXPECT_EQ(got.frame.head, std::to_string(i));
    ASSERT_EQ(got.frame.payloads.size(), 3u);
    EXPECT_TRUE(*got.frame.payloads[0] == large);
    EXPECT_EQ(*got.frame.payloads[1], "x");
    EXPECT_EQ(*got.frame.payloads[2], "");
  }
  EXPECT_EQ(a.frames[0].channel, MeshChannel::kRpc);
  EXPECT_EQ(a.mesh->QueuedBytes(2, MeshChannel::kRaft), 0u);
}

TEST_F(MeshTest, EncryptedAndAPlainInstanceGetsNowhere) {
  const std::string key(64, '1');
  StartPair(WithKeys({key}));
  const std::string large(3 << 20, 'p');
  EXPECT_TRUE(a.mesh->Send(2, MeshChannel::kRaft, Make("head", {large, "x"})));
  Until([&] { return b.frames.size() == 1; });
  EXPECT_TRUE(*b.frames[0].frame.payloads.at(0) == large);
  EXPECT_EQ(Ask(b.port), "who yourself");
  Node plain;
  Start(plain);
  plain.mesh->SetIdentity(kCluster, 3, "");
  plain.mesh->AddPeer(1, "127.0.0.1", a.port);
  Until([&] { return plain.unreachable[0] > 0 && plain.unreachable[1] > 0; });
  EXPECT_EQ(plain.connected[0], 0);
  // And the other way round.
  a.mesh->AddPeer(3, "127.0.0.1", plain.port);
  Until([&] { return a.unreachable[0] > 0 && a.unreachable[1] > 0; });
  EXPECT_EQ(Ask(plain.port), "error " + std::to_string(static_cast<int>(ErrorCode::kUnavailable)));
  EXPECT_EQ(a.hellos.size(), kMeshChannels);
  EXPECT_TRUE(plain.hellos.empty());
  EXPECT_TRUE(plain.questions.empty());
}

// What shares no key with the others gets nowhere; a question, and a connection that is made anew,
// find the key that both have, wherever it stands.
TEST_F(MeshTest, KeysInCommon) {
  const std::string one(64, '1'), two(64, '2');
  Start(a, 0, WithKeys({one}));
  Start(b, 0, WithKeys({two}));
  a.mesh->SetIdentity(kCluster, 1, "first");
  b.mesh->SetIdentity(kCluster, 2, "second");
  a.mesh->AddPeer(2, "localhost", b.port);
  b.mesh->AddPeer(1, "127.0.0.1", a.port);
  Until([&] { return a.unreachable[0] > 1 && b.unreachable[0] > 1; });
  EXPECT_EQ(a.connected[0] + b.connected[0], 0);
  EXPECT_TRUE(a.hellos.empty() && b.hellos.empty());
  EXPECT_NE(Ask(b.port), "who yourself");
  a.mesh->SetKeys(Keys({one, two}));
  Until([&] {
    return a.connected[0] == 1 && a.connected[1] == 1 && b.connected[0] == 1 && b.connected[1] == 1;
  });
  EXPECT_EQ(Ask(b.port), "who yourself");
}

TEST_F(MeshTest, ConnectionsUnderAKeyThatIsGoneAreMadeAnew) {
  const std::string one(64, '1'), two(64, '2');
  StartPair(WithKeys({one}));
  for (Node* node : {&a, &b}) node->mesh->SetKeys(Keys({one, two}));
  for (Node* node : {&a, &b}) node->mesh->SetKeys(Keys({two, one}));
  loop->RunOnce(0);
  EXPECT_EQ(a.unreachable[0] + b.unreachable[0], 0);
  EXPECT_TRUE(a.Connected(2) && b.Connected(1));
  for (Node* node : {&a, &b}) node->mesh->SetKeys(Keys({two}));
  Until([&] {
    return a.connected[0] == 2 && a.connected[1] == 2 && b.connected[0] == 2 && b.connected[1] == 2;
  });
  EXPECT_TRUE(a.mesh->Send(2, MeshChannel::kRaft, Make("anew")));
  Until([&] { return b.frames.size() == 1; });
}

// One that never got as far as a hello may not make this instance take in much.
TEST_F(MeshTest, StrangersFramesAreSmall) {
  Start(a);
  Start(b);
  EXPECT_EQ(Ask(b.port), "who yourself");
  EXPECT_EQ(Ask(b.port, std::string(2 << 20, 'x')),
            "error " + std::to_string(static_cast<int>(ErrorCode::kUnavailable)));
  EXPECT_EQ(b.questions.size(), 1u);
}

TEST_F(MeshTest, ReconnectsToAPeerThatComesBack) {
  StartPair();
  const uint16_t port = b.port;
  b.mesh.reset();
  Until([&] { return a.unreachable[0] >= 2 && a.unreachable[1] >= 2; });
  EXPECT_FALSE(a.mesh->Send(2, MeshChannel::kRaft, Make("lost")));
  Start(b, port);
  b.mesh->SetIdentity(kCluster, 2, "second");
  Until([&] { return a.connected[0] == 2 && a.connected[1] == 2; });
  EXPECT_TRUE(a.mesh->Send(2, MeshChannel::kRaft, Make("found")));
  Until([&] { return b.frames.size() == 1; });
  EXPECT_EQ(b.frames[0].frame.head, "found");
}

TEST_F(MeshTest, WrongClusterAndWrongInstanceAreRefused) {
  Start(a);
  Start(b);
  b.mesh->SetIdentity(0xc2, 2, "");
  a.mesh->SetIdentity(kCluster, 1, "");
  a.mesh->AddPeer(2, "127.0.0.1", b.port);
  Until([&] { return a.unreachable[0] >= 1; });
  EXPECT_EQ(b.hellos.size(), 0u);
  a.mesh->AddPeer(3, "127.0.0.1", b.port);
  b.mesh->SetIdentity(kCluster, 2, "");  // Now 2 is right, and 3 is not.
  Until([&] { return a.connected[0] == 1 && a.connected[1] == 1; });
  EXPECT_TRUE(a.mesh->Connected(2, MeshChannel::kRaft));
  EXPECT_FALSE(a.mesh->Connected(3, MeshChannel::kRaft));
  const int before = a.unreachable[0];
  Until([&] { return a.unreachable[0] > before; });
  EXPECT_FALSE(a.mesh->Connected(3, MeshChannel::kRaft));
}

TEST_F(MeshTest, OwnerRefuses) {
  Start(a);
  Start(b);
  b.refusal = "instance 1 was removed";
  b.mesh->SetIdentity(kCluster, 2, "");
  a.mesh->SetIdentity(kCluster, 1, "");
  a.mesh->AddPeer(2, "127.0.0.1", b.port);
  Until([&] { return a.unreachable[0] >= 1; });
  EXPECT_FALSE(a.mesh->Connected(2, MeshChannel::kRaft));
  b.refusal.clear();
  Until([&] { return a.connected[0] == 1; });
}

// Whoever is refused comes again and again.
TEST_F(MeshTest, ARefusalIsLoggedOnce) {
  std::vector<std::string> lines;
  LogTo(LogLevel::kWarning, [&](LogLevel, std::string_view line) { lines.emplace_back(line); });
  Start(a, 0, {.backoff_max_ms = 20});
  Start(b);
  b.mesh->SetIdentity(kCluster + 1, 2, "");
  a.mesh->SetIdentity(kCluster, 1, "");
  a.mesh->AddPeer(2, "127.0.0.1", b.port, "n2");
  Until([&] { return a.unreachable[0] >= 4 && a.unreachable[1] >= 4; });
  LogTo(LogLevel::kOff, {});
  const auto count = [&](std::string_view words) {
    return std::ranges::count_if(lines, [&](const auto& l) { return l.find(words) != l.npos; });
  };
  EXPECT_EQ(count("is refused: it belongs to the cluster"), 1);
  EXPECT_EQ(count("no connection to n2 at"), kMeshChannels);
}

TEST_F(MeshTest, QueueLimit) {
  PeerMesh::Options options;
  options.queue_limit[0] = 1 << 20;
  StartPair(options);
  const std::string payload(400'000, 'x');
  int sent = 0;
  while (a.mesh->Send(2, MeshChannel::kRaft, Make("", {payload}))) ++sent;
  EXPECT_EQ(sent, 2);
  Until([&] { return b.frames.size() == 2; });
  // One frame above the limit goes when nothing else waits.
  EXPECT_TRUE(a.mesh->Send(2, MeshChannel::kRaft, Make("", {std::string(2 << 20, 'y')})));
  EXPECT_FALSE(a.mesh->Send(2, MeshChannel::kRaft, Make("", {"z"})));
  // Those without payloads have a limit of their own.
  const std::string head(100'000, 'h');
  int heads = 0;
  while (a.mesh->Send(2, MeshChannel::kRaft, Make(head))) ++heads;
  EXPECT_EQ(heads, 10);
  Until([&] { return b.frames.size() == 13; });
  EXPECT_TRUE(a.mesh->Send(2, MeshChannel::kRaft, Make(head, {payload})));
}

// What is urgent does not wait behind a value that its receiver takes its time for.
TEST_F(MeshTest, UrgentFramesOvertakeLargeOnes) {
  StartPair();
  EXPECT_FALSE(a.mesh->Moving(2, MeshChannel::kRaft));
  EXPECT_TRUE(a.mesh->Send(2, MeshChannel::kRaft, Make("large", {std::string(64 << 20, 'x')})));
  EXPECT_TRUE(a.mesh->Send(2, MeshChannel::kUrgent, Make("urgent")));
  EXPECT_TRUE(a.mesh->Moving(2, MeshChannel::kRaft));
  Until([&] { return b.frames.size() == 2; });
  EXPECT_EQ(b.frames[0].frame.head, "urgent");
  EXPECT_EQ(b.frames[0].channel, MeshChannel::kUrgent);
  EXPECT_EQ(b.frames[1].channel, MeshChannel::kRaft);
  Until([&] { return !a.mesh->Moving(2, MeshChannel::kRaft); });
}

TEST_F(MeshTest, RemovedPeerGetsWhatWasQueued) {
  StartPair();
  const std::string payload(5 << 20, 'x');
  EXPECT_TRUE(a.mesh->Send(2, MeshChannel::kRpc, Make("last", {payload})));
  a.mesh->RemovePeer(2);
  EXPECT_FALSE(a.mesh->Send(2, MeshChannel::kRpc, Make("late")));
  Until([&] { return b.frames.size() == 1 && b.unreachable[0] > 0; });
  EXPECT_EQ(b.frames[0].frame.head, "last");
  EXPECT_EQ(a.unreachable[0], 0);
  EXPECT_TRUE(a.mesh->Peers().empty());
}

// The owner may do anything in a callback.
TEST_F(MeshTest, RemovalWithinCallbacks) {
  StartPair();
  b.on_frame = [&] { b.mesh->RemovePeer(1); };
  EXPECT_TRUE(a.mesh->Send(2, MeshChannel::kRaft, Make("x")));
  EXPECT_TRUE(a.mesh->Send(2, MeshChannel::kRaft, Make("y")));
  Until([&] { return a.unreachable[0] > 0; });
  EXPECT_EQ(b.frames.size(), 1u);
}

TEST_F(MeshTest, MovedPeer) {
  StartPair();
  Node c;
  Start(c);
  c.mesh->SetIdentity(kCluster, 2, "second");
  a.mesh->AddPeer(2, "127.0.0.1", c.port);
  Until([&] { return a.connected[0] == 2; });
  EXPECT_TRUE(a.mesh->Send(2, MeshChannel::kRaft, Make("there")));
  Until([&] { return c.frames.size() == 1; });
  EXPECT_TRUE(b.frames.empty());
}

TEST_F(MeshTest, Questions) {
  Start(a);
  Start(b);
  std::string answer;
  const auto ask = [&](uint16_t port, uint32_t timeout_ms) {
    answer.clear();
    a.mesh->Request(
        "localhost", port, Make("who are you", {"p"}), timeout_ms, [&](Result<Frame> r) {
          answer = r ? r->head : "error " + std::to_string(static_cast<int>(r.error().code()));
        });
    EXPECT_EQ(answer, "");
    Until([&] { return !answer.empty(); });
    return answer;
  };
  EXPECT_EQ(ask(b.port, 5000), "who are you yourself");
  EXPECT_EQ(b.questions, (std::vector<std::string>{"who are you"}));
  b.answer = false;
  EXPECT_EQ(ask(b.port, 30), "error " + std::to_string(static_cast<int>(ErrorCode::kTimeout)));
  const uint16_t port = b.port;
  b.mesh.reset();
  EXPECT_EQ(ask(port, 5000), "error " + std::to_string(static_cast<int>(ErrorCode::kUnavailable)));
}

// Strangers and broken bytes do no harm.
TEST_F(MeshTest, Garbage) {
  StartPair({.connect_timeout_ms = 200});
  Frame frame = Make("not a hello");
  std::string no_hello;
  EncodeFrame(frame, no_hello);
  MeshHello hello{.version = 99};
  std::string other_version;
  EncodeFrame(EncodeHello(hello), other_version);
  for (const std::string& bytes : {std::string("GET / HTTP/1.1\r\n\r\n"), std::string("x"),
                                   std::string(100, '\0'), no_hello, other_version}) {
    int fd = -1;
    TcpConnector connector(*loop, resolver, "127.0.0.1", a.port, 1000,
                           [&](Result<int> r) { fd = r.value_or(-2); });
    Until([&] { return fd != -1; });
    ASSERT_GE(fd, 0);
    ASSERT_EQ(send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
    char buffer[1000];
    ssize_t n;
    Until([&] {
      n = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
      return n == 0 || (n < 0 && errno != EAGAIN);
    });
    close(fd);
  }
  EXPECT_TRUE(b.mesh->Send(1, MeshChannel::kRaft, Make("still here")));
  Until([&] { return a.frames.size() == 1; });
}

}  // namespace
}  // namespace mydis
