#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/domain/review_history.h"
#include "libs/json/writer.h"

namespace countersign::session_recorder {

// Approval's log, which a test writes and changes as anyone with the database's password could.
class FakeReviewLog final : public domain::ReviewLog {
 public:
  // A line of another review, with `what` in it.
  void Add(const std::string& what) {
    domain::ReviewStep step;
    step.review_id = "other";
    step.detail = json::Writer().BeginObject().Key("what").String(what).EndObject().str();
    AddStep(step);
  }
  void AddStep(domain::ReviewStep step) {
    step.sequence = lines.size() + 1;
    lines.push_back({step.sequence, domain::EncodeReviewStep(step)});
    Rechain();
  }
  // Replaces the log by one with only these lines.
  void Replace(const std::vector<std::string>& whats) {
    lines.clear();
    head = {};
    for (const std::string& what : whats) Add(what);
  }
  // The head of `lines` as they are now.
  void Rechain() {
    head = {};
    REQUIRE(domain::FollowReviewLog(lines, head).ok());
  }

  absl::StatusOr<domain::ReviewLogPage> Read(std::uint64_t after, std::size_t limit) override {
    if (!status.ok()) return status;
    domain::ReviewLogPage page;
    page.head = head;
    domain::ReviewLogHead before;
    for (std::size_t i = 0; i < after && i < lines.size(); ++i) {
      (void)domain::FollowReviewLog({lines[i]}, before);
    }
    page.after_hash = before.hash;
    for (std::size_t i = after; i < lines.size() && page.lines.size() < limit; ++i) {
      page.lines.push_back(lines[i]);
    }
    return page;
  }
  absl::StatusOr<std::vector<domain::ReviewLines>> Locate(
      const std::vector<std::string>& review_ids) override {
    if (!status.ok()) return status;
    std::vector<domain::ReviewLines> found;
    for (const std::string& id : review_ids) {
      domain::ReviewLines at{id, 0, 0};
      for (const domain::ReviewLogLine& line : lines) {
        if (domain::DecodeReviewStep(line.body)->review_id != id) continue;
        if (at.first == 0) at.first = line.sequence;
        at.last = line.sequence;
      }
      if (at.first != 0) found.push_back(at);
    }
    return found;
  }

  absl::Status status;
  std::vector<domain::ReviewLogLine> lines;
  domain::ReviewLogHead head;
};

// The steps of one review of the calls of TestPrincipal on connection "openai".
struct FakeReview {
  std::string id = "review-1";
  std::string binding_hash = std::string(64, 'a');
  int approvals = 1;

  domain::ReviewStep Step(domain::ReviewState from, domain::ReviewState to, std::string actor,
                          std::string detail) const {
    domain::ReviewStep step;
    step.review_id = id;
    step.from = from;
    step.to = to;
    step.actor = std::move(actor);
    step.detail = std::move(detail);
    step.at = absl::FromUnixSeconds(1'800'000'000);
    return step;
  }
  domain::ReviewStep Opened() const {
    json::Writer out;
    out.BeginObject().Key("session").String("s").Key("requester").BeginObject();
    out.Key("issuer").String("https://idp.test").Key("subject").String("u-1");
    out.Key("identity").String("ann").Key("owner").String("").EndObject();
    out.Key("connection").String("openai").Key("bindingHash").String(binding_hash);
    out.Key("approvals").Int(approvals).Key("grantUses").Int(1).Key("grantTtlMs").Int(60'000);
    return Step(domain::ReviewState::kUnspecified, domain::ReviewState::kPending, "ann",
                out.EndObject().str());
  }
  domain::ReviewStep Vote(const std::string& who, domain::ReviewState to,
                          const std::string& ballot = "APPROVE") const {
    json::Writer out;
    out.BeginObject().Key("vote").String(ballot).Key("issuer").String("https://idp.test");
    out.Key("subject").String(who == "ann" ? "u-1" : who).Key("identity").String(who);
    out.Key("owner").String("").Key("seenHash").String(binding_hash);
    return Step(domain::ReviewState::kPending, to, who, out.EndObject().str());
  }
  domain::ReviewStep Used(const std::string& session) const {
    json::Writer out;
    out.BeginObject().Key("session").String(session);
    return Step(domain::ReviewState::kApproved, domain::ReviewState::kConsumed, "ann",
                out.EndObject().str());
  }
};

}  // namespace countersign::session_recorder
