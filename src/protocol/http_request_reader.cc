#include "protocol/http_request_reader.h"

#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include "base/ascii.h"

namespace mydis {

namespace http = boost::beast::http;

struct HttpRequestReader::Parser {
  http::request_parser<http::buffer_body> parser;
};

const std::string* HttpHead::Find(std::string_view name) const {
  for (const auto& [known, value] : fields) {
    if (known == name) return &value;
  }
  return nullptr;
}

HttpRequestReader::HttpRequestReader(uint32_t head_limit) : head_limit_(head_limit) { Restart(); }

HttpRequestReader::~HttpRequestReader() = default;

void HttpRequestReader::Restart() {
  parser_ = std::make_unique<Parser>();
  parser_->parser.header_limit(head_limit_);
  parser_->parser.body_limit(boost::none);
  parser_->parser.eager(false);
}

bool HttpRequestReader::begun() const { return parser_->parser.got_some(); }

HttpRequestReader::Outcome HttpRequestReader::Broken(int status, std::string error) {
  status_ = status;
  error_ = std::move(error);
  return Outcome::kBroken;
}

HttpRequestReader::Outcome HttpRequestReader::ReadHead(std::string_view bytes, size_t* used,
                                                       HttpHead* head) {
  // Some clients end a body with a line of its own.
  size_t blank = 0;
  while (!begun() && bytes.substr(blank).starts_with("\r\n")) blank += 2;
  *used = blank;
  bytes.remove_prefix(blank);
  if (bytes.empty() || (!begun() && bytes == "\r")) return Outcome::kNeedMore;
  auto& parser = parser_->parser;
  boost::system::error_code error;
  const size_t taken = parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  *used = blank + taken;
  if (error == http::error::need_more) return Outcome::kNeedMore;
  if (error == http::error::header_limit)
    return Broken(431, "the head of the request has too many bytes");
  if (error == http::error::bad_version)
    return Broken(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
  if (error && error != http::error::need_buffer)
    return Broken(400, "not an HTTP request: " + error.message());
  const auto& message = parser.get();
  head->method = std::string_view(message.method_string().data(), message.method_string().size());
  head->target = std::string_view(message.target().data(), message.target().size());
  head->minor_version = static_cast<int>(message.version() % 10);
  head->keep_alive = message.keep_alive();
  head->chunked = parser.chunked();
  head->content_length = parser.content_length().value_or(0);
  head->fields.clear();
  for (const auto& field : message) {
    const auto name = field.name_string();
    const auto value = field.value();
    head->fields.emplace_back(ToLower({name.data(), name.size()}),
                              std::string(value.data(), value.size()));
  }
  if (!head->chunked && head->Find("transfer-encoding") != nullptr)
    return Broken(501, "no transfer coding but chunked is understood");
  const std::string* expect = head->Find("expect");
  head->expects = expect != nullptr && head->minor_version > 0;
  if (head->expects && ToLower(*expect) != "100-continue")
    return Broken(417, "nothing but 100-continue can be expected");
  return Outcome::kDone;
}

HttpRequestReader::Outcome HttpRequestReader::ReadChunks(std::string_view bytes, size_t* used,
                                                         std::string* body) {
  *used = 0;
  auto& parser = parser_->parser;
  char buffer[16384];
  while (!parser.is_done()) {
    parser.get().body().data = buffer;
    parser.get().body().size = sizeof buffer;
    boost::system::error_code error;
    const std::string_view rest = bytes.substr(*used);
    const size_t taken = parser.put(boost::asio::const_buffer(rest.data(), rest.size()), error);
    *used += taken;
    body->append(buffer, sizeof buffer - parser.get().body().size);
    if (error == http::error::need_more || (!error && taken == 0 && !parser.is_done()))
      return Outcome::kNeedMore;
    if (error && error != http::error::need_buffer)
      return Broken(400, "not a chunked body: " + error.message());
  }
  return Outcome::kDone;
}

}  // namespace mydis
