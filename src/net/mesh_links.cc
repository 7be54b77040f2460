#include "net/mesh_links.h"

#include <fmt/core.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "net/tls.h"

namespace mydis {
namespace {

const char* ChannelName(MeshChannel channel) {
  switch (channel) {
    case MeshChannel::kRaft:
      return "Raft";
    case MeshChannel::kRpc:
      return "RPC";
    case MeshChannel::kUrgent:
      return "Raft, urgent";
  }
  return "";
}

MeshPurpose PurposeOf(MeshChannel channel) {
  return channel == MeshChannel::kUrgent ? MeshPurpose::kUrgent : static_cast<MeshPurpose>(channel);
}

// A stranger may send no more than this before it is known: hellos and questions are small.
constexpr uint64_t kStrangersFrame = 1 << 20;

constexpr char kKeyGone[] = "its cluster key is not in the key file any more";

// Why a connection that this side has opened ended, if that is for its keys; else empty. An
// instance without keys takes a handshake for broken frames and says nothing to it.
std::string RefusalOf(const FrameStream& stream, const Status& reason, bool has_keys) {
  if (reason.code() == ErrorCode::kNoAuth) return reason.message();
  if (reason.code() == ErrorCode::kIo && has_keys && stream.PeerName().empty())
    return "it has ended the TLS handshake: perhaps it has no cluster key";
  return {};
}

}  // namespace

// ---- MeshOutgoing ----

MeshOutgoing::MeshOutgoing(PeerMesh& mesh, uint64_t peer, const std::string& name,
                           MeshChannel channel, std::string host, uint16_t port)
    : mesh_(mesh),
      peer_(peer),
      peer_name_(name.empty() ? fmt::format("instance {}", peer) : name),
      channel_(channel),
      host_(std::move(host)),
      port_(port) {}

MeshOutgoing::~MeshOutgoing() { StopTimer(); }

void MeshOutgoing::StopTimer() {
  if (timer_ != 0) mesh_.loop_.CancelTimer(std::exchange(timer_, 0));
}

std::string MeshOutgoing::Name() const {
  return fmt::format("{} at {}:{} ({})", peer_name_, host_, port_, ChannelName(channel_));
}

void MeshOutgoing::Connect() {
  state_ = State::kConnecting;
  connector_ = std::make_unique<TcpConnector>(mesh_.loop_, mesh_.resolver_, host_, port_,
                                              mesh_.options_.connect_timeout_ms,
                                              [this](Result<int> fd) { OnConnect(std::move(fd)); });
}

void MeshOutgoing::OnConnect(Result<int> fd) {
  connector_.reset();
  if (!fd) return Failed(fd.error().message());
  mesh_.TuneMeshSocket(*fd);
  state_ = State::kGreeting;
  stream_ = std::make_unique<FrameStream>(mesh_.loop_, *fd, this, mesh_.stream_options_,
                                          mesh_.options_.max_frame, mesh_.MakeFilter(true, key_));
  stream_->Send(EncodeHello({.purpose = PurposeOf(channel_),
                             .cluster_id = mesh_.cluster_id_,
                             .sender = mesh_.raft_id_,
                             .receiver = peer_,
                             .identity = mesh_.identity_}));
  timer_ = mesh_.loop_.AddTimer(mesh_.options_.connect_timeout_ms, [this] {
    timer_ = 0;
    stream_->Close(Status(ErrorCode::kTimeout, "no welcome in time"));
  });
}

void MeshOutgoing::OnFrame(FrameStream& stream, Frame&& frame) {
  if (state_ != State::kGreeting) return;
  if (frame.type == static_cast<uint8_t>(MeshFrame::kRefused)) {
    // It will not change its mind soon.
    backoff_ms_ = mesh_.options_.backoff_max_ms;
    return stream.Close(Status(ErrorCode::kInvalid, "it refuses: " + frame.head));
  }
  if (frame.type != static_cast<uint8_t>(MeshFrame::kWelcome))
    return stream.Close(Status(ErrorCode::kCorrupt, "it does not answer as an instance would"));
  StopTimer();
  state_ = State::kUp;
  backoff_ms_ = 0;
  key_ = 0;
  if (!std::exchange(last_failure_, "").empty()) LogInfo("connected to {} again", Name());
  mesh_.handler_->OnConnected(peer_, channel_);
}

void MeshOutgoing::OnClosed(FrameStream& stream, const Status& reason) {
  StopTimer();
  if (state_ == State::kLeaving) return mesh_.DropLeaving(this);
  const std::string refusal = RefusalOf(stream, reason, mesh_.keys_ != nullptr);
  stream_.reset();
  refusal.empty() ? Failed(reason.message()) : KeyRefused(refusal);
}

void MeshOutgoing::KeyRefused(const std::string& why) {
  // Which key it was changes from one attempt to the next: that makes no new line each time.
  if (mesh_.keys_) key_ = (key_ + 1) % mesh_.keys_->keys().size();
  last_failure_ = "its cluster keys";
  mesh_.LogKeyRefusal(fmt::format("to {}:{}", host_, port_),
                      fmt::format("no connection to {}: {}", Name(), why));
  TryLater(fmt::format("{}{}", why, PeerMesh::kKeyAdvice));
}

void MeshOutgoing::Failed(const std::string& why) {
  if (why != last_failure_) {
    LogWarning("no connection to {}: {}", Name(), why);
    last_failure_ = why;
  }
  TryLater(why);
}

void MeshOutgoing::TryLater(const std::string& why) {
  state_ = State::kWaiting;
  const PeerMesh::Options& options = mesh_.options_;
  backoff_ms_ = std::clamp(2 * backoff_ms_, options.backoff_min_ms, options.backoff_max_ms);
  // Between half and the whole, so that instances that failed together do not come back together.
  const uint64_t delay_ms = backoff_ms_ / 2 + mesh_.random_.Below(backoff_ms_ / 2 + 1);
  timer_ = mesh_.loop_.AddTimer(delay_ms, [this] {
    timer_ = 0;
    Connect();
  });
  mesh_.handler_->OnUnreachable(
      peer_, channel_,
      fmt::format("no connection to {} at {}:{}: {}", peer_name_, host_, port_, why));
}

bool MeshOutgoing::Moving() const {
  if (!stream_ || stream_->closed()) return false;
  int unacknowledged = 0;
  return queued() > 0 || stream_->encoded_size() > 0 ||
         (ioctl(stream_->fd(), SIOCOUTQ, &unacknowledged) == 0 && unacknowledged > 0);
}

// Frames without payloads are small, and hold up nothing behind a large one.
bool MeshOutgoing::Send(const Frame& frame, size_t limit) {
  heads_ = std::min(heads_, queued());
  const bool head_alone = frame.payloads.empty();
  const size_t waiting = head_alone ? heads_ : queued() - heads_;
  if (waiting > 0 && waiting + FrameSize(frame) > limit) return false;
  if (head_alone) heads_ += FrameSize(frame);
  stream_->Send(frame);
  return true;
}

void MeshOutgoing::Move(const std::string& host, uint16_t port) {
  if (host == host_ && port == port_) return;
  host_ = host;
  port_ = port;
  backoff_ms_ = 0;
  Restart("its address has changed");
}

void MeshOutgoing::Restart(const std::string& reason) {
  if (state_ == State::kLeaving) return;
  if (stream_) return stream_->Close(Status(ErrorCode::kUnavailable, reason));
  StopTimer();
  connector_.reset();
  Connect();
}

void MeshOutgoing::CheckKey() {
  key_ = 0;
  if (state_ == State::kWaiting || state_ == State::kConnecting) return;
  if (!mesh_.IsKey(stream_->PeerName())) Restart(kKeyGone);
}

void MeshOutgoing::Leave() {
  StopTimer();
  connector_.reset();
  const bool flush = state_ == State::kUp && !stream_->closed();
  state_ = State::kLeaving;
  if (flush) {
    stream_->CloseAfterFlush();
  } else if (stream_ && !stream_->closed()) {
    stream_->Close();
  } else if (!stream_) {
    mesh_.DropLeaving(this);
  }
}

// ---- MeshIncoming ----

MeshIncoming::MeshIncoming(PeerMesh& mesh, uint64_t id, MeshChannel channel, int fd,
                           std::unique_ptr<StreamFilter> filter)
    : mesh_(mesh),
      id_(id),
      channel_(channel),
      from_(PeerName(fd)),
      stream_(mesh.loop_, fd, this, mesh.stream_options_, kStrangersFrame, std::move(filter)) {
  timer_ = mesh_.loop_.AddTimer(mesh_.options_.connect_timeout_ms, [this] {
    timer_ = 0;
    Close("no hello in time");
  });
}

MeshIncoming::~MeshIncoming() { StopTimer(); }

void MeshIncoming::StopTimer() {
  if (timer_ != 0) mesh_.loop_.CancelTimer(std::exchange(timer_, 0));
}

void MeshIncoming::Close(const std::string& reason) {
  stream_.Close(Status(ErrorCode::kUnavailable, reason));
}

void MeshIncoming::CheckKey() {
  if (!mesh_.IsKey(stream_.PeerName())) Close(kKeyGone);
}

void MeshIncoming::Answer(const Frame& answer) {
  if (state_ != State::kAnswering) return;
  state_ = State::kClosing;
  stream_.Send(answer);
  stream_.CloseAfterFlush();
}

void MeshIncoming::Refuse(const std::string& reason) {
  // Whoever is refused comes again and again, each time from another port.
  mesh_.LogRefusal(fmt::format("{} {}", Address(), reason),
                   fmt::format("a connection from {} to the {} port is refused: {}", from_,
                               ChannelName(channel_), reason));
  state_ = State::kClosing;
  stream_.Send(RefusedFrame(reason));
  stream_.CloseAfterFlush();
}

std::string MeshIncoming::Address() const { return from_.substr(0, from_.rfind(':')); }

void MeshIncoming::OnHello(const Frame& frame) {
  MeshHello hello;
  if (!DecodeHello(frame, &hello)) return Refuse("it does not begin with a hello");
  if (hello.version != kMeshVersion) {
    return Refuse(fmt::format("it speaks version {} of the protocol, this instance version {}",
                              hello.version, kMeshVersion));
  }
  if (hello.purpose == MeshPurpose::kQuestion) {
    state_ = State::kQuestion;
    return;
  }
  StopTimer();
  std::string reason = mesh_.CheckHello(hello, channel_);
  if (reason.empty()) reason = mesh_.handler_->OnHello(hello.sender, hello.identity);
  if (!reason.empty()) return Refuse(reason);
  state_ = State::kPeer;
  if (hello.purpose == MeshPurpose::kUrgent) channel_ = MeshChannel::kUrgent;
  stream_.set_max_frame(mesh_.options_.max_frame);
  peer_ = hello.sender;
  mesh_.AdoptSender(id_, *this);
  stream_.Send(WelcomeFrame());
}

void MeshIncoming::OnFrame(FrameStream&, Frame&& frame) {
  switch (state_) {
    case State::kNew:
      return OnHello(frame);
    case State::kPeer:
      return mesh_.handler_->OnFrame(peer_, channel_, std::move(frame));
    case State::kQuestion:
      state_ = State::kAnswering;
      StopTimer();
      return mesh_.handler_->OnRequest(id_, std::move(frame));
    case State::kAnswering:
    case State::kClosing:
      return;
  }
}

void MeshIncoming::OnClosed(FrameStream&, const Status& reason) {
  const std::string line = fmt::format("the connection from {} to the {} port is closed: {}", from_,
                                       ChannelName(channel_), reason.message());
  if (reason.code() == ErrorCode::kCorrupt) LogWarning("{}", line);
  if (reason.code() == ErrorCode::kNoAuth) mesh_.LogKeyRefusal("from " + Address(), line);
  mesh_.DropIncoming(id_);
}

// ---- MeshQuestion ----

MeshQuestion::MeshQuestion(PeerMesh& mesh, uint64_t id, const std::string& host, uint16_t port,
                           Frame question, uint32_t timeout_ms, PeerMesh::OnAnswer done)
    : mesh_(mesh),
      id_(id),
      host_(host),
      port_(port),
      address_(fmt::format("{}:{}", host, port)),
      timeout_ms_(timeout_ms),
      question_(std::move(question)),
      done_(std::move(done)) {
  timer_ = mesh_.loop_.AddTimer(timeout_ms, [this] {
    timer_ = 0;
    Finish(Fail(ErrorCode::kTimeout, address_ + " gives no answer in time"));
  });
  Connect();
}

void MeshQuestion::Connect() {
  connector_ =
      std::make_unique<TcpConnector>(mesh_.loop_, mesh_.resolver_, host_, port_, timeout_ms_,
                                     [this](Result<int> fd) { OnConnect(std::move(fd)); });
}

MeshQuestion::~MeshQuestion() {
  if (timer_ != 0) mesh_.loop_.CancelTimer(timer_);
}

void MeshQuestion::OnConnect(Result<int> fd) {
  connector_.reset();
  if (!fd) {
    const ErrorCode code =
        fd.error().code() == ErrorCode::kTimeout ? ErrorCode::kTimeout : ErrorCode::kUnavailable;
    return Finish(
        Fail(code, fd.error().message() + "; that is its RPC port, one above the Raft port"));
  }
  mesh_.TuneMeshSocket(*fd);
  stream_ = std::make_unique<FrameStream>(mesh_.loop_, *fd, this, mesh_.stream_options_,
                                          mesh_.options_.max_frame, mesh_.MakeFilter(true, key_));
  stream_->Send(EncodeHello({.purpose = MeshPurpose::kQuestion,
                             .cluster_id = mesh_.cluster_id_,
                             .sender = mesh_.raft_id_}));
  stream_->Send(question_);
}

void MeshQuestion::OnFrame(FrameStream&, Frame&& frame) {
  if (frame.type == static_cast<uint8_t>(MeshFrame::kRefused)) {
    return Finish(Fail(ErrorCode::kUnavailable, address_ + " refuses: " + frame.head));
  }
  Finish(std::move(frame));
}

std::string MeshQuestion::Refused(const std::string& refusal) const {
  return fmt::format("{} cannot be asked: {}{}", address_, refusal, PeerMesh::kKeyAdvice);
}

bool MeshQuestion::TriesNextKey(const std::string& refusal) {
  if (mesh_.keys_ && ++key_ < mesh_.keys_->keys().size()) {
    stream_.reset();
    Connect();
    return true;
  }
  mesh_.LogRefusal("ask " + address_, Refused(refusal));
  return false;
}

void MeshQuestion::OnClosed(FrameStream& stream, const Status& reason) {
  if (!done_) return;
  const std::string refusal = RefusalOf(stream, reason, mesh_.keys_ != nullptr);
  if (!refusal.empty()) {
    if (!TriesNextKey(refusal)) Finish(Fail(ErrorCode::kUnavailable, Refused(refusal)));
    return;
  }
  Finish(Fail(ErrorCode::kUnavailable,
              fmt::format("the connection to {} broke: {}", address_, reason.message())));
}

void MeshQuestion::Finish(Result<Frame> result) {
  if (!done_) return;
  PeerMesh::OnAnswer done = std::exchange(done_, nullptr);
  mesh_.DropQuestion(id_);  // Buried: this is still there while the callee runs.
  done(std::move(result));
}

}  // namespace mydis
