// Clients and instances of the C interface, and their sessions.
#include "library/c_handles.h"

using mydis::Guarded;
using mydis::Missing;
using mydis::Result;
using mydis::Status;
using mydis::Value;

namespace {

// A session of a client or an instance.
template <typename Maker>
mydis_error* NewSession(Maker* maker, const mydis_options* options, mydis_session** out) {
  return Guarded([&]() -> Status {
    if (maker == nullptr) return Missing("what the session is of");
    if (out == nullptr) return Missing("out");
    Result<mydis::SessionOptions> read = mydis::ToSessionOptions(options);
    if (!read) return read.error();
    *out = new mydis_session{maker->NewSession(*std::move(read))};
    return {};
  });
}

Value Text(std::string_view text) { return Value::String(std::string(text)); }

Value Texts(const std::vector<std::string>& texts) {
  std::vector<Value> values;
  for (const std::string& text : texts) values.push_back(Text(text));
  return Value::Collection(Value::Kind::kArray, std::move(values));
}

Value ToValue(const mydis::Instance& instance) {
  const mydis::InstanceStatus status = instance.status();
  std::vector<Value> fields;
  const auto add = [&](std::string_view name, Value value) {
    fields.push_back(Text(name));
    fields.push_back(std::move(value));
  };
  add("instance_id", Text(status.instance_id));
  add("ready", Value::Bool(status.ready));
  add("why", Text(status.why));
  add("leads", Value::Bool(status.leads));
  add("leader", Text(status.leader));
  add("revision", Value::Integer(static_cast<int64_t>(status.revision)));
  add("members", Texts(status.members));
  add("voters", Texts(status.voters));
  add("http_port", Value::Integer(instance.http_port()));
  add("redis_port", Value::Integer(instance.redis_port()));
  add("raft_port", Value::Integer(instance.raft_port()));
  return Value::Collection(Value::Kind::kMap, std::move(fields));
}

}  // namespace

mydis_error* mydis_client_connect(const mydis_options* options, mydis_client** out) {
  return Guarded([&]() -> Status {
    if (out == nullptr) return Missing("out");
    Result<mydis::ClientOptions> read = mydis::ToClientOptions(options);
    if (!read) return read.error();
    auto handle = std::make_unique<mydis_client>();
    auto client = mydis::Client::Connect(*std::move(read));
    if (!client) return client.error();
    handle->client = *std::move(client);
    *out = handle.release();
    return {};
  });
}

mydis_error* mydis_client_session(mydis_client* client, const mydis_options* options,
                                  mydis_session** out) {
  return NewSession(client == nullptr ? nullptr : client->client.get(), options, out);
}

void mydis_client_free(mydis_client* client) { delete client; }

mydis_error* mydis_instance_start(const mydis_options* options, mydis_instance** out) {
  return Guarded([&]() -> Status {
    if (out == nullptr) return Missing("out");
    Result<mydis::InstanceOptions> read = mydis::ToInstanceOptions(options);
    if (!read) return read.error();
    auto handle = std::make_unique<mydis_instance>();
    auto instance = mydis::Instance::Start(*std::move(read));
    if (!instance) return instance.error();
    handle->instance = *std::move(instance);
    *out = handle.release();
    return {};
  });
}

mydis_error* mydis_instance_wait_until_ready(mydis_instance* instance, int64_t limit_ms) {
  return Guarded([&] {
    if (instance == nullptr) return Missing("the instance");
    return instance->instance->WaitUntilReady(std::chrono::milliseconds(limit_ms));
  });
}

mydis_error* mydis_instance_session(mydis_instance* instance, const mydis_options* options,
                                    mydis_session** out) {
  return NewSession(instance == nullptr ? nullptr : instance->instance.get(), options, out);
}

mydis_error* mydis_instance_status(const mydis_instance* instance, mydis_reply** out) {
  return Guarded([&]() -> Status {
    if (instance == nullptr) return Missing("the instance");
    mydis::GiveReply(ToValue(*instance->instance), out);
    return {};
  });
}

mydis_error* mydis_instance_on_stopped(mydis_instance* instance,
                                       void (*on_stopped)(void* data, const mydis_error* why),
                                       void* data) {
  return Guarded([&]() -> Status {
    if (instance == nullptr) return Missing("the instance");
    if (on_stopped == nullptr) return Missing("the callback");
    instance->instance->OnStopped([on_stopped, data](const Status& why) {
      mydis_error* const error = mydis::ToCError(why);
      on_stopped(data, error);
      mydis_error_free(error);
    });
    return {};
  });
}

mydis_error* mydis_instance_stop(mydis_instance* instance) {
  return Guarded([&]() -> Status {
    if (instance == nullptr) return Missing("the instance");
    instance->instance->Stop();
    return {};
  });
}

void mydis_instance_free(mydis_instance* instance) { delete instance; }

mydis_error* mydis_set_log_handler(void (*on_line)(void* data, const char* level, const char* line),
                                   void* data) {
  return Guarded([&]() -> Status {
    if (on_line == nullptr) {
      mydis::SetLogHandler(nullptr);
      return {};
    }
    mydis::SetLogHandler([on_line, data](std::string_view level, std::string_view line) {
      on_line(data, std::string(level).c_str(), std::string(line).c_str());
    });
    return {};
  });
}

uint64_t mydis_session_revision(const mydis_session* session) {
  return session == nullptr ? 0 : session->session.revision();
}

mydis_error* mydis_session_see_at_least(mydis_session* session, uint64_t revision) {
  return Guarded([&]() -> Status {
    if (session == nullptr) return Missing("the session");
    session->session.SeeAtLeast(revision);
    return {};
  });
}

void mydis_session_free(mydis_session* session) { delete session; }
