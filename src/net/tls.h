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
#include "net/cluster_keys.h"

struct ssl_ctx_st;

namespace mydis {

// A file in PEM, and what an error calls it before it says what is wrong: the option that names the
// file, "--tls-cert"; empty for nothing.
struct TlsFile {
  std::string path;
  std::string_view option = {};
};

// What the connections of one kind have in common. Any thread, once made; its filters keep it.
class TlsContext : public std::enable_shared_from_this<TlsContext> {
 public:
  // REQUIRES: at least one key.
  static Result<std::shared_ptr<TlsContext>> ForCluster(std::vector<ClusterKey> keys);
  // A server's. With a `ca` clients are asked for a certificate of that CA, and without one
  // not served unless `required` is false.
  static Result<std::shared_ptr<TlsContext>> ForServer(const TlsFile& cert, const TlsFile& key,
                                                       const TlsFile& ca, bool required = true);
  // A client's: the server's certificate must come from `ca` (the system's CAs if empty). With
  // a certificate of its own if the server asks for one.
  static Result<std::shared_ptr<TlsContext>> ForClient(const TlsFile& ca, const TlsFile& cert,
                                                       const TlsFile& key);
  ~TlsContext();

  // For one connection. A client checks that the server's certificate is made out to `host`, unless
  // that is empty; between instances it uses the cluster key at `key`, counted round. Never null.
  std::unique_ptr<StreamFilter> MakeFilter(bool client, const std::string& host = {},
                                           size_t key = 0) const;

  // Finds a cluster key by its name; null if there is none.
  const ClusterKey* FindKey(std::string_view name) const;
  const std::vector<ClusterKey>& keys() const { return keys_; }

 private:
  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
  Status LoadIdentity(const TlsFile& cert, const TlsFile& key);

  ssl_ctx_st* context_;
  std::vector<ClusterKey> keys_;
};

}  // namespace mydis
