#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/domain/session.h"
#include "services/session_recorder/exports/checkpoint_file.h"

// Verifies an export (export_format.h) with nothing but the file and a public key. The file is
// untrusted input; memory is bounded by the longest line and about 40 bytes per event.
namespace countersign::session_recorder::exports {

struct VerifyLimits {
  std::size_t max_line_bytes = 192u << 20;
  std::uint64_t max_lines = 200'000'000;
};

// Whether approval's log in the file proves the approval that a session used.
enum class VotesProof {
  kNone,       // it used none
  kProven,     // by a log that a signed checkpoint covers
  kNotInFile,  // the file has no log, as those of earlier programs and of auditors of some
               // connections
};

struct SessionVerdict {
  std::string id;
  domain::Outcome outcome = domain::Outcome::kRunning;  // kRunning: exported while running
  std::uint32_t events = 0;
  bool intact = false;
  VotesProof votes = VotesProof::kNone;
  std::string problem;     // when not intact: what is wrong, with the event's index
  std::uint64_t line = 0;  // the line of the problem
};

struct VerifyReport {
  bool intact = false;  // the file as a whole: every session, every checkpoint, every byte
  std::vector<SessionVerdict> sessions;
  std::vector<std::string> problems;  // of the file itself, "line 12: …"
  std::string public_key;             // base64url; the key used for verification
  bool pinned = false;                // the key was given by the caller, not taken from the file
  std::string exported_at;            // RFC 3339, as the file says
  bool complete = false;              // the file claims to contain every ended session
  std::uint64_t checkpoints = 0;
  std::optional<KeptCheckpoint> newest;  // to be kept, and given as `since` for a later export
  bool has_since = false;                // the file continues the checkpoint `since`
  std::uint64_t running = 0;             // running sessions, which are not in the file
};

// Reads `input` to its end. `public_key` is 32 raw bytes; without it the key named in the file is
// used.
//
// A session is intact when its chain has no gap from the first event to its head, every sealed
// payload opens with the session's key, the payloads agree with the session line, and a signed
// checkpoint covers the head. A session that was closed as truncated can be intact. If it used an
// approval, approval's log, where the file has it, must show that the review was opened for these
// bytes, had its votes and was used by this session; and what policy wanted reviewed was not
// forwarded without.
//
// With `since` the file must also continue that kept checkpoint: a record that was set back or
// replaced is not intact. For an export of named sessions this can be proven only if its checkpoint
// is the kept one.
VerifyReport Verify(std::istream& input, const std::optional<std::string>& public_key,
                    const std::optional<KeptCheckpoint>& since = std::nullopt,
                    const VerifyLimits& limits = {});

}  // namespace countersign::session_recorder::exports
