#include "net/tls.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/assert.h"
#include "net/tls_filter.h"

namespace mydis {
namespace {

// TLS_AES_128_GCM_SHA256, which every TLS 1.3 has and processors have instructions for.
constexpr unsigned char kCipher[] = {0x13, 0x01};

// A session that is nothing but the key; null if OpenSSL has no memory.
SSL_SESSION* SessionOf(SSL* ssl, const ClusterKey& key) {
  SSL_SESSION* session = SSL_SESSION_new();
  if (session == nullptr) return nullptr;
  const auto* secret = reinterpret_cast<const unsigned char*>(key.secret.data());
  if (SSL_SESSION_set1_master_key(session, secret, key.secret.size()) == 1 &&
      SSL_SESSION_set_cipher(session, SSL_CIPHER_find(ssl, kCipher)) == 1 &&
      SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION) == 1)
    return session;
  SSL_SESSION_free(session);
  return nullptr;
}

int UseKey(SSL* ssl, const EVP_MD* digest, const unsigned char** name, size_t* name_size,
           SSL_SESSION** session) {
  *session = nullptr;
  // A second round asks for another digest; there is none to offer.
  if (digest != nullptr && EVP_MD_get_type(digest) != NID_sha256) return 1;
  const ClusterKey& key = TlsFilter::Of(ssl).OfferedKey();
  *session = SessionOf(ssl, key);
  *name = reinterpret_cast<const unsigned char*>(key.name.data());
  *name_size = key.name.size();
  return *session != nullptr ? 1 : 0;
}

int FindKeyFor(SSL* ssl, const unsigned char* name, size_t name_size, SSL_SESSION** session) {
  *session = nullptr;
  const ClusterKey* key =
      TlsFilter::Of(ssl).TakeNamedKey({reinterpret_cast<const char*>(name), name_size});
  if (key == nullptr) return 1;  // Goes on without, and fails for want of a certificate.
  *session = SessionOf(ssl, *key);
  return *session != nullptr ? 1 : 0;
}

int TrustNone(int, X509_STORE_CTX*) { return 0; }

// Why OpenSSL could not use a file. The first error is the cause, those behind it name the callers.
std::string ReasonFor(const char* what) {
  const unsigned long error = ERR_peek_error();
  if (ERR_SYSTEM_ERROR(error)) return strerror(ERR_GET_REASON(error));
  const auto is = [error](int library, int reason) {
    return ERR_GET_LIB(error) == library && ERR_GET_REASON(error) == reason;
  };
  // What says so depends on which decoder was asked.
  if (is(ERR_LIB_PEM, PEM_R_NO_START_LINE) ||
      is(ERR_LIB_X509, X509_R_NO_CERTIFICATE_OR_CRL_FOUND) ||
      is(ERR_LIB_OSSL_DECODER, ERR_R_UNSUPPORTED))
    return fmt::format("it holds no PEM {}", what);
  if (is(ERR_LIB_X509, X509_R_KEY_VALUES_MISMATCH)) return "it is another certificate's";
  const char* reason = ERR_reason_error_string(error);
  return reason != nullptr ? reason : "unknown reason";
}

Status FileError(const char* what, const TlsFile& file) {
  Status status(ErrorCode::kInvalid,
                fmt::format("{}{}cannot use the {} in {}: {}", file.option,
                            file.option.empty() ? "" : ": ", what, file.path, ReasonFor(what)));
  ERR_clear_error();
  return status;
}

bool LoadAuthorities(SSL_CTX* context, const TlsFile& ca) {
  ERR_clear_error();
  return SSL_CTX_load_verify_file(context, ca.path.c_str()) == 1;
}

SSL_CTX* NewContext(int lowest_version) {
  SSL_CTX* context = SSL_CTX_new(TLS_method());
  MYDIS_ASSERT(context != nullptr, "out of memory");
  SSL_CTX_set_min_proto_version(context, lowest_version);
  // No session outlives its connection.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_num_tickets(context, 0);
  // Idle connections give their buffers back.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  return context;
}

}  // namespace

Result<std::shared_ptr<TlsContext>> TlsContext::ForCluster(std::vector<ClusterKey> keys) {
  MYDIS_ASSERT(!keys.empty(), "a cluster's TLS needs a key");
  std::shared_ptr<TlsContext> tls(new TlsContext(NewContext(TLS1_3_VERSION)));
  tls->keys_ = std::move(keys);
  SSL_CTX_set_psk_use_session_callback(tls->context_, UseKey);
  SSL_CTX_set_psk_find_session_callback(tls->context_, FindKeyFor);
  if (SSL_CTX_set_ciphersuites(tls->context_, "TLS_AES_128_GCM_SHA256") != 1)
    return Fail(ErrorCode::kInternal, "OpenSSL does not have TLS_AES_128_GCM_SHA256");
  return tls;
}

Status TlsContext::LoadIdentity(const TlsFile& cert, const TlsFile& key) {
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context_, cert.path.c_str()) != 1)
    return FileError("certificate", cert);
  if (SSL_CTX_use_PrivateKey_file(context_, key.path.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context_) != 1)
    return FileError("private key", key);
  return Status::Ok();
}

Result<std::shared_ptr<TlsContext>> TlsContext::ForServer(const TlsFile& cert, const TlsFile& key,
                                                          const TlsFile& ca, bool required) {
  std::shared_ptr<TlsContext> tls(new TlsContext(NewContext(TLS1_2_VERSION)));
  Status loaded = tls->LoadIdentity(cert, key);
  if (!loaded.ok()) return Fail(std::move(loaded));
  // OpenSSL asks for it where peers are verified.
  constexpr unsigned char kContext[] = "mydis";
  SSL_CTX_set_session_id_context(tls->context_, kContext, sizeof kContext - 1);
  if (!ca.path.empty()) {
    if (!LoadAuthorities(tls->context_, ca)) return Fail(FileError("CA certificates", ca));
    // Tells clients which of their certificates to show.
    SSL_CTX_set_client_CA_list(tls->context_, SSL_load_client_CA_file(ca.path.c_str()));
    const int strict = required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
    SSL_CTX_set_verify(tls->context_, SSL_VERIFY_PEER | strict, nullptr);
  }
  return tls;
}

Result<std::shared_ptr<TlsContext>> TlsContext::ForClient(const TlsFile& ca, const TlsFile& cert,
                                                          const TlsFile& key) {
  std::shared_ptr<TlsContext> tls(new TlsContext(NewContext(TLS1_2_VERSION)));
  if (ca.path.empty()) {
    SSL_CTX_set_default_verify_paths(tls->context_);
  } else if (!LoadAuthorities(tls->context_, ca)) {
    return Fail(FileError("CA certificates", ca));
  }
  SSL_CTX_set_verify(tls->context_, SSL_VERIFY_PEER, nullptr);
  if (!cert.path.empty()) {
    Status loaded = tls->LoadIdentity(cert, key);
    if (!loaded.ok()) return Fail(std::move(loaded));
  }
  return tls;
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

const ClusterKey* TlsContext::FindKey(std::string_view name) const {
  const auto found =
      std::find_if(keys_.begin(), keys_.end(), [&](const ClusterKey& k) { return k.name == name; });
  return found == keys_.end() ? nullptr : &*found;
}

std::unique_ptr<StreamFilter> TlsContext::MakeFilter(bool client, const std::string& host,
                                                     size_t key) const {
  SSL* ssl = SSL_new(context_);
  MYDIS_ASSERT(ssl != nullptr, "out of memory");
  // Nobody is accepted on another ground than the key: a server has no certificate to fall back
  // on, and a client trusts none.
  if (client && !keys_.empty()) SSL_set_verify(ssl, SSL_VERIFY_PEER, TrustNone);
  if (client && !host.empty()) {
    in6_addr address;
    const bool numeric = inet_pton(AF_INET, host.c_str(), &address) == 1 ||
                         inet_pton(AF_INET6, host.c_str(), &address) == 1;
    if (numeric) {
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str());
    } else {
      SSL_set1_host(ssl, host.c_str());
      SSL_set_tlsext_host_name(ssl, host.c_str());
    }
  }
  return std::make_unique<TlsFilter>(ssl, shared_from_this(), client, key);
}

}  // namespace mydis
