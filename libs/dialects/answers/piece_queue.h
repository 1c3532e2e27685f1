#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "libs/domain/masker.h"

namespace countersign::dialects::answers {

// The pieces of one request to the masker, and a cache of texts that it leaves unchanged. A piece
// is identified by its index in the request, which is also the index of its release in the answer.
class PieceQueue {
 public:
  // Adds a piece of a text that continues.
  std::size_t Add(const std::string& field, absl::string_view text, bool end);

  // Adds a complete text; `name` is its member ("arguments" are JSON). Nothing when the cache has
  // the text: streams repeat the same few strings in every event.
  std::optional<std::size_t> AddWhole(absl::string_view text, absl::string_view name = "text");

  // Whether AddWhole would know the answer.
  bool Knows(absl::string_view text, absl::string_view name = "text") const;

  // Caches `release`, the answer to AddWhole with the same `name`, if it is unchanged.
  void Remember(const domain::FieldRelease& release, absl::string_view name = "text");

  // Returns the pieces since the last Take.
  std::vector<domain::FieldPiece> Take();

 private:
  std::vector<domain::FieldPiece> pieces_;
  std::size_t whole_texts_ = 0;
  absl::flat_hash_set<std::string> unchanged_;
};

}  // namespace countersign::dialects::answers
