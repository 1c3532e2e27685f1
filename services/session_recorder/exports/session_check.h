#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libs/domain/decision.h"
#include "libs/domain/review_history.h"
#include "services/session_recorder/exports/export_format.h"
#include "services/session_recorder/exports/verifier.h"

namespace countersign::session_recorder::exports {

// Checks one session of an export, line by line. Keeps the first problem only, because others
// usually follow from it.
class SessionCheck {
 public:
  // `canonical`: SessionLine of `claimed`.
  SessionCheck(ExportedSession claimed, std::string canonical, std::uint64_t line);

  void Event(const ExportedEvent& event, std::uint64_t line);
  // There are no more events. Of many sessions only what checkpoints are compared with is kept.
  void Close(std::uint64_t line);

  // Compares with the head that a checkpoint signed for this session.
  void Signed(const chain::SessionHead& head, std::uint64_t checkpoint, std::uint64_t line);

  void Fail(std::string problem, std::uint64_t line);

  // Whether something was forwarded with an approval, and with which.
  bool used_approval() const { return use_ && !use_->binding_hash.empty(); }
  const domain::RecordedUse& use() const { return *use_; }
  void SetVotesProven() { votes_proven_ = true; }

  const std::string& id() const { return id_; }
  const std::vector<std::string>& path() const { return path_; }  // as claimed
  chain::SessionHead head() const;                                // as computed from the events
  bool ended() const { return ended_; }
  SessionVerdict Verdict() const;

 private:
  // What is needed only until the session is closed.
  struct Open {
    Open(ExportedSession session, std::string line)
        : claimed(std::move(session)), canonical(std::move(line)), data_key(claimed.data_key) {}
    ExportedSession claimed;
    std::string canonical;
    SecretString data_key;
    SessionRow found;  // as computed from the events
    absl::Time last_at = absl::InfinitePast();
    std::optional<domain::Verdict> verdict;  // the newest
  };
  std::string CheckEvent(const ExportedEvent& event);
  std::string CheckForwarding(absl::string_view type, const std::string& payload);
  void CheckDescription(std::uint64_t line);

  const std::uint64_t line_;
  const std::string id_;
  const std::uint64_t position_;
  const std::vector<std::string> path_;
  std::unique_ptr<Open> open_;  // null once closed
  std::string hash_;            // of the newest link
  std::string hashes_;          // all links, 32 bytes each; a checkpoint may refer to any of them
  std::uint32_t index_ = 0;
  bool ended_ = false;
  domain::Outcome outcome_ = domain::Outcome::kRunning;
  std::optional<domain::RecordedUse> use_;
  bool votes_proven_ = false;
  std::string problem_;
  std::uint64_t problem_line_ = 0;
};

}  // namespace countersign::session_recorder::exports
