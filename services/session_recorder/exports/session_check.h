#pragma once

#include <cstdint>
#include <string>

#include "services/session_recorder/exports/export_format.h"
#include "services/session_recorder/exports/verifier.h"

namespace countersign::session_recorder::exports {

// Judges one session of an export while its lines go by. The first problem is kept, what follows
// from it is not reported.
class SessionCheck {
 public:
  SessionCheck(ExportedSession claimed, std::uint64_t line);

  void Event(const ExportedEvent& event, std::uint64_t line);
  // There are no more events.
  void Close(std::uint64_t line);

  // What a checkpoint signed of this session.
  void Signed(const chain::SessionHead& head, std::uint64_t checkpoint, std::uint64_t line);

  void Fail(std::string problem, std::uint64_t line);

  const ExportedSession& claimed() const { return claimed_; }
  chain::SessionHead head() const;  // as the events give it
  bool ended() const { return ended_; }
  SessionVerdict Verdict() const;

 private:
  std::string CheckEvent(const ExportedEvent& event);

  const ExportedSession claimed_;
  const std::uint64_t line_;
  SecretString data_key_;
  SessionRow found_;    // what the events say
  std::string hash_;    // of the newest link
  std::string hashes_;  // all links, 32 bytes each: checkpoints refer to any of them
  std::uint32_t index_ = 0;
  absl::Time last_at_ = absl::InfinitePast();
  bool ended_ = false;
  std::string problem_;
  std::uint64_t problem_line_ = 0;
};

}  // namespace countersign::session_recorder::exports
