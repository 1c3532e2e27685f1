#include "libs/http/status_listener.h"

#include "libs/http/server.h"

namespace countersign::http {
namespace {

ResponseHead Head(int status, absl::string_view content_type) {
  ResponseHead head;
  head.status = status;
  head.headers.Add("content-type", content_type);
  head.headers.Add("cache-control", "no-store");
  return head;
}

async::Awaitable<void> Answer(Exchange& exchange, const StatusHandlers& handlers) {
  constexpr char kText[] = "text/plain; charset=utf-8";
  const std::string& target = exchange.head().target;
  const std::string path = target.substr(0, target.find('?'));
  const bool reads = exchange.head().method == "GET" || exchange.head().method == "HEAD";
  int status = 404;
  const char* type = kText;
  std::string body = "not found\n";
  if (reads && path == "/livez") {
    status = 200;
    body = "ok\n";
  } else if (reads && path == "/readyz") {
    const std::string missing = handlers.not_ready ? handlers.not_ready() : "";
    status = missing.empty() ? 200 : 503;
    body = missing.empty() ? "ok\n" : missing + "\n";
  } else if (reads && path == "/metrics" && handlers.metrics) {
    status = 200;
    type = "text/plain; version=0.0.4; charset=utf-8";
    body = handlers.metrics();
  }
  (void)co_await exchange.Respond(Head(status, type), body);
}

}  // namespace

struct StatusListener::State {
  Workers workers{1};
  StatusHandlers handlers;
  std::unique_ptr<Listener> listener;
};

StatusListener::StatusListener(std::unique_ptr<State> state) : state_(std::move(state)) {}

StatusListener::~StatusListener() = default;

absl::StatusOr<std::unique_ptr<StatusListener>> StatusListener::Start(const std::string& address,
                                                                      StatusHandlers handlers) {
  auto state = std::make_unique<State>();
  state->handlers = std::move(handlers);
  ServerOptions options;
  options.max_connections = 256;
  options.reserved_for_verified = 0;  // nobody authenticates here
  options.max_body_bytes = 0;
  options.idle_timeout = absl::Seconds(60);
  absl::StatusOr<std::unique_ptr<Listener>> listener = ListenHttp(
      state->workers, address, nullptr, std::move(options),
      [handlers = &state->handlers](Exchange& exchange) { return Answer(exchange, *handlers); });
  if (!listener.ok()) return listener.status();
  state->listener = *std::move(listener);
  return std::unique_ptr<StatusListener>(new StatusListener(std::move(state)));
}

const std::string& StatusListener::address() const { return state_->listener->address(); }

}  // namespace countersign::http
