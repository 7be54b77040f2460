// /ui, a page for people, and /v1/openapi.json, the routes for programs.
#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/base64.h"
#include "server/http/openapi.h"
#include "server/http/routes.h"
#include "server/http/ui_page.h"

namespace mydis {
namespace {

// As a Content-Security-Policy names what may run.
std::string HashSource(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr);
  return fmt::format("'sha256-{}'", EncodeBase64({reinterpret_cast<char*>(digest), size}));
}

// Nothing but this page's own style and script, which may talk to this instance alone.
const std::string& Policy() {
  static const std::string policy = fmt::format(
      "default-src 'none'; style-src {}; script-src {}; connect-src 'self'; "
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      HashSource(kUiStyle), HashSource(kUiScript));
  return policy;
}

class UiHandler final : public HttpHandler {
 public:
  void Start(HttpExchange& x) override {
    x.Respond({.fields = {{"Content-Security-Policy", Policy()},
                          {"X-Content-Type-Options", "nosniff"},
                          {"Referrer-Policy", "no-referrer"},
                          {"Cache-Control", "no-cache"}},
               .body = fmt::format("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
                                   "<title>Mydis</title><style>{}</style></head><body>{}"
                                   "<script>{}</script></body></html>\n",
                                   kUiStyle, kUiBody, kUiScript),
               .content_type = "text/html; charset=utf-8",
               .length = {}});
  }
  void OnReply(HttpExchange&, RespValue) override {}
};

class OpenApiHandler final : public HttpHandler {
 public:
  void Start(HttpExchange& x) override {
    static const std::string text = OpenApiText();
    x.Respond({.fields = {}, .body = text, .length = {}});
  }
  void OnReply(HttpExchange&, RespValue) override {}
};

constexpr HttpAnswer kOpenApiAnswers[] = {{200, "an OpenAPI 3.0 document"}};
constexpr HttpAnswer kUiAnswers[] = {{200, "a page that needs nothing else"}};

constexpr HttpRoute kRoutes[] = {
    {.method = "GET",
     .path = "/v1/openapi.json",
     .summary = "These routes. Needs no login.",
     .commands = "none",
     .answers = kOpenApiAnswers,
     .open = true,
     .make = MakeHttpHandler<OpenApiHandler>},
    {.method = "GET",
     .path = "/ui",
     .summary =
         "The cluster, its keys and a place for commands, for people. Needs no login itself.",
     .commands = "none",
     .gives = "text/html",
     .answers = kUiAnswers,
     .open = true,
     .make = MakeHttpHandler<UiHandler>},
};

}  // namespace

std::span<const HttpRoute> UiRoutes() { return kRoutes; }

}  // namespace mydis
