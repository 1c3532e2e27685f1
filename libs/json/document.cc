#include "libs/json/document.h"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace countersign::json {
namespace {

constexpr absl::string_view kSpace = " \t\r\n";
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool EndsScalar(char c) { return IsSpace(c) || c == ',' || c == ']' || c == '}'; }

constexpr double kExactIntegers =
    9007199254740992.0;  // 2^53: above it a double is no exact integer

absl::Status At(absl::string_view bytes, std::size_t offset, absl::string_view what) {
  std::size_t line = 1;
  std::size_t line_start = 0;
  for (std::size_t i = 0; i < offset; ++i) {
    if (bytes[i] == '\n') {
      ++line;
      line_start = i + 1;
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("line ", line, ", column ", offset - line_start + 1, ": ", what));
}

// The names of an object's members so far. Most objects have few: those are compared one by one.
class NameSet {
 public:
  bool empty() const { return few_.empty(); }

  // False when `name` is there already.
  bool Insert(absl::string_view name) {
    if (few_.size() < kFew) {
      if (std::find(few_.begin(), few_.end(), name) != few_.end()) return false;
      few_.push_back(name);
      return true;
    }
    if (many_.empty()) many_.insert(few_.begin(), few_.end());
    return many_.insert(name).second;
  }

 private:
  static constexpr std::size_t kFew = 16;
  absl::InlinedVector<absl::string_view, kFew> few_;
  std::set<absl::string_view> many_;
};

// Parsers for small documents keep their buffers, one per thread: an event of a stream would
// otherwise pay for five allocations before its first byte is read.
constexpr std::size_t kSmallDocument = 16u << 10;

simdjson::dom::parser& SmallParser() {
  thread_local simdjson::dom::parser parser;
  return parser;
}

simdjson::error_code ParseBytes(simdjson::dom::parser& parser, absl::string_view bytes,
                                std::size_t capacity, std::size_t max_depth,
                                simdjson::dom::element& root) {
  if (parser.capacity() != capacity || parser.max_depth() != max_depth) {
    const simdjson::error_code error = parser.allocate(capacity, max_depth);
    if (error != simdjson::SUCCESS) return error;
  }
  return parser.parse(bytes.data(), bytes.size(), /*realloc_if_needed=*/true).get(root);
}

}  // namespace

// simdjson decides what is valid and decodes; the parser walks the source beside simdjson's tree to
// learn where values stand, which the tree does not tell, and refuses duplicate keys, which the
// tree keeps.
class Parser {
 public:
  Parser(absl::string_view bytes, Document& document) : bytes_(bytes), document_(document) {}

  absl::Status Walk(const simdjson::dom::element& element, std::size_t* index_out = nullptr) {
    SkipSpace();
    const std::size_t index = document_.nodes_.size();
    if (index_out != nullptr) *index_out = index;
    document_.nodes_.emplace_back();
    document_.nodes_[index].begin = at_;
    switch (element.type()) {
      case simdjson::dom::element_type::ARRAY:
        CS_RETURN_IF_ERROR(WalkArray(element.get_array().value_unsafe(), index));
        break;
      case simdjson::dom::element_type::OBJECT:
        CS_RETURN_IF_ERROR(WalkObject(element.get_object().value_unsafe(), index));
        break;
      case simdjson::dom::element_type::STRING:
        document_.nodes_[index].type = Type::kString;
        document_.nodes_[index].text = std::string(element.get_string().value_unsafe());
        SkipString();
        break;
      default: WalkScalar(element, document_.nodes_[index]);
    }
    document_.nodes_[index].end = at_;
    return absl::OkStatus();
  }

 private:
  // A value, punctuation or a key follows: simdjson has accepted the document.
  void SkipSpace() {
    while (IsSpace(bytes_[at_])) ++at_;
  }
  void SkipPunctuation() {
    SkipSpace();
    ++at_;
  }
  void SkipString() {
    for (++at_; bytes_[at_] != '"'; ++at_) {
      if (bytes_[at_] == '\\') ++at_;
    }
    ++at_;
  }

  absl::Status WalkArray(simdjson::dom::array array, std::size_t index) {
    document_.nodes_[index].type = Type::kArray;
    SkipPunctuation();  // the opening bracket
    std::size_t count = 0;
    for (const simdjson::dom::element element : array) {
      if (count++ > 0) SkipPunctuation();
      std::size_t child = 0;
      CS_RETURN_IF_ERROR(Walk(element, &child));
      document_.nodes_[index].children.push_back(child);
    }
    SkipPunctuation();
    return absl::OkStatus();
  }

  absl::Status WalkObject(simdjson::dom::object object, std::size_t index) {
    document_.nodes_[index].type = Type::kObject;
    SkipPunctuation();
    NameSet seen;
    for (const auto [key, value] : object) {
      if (!seen.empty()) SkipPunctuation();
      SkipSpace();
      const absl::string_view name(key.data(), key.size());
      if (!seen.Insert(name)) {
        return At(bytes_, at_, absl::StrCat("duplicate key \"", name, "\""));
      }
      SkipString();
      SkipPunctuation();  // the colon
      std::size_t child = 0;
      CS_RETURN_IF_ERROR(Walk(value, &child));
      document_.nodes_[index].children.push_back(child);
      document_.nodes_[index].keys.emplace_back(key);
    }
    SkipPunctuation();
    return absl::OkStatus();
  }

  void WalkScalar(const simdjson::dom::element& element, Document::Node& node) {
    switch (element.type()) {
      case simdjson::dom::element_type::BOOL:
        node.type = Type::kBool;
        node.boolean = element.get_bool().value_unsafe();
        break;
      case simdjson::dom::element_type::INT64:
        node.type = Type::kNumber;
        node.integral = true;
        node.integer = element.get_int64().value_unsafe();
        node.number = static_cast<double>(node.integer);
        break;
      case simdjson::dom::element_type::UINT64:
        node.type = Type::kNumber;
        node.number = static_cast<double>(element.get_uint64().value_unsafe());
        break;
      case simdjson::dom::element_type::DOUBLE:
        node.type = Type::kNumber;
        node.number = element.get_double().value_unsafe();
        if (node.number == std::floor(node.number) && std::fabs(node.number) <= kExactIntegers) {
          node.integral = true;
          node.integer = static_cast<std::int64_t>(node.number);
        }
        break;
      default: node.type = Type::kNull;
    }
    while (at_ < bytes_.size() && !EndsScalar(bytes_[at_])) ++at_;
  }

  absl::string_view bytes_;
  Document& document_;
  std::size_t at_ = 0;
};

absl::StatusOr<Document> Document::Parse(absl::string_view bytes, const Limits& limits) {
  if (bytes.size() > limits.max_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("JSON of ", bytes.size(), " bytes is over the limit of ", limits.max_bytes));
  }
  if (bytes.find_first_not_of(kSpace) == absl::string_view::npos) {
    return absl::InvalidArgumentError("empty where JSON is expected");
  }
  const bool is_small = bytes.size() <= kSmallDocument;
  simdjson::dom::parser own(is_small ? kSmallDocument : limits.max_bytes);
  simdjson::dom::parser& parser = is_small ? SmallParser() : own;
  simdjson::dom::element root;
  const simdjson::error_code error =
      ParseBytes(parser, bytes, is_small ? kSmallDocument : bytes.size(), limits.max_depth, root);
  if (error != simdjson::SUCCESS) {
    return absl::InvalidArgumentError(
        absl::StrCat("not valid JSON: ", simdjson::error_message(error)));
  }
  Document document;
  CS_RETURN_IF_ERROR(Parser(bytes, document).Walk(root));
  return document;
}

Type Value::type() const { return exists() ? document_->nodes_[node_].type : Type::kNull; }

absl::string_view Value::text() const {
  return exists() ? absl::string_view(document_->nodes_[node_].text) : absl::string_view();
}

std::optional<bool> Value::boolean() const {
  if (!is(Type::kBool)) return std::nullopt;
  return document_->nodes_[node_].boolean;
}

std::optional<double> Value::number() const {
  if (!is(Type::kNumber)) return std::nullopt;
  return document_->nodes_[node_].number;
}

std::optional<std::int64_t> Value::integer() const {
  if (!is(Type::kNumber) || !document_->nodes_[node_].integral) return std::nullopt;
  return document_->nodes_[node_].integer;
}

std::size_t Value::size() const { return exists() ? document_->nodes_[node_].children.size() : 0; }

Value Value::at(std::size_t index) const {
  return index < size() ? Value(document_, document_->nodes_[node_].children[index]) : Value();
}

absl::string_view Value::key(std::size_t index) const {
  if (!is(Type::kObject) || index >= size()) return {};
  return document_->nodes_[node_].keys[index];
}

Value Value::operator[](absl::string_view key) const {
  if (!is(Type::kObject)) return {};
  const auto& keys = document_->nodes_[node_].keys;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i] == key) return at(i);
  }
  return {};
}

std::size_t Value::begin() const { return exists() ? document_->nodes_[node_].begin : 0; }
std::size_t Value::end() const { return exists() ? document_->nodes_[node_].end : 0; }

}  // namespace countersign::json
