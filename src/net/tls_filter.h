// One connection's TLS. Made by TlsContext::MakeFilter.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

#include "net/byte_stream.h"

namespace mydis {

class TlsContext;
struct ClusterKey;

// The stream's thread.
class TlsFilter final : public StreamFilter {
 public:
  // Owns `ssl`, whose callbacks need `context`. Between instances a client uses the cluster key at
  // `key`, counted round.
  TlsFilter(SSL* ssl, std::shared_ptr<const TlsContext> context, bool client, size_t key);
  ~TlsFilter() override;
  TlsFilter(const TlsFilter&) = delete;
  TlsFilter& operator=(const TlsFilter&) = delete;

  Status Start(std::string& to_socket) override;
  Status Receive(std::string_view from_socket, std::string& plain, std::string& to_socket) override;
  Status Send(std::string_view plain, std::string& to_socket) override;
  void Finish(std::string& to_socket) override;
  bool Ready() const override;
  // The name of the cluster key, or the common name in the certificate.
  std::string PeerName() const override;
  // The handshake must be over ten seconds after the first call.
  Status CheckTime(uint64_t now_ms, std::string& to_socket) override;

  // For the context's callbacks.
  static TlsFilter& Of(SSL* ssl) { return *static_cast<TlsFilter*>(SSL_get_app_data(ssl)); }
  // The cluster key that a client shows.
  const ClusterKey& OfferedKey();
  // A client has named a cluster key; null if that is none of this side's.
  const ClusterKey* TakeNamedKey(std::string_view name);

 private:
  Status Handshake(std::string& to_socket);
  Status Encode(std::string_view plain);
  Status Decode(std::string& plain);
  void TakeEncoded(std::string& to_socket);
  // `to_socket` gets the alert.
  Status RefusePlain(std::string& to_socket);
  Status Failed(const char* what);
  Status KeyRefused();

  const std::shared_ptr<const TlsContext> context_;
  SSL* const ssl_;
  BIO* const in_;        // What came from the socket; ssl_ owns it.
  BIO* const out_;       // What goes to the socket; ssl_ owns it.
  std::string waiting_;  // Given to Send before the handshake was done.
  const size_t key_index_;
  const ClusterKey* key_ = nullptr;  // That this side offers, or the other has named; context_'s.
  std::string unknown_key_;          // What the other side has named instead.
  uint64_t first_check_ms_ = 0;
  bool begun_ = false;  // Something has come.
  bool broken_ = false;
};

}  // namespace mydis
