#include "net/stream_filter.h"

namespace mydis {

Status ChainedFilter::Encode(std::string_view words, Status status, std::string& to_socket) {
  // The last words of a filter that fails are sent, too.
  Status sent = words.empty() ? Status::Ok() : outer_->Send(words, to_socket);
  return status.ok() ? sent : status;
}

Status ChainedFilter::Start(std::string& to_socket) {
  if (Status status = outer_->Start(to_socket); !status.ok()) return status;
  std::string words;
  Status status = inner_->Start(words);
  return Encode(words, std::move(status), to_socket);
}

Status ChainedFilter::Receive(std::string_view from_socket, std::string& plain,
                              std::string& to_socket) {
  std::string middle;
  Status outer = Status::Ok();
  if (!from_socket.empty() || outer_->HasInput())
    outer = outer_->Receive(from_socket, middle, to_socket);
  // What was decoded before the error came from the other side, whoever broke the rest.
  std::string words;
  Status inner = inner_->Receive(middle, plain, words);
  inner = Encode(words, std::move(inner), to_socket);
  return outer.ok() ? inner : outer;
}

Status ChainedFilter::Send(std::string_view plain, std::string& to_socket) {
  std::string middle;
  Status status = inner_->Send(plain, middle);
  return Encode(middle, std::move(status), to_socket);
}

void ChainedFilter::Finish(std::string& to_socket) {
  std::string words;
  inner_->Finish(words);
  if (!words.empty()) (void)outer_->Send(words, to_socket);
  outer_->Finish(to_socket);
}

void ChainedFilter::InputEnded() {
  outer_->InputEnded();
  inner_->InputEnded();
}

Status ChainedFilter::CheckTime(uint64_t now_ms, std::string& to_socket) {
  if (Status status = outer_->CheckTime(now_ms, to_socket); !status.ok()) return status;
  std::string words;
  Status status = inner_->CheckTime(now_ms, words);
  return Encode(words, std::move(status), to_socket);
}

}  // namespace mydis
