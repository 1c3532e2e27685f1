#include "libs/dialects/kserve/rest_grammar.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/dialects/answers/whole_texts.h"
#include "libs/dialects/kserve/json_tensors.h"
#include "libs/dialects/model_id.h"
#include "libs/dialects/sse/writer.h"
#include "libs/json/writer.h"

namespace countersign::dialects::kserve {
namespace {

using answers::FoundText;
using answers::FoundTexts;
using answers::Step;
using answers::WholeTextFinder;
using json::Type;
using json::Value;

constexpr char kOutputs[] = "outputs";

const answers::MemberNames& Names() {
  using Set = answers::MemberNames::Set;
  static const auto& documented =
      *new Set{"model_name",   "model_version",  "id",           "parameters",
               "outputs",      "inputs",         "name",         "datatype",
               "shape",        "data",           "error",        "code",
               "versions",     "version",        "platform",     "extensions",
               "live",         "ready",          "review_id",    "binary_data_size",
               "sequence_id",  "sequence_start", "sequence_end", "triton_final_response",
               "content_type", "headers"};
  static const auto& numbers =
      *new Set{"shape", "binary_data_size", "sequence_id", "sequence_start", "sequence_end"};
  static const auto& none = *new Set;
  static const answers::MemberNames names{documented, numbers, none, none};
  return names;
}

bool IsError(const Value& root) { return root["error"].exists() && !root["error"].is(Type::kNull); }

// Takes one document apart.
class Finder {
 public:
  explicit Finder(absl::string_view source) : whole_(Names(), source, found_) {}

  FoundTexts Find(const Value& root) {
    const bool result = root.is(Type::kObject) && !IsError(root);
    if (!result) {
      whole_.Add("", root);
      return std::move(found_);
    }
    for (std::size_t i = 0; i < root.size(); ++i) {
      const absl::string_view key = root.key(i);
      if (key == kOutputs && root.at(i).is(Type::kArray)) {
        for (std::size_t k = 0; k < root.at(i).size(); ++k) AddTensor(root.at(i).at(k));
      } else if (Names().documented.contains(key)) {
        whole_.Add(key, root.at(i));
      } else {
        AddName(key);
        AddOutput(key, {{std::string(key), -1, false, ""}}, root.at(i), true);
      }
    }
    answers::MarkLastPieces(found_);
    return std::move(found_);
  }

 private:
  void AddName(absl::string_view name) {
    if (!IsModelId(name)) found_.unknown_names.push_back(name);
  }

  void AddTensor(const Value& tensor) {
    if (!tensor.is(Type::kObject)) return whole_.Add(kOutputs, tensor);
    const absl::string_view name = tensor["name"].text();
    const Datatype* const datatype = FindDatatype(tensor["datatype"].text());
    for (std::size_t i = 0; i < tensor.size(); ++i) {
      const absl::string_view key = tensor.key(i);
      if (key == "data") {
        AddOutput(name, {{kOutputs, -1, false, ""}, {std::string(name), -1, false, ""}},
                  tensor.at(i), datatype != nullptr && datatype->size > 0);
      } else {
        whole_.AddName(key);
        whole_.Add(key, tensor.at(i), false, kOutputs);
      }
    }
  }

  // An output's value, or its values. `numbers`: it may be a tensor of numbers, which pass.
  void AddOutput(absl::string_view name, const std::vector<Step>& path, const Value& value,
                 bool numbers) {
    const std::vector<Value> values = FlattenData(value);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const Value& element = values[i];
      if (element.is(Type::kObject) || (element.is(Type::kNumber) && !numbers)) {
        whole_.Add(name, element);
      }
      if (!element.is(Type::kString)) continue;
      FoundText& text = found_.texts.emplace_back();
      text.value = element;
      text.field = absl::StrCat(kOutputs, "/", name, "/", i);
      text.continuation = answers::Continuation::kContinues;
      text.path = path;
      if (value.is(Type::kArray)) text.path.back().index = static_cast<std::int64_t>(i);
      text.is_output = true;
    }
  }

  FoundTexts found_;
  WholeTextFinder whole_;
};

// `text` as the element at `index` of a list, or alone.
std::string WriteElement(std::int64_t index, absl::string_view text) {
  if (index < 0) return json::Quote(text);
  std::string list = "[";
  for (std::int64_t i = 0; i < index; ++i) absl::StrAppend(&list, "\"\",");
  return absl::StrCat(list, json::Quote(text), "]");
}

bool IsKnown(const Value& root) {
  if (!root.is(Type::kObject)) return false;
  for (const char* name : {"model_name", "outputs", "name", "live", "ready", "error"}) {
    if (root[name].exists()) return true;
  }
  return false;
}

}  // namespace

bool InferGrammar::IsKnownDocument(const Value& root) const { return IsKnown(root); }

FoundTexts InferGrammar::FindTexts(const Value& root, absl::string_view source) const {
  return Finder(source).Find(root);
}

bool InferStreamGrammar::IsKnownEvent(const Value& root) const { return IsKnown(root); }

answers::EventRole InferStreamGrammar::Classify(const Value& root, Usage& /*usage*/) const {
  answers::EventRole role;
  role.is_error = IsError(root);
  return role;
}

absl::StatusOr<FoundTexts> InferStreamGrammar::FindTexts(const Value& root,
                                                         absl::string_view data) {
  return Finder(data).Find(root);
}

bool InferStreamGrammar::ObserveMasked(const Value& root, absl::string_view /*data*/) {
  for (const char* key : {"model_name", "model_version"}) {
    const Value value = root[key];
    if (!value.is(Type::kString) || !IsModelId(value.text())) continue;
    absl::StrAppend(&envelope_, json::Quote(key), ":", json::Quote(value.text()), ",");
  }
  return !envelope_.empty();
}

std::string InferStreamGrammar::WriteText(const answers::OpenText& open,
                                          absl::string_view text) const {
  const Step& step = open.path.back();
  const std::string value = WriteElement(step.index, text);
  if (open.path.size() == 1) {
    return sse::FormatEvent(absl::StrCat("{", envelope_, json::Quote(step.key), ":", value, "}"));
  }
  return sse::FormatEvent(absl::StrCat(
      "{", envelope_, "\"outputs\":[{\"name\":", json::Quote(step.key),
      ",\"datatype\":\"BYTES\",\"shape\":[", step.index + 1, "],\"data\":", value, "}]}"));
}

}  // namespace countersign::dialects::kserve
