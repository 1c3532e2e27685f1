#include "libs/http/http1/idle_connections.h"

#include <iterator>
#include <utility>

namespace countersign::http::http1 {
namespace {

constexpr absl::Duration kSweepEvery = absl::Seconds(4);

}  // namespace

IdleConnections::IdleConnections(IoLoop& loop, std::size_t max_per_key)
    : loop_(loop), max_per_key_(max_per_key), sweep_(loop.MakeTimer()) {}

std::unique_ptr<Stream> IdleConnections::Take(const std::string& key) {
  const auto found = idle_.find(key);
  if (found == idle_.end()) return nullptr;
  auto& idle = found->second;
  while (!idle.empty()) {
    Idle kept = std::move(idle.back());
    idle.pop_back();
    if (kept.until > loop_.Now() && kept.stream->IsReusable()) return std::move(kept.stream);
  }
  return nullptr;
}

void IdleConnections::Keep(const std::string& key, std::unique_ptr<Stream> stream,
                           absl::Duration time) {
  auto& idle = idle_[key];
  if (idle.size() >= max_per_key_) return;
  idle.push_back(Idle{std::move(stream), async::Executor(loop_).After(time)});
  Sweep();
}

void IdleConnections::Sweep() {
  if (sweeping_) return;
  sweeping_ = true;
  sweep_->Start(async::Executor(loop_).After(kSweepEvery), [this] {
    sweeping_ = false;
    DropOld();
  });
}

void IdleConnections::DropOld() {
  const async::TimePoint now = loop_.Now();
  for (auto at = idle_.begin(); at != idle_.end();) {
    auto& idle = at->second;
    while (!idle.empty() && idle.front().until <= now) idle.pop_front();
    at = idle.empty() ? idle_.erase(at) : std::next(at);
  }
  if (!idle_.empty()) Sweep();
}

}  // namespace countersign::http::http1
