#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/domain/masker.h"
#include "libs/domain/prompt.h"

// The texts of a prompt as servers may put them together.
namespace countersign::dialects::members {

// The text around the borders of some consecutive parts of one text, with another separator between
// them. Only matches over several parts matter in it.
struct BorderText {
  struct Segment {
    std::size_t begin = 0;   // in `text`
    std::size_t target = 0;  // the same byte in the text
    std::size_t size = 0;
  };
  std::size_t of = 0;  // index into PromptTexts::texts
  std::string text;
  std::vector<Segment> segments;  // at least two
};

struct PromptTexts {
  std::vector<domain::JoinedText> texts;
  std::vector<BorderText> borders;
};

// The bytes on each side of a border that a BorderText has.
inline constexpr std::size_t kBorderBytes = 512;

// The texts of `prompt`, and the borders of those with several parts: with a space between the
// parts, and without anything between messages.
PromptTexts JoinPrompt(const domain::Prompt& prompt);

// `release`, of `text`, with the matches over several parts that `found`, the release of `border`,
// has. A match that overlaps others is one with them, under the replacement of the leftmost.
// FAILED_PRECONDITION when a release does not fit its text.
absl::StatusOr<domain::FieldRelease> AddBorderMatches(const domain::JoinedText& text,
                                                      domain::FieldRelease release,
                                                      const BorderText& border,
                                                      const domain::FieldRelease& found);

}  // namespace countersign::dialects::members
