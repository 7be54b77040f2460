#include "net/tls.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/random.h"
#include "net/stream_fixture.h"

namespace mydis {
namespace {

const std::string kOne(64, '1');
const std::string kTwo(64, '2');

class TlsTest : public StreamTest {
 protected:
  // A connection whose ends have these contexts; null: no TLS.
  void Join(const TlsContext* client, const TlsContext* server, const std::string& host = {}) {
    const auto [mine, theirs] = Pair();
    const auto filter = [&](const TlsContext* c, bool is_client) {
      return c == nullptr ? nullptr : c->MakeFilter(is_client, host);
    };
    left = std::make_unique<ByteStream>(*loop, mine, &at_left, options, filter(client, true));
    right = std::make_unique<ByteStream>(*loop, theirs, &at_right, options, filter(server, false));
  }
  static std::shared_ptr<TlsContext> Cluster(const std::string& text) {
    auto keys = ParseClusterKeys(text);
    EXPECT_TRUE(keys.has_value()) << keys.error().message();
    auto context = TlsContext::ForCluster(std::move(*keys));
    EXPECT_TRUE(context.has_value());
    return *context;
  }
  void ExpectTalk() {
    Random random(9);
    std::string large;
    while (large.size() < 3'000'000) large += static_cast<char>(random.Next());
    left->Write(MakePayload(large));
    right->Write("answer");
    Until([&] { return at_right.got.size() == large.size() && at_left.got == "answer"; });
    EXPECT_TRUE(at_right.got == large);
    left->Write("bye");
    left->CloseAfterFlush();
    Until([&] { return at_left.closed == 1 && at_right.closed == 1; });
    EXPECT_TRUE(at_right.got.ends_with("bye"));
    EXPECT_TRUE(at_right.reason.ok()) << at_right.reason.message();
  }
  void ExpectRefused() {
    left->Write("secret question");
    right->Write("secret answer");
    Until([&] { return at_left.closed == 1 && at_right.closed == 1; });
    EXPECT_EQ(at_right.got, "");
    EXPECT_FALSE(at_left.got.find("secret") != std::string::npos);
  }

  const ByteStream::Options options;
  Recorder at_left, at_right;
  std::unique_ptr<ByteStream> left, right;
};

TEST_F(TlsTest, SameKey) {
  const auto context = Cluster(kOne);
  Join(context.get(), context.get());
  EXPECT_EQ(left->PeerName(), "");
  EXPECT_EQ(right->PeerName(), "");
  ExpectTalk();
  EXPECT_EQ(left->PeerName(), context->keys()[0].name);
  EXPECT_EQ(right->PeerName(), context->keys()[0].name);
}

TEST_F(TlsTest, KeyBeingReplaced) {
  const auto ahead = Cluster(kTwo + "\n" + kOne);
  const auto behind = Cluster(kOne + "\n" + kTwo);
  Join(ahead.get(), behind.get());
  ExpectTalk();
}

TEST_F(TlsTest, OtherKeyIsRefused) {
  const auto one = Cluster(kOne), two = Cluster(kTwo);
  Join(one.get(), two.get());
  ExpectRefused();
  EXPECT_EQ(at_right.reason.code(), ErrorCode::kNoAuth);
  EXPECT_EQ(at_right.reason.message(),
            "its cluster key " + one->keys()[0].name + " is none of this instance's");
  EXPECT_EQ(at_left.reason.code(), ErrorCode::kNoAuth);
  EXPECT_EQ(at_left.reason.message(), "it does not share the cluster key " + one->keys()[0].name);
}

TEST_F(TlsTest, NextKeyIsUsedWhenAsked) {
  const auto both = Cluster(kTwo + "\n" + kOne), one = Cluster(kOne);
  const auto [mine, theirs] = Pair();
  left =
      std::make_unique<ByteStream>(*loop, mine, &at_left, options, both->MakeFilter(true, {}, 1));
  right = std::make_unique<ByteStream>(*loop, theirs, &at_right, options, one->MakeFilter(false));
  ExpectTalk();
  EXPECT_EQ(right->PeerName(), one->keys()[0].name);
}

// Knowing the name of a key, which anybody on the way can read, is not knowing the key.
TEST_F(TlsTest, NameWithoutTheSecretIsRefused) {
  const auto one = Cluster(kOne);
  auto keys = *ParseClusterKeys(kTwo);
  keys[0].name = one->keys()[0].name;
  const auto thief = *TlsContext::ForCluster(keys);
  Join(thief.get(), one.get());
  ExpectRefused();
  EXPECT_EQ(at_right.reason.code(), ErrorCode::kNoAuth);
  at_left = {};
  at_right = {};
  Join(one.get(), thief.get());
  ExpectRefused();
  EXPECT_EQ(at_left.reason.code(), ErrorCode::kNoAuth);
}

TEST_F(TlsTest, NoTlsIsRefusedAndTold) {
  const auto one = Cluster(kOne);
  Join(nullptr, one.get());
  left->Write("secret question");
  Until([&] { return at_left.closed == 1 && at_right.closed == 1; });
  EXPECT_EQ(at_right.got, "");
  EXPECT_EQ(at_right.reason.code(), ErrorCode::kNoAuth);
  EXPECT_EQ(at_right.reason.message(), "the connection is not encrypted");
  EXPECT_EQ(at_left.got, std::string("\x15\x03\x03\x00\x02\x02\x0a", 7));
}

class CertificateTest : public TlsTest {
 protected:
  CertificateTest() {
    char name[] = "/tmp/mydis-tls-XXXXXX";
    directory = mkdtemp(name);
    for (const char* who : {"server", "stranger"}) {
      const std::string file = directory + "/" + who;
      const std::string command =
          "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
          "-subj /CN=db.example -addext subjectAltName=DNS:db.example,IP:127.0.0.1 -keyout " +
          file + ".key -out " + file + ".crt 2>/dev/null";
      EXPECT_EQ(std::system(command.c_str()), 0);
    }
  }
  ~CertificateTest() override { std::filesystem::remove_all(directory); }
  std::string File(const std::string& name) const { return directory + "/" + name; }
  std::shared_ptr<TlsContext> Server(const std::string& ca = {}) const {
    auto context = TlsContext::ForServer({File("server.crt")}, {File("server.key")}, {ca});
    EXPECT_TRUE(context.has_value()) << context.error().message();
    return *context;
  }
  std::shared_ptr<TlsContext> Client(const std::string& ca, const std::string& who = {}) const {
    auto context =
        who.empty() ? TlsContext::ForClient({File(ca)}, {}, {})
                    : TlsContext::ForClient({File(ca)}, {File(who + ".crt")}, {File(who + ".key")});
    EXPECT_TRUE(context.has_value()) << context.error().message();
    return *context;
  }

  std::string directory;
};

TEST_F(CertificateTest, ServerIsKnown) {
  for (const char* host : {"db.example", "127.0.0.1", ""}) {
    at_left = {};
    at_right = {};
    Join(Client("server.crt").get(), Server().get(), host);
    ExpectTalk();
  }
}

TEST_F(CertificateTest, OtherHostAndOtherCaAreRefused) {
  Join(Client("server.crt").get(), Server().get(), "other.example");
  ExpectRefused();
  EXPECT_EQ(at_left.reason.message(), "the TLS handshake has failed (hostname mismatch)");
  at_left = {};
  at_right = {};
  Join(Client("stranger.crt").get(), Server().get(), "db.example");
  ExpectRefused();
}

TEST_F(CertificateTest, ClientsMustShowOne) {
  const auto server = Server(File("server.crt"));
  Join(Client("server.crt", "server").get(), server.get(), "db.example");
  ExpectTalk();
  for (const char* who : {"", "stranger"}) {
    at_left = {};
    at_right = {};
    Join(Client("server.crt", who).get(), server.get(), "db.example");
    ExpectRefused();
    EXPECT_EQ(at_right.reason.code(), ErrorCode::kNoAuth);
  }
}

TEST_F(CertificateTest, ClientsMayShowOne) {
  const auto context = TlsContext::ForServer({File("server.crt")}, {File("server.key")},
                                             {File("server.crt")}, false);
  ASSERT_TRUE(context.has_value()) << context.error().message();
  for (const auto& [who, name] : {std::pair{"", ""}, {"server", "db.example"}}) {
    at_left = {};
    at_right = {};
    Join(Client("server.crt", who).get(), context->get(), "db.example");
    ExpectTalk();
    EXPECT_EQ(right->PeerName(), name);
    EXPECT_EQ(left->PeerName(), "db.example");
  }
  at_left = {};
  at_right = {};
  Join(Client("server.crt", "stranger").get(), context->get(), "db.example");
  ExpectRefused();
}

// A server that has no key is no instance, whatever it shows instead.
TEST_F(CertificateTest, CertificateInsteadOfKeyIsRefused) {
  const auto one = Cluster(kOne);
  Join(one.get(), Server().get());
  ExpectRefused();
  EXPECT_EQ(at_left.reason.code(), ErrorCode::kNoAuth);
}

TEST_F(CertificateTest, BadFilesAreNamed) {
  const TlsFile good{File("server.crt"), "--tls-cert"};
  const TlsFile key{File("server.key"), "--tls-key"};
  const auto message = [](const Result<std::shared_ptr<TlsContext>>& context) {
    return context ? "none" : context.error().message();
  };
  const TlsFile none{File("none"), "--any"};
  const TlsFile empty{"/dev/null", "--any"};
  EXPECT_EQ(message(TlsContext::ForServer({none.path}, key, {})),
            "cannot use the certificate in " + none.path + ": No such file or directory");
  EXPECT_EQ(message(TlsContext::ForServer(none, key, {})),
            "--any: cannot use the certificate in " + none.path + ": No such file or directory");
  EXPECT_EQ(message(TlsContext::ForServer(good, none, {})),
            "--any: cannot use the private key in " + none.path + ": No such file or directory");
  EXPECT_EQ(
      message(TlsContext::ForServer(good, key, none)),
      "--any: cannot use the CA certificates in " + none.path + ": No such file or directory");
  EXPECT_EQ(
      message(TlsContext::ForClient(none, {}, {})),
      "--any: cannot use the CA certificates in " + none.path + ": No such file or directory");
  EXPECT_EQ(message(TlsContext::ForServer(empty, key, {})),
            "--any: cannot use the certificate in /dev/null: it holds no PEM certificate");
  EXPECT_EQ(message(TlsContext::ForServer(good, empty, {})),
            "--any: cannot use the private key in /dev/null: it holds no PEM private key");
  EXPECT_EQ(message(TlsContext::ForServer(good, key, empty)),
            "--any: cannot use the CA certificates in /dev/null: it holds no PEM CA certificates");
  EXPECT_EQ(message(TlsContext::ForServer(good, {File("stranger.key"), "--any"}, {})),
            "--any: cannot use the private key in " + File("stranger.key") +
                ": it is another certificate's");
}

}  // namespace
}  // namespace mydis
