// Pipelines and transactions of the C interface.
#include "client/may_wait.h"
#include "library/c_handles.h"

using mydis::CallKind;
using mydis::CallOptions;
using mydis::Future;
using mydis::Guarded;
using mydis::Missing;
using mydis::Result;
using mydis::Status;
using mydis::Value;
using mydis::Words;

struct mydis_pipeline {
  mydis::Pipeline pipeline;
  std::vector<Future<Value>> answers;
};

struct mydis_transaction {
  mydis::Session session;
  mydis::Transaction transaction;
  std::vector<Future<Value>> answers;
};

namespace {

// Waits for all of them, and leaves none.
Value TakeAll(std::vector<Future<Value>>& answers) {
  std::vector<Value> elements;
  elements.reserve(answers.size());
  for (Future<Value>& answer : std::exchange(answers, {})) {
    elements.push_back(mydis::ToElement(answer.Get()));
  }
  return Value::Collection(Value::Kind::kArray, std::move(elements));
}

}  // namespace

mydis_error* mydis_pipeline_new(mydis_session* session, mydis_pipeline** out) {
  return Guarded([&]() -> Status {
    if (session == nullptr) return Missing("the session");
    if (out == nullptr) return Missing("out");
    *out = new mydis_pipeline{session->session.NewPipeline(), {}};
    return {};
  });
}

mydis_error* mydis_pipeline_add(mydis_pipeline* pipeline, size_t count, const char* const* words,
                                const size_t* lengths, const mydis_call_options* options) {
  return Guarded([&]() -> Status {
    if (pipeline == nullptr) return Missing("the pipeline");
    const mydis_call_options known = mydis::KnownPart(options);
    const Result<CallKind> kind = mydis::ToCallKind(known);
    if (!kind) return kind.error();
    const Result<CallOptions> call = mydis::ToCallOptions(known);
    if (!call) return call.error();
    Words read;
    const Status status = mydis::AddWords(count, words, lengths, read);
    if (!status.ok()) return status;
    pipeline->answers.reserve(pipeline->answers.size() + 1);
    pipeline->answers.push_back(pipeline->pipeline.Run<Value>(*kind, read, *call));
    return {};
  });
}

mydis_error* mydis_pipeline_run(mydis_pipeline* pipeline, const mydis_call_options* options,
                                mydis_reply** out) {
  return Guarded([&]() -> Status {
    if (pipeline == nullptr) return Missing("the pipeline");
    const Result<CallOptions> call = mydis::ToCallOptions(mydis::KnownPart(options));
    if (!call) return call.error();
    // Before anything is sent: it would wait for all of it.
    if (Status status = mydis::MayWait(); !status.ok()) return status;
    pipeline->pipeline.Send(*call);
    mydis::GiveReply(TakeAll(pipeline->answers), out);
    return {};
  });
}

void mydis_pipeline_free(mydis_pipeline* pipeline) { delete pipeline; }

mydis_error* mydis_transaction_new(mydis_session* session, mydis_transaction** out) {
  return Guarded([&]() -> Status {
    if (session == nullptr) return Missing("the session");
    if (out == nullptr) return Missing("out");
    *out = new mydis_transaction{session->session, session->session.NewTransaction(), {}};
    return {};
  });
}

mydis_error* mydis_transaction_if(mydis_transaction* transaction, const char* key,
                                  size_t key_length, uint64_t revision) {
  return Guarded([&]() -> Status {
    if (transaction == nullptr) return Missing("the transaction");
    if (key == nullptr && key_length > 0) return Missing("the key");
    transaction->transaction.If(std::string_view(key, key_length), revision);
    return {};
  });
}

mydis_error* mydis_transaction_add(mydis_transaction* transaction, size_t count,
                                   const char* const* words, const size_t* lengths) {
  return Guarded([&]() -> Status {
    if (transaction == nullptr) return Missing("the transaction");
    Words read;
    const Status status = mydis::AddWords(count, words, lengths, read);
    if (!status.ok()) return status;
    transaction->answers.reserve(transaction->answers.size() + 1);
    transaction->answers.push_back(
        transaction->transaction.Run<Value>(CallKind::kAny, read, CallOptions()));
    return {};
  });
}

mydis_error* mydis_transaction_run(mydis_transaction* transaction,
                                   const mydis_call_options* options, mydis_reply** out) {
  return Guarded([&]() -> Status {
    if (transaction == nullptr) return Missing("the transaction");
    const Result<CallOptions> call = mydis::ToCallOptions(mydis::KnownPart(options));
    if (!call) return call.error();
    mydis::Transaction executed =
        std::exchange(transaction->transaction, transaction->session.NewTransaction());
    std::vector<Future<Value>> answers = std::exchange(transaction->answers, {});
    const Result<bool> took_place = executed.Execute(*call);
    if (!took_place) return took_place.error();
    if (*took_place) {
      mydis::GiveReply(TakeAll(answers), out);
    } else if (out != nullptr) {
      *out = nullptr;
    }
    return {};
  });
}

void mydis_transaction_free(mydis_transaction* transaction) { delete transaction; }

mydis_error* mydis_revisions(mydis_session* session, size_t count, const char* const* keys,
                             const size_t* lengths, const mydis_call_options* options,
                             uint64_t* revisions) {
  return Guarded([&]() -> Status {
    if (session == nullptr) return Missing("the session");
    const Result<CallOptions> call = mydis::ToCallOptions(mydis::KnownPart(options));
    if (!call) return call.error();
    if (count == 0) return {};
    if (revisions == nullptr) return Missing("revisions");
    Words read;
    const Status status = mydis::AddWords(count, keys, lengths, read);
    if (!status.ok()) return status;
    const Result<std::vector<uint64_t>> answer = session->session.Revisions(read.views(), *call);
    if (!answer) return answer.error();
    std::ranges::copy(*answer, revisions);
    return {};
  });
}
