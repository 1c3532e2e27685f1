#include "services/policy/resources/part_examination.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace countersign::policy::resources {
namespace {

using State = HealthCheck::State;

// An answer travels, and waits for other work of its process.
constexpr absl::Duration kClockWarning = absl::Seconds(6);

HealthCheck CheckClock(const RemoteParts::Examined& seen, absl::Time asked) {
  absl::Duration off = absl::ZeroDuration();
  if (seen.now < asked) off = asked - seen.now;
  if (seen.now > seen.answered_at) off = seen.now - seen.answered_at;
  if (off < kClockWarning) return {"clock", State::kOk, "agrees with policy's", ""};
  return {"clock", State::kFailed,
          absl::StrCat("is ", absl::ToInt64Seconds(off), " s ",
                       seen.now < asked ? "behind" : "ahead of", " policy's"),
          "set the clocks of all machines by one time server: tokens and leases end by them"};
}

HealthCheck Unexamined(const RemoteParts::Examined& seen) {
  if (!seen.can_be_examined) {
    return {"examination", State::kWarning, "this part is of a version that cannot be examined",
            "update it"};
  }
  return {"examination", State::kFailed, "it did not answer in time", "look at its log"};
}

// Parts of one installation should be of one build.
void CompareVersions(std::vector<PartCheck>& checks, const std::string& part) {
  const auto own = std::find_if(checks.begin(), checks.end(), [&](const PartCheck& one) {
    return one.part == part && one.check.name == kVersionCheck;
  });
  if (own == checks.end()) return;
  for (PartCheck& one : checks) {
    if (one.check.name != kVersionCheck || one.check.saw == own->check.saw) continue;
    one.check.state = State::kWarning;
    absl::StrAppend(&one.check.saw, ", and ", part, "'s is ", own->check.saw);
    one.check.advice = "finish the update: run one version of all parts";
  }
}

}  // namespace

absl::StatusOr<std::vector<PartCheck>> PartExamination::Run() {
  if (running_.exchange(true)) {
    return WithReason(absl::ResourceExhaustedError("an examination is running; try again"),
                      "rate_limited");
  }
  std::vector<PartCheck> checks = Examine();
  running_ = false;
  return checks;
}

std::vector<PartCheck> PartExamination::Examine() {
  std::vector<PartCheck> checks;
  const auto add = [&](const std::string& part, HealthCheck check) {
    checks.push_back({part, std::move(check)});
  };
  const absl::Time asked = clock_.Now();
  const std::vector<RemoteParts::Examined> others = others_.Examine(clock_, timeout_, [&] {
    for (HealthCheck& check : examine_(timeout_)) add(part_, std::move(check));
  });
  for (const RemoteParts::Examined& seen : others) {
    if (!seen.checks) {
      add(seen.part, Unexamined(seen));
      continue;
    }
    for (const HealthCheck& check : *seen.checks) add(seen.part, check);
    add(seen.part, CheckClock(seen, asked));
  }
  CompareVersions(checks, part_);
  std::stable_sort(checks.begin(), checks.end(),
                   [](const PartCheck& a, const PartCheck& b) { return a.part < b.part; });
  return checks;
}

}  // namespace countersign::policy::resources
