#include "services/demo_model/model_server.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/async/sleep.h"
#include "services/demo_model/completion.h"
#include "services/demo_model/script.h"

namespace countersign::demo_model {
namespace {

http::ResponseHead Head(int status, absl::string_view type) {
  http::ResponseHead head;
  head.status = status;
  head.headers.Add("content-type", type);
  head.headers.Add("x-request-id", "req_demo");
  return head;
}

class ScriptedModel {
 public:
  ScriptedModel(RequestLog& log, absl::Duration pace) : log_(log), pace_(pace) {}

  async::Awaitable<void> Serve(http::Exchange& exchange) {
    const auto body = co_await exchange.ReadBody();
    if (!body.ok()) co_return;
    log_.Received(exchange.head(), *body);
    absl::string_view path = exchange.head().target;
    path = path.substr(0, path.find('?'));
    if (exchange.head().method == "POST" && path == "/v1/chat/completions") {
      co_await Chat(exchange, *body);
    } else if (exchange.head().method == "GET" && path == "/v1/models") {
      (void)co_await exchange.Respond(Head(200, "application/json"), ModelList());
    } else if (exchange.head().method == "GET" && absl::ConsumePrefix(&path, "/v1/models/") &&
               !Model(path).empty()) {
      (void)co_await exchange.Respond(Head(200, "application/json"), Model(path));
    } else {
      co_await Fail(exchange, 404, "the demo model does not know this path");
    }
  }

 private:
  static async::Awaitable<void> Fail(http::Exchange& exchange, int status, std::string message) {
    (void)co_await exchange.Respond(Head(status, "application/json"), ErrorBody(status, message));
  }

  async::Awaitable<void> Pause(http::Exchange& exchange) const {
    return async::Sleep(exchange.executor(), pace_);
  }

  async::Awaitable<void> Chat(http::Exchange& exchange, const std::string& body) {
    const auto request = ReadChatRequest(body);
    if (!request.ok()) {
      co_await Fail(exchange, 400, std::string(request.status().message()));
      co_return;
    }
    const Answer answer = ChooseAnswer(*request);
    if (answer.fail_with != 0) {
      co_await Fail(exchange, answer.fail_with, "the demo model was asked to fail");
    } else if (request->stream) {
      co_await Stream(exchange, *request, answer);
    } else {
      co_await Pause(exchange);
      (void)co_await exchange.Respond(Head(200, "application/json"), Completion(*request, answer));
    }
  }

  async::Awaitable<void> Stream(http::Exchange& exchange, const ChatRequest& request,
                                const Answer& answer) {
    if (!(co_await exchange.Begin(Head(200, "text/event-stream; charset=utf-8"))).ok()) co_return;
    std::size_t sent = 0;
    for (const std::string& chunk : Chunks(request, answer)) {
      if (answer.break_after != 0 && ++sent > answer.break_after) {
        (void)co_await exchange.Write(absl::StrCat("data: ", chunk.substr(0, chunk.size() / 2)));
        co_return;  // Returns without Finish, which cuts the connection.
      }
      const absl::Status written = co_await exchange.Write(absl::StrCat("data: ", chunk, "\n\n"));
      if (!written.ok() || exchange.cancellation().cancelled()) {
        log_.CallerLeft(exchange.head());
        co_return;
      }
      co_await Pause(exchange);
    }
    (void)co_await exchange.Write("data: [DONE]\n\n");
    (void)co_await exchange.Finish();
  }

  RequestLog& log_;
  const absl::Duration pace_;
};

}  // namespace

http::Handler MakeModel(RequestLog& log, absl::Duration pace) {
  auto model = std::make_shared<ScriptedModel>(log, pace);
  return [model](http::Exchange& exchange) { return model->Serve(exchange); };
}

}  // namespace countersign::demo_model
