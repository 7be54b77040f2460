#include "server/options.h"

#include <gtest/gtest.h>

#include <functional>

namespace mydis {
namespace {

std::string Refusal(const std::function<void(ServerOptions&)>& change) {
  ServerOptions options;
  change(options);
  const Status status = options.Validate();
  EXPECT_EQ(status.message().find('\n'), std::string::npos);
  return status.message();
}

TEST(ServerOptions, DefaultsAreGood) {
  EXPECT_TRUE(ServerOptions().Validate().ok());
  EXPECT_EQ(ServerOptions().InstanceName(2382), "127.0.0.1:2382");
}

TEST(ServerOptions, PortsMustBePortsAndDiffer) {
  EXPECT_EQ(Refusal([](auto& o) { o.redis_port = 70000; }),
            "--redis-port: 70000 is not a port (1 to 65535, 0 for any, or -1 to turn it off)");
  EXPECT_EQ(Refusal([](auto& o) { o.redis_port = -1; }), "");
  EXPECT_EQ(Refusal([](auto& o) { o.http_port = o.redis_port = o.raft_port = 0; }), "");
  EXPECT_NE(Refusal([](auto& o) { o.http_port = -2; }), "");
  EXPECT_EQ(Refusal([](auto& o) { o.http_port = o.redis_port = -1; }), "");
  EXPECT_EQ(Refusal([](auto& o) { o.http_port = 2381; }),
            "--http-port and --redis-port are both 2381: give each a port of its own");
  EXPECT_NE(Refusal([](auto& o) { o.raft_port = 65535; }), "");
  EXPECT_NE(Refusal([](auto& o) { o.raft_port = -2; }), "");
  EXPECT_EQ(Refusal([](auto& o) { o.redis_port = 2382; }),
            "--redis-port and --raft-port are both 2382: give each a port of its own");
  EXPECT_NE(Refusal([](auto& o) { o.redis_port = o.raft_port + 1; }), "");
}

TEST(ServerOptions, ClusterOptionsMustGoTogether) {
  EXPECT_NE(Refusal([](auto& o) {
              o.bootstrap = true;
              o.join = {{"a", 2382}};
            }),
            "");
  EXPECT_NE(Refusal([](auto& o) { o.expect = 3; }), "");
  EXPECT_EQ(Refusal([](auto& o) {
              o.expect = 3;
              o.join = {{"a", 2382}};
            }),
            "");
  EXPECT_NE(Refusal([](auto& o) { o.max_voters = 4; }), "");
  EXPECT_NE(Refusal([](auto& o) { o.bind_address = "0.0.0.0"; }), "");
  EXPECT_EQ(Refusal([](auto& o) {
              o.bind_address = "0.0.0.0";
              o.advertise_address = "db1";
            }),
            "");
}

TEST(ServerOptions, WithoutARaftPortAnInstanceIsAlone) {
  EXPECT_EQ(Refusal([](auto& o) { o.raft_port = -1; }), "");
  EXPECT_NE(Refusal([](auto& o) {
              o.raft_port = -1;
              o.join = {{"a", 2382}};
            }),
            "");
  EXPECT_NE(Refusal([](auto& o) {
              o.raft_port = -1;
              o.cluster_key_file = "keys";
            }),
            "");
}

TEST(ServerOptions, NamesAreVisibleWords) {
  EXPECT_NE(Refusal([](auto& o) { o.name = "two words"; }), "");
  EXPECT_NE(Refusal([](auto& o) { o.name = ""; }), "");
  EXPECT_NE(Refusal([](auto& o) { o.instance_id = "a\nb"; }), "");
  EXPECT_NE(Refusal([](auto& o) { o.raft_timeout_ms = 5; }), "");
  EXPECT_NE(Refusal([](auto& o) { o.io_threads = -2; }), "");
}

TEST(ServerOptions, TlsOptionsGoTogether) {
  EXPECT_EQ(Refusal([](auto& o) { o.tls_cert = "c"; }),
            "--tls-cert: give --tls-key too, the certificate's private key");
  EXPECT_EQ(Refusal([](auto& o) { o.tls_key = "k"; }),
            "--tls-key: give --tls-cert too, the certificate of this key");
  EXPECT_EQ(Refusal([](auto& o) {
              o.tls_cert = o.tls_key = "c";
              o.redis_port = o.http_port = ServerOptions::kPortOff;
            }),
            "--tls-cert: nobody can connect without --redis-port or --http-port: give one");
  EXPECT_EQ(Refusal([](auto& o) { o.tls_ca = "a"; }),
            "--tls-ca: give --tls-cert and --tls-key too: without them there is no TLS");
  EXPECT_EQ(Refusal([](auto& o) { o.tls_auth_clients = ClientCertificates::kOptional; }),
            "--tls-auth-clients: give --tls-ca too: only then clients are asked for one");
  EXPECT_EQ(Refusal([](auto& o) {
              o.tls_cert = o.tls_key = "c";
              o.tls_user_from_certificate = true;
            }),
            "--tls-user-from-certificate: give --tls-ca too, whose certificates are believed");
  EXPECT_EQ(Refusal([](auto& o) {
              o.tls_cert = o.tls_key = o.tls_ca = "c";
              o.tls_user_from_certificate = true;
            }),
            "");
}

}  // namespace
}  // namespace mydis
