// Reads HTTP/1.0 and 1.1 requests out of the bytes of a connection, with Boost.Beast's parser: the
// head, and bodies sent in chunks. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mydis {

struct HttpHead {
  std::string method;  // As it was sent: "GET".
  std::string target;
  int minor_version = 1;   // Of HTTP/1.
  bool keep_alive = true;  // The client may send more requests.
  bool chunked = false;    // The body comes in chunks; else it has content_length bytes.
  bool expects = false;    // Expect: 100-continue.
  uint64_t content_length = 0;
  std::vector<std::pair<std::string, std::string>> fields;  // Names in lower case.

  // The first field of that name (lower case), or nullptr.
  const std::string* Find(std::string_view name) const;
};

class HttpRequestReader {
 public:
  enum class Outcome : uint8_t { kDone, kNeedMore, kBroken };

  // A longer head is refused.
  explicit HttpRequestReader(uint32_t head_limit);
  ~HttpRequestReader();

  // Takes the head at the front of `bytes`. How many bytes that took goes to `used`, also if
  // kNeedMore: then call again with the others and more. Nothing but Restart may follow kBroken.
  Outcome ReadHead(std::string_view bytes, size_t* used, HttpHead* head);
  // After a head with `chunked`: appends what `bytes` hold of the body. kDone: that was all of it.
  Outcome ReadChunks(std::string_view bytes, size_t* used, std::string* body);
  // The request was dealt with; another begins.
  void Restart();
  // Whether part of a head has been used.
  bool begun() const;

  // After kBroken: the status to answer with, and why.
  int status() const { return status_; }
  const std::string& error() const { return error_; }

 private:
  struct Parser;
  Outcome Broken(int status, std::string error);

  const uint32_t head_limit_;
  std::unique_ptr<Parser> parser_;
  int status_ = 0;
  std::string error_;
};

}  // namespace mydis
