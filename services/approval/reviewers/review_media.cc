#include "services/approval/reviewers/review_media.h"

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "libs/base/encoding.h"
#include "libs/crypto/hash.h"
#include "libs/dialects/members/media.h"
#include "libs/json/document.h"

namespace countersign::approval::reviewers {
namespace {

// The value at an RFC 6901 pointer; a value that does not exist when there is none.
json::Value FindValue(json::Value value, absl::string_view pointer) {
  if (pointer.empty()) return value;
  for (const absl::string_view step : absl::StrSplit(pointer.substr(1), '/')) {
    std::size_t index = 0;
    if (value.is(json::Type::kArray)) {
      if (!absl::SimpleAtoi(step, &index) || index >= value.size()) return {};
      value = value.at(index);
    } else {
      value = value[absl::StrReplaceAll(step, {{"~1", "/"}, {"~0", "~"}})];
    }
  }
  return value;
}

}  // namespace

absl::StatusOr<std::string> ReadReviewMedia(const reviews::ReviewContent& content,
                                            std::size_t index) {
  if (index >= content.prompt.media.size()) {
    return absl::NotFoundError(absl::StrCat("the review has ", content.prompt.media.size(),
                                            " media, counted from 0; there is no ", index));
  }
  const domain::MediaPart& wanted = content.prompt.media[index];
  json::Limits limits;
  limits.max_bytes = std::size_t{1} << 30;  // the request's own limit applied when it arrived
  const auto document = json::Document::Parse(content.upstream_body, limits);
  if (document.ok()) {
    std::optional<dialects::members::Media> media =
        dialects::members::ReadMedia(FindValue(document->root(), wanted.pointer).text());
    if (media && HexEncode(crypto::Sha256(media->bytes)) == wanted.sha256) {
      return std::move(media->bytes);
    }
  }
  return absl::DataLossError(
      absl::StrCat("the body of the review has no such media at ", wanted.pointer));
}

}  // namespace countersign::approval::reviewers
