#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/domain/call.h"
#include "libs/domain/decision.h"

namespace countersign::domain {

enum class Direction { kPrompt, kResponse };
absl::string_view ToString(Direction direction);  // "prompt", "response"

// The next piece of one text. `field` identifies the text, is not empty, and is chosen by the
// dialect ("choices/0/content"); no match spans two fields. `text` is valid UTF-8, and may be empty
// when only `end` matters.
struct FieldPiece {
  std::string field;
  std::string text;
  bool end = false;  // nothing follows: everything still held is decided now
};

// Begins the names of fields with text that another field of the call has, too: their matches are
// not counted in metrics.
inline constexpr absl::string_view kProbePrefix = "probe/";

struct MaskedSpan {
  std::size_t begin = 0;  // UTF-8 byte offsets into FieldRelease::text
  std::size_t end = 0;
  std::string entity;    // lower snake case
  std::string original;  // the replaced text; used in the sealed record only
  // Its place in all text that was fed to the field. Not known where placeholders were restored.
  std::uint64_t in_begin = 0;
  std::uint64_t in_end = 0;
};

// A token in a prompt that stands for a value, which is restored in the answer.
struct Placeholder {
  std::string token;     // as it stands in the prompt
  std::string original;  // sent to the caller only
};

// The text that may be released after a piece. If Unchanged, `text` equals the piece.
struct FieldRelease {
  std::string text;
  std::size_t held_before = 0;  // bytes of the field held back before this piece, and after it
  std::size_t held_after = 0;
  std::vector<MaskedSpan> masked;
  std::vector<Placeholder> placeholders;  // of a prompt: those that its answer may restore
  bool restored = false;                  // of an answer: placeholders were replaced by originals
  // Analyzers of the profile that have not looked at this text, as their `onFailure` allows.
  std::vector<std::string> unanalyzed;

  bool Unchanged() const {
    return held_before == 0 && held_after == 0 && masked.empty() && !restored;
  }
};

// Masks one call in one direction. One Feed at a time. May be destroyed with a Feed outstanding;
// its answer is then dropped.
class MaskStream {
 public:
  virtual ~MaskStream() = default;

  // Calls `done` with one release per piece, in order. After an error nothing more may be delivered
  // in this call.
  virtual void Feed(std::vector<FieldPiece> pieces, absl::Time deadline,
                    Done<std::vector<FieldRelease>> done) = 0;

  // How the profile treats events of unknown form.
  virtual UnknownEvents unknown_events() const { return UnknownEvents::kMask; }
};

// What a masking stream is for.
struct MaskStreamOptions {
  std::string profile;
  std::string connection;
  Direction direction = Direction::kResponse;
  std::vector<Placeholder> known;  // of an answer: the placeholders of its prompt, to be restored
};

// Opens masking streams. Thread-safe.
class Masker {
 public:
  virtual ~Masker() = default;

  // Calls `done` when the stream can be fed; NOT_FOUND for an unknown profile. The stream keeps the
  // rules it was opened with. Profile "none" gives a stream that changes nothing.
  virtual void Open(const Call& call, MaskStreamOptions options, absl::Time deadline,
                    Done<std::unique_ptr<MaskStream>> done) = 0;
};

}  // namespace countersign::domain
