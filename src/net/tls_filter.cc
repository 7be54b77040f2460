#include "net/tls_filter.h"

#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "net/tls.h"

namespace mydis {
namespace {

constexpr size_t kRecord = 16 * 1024;
constexpr uint64_t kHandshakeMs = 10'000;
// A fatal unexpected_message, which tells whoever speaks without TLS that there is TLS here.
constexpr std::string_view kAlert("\x15\x03\x03\x00\x02\x02\x0a", 7);

// Whether TLS can begin like this: the type of a record, then its version's first byte.
bool LooksLikeTls(std::string_view bytes) {
  return bytes[0] >= 0x14 && bytes[0] <= 0x17 && (bytes.size() < 2 || bytes[1] == 0x03);
}

// What a name sent by a stranger looks like in a message: as it is if it can be a key's name.
std::string Printable(std::string_view name) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (name.size() == 16 && std::all_of(name.begin(), name.end(), is_hex)) return std::string(name);
  return "of an unknown form";
}

// The common name, if the certificate has exactly one and that is text.
std::string CommonName(X509* certificate) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0) return {};
  unsigned char* text = nullptr;
  const int size =
      ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0) return {};
  std::string name(reinterpret_cast<const char*>(text), static_cast<size_t>(size));
  OPENSSL_free(text);
  return name.find('\0') == std::string::npos ? name : std::string();
}

}  // namespace

TlsFilter::TlsFilter(SSL* ssl, std::shared_ptr<const TlsContext> context, bool client, size_t key)
    : context_(std::move(context)),
      ssl_(ssl),
      in_(BIO_new(BIO_s_mem())),
      out_(BIO_new(BIO_s_mem())),
      key_index_(key) {
  MYDIS_ASSERT(in_ != nullptr && out_ != nullptr, "out of memory");
  SSL_set_app_data(ssl_, this);
  SSL_set_bio(ssl_, in_, out_);
  if (client) {
    SSL_set_connect_state(ssl_);
  } else {
    SSL_set_accept_state(ssl_);
  }
}

TlsFilter::~TlsFilter() {
  // Else OpenSSL takes the connection for broken, and complains in the thread's error queue.
  SSL_set_quiet_shutdown(ssl_, 1);
  SSL_free(ssl_);
}

const ClusterKey& TlsFilter::OfferedKey() {
  const std::vector<ClusterKey>& keys = context_->keys();
  key_ = &keys[key_index_ % keys.size()];
  return *key_;
}

const ClusterKey* TlsFilter::TakeNamedKey(std::string_view name) {
  key_ = context_->FindKey(name);
  if (key_ == nullptr) unknown_key_ = Printable(name);
  return key_;
}

bool TlsFilter::Ready() const { return SSL_is_init_finished(ssl_) != 0; }

std::string TlsFilter::PeerName() const {
  if (!Ready()) return {};
  if (!context_->keys().empty()) return key_ == nullptr ? std::string() : key_->name;
  X509* certificate = SSL_get0_peer_certificate(ssl_);
  const bool verified = certificate != nullptr &&
                        (SSL_get_verify_mode(ssl_) & SSL_VERIFY_PEER) != 0 &&
                        SSL_get_verify_result(ssl_) == X509_V_OK;
  return verified ? CommonName(certificate) : std::string();
}

Status TlsFilter::CheckTime(uint64_t now_ms, std::string&) {
  if (Ready()) return Status::Ok();
  if (first_check_ms_ == 0) first_check_ms_ = now_ms;
  if (now_ms - first_check_ms_ < kHandshakeMs) return Status::Ok();
  return Status(ErrorCode::kTimeout, "the TLS handshake takes too long");
}

Status TlsFilter::RefusePlain(std::string& to_socket) {
  broken_ = true;
  to_socket += kAlert;
  return Status(ErrorCode::kNoAuth,
                SSL_is_server(ssl_) ? "the connection is not encrypted" : "it does not speak TLS");
}

// In terms of cluster keys, which is all that can go wrong between instances of one version.
Status TlsFilter::KeyRefused() {
  if (!unknown_key_.empty()) {
    return Status(ErrorCode::kNoAuth,
                  fmt::format("its cluster key {} is none of this instance's", unknown_key_));
  }
  if (SSL_is_server(ssl_) && key_ == nullptr)
    return Status(ErrorCode::kNoAuth, "it shows no cluster key");
  return Status(ErrorCode::kNoAuth,
                fmt::format("it does not share the cluster key {}", key_ ? key_->name : ""));
}

Status TlsFilter::Failed(const char* what) {
  broken_ = true;
  if (!context_->keys().empty() && !Ready()) {
    ERR_clear_error();
    return KeyRefused();
  }
  const unsigned long error = ERR_peek_error();
  const char* reason = ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED
                           ? X509_verify_cert_error_string(SSL_get_verify_result(ssl_))
                           : ERR_reason_error_string(error);
  ERR_clear_error();
  return Status(ErrorCode::kNoAuth,
                std::string(what) + " (" + (reason != nullptr ? reason : "unknown reason") + ")");
}

void TlsFilter::TakeEncoded(std::string& to_socket) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(out_, &bytes);
  if (size <= 0) return;
  to_socket.append(bytes, static_cast<size_t>(size));
  (void)BIO_reset(out_);
}

Status TlsFilter::Handshake(std::string& to_socket) {
  ERR_clear_error();
  const int done = SSL_do_handshake(ssl_);
  const int error = SSL_get_error(ssl_, done);
  Status status;
  if (done != 1 && error != SSL_ERROR_WANT_READ) status = Failed("the TLS handshake has failed");
  if (done == 1) status = Encode(std::exchange(waiting_, std::string()));
  TakeEncoded(to_socket);
  return status;
}

Status TlsFilter::Start(std::string& to_socket) {
  return SSL_is_server(ssl_) ? Status::Ok() : Handshake(to_socket);
}

Status TlsFilter::Receive(std::string_view from_socket, std::string& plain,
                          std::string& to_socket) {
  if (broken_) return Status(ErrorCode::kNoAuth, "the TLS connection is broken");
  if (from_socket.empty()) return Status::Ok();
  if (!std::exchange(begun_, true) && !LooksLikeTls(from_socket)) return RefusePlain(to_socket);
  MYDIS_ASSERT(BIO_write(in_, from_socket.data(), static_cast<int>(from_socket.size())) ==
                   static_cast<int>(from_socket.size()),
               "a memory BIO takes everything");
  if (!Ready()) {
    Status status = Handshake(to_socket);
    if (!status.ok() || !Ready()) return status;
  }
  Status status = Decode(plain);
  TakeEncoded(to_socket);  // Key updates and alerts are answered.
  return status;
}

Status TlsFilter::Decode(std::string& plain) {
  ERR_clear_error();
  while (true) {
    const size_t before = plain.size();
    int done = 0;
    plain.resize_and_overwrite(before + kRecord, [&](char* p, size_t) {
      size_t n = 0;
      done = SSL_read_ex(ssl_, p + before, kRecord, &n);
      return before + n;
    });
    if (done == 1) continue;
    const int error = SSL_get_error(ssl_, 0);
    // The end is told by the socket, right after.
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_ZERO_RETURN) return Status::Ok();
    return Failed("the TLS connection is broken");
  }
}

Status TlsFilter::Encode(std::string_view plain) {
  ERR_clear_error();
  while (!plain.empty()) {
    size_t n = 0;
    if (SSL_write_ex(ssl_, plain.data(), plain.size(), &n) != 1)
      return Failed("the TLS connection is broken");
    plain.remove_prefix(n);
  }
  return Status::Ok();
}

Status TlsFilter::Send(std::string_view plain, std::string& to_socket) {
  if (broken_) return Status(ErrorCode::kNoAuth, "the TLS connection is broken");
  if (!Ready()) {
    waiting_ += plain;
    return Status::Ok();
  }
  Status status = Encode(plain);
  TakeEncoded(to_socket);
  return status;
}

void TlsFilter::Finish(std::string& to_socket) {
  if (broken_ || !Ready()) return;
  ERR_clear_error();
  SSL_shutdown(ssl_);
  TakeEncoded(to_socket);
  broken_ = true;
}

}  // namespace mydis
