// TLS for streams: a StreamFilter that runs OpenSSL over memory, so that the event loop stays the
// only one that touches sockets.
//
// Between instances: TLS 1.3 with pre-shared cluster keys and a fresh key exchange each time (no
// certificates; mutual; forward secret). On client ports: certificates, TLS 1.2 or 1.3.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mydis/status.h"
#include "net/byte_stream.h"

struct ssl_ctx_st;

namespace mydis {

// A secret that all instances of a cluster share.
struct ClusterKey {
  std::string name;    // Shown to whoever connects; says nothing about the secret.
  std::string secret;  // 32 bytes.
};

// The keys in `text`, what a cluster key file holds: a key a line, 64 hexadecimal digits; empty
// lines and lines that begin with # are skipped. The first is used to connect, all are accepted, so
// that a key can be replaced without a stop: add the new one behind on all instances, then move it
// to the front, then take the old one away.
Result<std::vector<ClusterKey>> ParseClusterKeys(std::string_view text);
Result<std::vector<ClusterKey>> LoadClusterKeys(const std::string& file);

// What the connections of one kind have in common. Any thread, once made; its filters keep it.
class TlsContext : public std::enable_shared_from_this<TlsContext> {
 public:
  // REQUIRES: at least one key.
  static Result<std::shared_ptr<TlsContext>> ForCluster(std::vector<ClusterKey> keys);
  // A server's. With a `ca_file` only clients that show a certificate of that CA are served.
  static Result<std::shared_ptr<TlsContext>> ForServer(const std::string& cert_file,
                                                       const std::string& key_file,
                                                       const std::string& ca_file);
  // A client's: the server's certificate must come from `ca_file` (the system's CAs if empty). With
  // a certificate of its own if the server asks for one.
  static Result<std::shared_ptr<TlsContext>> ForClient(const std::string& ca_file,
                                                       const std::string& cert_file,
                                                       const std::string& key_file);
  ~TlsContext();

  // For one connection. A client checks that the server's certificate is made out to `host`, unless
  // that is empty. Never null.
  std::unique_ptr<StreamFilter> MakeFilter(bool client, const std::string& host = {}) const;

  // Finds a cluster key by its name; null if there is none.
  const ClusterKey* FindKey(std::string_view name) const;
  const std::vector<ClusterKey>& keys() const { return keys_; }

 private:
  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
  Status LoadIdentity(const std::string& cert_file, const std::string& key_file);

  ssl_ctx_st* context_;
  std::vector<ClusterKey> keys_;
};

}  // namespace mydis
