#include "libs/dialects/anthropic/document_answer.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/dialects/anthropic/answer_texts.h"
#include "libs/dialects/anthropic/usage.h"
#include "libs/json/writer.h"

namespace countersign::dialects::anthropic {
namespace {

using json::Type;
using json::Value;

void AddResultsUrl(const Value& batch, std::vector<Edit>& edits) {
  const Value url = batch["results_url"];
  if (batch["type"].text() != "message_batch" || !url.is(Type::kString)) return;
  // SDKs resolve it against their own base URL.
  edits.push_back(
      Edit{url.begin(), url.end(),
           json::Quote(absl::StrCat("/v1/messages/batches/", batch["id"].text(), "/results"))});
}

}  // namespace

bool DocumentGrammar::IsKnownDocument(const Value& root) const {
  if (!root.is(Type::kObject)) return false;
  const absl::string_view type = root["type"].text();
  if (type == "message") return root["content"].is(Type::kArray);
  return type == "model" || type == "error" || type == "message_batch" ||
         type == "message_batch_deleted" || root["input_tokens"].is(Type::kNumber) ||
         (root["data"].is(Type::kArray) && root["has_more"].is(Type::kBool)) ||
         (root["custom_id"].is(Type::kString) && root["result"].is(Type::kObject));
}

answers::FoundTexts DocumentGrammar::FindTexts(const Value& root, absl::string_view source) const {
  return FindDocumentTexts(root, source);
}

Usage DocumentGrammar::ReadUsage(const Value& root) const {
  Usage usage;
  anthropic::ReadUsage(root["usage"], usage);
  return usage;
}

std::vector<Edit> DocumentGrammar::EditsBeforeMasking(const Value& root,
                                                      absl::string_view source) const {
  std::vector<Edit> edits = FilterModels(root, source);
  if (!edits.empty()) return edits;
  AddResultsUrl(root, edits);
  const Value list = root["data"];
  for (std::size_t i = 0; i < list.size() && list.is(Type::kArray); ++i) {
    AddResultsUrl(list.at(i), edits);
  }
  return edits;
}

std::vector<Edit> DocumentGrammar::FilterModels(const Value& root, absl::string_view source) const {
  const Value models = root["data"];
  if (!serves_ || !models.is(Type::kArray)) return {};
  std::vector<absl::string_view> kept;
  std::vector<absl::string_view> ids;
  for (std::size_t i = 0; i < models.size(); ++i) {
    const Value model = models.at(i);
    if (!serves_(model["id"].text())) continue;
    kept.push_back(source.substr(model.begin(), model.end() - model.begin()));
    ids.push_back(model["id"].text());
  }
  if (kept.size() == models.size()) return {};
  std::vector<Edit> edits{
      Edit{models.begin(), models.end(), absl::StrCat("[", absl::StrJoin(kept, ","), "]")}};
  // Where the next page begins. A page without models of this connection keeps it, or callers would
  // not see those that follow.
  const bool more = root["has_more"].boolean().value_or(false);
  if (ids.empty() && more) return edits;
  const auto put = [&](const Value& member, absl::string_view id) {
    if (!member.exists()) return;
    edits.push_back(Edit{member.begin(), member.end(), ids.empty() ? "null" : json::Quote(id)});
  };
  put(root["first_id"], ids.empty() ? "" : ids.front());
  put(root["last_id"], ids.empty() ? "" : ids.back());
  return edits;
}

DocumentAnswer::DocumentAnswer(Options options, DocumentGrammar::ServesModel serves)
    : answers::DocumentAnswer(std::make_unique<DocumentGrammar>(std::move(serves)), options) {}

}  // namespace countersign::dialects::anthropic
