#include "libs/http/fetch.h"

#include <optional>
#include <unordered_set>

#include "absl/strings/str_cat.h"
#include "libs/async/sleep.h"
#include "libs/async/spawn.h"
#include "libs/base/mutex.h"
#include "libs/base/status.h"
#include "libs/http/client.h"
#include "libs/http/workers.h"

namespace countersign::http {
namespace {

using OnDone = absl::AnyInvocable<void(absl::StatusOr<FetchResponse>)>;

// `tls` is why https cannot be used, or OK.
async::Awaitable<absl::StatusOr<FetchResponse>> Read(Client& client, const FetchRequest& fetch,
                                                     const absl::Status& tls,
                                                     async::Cancellation& cancellation) {
  const absl::StatusOr<Url> url = ParseUrl(fetch.url);
  if (!url.ok()) co_return url.status();
  if (url->origin.tls && !tls.ok()) co_return tls;
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

ClientOptions MakeOptions(const std::string& ca_file,
                          const absl::StatusOr<security::TlsContext>& tls) {
  ClientOptions options;
  options.ca_file = ca_file;
  if (tls.ok()) options.tls = *tls;
  return options;
}

}  // namespace

struct Fetcher::State {
  explicit State(const std::string& ca_file)
      : tls(security::ClientTls(ca_file)), client(workers.at(0), MakeOptions(ca_file, tls)) {}

  async::Awaitable<void> Run(FetchRequest fetch, OnDone done) {
    async::Cancellation cancellation;
    running.insert(&cancellation);
    if (closing) cancellation.Cancel(absl::CancelledError("the fetcher is closing"));
    std::optional<async::Deadline> deadline;
    deadline.emplace(workers.executor(0), fetch.timeout, cancellation,
                     absl::DeadlineExceededError("the fetch took too long"));
    absl::StatusOr<FetchResponse> result = co_await Read(client, fetch, tls.status(), cancellation);
    deadline.reset();
    running.erase(&cancellation);
    if (!result.ok()) result = Annotate(result.status(), absl::StrCat("fetching ", fetch.url));
    done(std::move(result));
  }

  void Close() {
    closing = true;
    const std::unordered_set<async::Cancellation*> open = running;
    for (async::Cancellation* cancellation : open)
      cancellation->Cancel(absl::CancelledError("the fetcher is closing"));
  }

  const absl::StatusOr<security::TlsContext> tls;
  Workers workers{1};
  Client client;
  bool closing = false;  // used on the worker only, like the member above
  std::unordered_set<async::Cancellation*> running;

  Mutex mutex;
  CondVar idle;
  std::size_t outstanding CS_GUARDED_BY(mutex) = 0;
};

Fetcher::Fetcher() : Fetcher(Options()) {}

Fetcher::Fetcher(Options options) : state_(std::make_unique<State>(options.ca_file)) {}

Fetcher::~Fetcher() {
  State& state = *state_;
  state.workers.executor(0).Post([&state] { state.Close(); });
  {
    const MutexLock lock(state.mutex);
    state.idle.Wait(state.mutex,
                    [&state]() CS_REQUIRES(state.mutex) { return state.outstanding == 0; });
  }
  state.workers.Stop();
}

void Fetcher::Fetch(FetchRequest request,
                    absl::AnyInvocable<void(absl::StatusOr<FetchResponse>)> done) {
  State& state = *state_;
  {
    const MutexLock lock(state.mutex);
    ++state.outstanding;
  }
  async::Spawn(state.workers.executor(0), state.Run(std::move(request), std::move(done)),
               [&state](std::exception_ptr) {
                 const MutexLock lock(state.mutex);
                 --state.outstanding;
                 state.idle.NotifyAll();
               });
}

}  // namespace countersign::http
