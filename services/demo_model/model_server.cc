#include "services/demo_model/model_server.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/async/sleep.h"
#include "services/demo_model/completion.h"
#include "services/demo_model/message.h"
#include "services/demo_model/response.h"
#include "services/demo_model/script.h"
#include "services/demo_model/simple_answers.h"

namespace countersign::demo_model {
namespace {

http::ResponseHead Head(int status, absl::string_view type) {
  http::ResponseHead head;
  head.status = status;
  head.headers.Add("content-type", type);
  head.headers.Add("x-request-id", "req_demo");
  return head;
}

// How the model writes an answer in the API of a request.
struct Api {
  absl::StatusOr<ChatRequest> (*read)(absl::string_view body);
  std::string (*whole)(const ChatRequest&, const Answer&);
  std::vector<std::string> (*events)(const ChatRequest&, const Answer&);
  std::string (*error)(int status, absl::string_view message);
  std::string (*models)();
  std::string (*model)(absl::string_view id);
};

std::vector<std::string> DataEvents(const std::vector<std::string>& chunks) {
  std::vector<std::string> events;
  events.reserve(chunks.size() + 1);
  for (const std::string& chunk : chunks) {
    events.push_back(absl::StrCat("data: ", chunk, "\n\n"));
  }
  events.emplace_back("data: [DONE]\n\n");
  return events;
}

std::vector<std::string> ChunkEvents(const ChatRequest& request, const Answer& answer) {
  return DataEvents(Chunks(request, answer));
}

std::vector<std::string> TextChunkEvents(const ChatRequest& request, const Answer& answer) {
  return DataEvents(TextChunks(request, answer));
}

std::vector<std::string> NamedEvents(const ChatRequest& request, const Answer& answer) {
  std::vector<std::string> events;
  for (const ResponseEvent& event : ResponseEvents(request, answer)) {
    events.push_back(absl::StrCat("event: ", event.type, "\ndata: ", event.data, "\n\n"));
  }
  return events;
}

constexpr Api kOpenAi{ReadChatRequest, Completion, ChunkEvents, ErrorBody, ModelList, Model};
constexpr Api kCompletions{
    ReadCompletionRequest, TextCompletion, TextChunkEvents, ErrorBody, ModelList, Model};
constexpr Api kResponses{ReadResponseRequest, Response, NamedEvents, ErrorBody, ModelList, Model};
constexpr Api kAnthropic{ReadMessagesRequest, Message,          MessageEvents,
                         MessageErrorBody,    MessageModelList, MessageModel};

const Api& FindApi(const http::RequestHead& head) {
  const bool anthropic = absl::StartsWith(head.target, "/v1/messages") ||
                         !head.headers.Get("anthropic-version").empty();
  if (anthropic) return kAnthropic;
  if (absl::StartsWith(head.target, "/v1/responses")) return kResponses;
  return absl::StartsWith(head.target, "/v1/completions") ? kCompletions : kOpenAi;
}

class ScriptedModel {
 public:
  ScriptedModel(RequestLog& log, absl::Duration pace) : log_(log), pace_(pace) {}

  async::Awaitable<void> Serve(http::Exchange& exchange) {
    const auto body = co_await exchange.ReadBody();
    if (!body.ok()) co_return;
    log_.Received(exchange.head(), *body);
    absl::string_view path = exchange.head().target;
    const absl::string_view query = path.substr(std::min(path.size(), path.find('?')));
    path = path.substr(0, path.find('?'));
    const Api& api = FindApi(exchange.head());
    const std::string call = absl::StrCat(exchange.head().method, " ", path);
    if (call == "POST /v1/chat/completions" || call == "POST /v1/messages" ||
        call == "POST /v1/responses" || call == "POST /v1/completions") {
      co_await Chat(exchange, api, *body);
    } else if (absl::ConsumePrefix(&path, "/v1/responses/")) {
      co_await ServeKept(exchange, api, path, query);
    } else if (call == "POST /v1/messages/count_tokens") {
      co_await CountTokens(exchange, api, *body);
    } else if (call == "POST /v1/embeddings") {
      const auto embeddings = Embeddings(*body);
      co_await Answer200(exchange, embeddings.value_or("{}"));
    } else if (call == "POST /v1/moderations") {
      co_await Answer200(exchange, Moderation());
    } else if (call == "GET /v1/models") {
      co_await Answer200(exchange, api.models());
    } else if (exchange.head().method == "GET" && absl::ConsumePrefix(&path, "/v1/models/") &&
               !api.model(path).empty()) {
      co_await Answer200(exchange, api.model(path));
    } else {
      co_await Fail(exchange, api, 404, "the demo model does not know this path");
    }
  }

 private:
  static async::Awaitable<void> Fail(http::Exchange& exchange, const Api& api, int status,
                                     std::string message) {
    (void)co_await exchange.Respond(Head(status, "application/json"), api.error(status, message));
  }

  static async::Awaitable<void> Answer200(http::Exchange& exchange, std::string body) {
    (void)co_await exchange.Respond(Head(200, "application/json"), body);
  }

  async::Awaitable<void> Pause(http::Exchange& exchange) const {
    return async::Sleep(exchange.executor(), pace_);
  }

  static async::Awaitable<void> CountTokens(http::Exchange& exchange, const Api& api,
                                            const std::string& body) {
    const auto request = api.read(body);
    if (!request.ok()) {
      co_await Fail(exchange, api, 400, std::string(request.status().message()));
      co_return;
    }
    co_await Answer200(exchange, TokenCount(*request));
  }

  async::Awaitable<void> Chat(http::Exchange& exchange, const Api& api, const std::string& body) {
    const auto request = api.read(body);
    if (!request.ok()) {
      co_await Fail(exchange, api, 400, std::string(request.status().message()));
      co_return;
    }
    const Answer answer = ChooseAnswer(*request);
    if (answer.fail_with != 0) {
      co_await Fail(exchange, api, answer.fail_with, "the demo model was asked to fail");
    } else if (request->stream) {
      co_await Stream(exchange, api.events(*request, answer), answer.break_after);
    } else {
      co_await Pause(exchange);
      co_await Answer200(exchange, api.whole(*request, answer));
    }
  }

  // What is kept of a response, below /v1/responses/.
  async::Awaitable<void> ServeKept(http::Exchange& exchange, const Api& api, absl::string_view path,
                                   absl::string_view query) {
    const std::string method = exchange.head().method;
    if (absl::ConsumeSuffix(&path, "/input_items") && method == "GET") {
      co_await Answer200(exchange, InputItems());
    } else if (absl::ConsumeSuffix(&path, "/cancel") && method == "POST") {
      co_await Answer200(exchange, KeptResponse(path, "cancelled"));
    } else if (method == "DELETE") {
      co_await Answer200(exchange, DeletedResponse(path));
    } else if (absl::StrContains(query, "stream=true")) {
      ChatRequest request;
      request.model = "demo-1";
      request.prompt = "the customer file";
      co_await Stream(exchange, api.events(request, ChooseAnswer(request)), 0);
    } else {
      co_await Answer200(exchange, KeptResponse(path, "completed"));
    }
  }

  // `break_after`: cut the connection within the event after so many; 0: never.
  async::Awaitable<void> Stream(http::Exchange& exchange, std::vector<std::string> events,
                                std::size_t break_after) {
    if (!(co_await exchange.Begin(Head(200, "text/event-stream; charset=utf-8"))).ok()) co_return;
    std::size_t sent = 0;
    for (const std::string& event : events) {
      if (break_after != 0 && ++sent > break_after) {
        (void)co_await exchange.Write(event.substr(0, event.size() / 2));
        co_return;  // Returns without Finish, which cuts the connection.
      }
      const absl::Status written = co_await exchange.Write(event);
      if (!written.ok() || exchange.cancellation().cancelled()) {
        log_.CallerLeft(exchange.head());
        co_return;
      }
      co_await Pause(exchange);
    }
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
