#include "services/session_recorder/store/segment.h"

#include <optional>

namespace countersign::session_recorder::store {
namespace {

constexpr std::size_t kHashBytes = 32;
constexpr std::size_t kFixedBytes = 4 + 8 + 4 + kHashBytes;

void AppendNumber(std::uint64_t number, int bytes, std::string& out) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(number >> shift));
  }
}

// Consumes bytes from the front until there are too few.
class Reader {
 public:
  explicit Reader(absl::string_view bytes) : rest_(bytes) {}

  std::optional<absl::string_view> Bytes(std::size_t size) {
    if (size > rest_.size()) return std::nullopt;
    const absl::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::optional<std::uint64_t> Number(std::size_t size) {
    const auto bytes = Bytes(size);
    if (!bytes) return std::nullopt;
    std::uint64_t number = 0;
    for (const char byte : *bytes) number = number << 8 | static_cast<unsigned char>(byte);
    return number;
  }

 private:
  absl::string_view rest_;
};

std::optional<SealedEvent> ReadEvent(Reader& in) {
  SealedEvent event;
  const auto type_size = in.Number(4);
  const auto type = type_size ? in.Bytes(*type_size) : std::nullopt;
  const auto at = type ? in.Number(8) : std::nullopt;
  const auto sealed_size = at ? in.Number(4) : std::nullopt;
  const auto sealed = sealed_size ? in.Bytes(*sealed_size) : std::nullopt;
  const auto hash = sealed ? in.Bytes(kHashBytes) : std::nullopt;
  if (!hash) return std::nullopt;
  event.type = std::string(*type);
  event.at = absl::FromUnixNanos(static_cast<std::int64_t>(*at));
  event.sealed = std::string(*sealed);
  event.hash = std::string(*hash);
  return event;
}

}  // namespace

std::string EncodeEvents(const std::vector<SealedEvent>& events) {
  std::size_t size = 0;
  for (const SealedEvent& event : events) {
    size += kFixedBytes + event.type.size() + event.sealed.size();
  }
  std::string bytes;
  bytes.reserve(size);
  for (const SealedEvent& event : events) {
    AppendNumber(event.type.size(), 4, bytes);
    bytes += event.type;
    AppendNumber(static_cast<std::uint64_t>(absl::ToUnixNanos(event.at)), 8, bytes);
    AppendNumber(event.sealed.size(), 4, bytes);
    bytes += event.sealed;
    bytes += event.hash;
  }
  return bytes;
}

std::vector<SealedEvent> DecodeEvents(std::uint32_t first_index, absl::string_view bytes) {
  std::vector<SealedEvent> events;
  Reader in(bytes);
  while (auto event = ReadEvent(in)) {
    event->index = first_index + static_cast<std::uint32_t>(events.size());
    events.push_back(*std::move(event));
  }
  return events;
}

}  // namespace countersign::session_recorder::store
