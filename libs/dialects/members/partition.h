#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/dialects/members/media.h"
#include "libs/dialects/members/schema.h"
#include "libs/domain/prompt.h"
#include "libs/json/document.h"

namespace countersign::dialects::members {

// The place of a text in the body, quotes of JSON included, and its encoding there. begin == end
// for a text that cannot be replaced in place (the name of a member).
struct TextPlace {
  std::size_t begin = 0;
  std::size_t end = 0;
  Encoding encoding = Encoding::kPlain;
  std::string header;  // for a data: URL
};

// What stands for `text` at this place. FAILED_PRECONDITION when it cannot be replaced.
absl::StatusOr<std::string> WriteText(const TextPlace& place, absl::string_view text);

// The one definition of text in a body. Every byte of a body belongs to exactly one of:
//   structure   white space, punctuation, and names of members that the protocol has at that place
//   text        every other name, and every string and number that is not one of the following
//   media       at the protocol's places for media: well-formed base64 of a non-text type that
//               begins like a known format, or is sealed; a short one is text, too
//   plain       the protocol's identifiers, choices and numbers, at their places and in their form;
//               true, false, null, and empty values
// Policies, token counts, masking of prompts, reviewers and the record all use the result of
// Divide.
struct Partition {
  std::vector<domain::TextPart> texts;
  std::vector<TextPlace> places;  // places of the texts
  std::vector<domain::MediaPart> media;
  std::vector<domain::PlainMember> plain;
};

// Divides `root`, parsed from `source`, in the body's order. `default_role`: the role of texts for
// which no rule says one.
Partition Divide(const Schema& schema, const json::Value& root, absl::string_view source,
                 absl::string_view default_role = "user");

// True for a generated identifier: one of the node's prefixes, then letters and digits without a
// word or a long number.
bool IsMachineId(const Schema::Node& node, absl::string_view text);

// The name of `role` in policies: dialects have two names for some roles.
absl::string_view CanonicalRole(absl::string_view role);

}  // namespace countersign::dialects::members
