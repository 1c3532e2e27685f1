#include "tests/bench/commit_loop.h"

#include <utility>

#include "libs/base/status.h"
#include "libs/pg/migrate.h"
#include "libs/pg/pipeline.h"
#include "libs/pg/pool.h"
#include "tests/bench/sse_events.h"

namespace countersign::bench {
namespace {

constexpr char kSchema[] = "bench";
constexpr std::size_t kRowBytes = 1024;

}  // namespace

struct CommitLoop::State {
  explicit State(pg::PoolOptions options)
      : pipeline(std::move(options), {"INSERT INTO commits (data) VALUES ($1)"}) {}
  pg::Pipeline pipeline;
};

CommitLoop::CommitLoop(std::unique_ptr<State> state) : state_(std::move(state)) {}
CommitLoop::~CommitLoop() = default;

absl::StatusOr<std::unique_ptr<CommitLoop>> CommitLoop::Create(const std::string& conninfo) {
  pg::PoolOptions options;
  options.conninfo = SecretString(conninfo);
  options.search_path = kSchema;
  pg::Pool pool(options);
  CS_RETURN_IF_ERROR(pg::Migrate(
      pool, kSchema,
      {{1, "0001_commits", "CREATE TABLE commits (id bigserial PRIMARY KEY, data bytea)"}}));
  return std::unique_ptr<CommitLoop>(new CommitLoop(std::make_unique<State>(std::move(options))));
}

absl::Status CommitLoop::Run(absl::Duration duration) {
  const std::string data(kRowBytes, 'x');
  const std::int64_t end = NowNs() + absl::ToInt64Nanoseconds(duration);
  std::int64_t begin = NowNs();
  while (begin < end) {
    CS_RETURN_IF_ERROR(
        state_->pipeline.Run("commit", {pg::BoundStatement(0).Bytes(data)}).status());
    const std::int64_t now = NowNs();
    latency_.push_back(now - begin);
    begin = now;
  }
  return absl::OkStatus();
}

}  // namespace countersign::bench
