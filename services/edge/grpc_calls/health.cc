#include "services/edge/grpc_calls/health.h"

#include <cstddef>
#include <cstdint>

namespace countersign::edge::grpc_calls {
namespace {

constexpr absl::Duration kCheckEvery = absl::Seconds(1);

// A cursor over protobuf's encoding.
class Fields {
 public:
  explicit Fields(absl::string_view bytes) : rest_(bytes) {}

  bool empty() const { return rest_.empty(); }
  bool Varint(std::uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
  bool Take(std::uint64_t size, absl::string_view& bytes) {
    if (size > rest_.size()) return false;
    bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }

 private:
  absl::string_view rest_;
};

// Reads one field of any type; `text` is that of a field with a length.
bool ReadField(Fields& fields, std::uint64_t& tag, absl::string_view& text) {
  std::uint64_t number = 0;
  if (!fields.Varint(tag)) return false;
  switch (tag & 7) {
    case 0: return fields.Varint(number);
    case 1: return fields.Take(8, text);
    case 2: return fields.Varint(number) && fields.Take(number, text);
    case 5: return fields.Take(4, text);
    default: return false;
  }
}

}  // namespace

bool Health::Serving() {
  const MutexLock lock(mutex_);
  const absl::Time now = clock_.Now();
  if (now - checked_at_ >= kCheckEvery) {
    serving_ = find_missing_().empty();
    checked_at_ = now;
  }
  return serving_;
}

absl::StatusOr<std::string> ReadHealthRequest(absl::string_view message) {
  constexpr std::uint64_t kServiceTag = 1 << 3 | 2;
  std::string service;
  for (Fields fields(message); !fields.empty();) {
    std::uint64_t tag = 0;
    absl::string_view text;
    if (!ReadField(fields, tag, text)) {
      return absl::InvalidArgumentError("not a grpc.health.v1.HealthCheckRequest");
    }
    if (tag == kServiceTag) service = std::string(text);
  }
  return service;
}

std::string MakeHealthResponse(ServingStatus status) {
  constexpr char kStatusTag = 1 << 3;
  if (status == ServingStatus::kUnknown) return "";
  return {kStatusTag, static_cast<char>(status)};
}

}  // namespace countersign::edge::grpc_calls
