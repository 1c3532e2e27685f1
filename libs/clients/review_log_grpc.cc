#include "libs/clients/review_log_grpc.h"

#include <future>
#include <utility>

#include "countersign/approval/v1/approval.grpc.pb.h"
#include "libs/clients/unary_client.h"

namespace countersign::clients {
namespace {

namespace v1 = countersign::approval::v1;
using Client = UnaryClient<v1::ReviewLogService>;

absl::StatusOr<domain::ReviewLogPage> ToPage(v1::ReadLogResponse response) {
  domain::ReviewLogPage page;
  page.head = {response.head_sequence(), std::move(*response.mutable_head_hash())};
  if (page.head.hash.size() != 32) return absl::DataLossError("approval's log has no head");
  page.after_hash = std::move(*response.mutable_after_hash());
  for (v1::ReviewLogLine& line : *response.mutable_lines()) {
    page.lines.push_back({line.sequence(), std::move(*line.mutable_body())});
  }
  return page;
}

}  // namespace

struct GrpcReviewLog::State {
  Client client;
};

GrpcReviewLog::GrpcReviewLog(const std::shared_ptr<grpc::Channel>& approval, const Clock& clock,
                             absl::Duration timeout)
    : state_(new State{Client(approval)}), clock_(clock), timeout_(timeout) {}
GrpcReviewLog::~GrpcReviewLog() = default;

absl::StatusOr<domain::ReviewLogPage> GrpcReviewLog::Read(std::uint64_t after, std::size_t limit) {
  v1::ReadLogRequest request;
  request.set_after(after);
  request.set_limit(static_cast<std::uint32_t>(limit));
  std::promise<absl::StatusOr<domain::ReviewLogPage>> answer;
  auto page = answer.get_future();
  state_->client.Call(
      &Client::Async::ReadLog, {nullptr, clock_.Now() + timeout_}, std::move(request), ToPage,
      domain::Done<domain::ReviewLogPage>([&answer](absl::StatusOr<domain::ReviewLogPage> read) {
        answer.set_value(std::move(read));
      }));
  return page.get();
}

absl::StatusOr<std::vector<domain::ReviewLines>> GrpcReviewLog::Locate(
    const std::vector<std::string>& review_ids) {
  v1::LocateReviewsRequest request;
  for (const std::string& id : review_ids) request.add_review_ids(id);
  using Located = std::vector<domain::ReviewLines>;
  std::promise<absl::StatusOr<Located>> answer;
  auto found = answer.get_future();
  const auto to_lines = [](v1::LocateReviewsResponse response) {
    Located lines;
    for (const v1::ReviewLines& each : response.items()) {
      lines.push_back({each.review_id(), each.first(), each.last()});
    }
    return lines;
  };
  state_->client.Call(&Client::Async::LocateReviews, {nullptr, clock_.Now() + timeout_},
                      std::move(request), to_lines,
                      domain::Done<Located>([&answer](absl::StatusOr<Located> read) {
                        answer.set_value(std::move(read));
                      }));
  return found.get();
}

}  // namespace countersign::clients
