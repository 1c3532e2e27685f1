#include "libs/dialects/rpc/answer_end.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "libs/grpc_wire/fields.h"

namespace countersign::dialects::rpc {
namespace {

constexpr char kStatusField[] = "grpc-message";
constexpr int kUnauthenticated = 16;
constexpr int kPermissionDenied = 7;
constexpr int kHighestCode = 16;

absl::string_view Find(const HeaderList& headers, absl::string_view name) {
  for (const auto& [key, value] : headers) {
    if (absl::EqualsIgnoreCase(key, name)) return value;
  }
  return {};
}

}  // namespace

absl::Status Unreadable(absl::string_view why) {
  return WithReason(absl::UnavailableError(why), "upstream_protocol");
}

absl::StatusOr<std::optional<std::string>> NextMessage(grpc_wire::FrameReader& frames) {
  absl::StatusOr<std::optional<grpc_wire::Frame>> frame = frames.Next();
  if (!frame.ok()) return Unreadable("a message is too large");
  if (!frame->has_value()) return std::optional<std::string>();
  if ((*frame)->flags == grpc_wire::kCompressed) {
    return Unreadable("a message is compressed, and none may be");
  }
  if ((*frame)->flags != 0) return Unreadable("a message has unknown flags");
  return std::optional<std::string>(std::move((*frame)->payload));
}

// An answer without messages may have its trailers in the head.
AnswerEnd::AnswerEnd(const AnswerHead& head)
    : http_status_(head.status), content_type_(head.content_type) {
  if (head.headers != nullptr) AddTrailers(*head.headers);
}

absl::Status AnswerEnd::CheckHead() const {
  if (http_status_ != 200) {
    return Unreadable(absl::StrCat("HTTP ", http_status_, " is no answer over gRPC"));
  }
  if (grpc_wire::ParseContentType(content_type_) == grpc_wire::Protocol::kGrpc) {
    return absl::OkStatus();
  }
  return Unreadable("its content-type is not gRPC's");
}

void AnswerEnd::AddTrailers(const HeaderList& trailers) {
  if (!Find(trailers, "grpc-status").empty()) trailers_ = trailers;
}

absl::Status AnswerEnd::Read() {
  CS_RETURN_IF_ERROR(CheckHead());
  const absl::string_view code = Find(trailers_, "grpc-status");
  if (code.empty()) return Unreadable("it ends without a status");
  if (!absl::SimpleAtoi(code, &code_) || code_ < 0 || code_ > kHighestCode) {
    return Unreadable("its status is no code of gRPC");
  }
  if (code_ == kUnauthenticated || code_ == kPermissionDenied) {
    return WithReason(absl::UnavailableError(absl::StrCat("grpc-status ", code_)), "upstream_auth");
  }
  message_ = ReplaceInvalidUtf8(grpc_wire::PercentDecode(Find(trailers_, "grpc-message")));
  return absl::OkStatus();
}

domain::FieldPiece AnswerEnd::AskAboutMessage() const { return {kStatusField, message_, true}; }

Delivery AnswerEnd::Write(domain::FieldRelease release) const {
  Delivery delivery;
  for (domain::MaskedSpan& span : release.masked) {
    delivery.masked.push_back({kStatusField, std::move(span)});
  }
  delivery.is_final = true;
  delivery.trailers.emplace_back("grpc-status", absl::StrCat(code_));
  if (!release.text.empty()) {
    delivery.trailers.emplace_back("grpc-message", grpc_wire::PercentEncode(release.text));
  }
  return delivery;
}

}  // namespace countersign::dialects::rpc
