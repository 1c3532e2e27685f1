#include "libs/grpc_wire/error_details.h"

#include <cstdint>

#include "absl/strings/str_cat.h"

namespace countersign::grpc_wire {
namespace {

// Protobuf's encoding, as far as these messages need it. Fields with their default are left out.
class Message {
 public:
  Message& Number(std::uint32_t field, std::uint64_t value) {
    if (value == 0) return *this;
    Varint(field << 3);
    Varint(value);
    return *this;
  }
  Message& Text(std::uint32_t field, absl::string_view text) {
    return text.empty() ? *this : Nested(field, text);
  }
  Message& Nested(std::uint32_t field, absl::string_view bytes) {
    Varint(field << 3 | 2);
    Varint(bytes.size());
    bytes_.append(bytes.data(), bytes.size());
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void Varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<char>(value | 0x80));
    bytes_.push_back(static_cast<char>(value));
  }
  std::string bytes_;
};

// A google.protobuf.Any.
std::string Any(absl::string_view type, absl::string_view bytes) {
  Message any;
  any.Text(1, absl::StrCat("type.googleapis.com/google.rpc.", type)).Text(2, bytes);
  return any.bytes();
}

std::string RetryInfo(absl::Duration delay) {
  absl::Duration rest;
  const std::int64_t seconds = absl::IDivDuration(delay, absl::Seconds(1), &rest);
  Message duration;
  duration.Number(1, seconds).Number(2, absl::ToInt64Nanoseconds(rest));
  return Message().Nested(1, duration.bytes()).bytes();
}

}  // namespace

std::string EncodeErrorInfo(absl::string_view reason,
                            const std::vector<std::pair<std::string, std::string>>& metadata) {
  Message info;
  info.Text(1, reason).Text(2, kErrorDomain);
  for (const auto& [key, value] : metadata) {
    Message entry;
    info.Nested(3, entry.Text(1, key).Text(2, value).bytes());
  }
  return info.bytes();
}

std::string EncodeBadRequest(const std::vector<FieldViolation>& violations) {
  Message bad_request;
  std::size_t bytes = 0;
  for (const FieldViolation& violation : violations) {
    bytes += violation.field.size() + violation.description.size();
    if (bytes > kMostViolationBytes) break;
    Message entry;
    bad_request.Nested(1, entry.Text(1, violation.field).Text(2, violation.description).bytes());
  }
  return bad_request.bytes();
}

std::string EncodeStatus(const absl::Status& status, const ErrorDetails& details) {
  constexpr std::uint32_t kDetails = 3;
  Message message;
  message.Number(1, static_cast<std::uint64_t>(status.code())).Text(2, status.message());
  const std::size_t without_details = message.bytes().size();
  if (!details.reason.empty()) {
    message.Nested(kDetails, Any("ErrorInfo", EncodeErrorInfo(details.reason, details.metadata)));
  }
  if (details.retry_after > absl::ZeroDuration()) {
    message.Nested(kDetails, Any("RetryInfo", RetryInfo(details.retry_after)));
  }
  if (const std::string bytes = EncodeBadRequest(details.violations); !bytes.empty()) {
    message.Nested(kDetails, Any("BadRequest", bytes));
  }
  return message.bytes().size() == without_details ? "" : message.bytes();
}

}  // namespace countersign::grpc_wire
