#include "server/migrations.h"

#include <optional>

#include "net/byte_stream.h"
#include "net/tcp.h"

namespace mydis {

class Migrations::One final : private StreamHandler {
 public:
  One(Migrations& owner, uint64_t number, Order order, OnDone done)
      : owner_(owner), number_(number), order_(std::move(order)), done_(std::move(done)) {
    connector_.emplace(owner.loop_, owner.resolver_, order_.host, order_.port, order_.timeout_ms,
                       [this](Result<int> fd) { Connected(std::move(fd)); });
  }
  ~One() {
    if (timer_ != 0) owner_.loop_.CancelTimer(timer_);
  }

 private:
  void Connected(Result<int> fd) {
    if (!fd) return Finish(std::unexpected(Status(ErrorCode::kUnavailable, fd.error().message())));
    stream_.emplace(owner_.loop_, *fd, static_cast<StreamHandler*>(this));
    stream_->Write(std::move(order_.requests));
    ExpectMore();
  }

  // The other side has to go on within the time limit.
  void ExpectMore() {
    if (timer_ != 0) owner_.loop_.CancelTimer(timer_);
    timer_ = owner_.loop_.AddTimer(order_.timeout_ms, [this] {
      timer_ = 0;
      Finish(Lost("the other side takes too long"));
    });
  }

  size_t OnData(ByteStream&, std::string_view bytes) override {
    reader_.Feed(bytes);
    RespValue value;
    RespReader::Outcome outcome = RespReader::Outcome::kNeedMore;
    while (replies_.size() < order_.replies &&
           (outcome = reader_.Next(&value)) == RespReader::Outcome::kValue)
      replies_.push_back(std::move(value));
    if (replies_.size() == order_.replies) {
      Finish(std::move(replies_));
    } else if (outcome == RespReader::Outcome::kBroken) {
      Finish(Lost(reader_.error()));
    } else {
      ExpectMore();
    }
    return bytes.size();
  }
  void OnClosed(ByteStream&, const Status& reason) override {
    Finish(Lost(reason.ok() ? "the other side closed the connection" : reason.message()));
  }

  static std::unexpected<Status> Lost(std::string why) {
    return std::unexpected(Status(ErrorCode::kUnknown, std::move(why)));
  }

  // This is destroyed in a turn to come: it may be called from within its own parts.
  void Finish(Result<std::vector<RespValue>> result) {
    if (done_ == nullptr) return;
    owner_.loop_.Post([&owner = owner_, number = number_] { owner.under_way_.erase(number); });
    std::exchange(done_, nullptr)(std::move(result));
  }

  Migrations& owner_;
  const uint64_t number_;
  Order order_;
  OnDone done_;
  std::optional<TcpConnector> connector_;
  std::optional<ByteStream> stream_;
  RespReader reader_;
  std::vector<RespValue> replies_;
  TimerId timer_ = 0;
};

Migrations::Migrations(EventLoop& loop) : loop_(loop) {}
Migrations::~Migrations() = default;

void Migrations::Send(Order order, OnDone done) {
  const uint64_t number = next_++;
  under_way_.emplace(number,
                     std::make_unique<One>(*this, number, std::move(order), std::move(done)));
}

}  // namespace mydis
