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

// Where a text stands in the body, quotes included, and how it is written there. begin == end for
// one that cannot be replaced in place (the name of a member).
struct TextPlace {
  std::size_t begin = 0;
  std::size_t end = 0;
  Encoding encoding = Encoding::kPlain;
  std::string header;  // of a data: URL
};

// The JSON that puts `text` in the place. FAILED_PRECONDITION when it cannot be replaced.
absl::StatusOr<std::string> WriteText(const TextPlace& place, absl::string_view text);

// The one definition of what in a body is text. Every byte of a body is exactly one of
//   structure   white space, punctuation, and the names of members that the protocol has there
//   text        every other name, and every string and number that is none of the following
//   media       where the protocol has media: well-formed base64 of a type that is none of text
//   plain       identifiers, choices and numbers of the protocol, where it has them and while they
//               look like it; true, false, null, and values that are empty
// Policies, token counts, masking of prompts, reviewers and the record all see what Divide finds.
struct Partition {
  std::vector<domain::TextPart> texts;
  std::vector<TextPlace> places;  // of the texts
  std::vector<domain::MediaPart> media;
  std::vector<domain::PlainMember> plain;
};

// Divides `root`, parsed from `source`, in the body's order. `default_role`: whose texts are that
// no rule says more about.
Partition Divide(const Schema& schema, const json::Value& root, absl::string_view source,
                 absl::string_view default_role = "user");

// The role by which policies name `role`: dialects have two names for some.
absl::string_view CanonicalRole(absl::string_view role);

}  // namespace countersign::dialects::members
