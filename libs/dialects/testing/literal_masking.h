#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/domain/masker.h"

namespace countersign::dialects::testing {

// A streaming masker of two literals: "SECRET" becomes "<S>", and "777", as a whole number, "<N>".
// Holds back exactly the text that could become SECRET, so that its output is independent of the
// cuts, like that of a real masker.
class LiteralMasking {
 public:
  std::vector<domain::FieldRelease> Apply(const std::vector<domain::FieldPiece>& pieces) {
    std::vector<domain::FieldRelease> releases;
    for (const domain::FieldPiece& piece : pieces) releases.push_back(ApplyOne(piece));
    return releases;
  }

 private:
  domain::FieldRelease ApplyOne(const domain::FieldPiece& piece) {
    static const std::string kSecret = "SECRET";
    std::string& held = held_[piece.field];
    std::size_t& done = done_[piece.field];  // number of bytes of the field before `text`
    domain::FieldRelease release;
    release.held_before = held.size();
    std::string text = held + piece.text;
    held.clear();
    for (std::size_t at; (at = text.find(kSecret)) != std::string::npos;) {
      absl::StrAppend(&release.text, text.substr(0, at));
      const std::size_t begin = release.text.size();
      release.text += "<S>";
      release.masked.push_back(
          {begin, begin + 3, "secret", kSecret, done + at, done + at + kSecret.size()});
      text.erase(0, at + kSecret.size());
      done += at + kSecret.size();
    }
    if (!piece.end) {
      for (std::size_t n = std::min(text.size(), kSecret.size() - 1); n > 0; --n) {
        if (!absl::EndsWith(text, kSecret.substr(0, n))) continue;
        held = text.substr(text.size() - n);
        text.resize(text.size() - n);
        break;
      }
    }
    for (std::size_t at; piece.end && (at = text.find("777")) != std::string::npos;) {
      absl::StrAppend(&release.text, text.substr(0, at));
      const std::size_t begin = release.text.size();
      release.text += "<N>";
      release.masked.push_back({begin, begin + 3, "number", "777", done + at, done + at + 3});
      text.erase(0, at + 3);
      done += at + 3;
    }
    release.text += text;
    release.held_after = held.size();
    done += text.size();
    if (piece.end) {
      held_.erase(piece.field);
      done_.erase(piece.field);
    }
    return release;
  }

  std::map<std::string, std::string> held_;
  std::map<std::string, std::size_t> done_;
};

}  // namespace countersign::dialects::testing
