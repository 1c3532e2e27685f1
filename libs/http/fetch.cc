#include "libs/http/fetch.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <mutex>
#include <unordered_set>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/http/client.h"
#include "libs/http/workers.h"

namespace countersign::http {
namespace {

namespace asio = boost::asio;
using Answer = absl::AnyInvocable<void(absl::StatusOr<FetchResponse>)>;

asio::awaitable<absl::StatusOr<FetchResponse>> Read(Client& client, const FetchRequest& fetch,
                                                    async::Cancellation& cancellation) {
  const absl::StatusOr<Url> url = ParseUrl(fetch.url);
  if (!url.ok()) co_return url.status();
  Target target;
  target.origin = url->origin;
  target.allow_private = fetch.allow_private;
  Request request;
  request.head.method = fetch.method;
  request.head.target =
      absl::StrCat(url->path.empty() ? "/" : url->path, url->query.empty() ? "" : "?", url->query);
  request.head.headers.Add("accept-encoding", "identity");
  for (const auto& [name, value] : fetch.headers) request.head.headers.Add(name, value);
  request.body = fetch.body;
  absl::StatusOr<std::unique_ptr<ClientResponse>> response =
      co_await client.Send(target, request, cancellation);
  if (!response.ok()) co_return response.status();
  FetchResponse result;
  result.status = (*response)->head().status;
  result.content_type = std::string((*response)->head().headers.Get("content-type"));
  result.cache_control = std::string((*response)->head().headers.Get("cache-control"));
  while (true) {
    const absl::StatusOr<std::string> piece = co_await (*response)->Read(cancellation);
    if (!piece.ok()) co_return piece.status();
    if (piece->empty()) co_return result;
    if (result.body.size() + piece->size() > fetch.max_bytes) {
      co_return absl::ResourceExhaustedError(
          absl::StrCat("the answer is larger than ", fetch.max_bytes, " bytes"));
    }
    result.body += *piece;
  }
}

ClientOptions OptionsFor(const std::string& ca_file) {
  ClientOptions options;
  options.ca_file = ca_file;
  if (absl::StatusOr<TlsContext> tls = ClientTls(ca_file); tls.ok()) options.tls = *std::move(tls);
  return options;
}

}  // namespace

struct Fetcher::State {
  explicit State(const std::string& ca_file) : client(workers.at(0), OptionsFor(ca_file)) {}

  asio::awaitable<void> Run(std::shared_ptr<FetchRequest> fetch, std::shared_ptr<Answer> done) {
    async::Cancellation cancellation;
    stops.insert(&cancellation);
    if (closing) cancellation.Cancel(absl::CancelledError("the fetcher is closing"));
    asio::steady_timer limit(workers.at(0));
    limit.expires_after(absl::ToChronoNanoseconds(fetch->timeout));
    const auto over = std::make_shared<bool>(false);
    limit.async_wait([&cancellation, over](const boost::system::error_code& error) {
      if (!error && !*over)
        cancellation.Cancel(absl::DeadlineExceededError("the fetch took too long"));
    });
    absl::StatusOr<FetchResponse> result = co_await Read(client, *fetch, cancellation);
    *over = true;
    stops.erase(&cancellation);
    if (!result.ok()) result = Annotate(result.status(), absl::StrCat("fetching ", fetch->url));
    (*done)(std::move(result));
  }

  void Close() {
    closing = true;
    const std::unordered_set<async::Cancellation*> open = stops;
    for (async::Cancellation* cancellation : open)
      cancellation->Cancel(absl::CancelledError("the fetcher is closing"));
  }

  Workers workers{1};
  Client client;
  bool closing = false;  // these two on the worker
  std::unordered_set<async::Cancellation*> stops;

  std::mutex mutex;
  std::condition_variable idle;
  std::size_t outstanding = 0;
};

Fetcher::Fetcher() : Fetcher(Options()) {}

Fetcher::Fetcher(Options options) : state_(std::make_unique<State>(options.ca_file)) {}

Fetcher::~Fetcher() {
  asio::post(state_->workers.at(0), [state = state_.get()] { state->Close(); });
  std::unique_lock<std::mutex> lock(state_->mutex);
  state_->idle.wait(lock, [&] { return state_->outstanding == 0; });
  lock.unlock();
  state_->workers.Stop();
}

void Fetcher::Fetch(FetchRequest request,
                    absl::AnyInvocable<void(absl::StatusOr<FetchResponse>)> done) {
  State* const state = state_.get();
  {
    const std::lock_guard<std::mutex> lock(state->mutex);
    ++state->outstanding;
  }
  auto shared_request = std::make_shared<FetchRequest>(std::move(request));
  auto shared_done = std::make_shared<Answer>(std::move(done));
  asio::co_spawn(
      state->workers.at(0),
      [state, shared_request, shared_done] { return state->Run(shared_request, shared_done); },
      [state](std::exception_ptr) {
        const std::lock_guard<std::mutex> lock(state->mutex);
        --state->outstanding;
        state->idle.notify_all();
      });
}

}  // namespace countersign::http
