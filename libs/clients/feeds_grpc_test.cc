#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "countersign/authn/v1/authn.grpc.pb.h"
#include "countersign/policy/v1/policy.grpc.pb.h"
#include "libs/base/encoding.h"
#include "libs/base/mutex.h"
#include "libs/clients/internal_keys_grpc.h"
#include "libs/clients/resource_feed_grpc.h"
#include "libs/clients/revocation_watch.h"
#include "libs/clients/testing/scripted_stream.h"
#include "libs/crypto/ec_signing_key.h"
#include "libs/rpc/handler.h"

namespace countersign::clients {
namespace {

namespace av1 = countersign::authn::v1;
namespace pv1 = countersign::policy::v1;
using FeedScript = ScriptedStream<pv1::WatchRequest, pv1::WatchResponse>;
using RevocationScript =
    ScriptedStream<av1::WatchRevocationsRequest, av1::WatchRevocationsResponse>;

struct Feed final : pv1::ResourceFeedService::CallbackService {
  grpc::ServerBidiReactor<pv1::WatchRequest, pv1::WatchResponse>* Watch(
      grpc::CallbackServerContext* context) override {
    auto [reactor, stream] = FeedScript::Start(context);
    opened.Push(stream);
    return reactor;
  }
  Opened<FeedScript> opened;
};

// Records its calls; refuses when told to.
class Watcher final : public domain::ResourceWatcher {
 public:
  absl::Status Validate(const std::shared_ptr<const domain::ResourceSet>& draft) override {
    const MutexLock lock(mutex_);
    last = draft;
    return answer;
  }
  absl::Status Serve(std::shared_ptr<const domain::ResourceSet> set) override {
    const MutexLock lock(mutex_);
    last = std::move(set);
    return answer;
  }
  std::shared_ptr<const domain::ResourceSet> Last() {
    const MutexLock lock(mutex_);
    return last;
  }
  void AnswerWith(absl::Status status) {
    const MutexLock lock(mutex_);
    answer = std::move(status);
  }

 private:
  Mutex mutex_;
  std::shared_ptr<const domain::ResourceSet> last CS_GUARDED_BY(mutex_);
  absl::Status answer CS_GUARDED_BY(mutex_);
};

pv1::WatchResponse SetWith(const std::string& term, std::uint64_t version, std::uint64_t draft) {
  pv1::WatchResponse response;
  response.set_version(version);
  response.set_draft_id(draft);
  auto* resource = response.add_resources();
  resource->set_kind("Dictionary");
  resource->set_name("hipaa");
  resource->set_version(1);
  resource->set_spec(absl::StrCat(R"({"terms":[")", term, R"("]})"));
  return response;
}

TEST_CASE("GrpcResourceFeed: names its part, serves versions and acknowledges them", "[clients]") {
  Feed service;
  InProcessServer server({&service});
  Watcher watcher;
  GrpcResourceFeed feed(server.channel());
  feed.Attach("masking", watcher);
  CHECK_FALSE(feed.serving());
  const auto script = service.opened.Next();
  const auto hello = script->Next().value();
  CHECK(hello.part() == "masking");
  CHECK(hello.serving_version() == 0);
  script->Reply(SetWith("diagnosis", 5, 0));
  CHECK(script->Next()->serving_version() == 5);
  CHECK(feed.serving());
  CHECK(watcher.Last()->version == 5);
  CHECK(watcher.Last()->dictionaries.at("hipaa").terms == std::vector<std::string>{"diagnosis"});
}

TEST_CASE("GrpcResourceFeed: the empty version of a new installation is served, too", "[clients]") {
  Feed service;
  InProcessServer server({&service});
  Watcher watcher;
  GrpcResourceFeed feed(server.channel());
  feed.Attach("masking", watcher);
  const auto script = service.opened.Next();
  script->Next();
  script->Reply({});
  script->Next();
  CHECK(feed.serving());
  CHECK(watcher.Last()->version == 0);
}

TEST_CASE("GrpcResourceFeed: a draft is validated and not served", "[clients]") {
  Feed service;
  InProcessServer server({&service});
  Watcher watcher;
  GrpcResourceFeed feed(server.channel());
  feed.Attach("masking", watcher);
  const auto script = service.opened.Next();
  script->Next();
  script->Reply(SetWith("a", 0, 7));
  auto verdict = script->Next().value();
  CHECK(verdict.draft_id() == 7);
  CHECK(verdict.draft_errors().empty());
  CHECK(verdict.serving_version() == 0);
  CHECK_FALSE(feed.serving());
  watcher.AnswerWith(absl::InvalidArgumentError("first mistake\nsecond mistake"));
  script->Reply(SetWith("b", 0, 8));
  verdict = script->Next().value();
  CHECK(verdict.draft_id() == 8);
  REQUIRE(verdict.draft_errors_size() == 2);
  CHECK(verdict.draft_errors(1) == "second mistake");
}

TEST_CASE("GrpcResourceFeed: documents that cannot be read are refused, not served", "[clients]") {
  Feed service;
  InProcessServer server({&service});
  Watcher watcher;
  GrpcResourceFeed feed(server.channel());
  feed.Attach("masking", watcher);
  const auto script = service.opened.Next();
  script->Next();
  auto broken = SetWith("a", 0, 9);
  broken.mutable_resources(0)->set_spec(R"({"unknown":1})");
  script->Reply(broken);
  CHECK(script->Next()->draft_errors_size() > 0);
  broken.set_draft_id(0);
  broken.set_version(3);
  script->Reply(broken);
  CHECK(script->Next()->serving_version() == 0);
  CHECK_FALSE(feed.serving());
  CHECK(watcher.Last() == nullptr);
}

TEST_CASE("GrpcResourceFeed: a lost stream is reopened, and serving continues", "[clients]") {
  Feed service;
  InProcessServer server({&service});
  Watcher watcher;
  GrpcResourceFeed feed(server.channel());
  feed.Attach("masking", watcher);
  auto script = service.opened.Next();
  script->Next();
  script->Reply(SetWith("a", 5, 0));
  CHECK(script->Next()->serving_version() == 5);
  script->Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE, "going down"));
  script = service.opened.Next();
  CHECK(script->Next()->serving_version() == 5);
  CHECK(feed.serving());
  script->Reply(SetWith("b", 6, 0));
  CHECK(script->Next()->serving_version() == 6);
}

TEST_CASE("GrpcResourceFeed: each watcher has a stream; serving() is true when all serve",
          "[clients]") {
  Feed service;
  InProcessServer server({&service});
  Watcher one;
  Watcher two;
  GrpcResourceFeed feed(server.channel());
  feed.Attach("edge", one);
  const auto first = service.opened.Next();
  first->Next();
  feed.Attach("edge", two);
  const auto second = service.opened.Next();
  second->Next();
  first->Reply(SetWith("a", 5, 0));
  first->Next();
  CHECK_FALSE(feed.serving());
  second->Reply(SetWith("a", 4, 0));
  second->Next();
  CHECK(feed.serving());
}

TEST_CASE("GrpcResourceFeed: it can be destroyed while policy is away", "[clients]") {
  Watcher watcher;
  GrpcResourceFeed feed(grpc::CreateChannel("unix:/nonexistent/countersign.sock",
                                            grpc::InsecureChannelCredentials()));
  feed.Attach("masking", watcher);
  CHECK_FALSE(feed.serving());
}

struct Authn final : av1::AuthnService::CallbackService {
  grpc::ServerBidiReactor<av1::WatchRevocationsRequest, av1::WatchRevocationsResponse>*
  WatchRevocations(grpc::CallbackServerContext* context) override {
    auto [reactor, stream] = RevocationScript::Start(context);
    opened.Push(stream);
    return reactor;
  }
  grpc::ServerUnaryReactor* GetInternalKeys(grpc::CallbackServerContext* context,
                                            const av1::GetInternalKeysRequest*,
                                            av1::GetInternalKeysResponse* response) override {
    return rpc::FinishInline(context, [&]() -> absl::Status {
      const MutexLock lock(mutex);
      ++fetches;
      changed.NotifyAll();
      if (jwks.empty()) return absl::UnavailableError("starting");
      response->set_jwks(jwks);
      return absl::OkStatus();
    });
  }
  void Publish(std::string keys) {
    const MutexLock lock(mutex);
    jwks = std::move(keys);
  }
  void WaitForFetches(int count) {
    const MutexLock lock(mutex);
    changed.Wait(mutex, [&]() CS_REQUIRES(mutex) { return fetches >= count; });
  }
  Opened<RevocationScript> opened;
  Mutex mutex;
  CondVar changed;
  std::string jwks CS_GUARDED_BY(mutex);
  int fetches CS_GUARDED_BY(mutex) = 0;
};

// The calls of the hooks, in order.
class Cache {
 public:
  RevocationHooks hooks() {
    return {[this] { Add("flush"); }, [this](bool live) { Add(live ? "live" : "dead"); }};
  }
  // Blocks until there are as many entries as in `expected`, then compares.
  void Expect(const std::vector<std::string>& expected) {
    const MutexLock lock(mutex_);
    changed_.Wait(mutex_, [&]() CS_REQUIRES(mutex_) { return log_.size() >= expected.size(); });
    CHECK(log_ == expected);
    log_.clear();
  }

 private:
  void Add(const char* what) {
    const MutexLock lock(mutex_);
    log_.push_back(what);
    changed_.NotifyAll();
  }
  Mutex mutex_;
  CondVar changed_;
  std::vector<std::string> log_ CS_GUARDED_BY(mutex_);
};

av1::WatchRevocationsResponse Heartbeat() {
  av1::WatchRevocationsResponse message;
  message.set_heartbeat(true);
  return message;
}
av1::WatchRevocationsResponse Everything(std::uint64_t sequence) {
  av1::WatchRevocationsResponse message;
  message.set_sequence(sequence);
  message.set_everything(true);
  return message;
}

TEST_CASE("RevocationWatch: the first message makes the cache live and empty", "[clients]") {
  Authn service;
  InProcessServer server({&service});
  Cache cache;
  RevocationWatch watch(server.channel(), cache.hooks());
  const auto script = service.opened.Next();
  script->Reply(Heartbeat());
  cache.Expect({"flush", "live"});
}

TEST_CASE("RevocationWatch: a revocation is acknowledged after the flush", "[clients]") {
  Authn service;
  InProcessServer server({&service});
  Cache cache;
  RevocationWatch watch(server.channel(), cache.hooks());
  const auto script = service.opened.Next();
  script->Reply(Heartbeat());
  script->Reply(Everything(12));
  CHECK(script->Next()->sequence() == 12);
  cache.Expect({"flush", "live", "flush"});
}

TEST_CASE("RevocationWatch: a lost stream makes the cache not live until the next one",
          "[clients]") {
  Authn service;
  InProcessServer server({&service});
  Cache cache;
  RevocationWatch watch(server.channel(), cache.hooks());
  auto script = service.opened.Next();
  script->Reply(Heartbeat());
  cache.Expect({"flush", "live"});
  script->Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE, "going down"));
  cache.Expect({"dead", "flush"});
  script = service.opened.Next();
  script->Reply(Heartbeat());
  cache.Expect({"flush", "live"});
}

TEST_CASE("RevocationWatch: silence makes the cache not live", "[clients]") {
  Authn service;
  InProcessServer server({&service});
  Cache cache;
  RevocationWatch watch(server.channel(), cache.hooks(), absl::Milliseconds(50));
  const auto script = service.opened.Next();
  script->Reply(Heartbeat());
  cache.Expect({"flush", "live"});
  script->WaitCancelled();  // The server sent nothing more.
  cache.Expect({"dead", "flush"});
}

TEST_CASE("RevocationWatch: destruction makes the cache not live", "[clients]") {
  Authn service;
  InProcessServer server({&service});
  Cache cache;
  {
    RevocationWatch watch(server.channel(), cache.hooks());
    service.opened.Next()->Reply(Heartbeat());
    cache.Expect({"flush", "live"});
  }
  cache.Expect({"dead", "flush"});
}

std::string KeySet(const std::string& kid) {
  const auto key = crypto::EcSigningKey::Generate();
  return jose::JwkSetJson({jose::Es256JwkJson(kid, key.x(), key.y())});
}

void WaitForKey(GrpcInternalKeys& keys, const std::string& kid) {
  for (;;) {
    const auto set = keys.Current();
    if (set != nullptr && set->HasKey(kid)) return;
    keys.RequestRefresh();
    std::this_thread::yield();
  }
}

TEST_CASE("GrpcInternalKeys: keys are fetched without a request", "[clients]") {
  Authn service;
  service.Publish(KeySet("one"));
  InProcessServer server({&service});
  GrpcInternalKeys keys(server.channel(), absl::Hours(1));
  while (keys.Current() == nullptr) std::this_thread::yield();  // No refresh is requested.
  CHECK(keys.Current()->HasKey("one"));
  const MutexLock lock(service.mutex);
  CHECK(service.fetches == 1);
}

TEST_CASE("GrpcInternalKeys: an unknown key causes a fetch, at most once a second", "[clients]") {
  Authn service;
  service.Publish(KeySet("one"));
  InProcessServer server({&service});
  const absl::Time start = absl::Now();
  GrpcInternalKeys keys(server.channel(), absl::Hours(1));
  while (keys.Current() == nullptr) std::this_thread::yield();
  service.Publish(KeySet("two"));
  WaitForKey(keys, "two");  // Requests refreshes without pause.
  const MutexLock lock(service.mutex);
  CHECK(service.fetches <= 2 + static_cast<int>(absl::ToInt64Seconds(absl::Now() - start)));
}

TEST_CASE("GrpcInternalKeys: while authn is away the last keys are kept", "[clients]") {
  Authn service;
  service.Publish(KeySet("one"));
  InProcessServer server({&service});
  GrpcInternalKeys keys(server.channel(), absl::Milliseconds(1));
  WaitForKey(keys, "one");
  service.Publish("");
  {
    const MutexLock lock(service.mutex);
    const int before = service.fetches;
    service.changed.Wait(service.mutex,
                         [&]() CS_REQUIRES(service.mutex) { return service.fetches > before; });
  }
  CHECK(keys.Current()->HasKey("one"));
}

}  // namespace
}  // namespace countersign::clients
