#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "libs/dialects/dialect.h"

// What Envoy's filter ext_proc says of one HTTP request, and what it is answered, without their
// encoding (proto/envoy/service/ext_proc/v3).
namespace countersign::edge::ext_proc {

// How the filter sends a body, as it is configured.
enum class BodyMode { kOther, kNone, kBuffered, kFullDuplex };

struct Modes {
  BodyMode request = BodyMode::kOther;
  BodyMode response = BodyMode::kOther;
};

enum class Direction { kRequest, kResponse };
enum class Part { kUnknown, kHeaders, kBody, kTrailers };

// One message of the proxy.
struct ProxyMessage {
  Direction direction = Direction::kRequest;
  Part part = Part::kUnknown;
  dialects::HeaderList headers;  // of kHeaders, with ":path" and the like; of kTrailers
  std::string body;              // of kBody
  bool end_of_stream = false;    // nothing follows in this direction
  bool observes = false;         // the proxy ignores all answers
  std::optional<Modes> modes;    // only in the first message
  std::string source_address;    // the attribute source.address; "" when it is not sent
};

// Fields that are replaced, and those that are removed first.
struct HeaderChanges {
  dialects::HeaderList set;
  std::vector<std::string> remove;
};

// What a message is answered with.
struct HeadersReply {
  Direction direction = Direction::kRequest;
  HeaderChanges changes;
};
// A buffered body, with the changes of its head.
struct BodyReply {
  Direction direction = Direction::kRequest;
  HeaderChanges changes;
  std::string body;
};
// A piece of a streamed body.
struct PieceReply {
  Direction direction = Direction::kRequest;
  std::string piece;
  bool end_of_stream = false;
};
struct TrailersReply {
  Direction direction = Direction::kRequest;
  std::vector<std::string> remove;
};
// The proxy answers its caller with this, and nothing goes on.
struct ImmediateReply {
  int status = 0;
  dialects::HeaderList headers;
  std::string body;
};
// The proxy waits longer for the answer to its last message.
struct MoreTime {
  absl::Duration duration;
};

using ProxyReply =
    std::variant<HeadersReply, BodyReply, PieceReply, TrailersReply, ImmediateReply, MoreTime>;

}  // namespace countersign::edge::ext_proc
