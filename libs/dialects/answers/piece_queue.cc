#include "libs/dialects/answers/piece_queue.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace countersign::dialects::answers {
namespace {

constexpr std::size_t kRemembered = 256;  // number of texts, and bytes of each

}  // namespace

std::size_t PieceQueue::Add(const std::string& field, absl::string_view text, bool end) {
  pieces_.push_back(domain::FieldPiece{field, std::string(text), end});
  return pieces_.size() - 1;
}

bool PieceQueue::Knows(absl::string_view text, absl::string_view name) const {
  return text.size() <= kRemembered && unchanged_.contains(absl::StrCat(name, "\n", text));
}

std::optional<std::size_t> PieceQueue::AddWhole(absl::string_view text, absl::string_view name) {
  if (Knows(text, name)) return std::nullopt;
  const bool probe = absl::ConsumePrefix(&name, domain::kProbePrefix);
  return Add(absl::StrCat(probe ? domain::kProbePrefix : "", "whole/", ++whole_texts_, "/", name),
             text, true);
}

void PieceQueue::Remember(const domain::FieldRelease& release, absl::string_view name) {
  const std::string& text = release.text;  // equal to the piece, because nothing changed
  if (release.Unchanged() && text.size() <= kRemembered && unchanged_.size() < kRemembered) {
    unchanged_.insert(absl::StrCat(name, "\n", text));
  }
}

std::vector<domain::FieldPiece> PieceQueue::Take() { return std::exchange(pieces_, {}); }

}  // namespace countersign::dialects::answers
