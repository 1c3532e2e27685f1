#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "libs/domain/masker.h"

namespace countersign::dialects::answers {

// The pieces of one question to the masker, and what it is known to let through. A piece is named
// by its index in the question, which is also that of its release in the answer.
class PieceQueue {
 public:
  // A piece of a text that continues.
  std::size_t Add(const std::string& field, absl::string_view text, bool end);

  // A complete text; `name` is the member that it stands in ("arguments" are JSON). Nothing when
  // the masker is known to let it through: streams repeat the same few strings in every event.
  std::optional<std::size_t> AddWhole(absl::string_view text, absl::string_view name = "text");

  // Remembers `release`, the answer to AddWhole with the same `name`, if it changed nothing.
  void Remember(const domain::FieldRelease& release, absl::string_view name = "text");

  // The pieces since the last Take.
  std::vector<domain::FieldPiece> Take();

 private:
  std::vector<domain::FieldPiece> pieces_;
  std::size_t whole_texts_ = 0;
  absl::flat_hash_set<std::string> unchanged_;
};

}  // namespace countersign::dialects::answers
