// The typed calls in whichever of their forms a test asks for.
#pragma once

#include "mydis/session.h"

namespace mydis {

enum class Form : uint8_t { kSession, kAsync, kPipeline, kTransaction };

class AnyForm : public Calls<AnyForm, Result> {
 public:
  AnyForm(Session session, Form form) : session_(std::move(session)), form_(form) {}

  template <typename T>
  Result<T> Run(CallKind kind, const Words& words, const CallOptions& options) {
    switch (form_) {
      case Form::kSession:
        break;
      case Form::kAsync:
        return session_.Async().Run<T>(kind, words, options).Get();
      case Form::kPipeline: {
        Pipeline pipeline = session_.NewPipeline();
        Future<T> answer = pipeline.Run<T>(kind, words, options);
        pipeline.Send();
        return answer.Get();
      }
      case Form::kTransaction: {
        Transaction transaction = session_.NewTransaction();
        Future<T> answer = transaction.Run<T>(kind, words, options);
        const Result<bool> took_place = transaction.Execute();
        if (!took_place) return std::unexpected(took_place.error());
        return answer.Get();
      }
    }
    return session_.Run<T>(kind, words, options);
  }

  Session& session() { return session_; }

 private:
  Session session_;
  Form form_;
};

}  // namespace mydis
