#include "libs/dialects/answers/answer_json.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "libs/base/status.h"
#include "libs/dialects/byte_order_mark.h"
#include "libs/json/any_json.h"
#include "libs/json/duplicates.h"
#include "libs/json/surrogates.h"

namespace countersign::dialects::answers {

absl::StatusOr<AnswerJson> ParseAnswerJson(std::string& bytes) {
  using Source = AnswerJson::Source;
  const json::Limits limits;
  const bool marked = absl::StartsWith(bytes, kByteOrderMark);
  if (marked) bytes.erase(0, kByteOrderMark.size());
  absl::StatusOr<json::Document> document = json::ParseAnyJson(bytes, limits);
  if (document.ok()) {
    return AnswerJson{*std::move(document), marked ? Source::kRewritten : Source::kUnchanged};
  }
  const std::vector<std::size_t> lone = json::LoneSurrogates(bytes);
  for (const std::size_t at : lone) json::ReplaceSurrogate(bytes, at);
  if (!lone.empty()) {
    document = json::ParseAnyJson(bytes, limits);
    if (document.ok()) {
      return AnswerJson{*std::move(document), marked ? Source::kRewritten : Source::kSameLength};
    }
  }
  CS_ASSIGN_OR_RETURN(bytes, json::KeepLastMembers(bytes, limits));
  CS_ASSIGN_OR_RETURN(json::Document strict, json::ParseAnyJson(bytes, limits));
  return AnswerJson{std::move(strict), Source::kRewritten};
}

}  // namespace countersign::dialects::answers
