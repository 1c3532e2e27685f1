#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "libs/domain/decision.h"
#include "services/edge/call/call_observer.h"

// The events of countersign.inference.v1.Inference, without their encoding. What they mean is said
// in inference.proto.
namespace countersign::edge::inference {

enum class TextKind { kAnswer, kRefusal, kReasoning };

struct Started {
  std::string session_id;
  std::string request_id;
};
struct Decided {
  domain::Verdict verdict = domain::Verdict::kDeny;
  std::string policy;
};
using Held = call::CallObserver::Hold;
struct Approved {
  std::string review_id;
  std::vector<std::string> approvers;
};
struct TextDelta {
  std::uint32_t choice = 0;
  TextKind kind = TextKind::kAnswer;
  std::string text;
};
struct ToolCallDelta {
  std::uint32_t choice = 0;
  std::uint32_t index = 0;
  std::string id;
  std::string name;
  std::string arguments;
};
struct Masked {
  std::uint32_t choice = 0;
  TextKind kind = TextKind::kAnswer;
  std::string entity;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};
struct Finished {
  std::uint32_t choice = 0;
  std::string reason;
};
struct Usage {
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;
};
struct Completed {};

using Event = std::variant<Started, Decided, Held, Approved, TextDelta, ToolCallDelta, Masked,
                           Finished, Usage, Completed>;

}  // namespace countersign::edge::inference
