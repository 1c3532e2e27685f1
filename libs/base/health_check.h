#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"

namespace countersign {

// One thing that a part of the gateway looked at, for people who look for what is wrong.
struct HealthCheck {
  enum class State { kFailed, kWarning, kOk };
  std::string name;  // "database", "upstream openai"
  State state = State::kFailed;
  std::string saw;
  std::string advice;  // what to do; empty: nothing
};

// Looks, and answers within about `timeout`. Blocks; called by one thread at a time.
using HealthExaminer = std::function<std::vector<HealthCheck>(absl::Duration timeout)>;

// "ok", "warning", "failed".
inline const char* ToString(HealthCheck::State state) {
  switch (state) {
    case HealthCheck::State::kOk: return "ok";
    case HealthCheck::State::kWarning: return "warning";
    case HealthCheck::State::kFailed: break;
  }
  return "failed";
}

inline void Append(std::vector<HealthCheck>& checks, std::vector<HealthCheck> more) {
  for (HealthCheck& check : more) checks.push_back(std::move(check));
}

}  // namespace countersign
