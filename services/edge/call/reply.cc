#include "services/edge/call/reply.h"

#include <cmath>

#include "absl/strings/str_cat.h"

namespace countersign::edge::call {
namespace {

void AddStreamHeaders(absl::string_view content_type, dialects::HeaderList& headers) {
  bool typed = false;
  for (const auto& [name, value] : headers) typed |= name == "content-type";
  if (!typed) headers.emplace_back("content-type", content_type);
  bool cached = false;
  for (const auto& [name, value] : headers) cached |= name == "cache-control";
  if (!cached) headers.emplace_back("cache-control", "no-cache");
  headers.emplace_back("x-accel-buffering", "no");
}

}  // namespace

ReplyHead Reply::MakeHead(int status, dialects::HeaderList headers) const {
  ReplyHead head{status, std::move(headers)};
  head.headers.emplace_back("x-request-id", request_id_);
  if (!dialect_->request_id_header().empty()) {
    head.headers.emplace_back(dialect_->request_id_header(), request_id_);
  }
  if (!session_id_.empty()) head.headers.emplace_back("x-countersign-session", session_id_);
  if (!review_id_.empty()) head.headers.emplace_back("x-countersign-review", review_id_);
  return head;
}

async::Awaitable<absl::Status> Reply::SendError(const dialects::CallerError& error) {
  error_ = error;
  if (streaming_) {
    absl::Status status = co_await Write(InBandError(error));
    if (status.ok()) status = co_await Finish();
    co_return status;
  }
  dialects::HeaderList headers;
  headers.emplace_back("content-type", "application/json");
  if (error.final) headers.emplace_back("x-should-retry", "false");
  if (error.retry_after > absl::ZeroDuration()) {
    headers.emplace_back("retry-after",
                         absl::StrCat(std::ceil(absl::ToDoubleSeconds(error.retry_after))));
  }
  if (error.http_status == 401) headers.emplace_back("www-authenticate", "Bearer");
  if (!error.review_id.empty()) SetReview(error.review_id);
  // Named first, because g++ 12 destroys the temporaries of a ?: within a co_await twice.
  const std::string body =
      format_ != nullptr ? format_(error) : dialect_->FormatError(WithRequestId(error));
  co_return co_await Send(error.http_status, std::move(headers), body);
}

async::Awaitable<absl::Status> Reply::SendJson(int status, absl::string_view body) {
  dialects::HeaderList headers;
  headers.emplace_back("content-type", "application/json");
  co_return co_await Send(status, std::move(headers), body);
}

async::Awaitable<absl::Status> Reply::Send(int status, dialects::HeaderList headers,
                                           absl::string_view body) {
  co_return co_await caller_.Send(MakeHead(status, std::move(headers)), body);
}

async::Awaitable<absl::Status> Reply::Begin(int status, dialects::HeaderList headers) {
  streaming_ = true;
  AddStreamHeaders(dialect_->stream_content_type(), headers);
  co_return co_await caller_.Begin(MakeHead(status, std::move(headers)));
}

async::Awaitable<absl::Status> Reply::SendKeepAlive() {
  if (!streaming_) {
    absl::Status begun = co_await Begin(200, dialects::HeaderList());
    if (!begun.ok()) co_return begun;
  }
  co_return co_await caller_.Write(dialect_->FormatKeepAlive());
}

}  // namespace countersign::edge::call
