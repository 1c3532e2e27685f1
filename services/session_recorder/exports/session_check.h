#pragma once

#include <cstdint>
#include <string>

#include "services/session_recorder/exports/export_format.h"
#include "services/session_recorder/exports/verifier.h"

namespace countersign::session_recorder::exports {

// Checks one session of an export, line by line. Keeps the first problem only, because others
// usually follow from it.
class SessionCheck {
 public:
  SessionCheck(ExportedSession claimed, std::uint64_t line);

  void Event(const ExportedEvent& event, std::uint64_t line);
  // There are no more events. What was claimed of the session is forgotten, but for its place.
  void Close(std::uint64_t line);

  // Compares with the head that a checkpoint signed for this session.
  void Signed(const chain::SessionHead& head, std::uint64_t checkpoint, std::uint64_t line);

  void Fail(std::string problem, std::uint64_t line);

  const ExportedSession& claimed() const { return claimed_; }
  chain::SessionHead head() const;  // as computed from the events
  bool ended() const { return ended_; }
  SessionVerdict Verdict() const;

 private:
  std::string CheckEvent(const ExportedEvent& event);
  void CheckDescription(std::uint64_t line);

  ExportedSession claimed_;
  const std::uint64_t line_;
  SecretString data_key_;
  SessionRow found_;    // as computed from the events
  std::string hash_;    // of the newest link
  std::string hashes_;  // all links, 32 bytes each; a checkpoint may refer to any of them
  std::uint32_t index_ = 0;
  absl::Time last_at_ = absl::InfinitePast();
  bool ended_ = false;
  std::string problem_;
  std::uint64_t problem_line_ = 0;
};

}  // namespace countersign::session_recorder::exports
