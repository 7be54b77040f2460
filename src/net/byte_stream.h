// A connection as a stream of bytes each way. (Not the data type: that is in types.)
//
// Input. Bytes are read into the loop's shared buffer and handed to the handler, which says how
// many it has used. Only what it leaves is kept (in memory of the connection's own), so an idle
// connection costs a few hundred bytes. A handler that awaits a large value offers memory for it
// (StreamHandler::ReadTarget), and the socket is read straight into that.
//
// Output. Small writes collect in a contiguous tail; large ones are queued without copying. All of
// it goes out at the end of the loop's turn, with one system call.
//
// A StreamFilter (TLS, HTTP) may stand between socket and stream; handlers do not see a difference.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "mydis/status.h"
#include "net/event_loop.h"
#include "net/output_queue.h"
#include "net/stream_filter.h"

namespace mydis {

class ByteStream;

// What a connection does with its bytes. Called on the loop's thread. No call is made from within a
// call to the ByteStream, so a handler need not expect to be re-entered.
class StreamHandler {
 public:
  // `bytes` is all that has arrived and was not used yet; empty after OnTargetFilled or a pause, if
  // nothing else is there. Returns how many of its first bytes are used up; the rest is handed in
  // again: at once if any were used, else together with what follows. Views into `bytes` are valid
  // until it returns. May write, pause, and close.
  virtual size_t OnData(ByteStream& stream, std::string_view bytes) = 0;

  // Memory that the next bytes of the stream belong in, or an empty span for OnData's way. Asked
  // before every read while no unused bytes are kept. How many have come there is told by
  // OnTargetFilled, upon which OnData follows with the bytes beyond it, perhaps none.
  virtual std::span<char> ReadTarget() { return {}; }
  virtual void OnTargetFilled(ByteStream&, size_t) {}

  // The other side sends no more (it may still read). A handler that owes replies may keep the
  // stream and CloseAfterFlush later; else it closes. Called once, after all data was offered. Also
  // called while reading is paused, if then the other side has closed: `unread` says so, and if it
  // does the rest of the data, then a second call without it, follow ResumeReading.
  virtual void OnEnd(ByteStream& stream, bool unread);

  // The output has fallen from above the high mark to below the low mark.
  virtual void OnDrained(ByteStream&) {}

  // The stream is closed: nothing is called any more, and it may be destroyed here. Called exactly
  // once for each stream, at the end of a turn, unless the stream is destroyed before. `reason`
  // is ok when this side closed it without an error.
  virtual void OnClosed(ByteStream& stream, const Status& reason) = 0;

 protected:
  ~StreamHandler() = default;
};

class ByteStream final {
 public:
  struct Options {
    // While the output is larger than `output_high`, no data is read or handed in, until it is
    // smaller than `output_low`. 0: no such pause.
    size_t output_high = 1 << 20;
    size_t output_low = 256 * 1024;
    // More unused input than this closes the stream with "query buffer limit" as reason.
    size_t input_limit = size_t{1} << 30;
  };

  // Takes `fd`: connected, non-blocking. Reading starts with the next turn. `handler` and `options`
  // (one for all streams of a kind) must outlive the stream.
  ByteStream(EventLoop& loop, int fd, StreamHandler* handler, const Options& options,
             std::unique_ptr<StreamFilter> filter = nullptr);
  ByteStream(EventLoop& loop, int fd, StreamHandler* handler);
  // Closes at once, without OnClosed. Not from within OnData, ReadTarget, OnTargetFilled, OnEnd or
  // OnDrained of the same stream: Close() there.
  ~ByteStream();
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;

  // Bytes to send. Nothing is sent before the end of the turn or Flush; after Close they are
  // dropped. A Payload of some size is referenced, not copied, and so is an rvalue string.
  void Write(std::string_view bytes);
  void Write(const char* text) { Write(std::string_view(text)); }
  void Write(std::string&& bytes);
  void Write(Payload bytes);
  // The end of the output as a string to append to (RespWriter does): nothing that is in it may be
  // touched, and the reference is good until the next call of this stream. Wants a flush by itself.
  std::string& Tail();
  // Sends what the socket takes now.
  void Flush();
  // Bytes written and not taken by the socket yet.
  size_t output_size() const { return output_.size(); }
  // Of those taken from it by a filter, bytes that the socket has not taken yet.
  size_t encoded_size() const { return encoded_ ? encoded_->size() : 0; }
  // True while above Options::output_high: a handler in the middle of a pipeline should stop there
  // and return what it has used; OnData comes again when the output has drained.
  bool OutputFull() const;

  // Between Pause and Resume neither OnData nor ReadTarget is called, and the socket is not read.
  // Resume hands in the unused bytes again, in this or the next turn, even if there are none.
  void PauseReading();
  void ResumeReading();
  bool reading_paused() const { return (paused_ & kByHandler) != 0; }
  // Bytes kept because they were not used.
  size_t input_size() const { return input_.size() - input_used_; }

  // Closes now; unsent output is lost. OnClosed follows at the end of the turn.
  void Close(Status reason = {});
  // Reads no more, sends what is queued, then closes. `limit_ms` bounds the wait for the other
  // side.
  void CloseAfterFlush(Status reason = {}, uint32_t limit_ms = 10'000);
  bool closed() const { return fd_ < 0; }
  // To be called about once a second: a filter may have enough of a slow sender.
  void CheckTime();

  // -1 once closed.
  int fd() const { return fd_; }
  // The filter's; empty without one.
  std::string PeerName() const { return filter_ ? filter_->PeerName() : std::string(); }
  EventLoop& loop() { return loop_; }
  uint64_t bytes_read() const { return bytes_read_; }
  uint64_t bytes_written() const { return bytes_written_; }
  // Memory held by this stream besides itself.
  size_t memory() const;

 private:
  enum PauseReason : uint8_t { kByHandler = 1, kByOutput = 2, kByClosing = 4 };
  // Two tasks of one stream: flushing (and reporting the close) at the end of a turn, and handing
  // in kept bytes, and those that the filter has, in the next one.
  struct FlushTask final : TurnTask {
    explicit FlushTask(ByteStream& s) : stream(s) {}
    void RunTask() override { stream.EndTurn(); }
    ByteStream& stream;
  };
  struct DeliverTask final : TurnTask {
    explicit DeliverTask(ByteStream& s) : stream(s) {}
    void RunTask() override { stream.DeliverNext(); }
    ByteStream& stream;
  };
  struct SocketHandler final : FdHandler {
    explicit SocketHandler(ByteStream& s) : stream(s) {}
    void OnEvents(uint32_t events) override { stream.OnSocket(events); }
    ByteStream& stream;
  };

  void OnSocket(uint32_t events);
  void OnHangUp(uint32_t events);
  void ReadSocket();
  void ReadShared();
  void ReadIntoTarget(std::span<char> target);
  void ReadIntoInput();
  bool TookBytes(ssize_t n);
  void TellEnd();
  void DeliverKept();
  size_t Offer(std::string_view bytes);
  void Keep(std::string_view rest);
  void DropUsed();
  void Pause(PauseReason reason);
  void Resume(PauseReason reason);
  void EndTurn();
  void WantFlush() { loop_.RunAtTurnEnd(&flush_task_); }
  void SendQueue(OutputQueue& queue);
  void AfterFlush();
  void UpdateInterest();

  // --- byte_stream_filter.cc ---
  // Whether the socket may be read.
  bool Reads() const { return paused_ == 0 && !ended_ && !(filter_ && filter_->Full()); }
  void ReadFiltered();
  // Has the filter take what came from the socket, perhaps nothing, and hands in what that gives.
  void Decode(std::string_view from_socket);
  std::string_view FillTargets(std::string_view plain);
  void DeliverNext();
  bool FilterOutput();
  void FilterFailed(Status status);
  void ObeyFilter();
  void Linger();
  void Discard();

  EventLoop& loop_;
  StreamHandler* const handler_;
  int fd_;
  uint32_t interest_ = 0;  // What epoll watches for.
  uint8_t paused_ = 0;     // A set of PauseReason.
  bool close_after_flush_ = false;
  bool blocked_ = false;    // The socket takes no more: waits for EPOLLOUT.
  bool ended_ = false;      // The socket gave its end.
  bool lingering_ = false;  // All is sent: what comes is thrown away until the other side closes.
  bool resumed_ = false;    // Reading goes on, which the handler does not know yet.
  bool reported_ = false;   // OnClosed was called.
  bool end_told_ = false;   // OnEnd was called with unread = false.
  bool half_close_told_ = false;
  FlushTask flush_task_;
  DeliverTask deliver_task_;
  SocketHandler socket_;
  std::string input_;  // Bytes not used by the handler, from input_used_ on.
  size_t input_used_ = 0;
  OutputQueue output_;
  std::unique_ptr<StreamFilter> filter_;
  std::unique_ptr<OutputQueue> encoded_;  // With a filter: what goes to the socket.
  std::unique_ptr<Status> reason_;        // Null: ok.
  TimerId close_timer_ = 0;
  const Options* options_;
  uint64_t bytes_read_ = 0;
  uint64_t bytes_written_ = 0;
};

}  // namespace mydis
