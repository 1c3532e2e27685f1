#include "libs/json/document.h"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/strings/charconv.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/json/any_json.h"
#include "libs/json/numbers.h"

namespace countersign::json {
namespace {

constexpr std::size_t kMostBytes = std::size_t{2} << 30;  // the largest source of a Document
constexpr std::size_t kBytesPerValue = 16;                // of usual bodies

constexpr absl::string_view kSpace = " \t\r\n";
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool EndsScalar(char c) { return IsSpace(c) || c == ',' || c == ']' || c == '}'; }

constexpr double kExactIntegers =
    9007199254740992.0;  // 2^53: larger integers are not exact in a double

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

// The member names of an object so far. Few names are compared one by one.
class NameSet {
 public:
  bool empty() const { return few_.empty(); }

  // False when `name` is a duplicate.
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

// Parsers for small documents keep their buffers, one per thread: otherwise every event of a stream
// would need five allocations before its first byte is read.
constexpr std::size_t kSmallDocument = 16u << 10;

simdjson::dom::parser& SmallParser() {
  thread_local simdjson::dom::parser parser;
  return parser;
}

// An upper bound of the number of values in `bytes`, computed before memory is allocated for them.
// Counts at most to `limit` + 1.
std::size_t CountValues(absl::string_view bytes, std::size_t limit) {
  std::size_t values = 1;  // every other one follows an opening bracket or a comma
  for (std::size_t at = 0; at < bytes.size() && values <= limit; ++at) {
    const char c = bytes[at];
    if (c == ',' || c == '[' || c == '{') {
      ++values;
    } else if (c == '"') {
      for (++at; at < bytes.size() && bytes[at] != '"'; ++at) {
        if (bytes[at] == '\\') ++at;
      }
    }
  }
  return values;
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

// simdjson validates and decodes. This parser walks the source beside simdjson's tree to find the
// offsets of values, which the tree does not have, and to refuse duplicate keys, which the tree
// keeps. `bytes` may have other numbers than the tree, of the same length.
class Parser {
 public:
  struct Accepted {
    bool any_numbers = false;
    bool duplicate_names = false;
  };
  static absl::StatusOr<Document> Parse(absl::string_view bytes, const Limits& limits,
                                        const Accepted& accepted);

 private:
  Parser(absl::string_view bytes, bool duplicate_names, Document& document)
      : bytes_(bytes), duplicate_names_(duplicate_names), document_(document) {}

  absl::Status Walk(const simdjson::dom::element& element, Document::Index* index_out = nullptr) {
    SkipSpace();
    const auto index = static_cast<Index>(document_.nodes_.size());
    if (index_out != nullptr) *index_out = index;
    document_.nodes_.emplace_back();
    document_.nodes_[index].begin = static_cast<Index>(at_);
    switch (element.type()) {
      case simdjson::dom::element_type::ARRAY:
        CS_RETURN_IF_ERROR(WalkArray(element.get_array().value_unsafe(), index));
        break;
      case simdjson::dom::element_type::OBJECT:
        CS_RETURN_IF_ERROR(WalkObject(element.get_object().value_unsafe(), index));
        break;
      case simdjson::dom::element_type::STRING:
        document_.nodes_[index].type = Type::kString;
        SkipString(element.get_string().value_unsafe());
        document_.nodes_[index].range = Keep(element.get_string().value_unsafe());
        break;
      default: WalkScalar(element, document_.nodes_[index]);
    }
    document_.nodes_[index].end = static_cast<Index>(at_);
    return absl::OkStatus();
  }

  using Index = Document::Index;
  using Range = Document::Range;

  Range Keep(std::string_view text) {
    const Range range{static_cast<Index>(document_.texts_.size()), static_cast<Index>(text.size())};
    document_.texts_.append(text);
    return range;
  }

  // Moves the items of `open` from `begin` on to the end of `closed`.
  template <typename T>
  static Range Close(std::vector<T>& open, std::size_t begin, std::vector<T>& closed) {
    const Range range{static_cast<Index>(closed.size()), static_cast<Index>(open.size() - begin)};
    closed.insert(closed.end(), open.begin() + static_cast<std::ptrdiff_t>(begin), open.end());
    open.resize(begin);
    return range;
  }

  // REQUIRES: a value, punctuation or a key follows, because simdjson has accepted the document.
  void SkipSpace() {
    while (IsSpace(bytes_[at_])) ++at_;
  }
  void SkipPunctuation() {
    SkipSpace();
    ++at_;
  }
  void SkipString(std::string_view decoded) {
    ++at_;
    // Every escape is longer than what it stands for, so without one the source is as long.
    if (bytes_.substr(at_, decoded.size()).find('\\') == absl::string_view::npos) {
      at_ += decoded.size();
    }
    for (; bytes_[at_] != '"'; ++at_) {
      if (bytes_[at_] == '\\') ++at_;
    }
    ++at_;
  }

  absl::Status WalkArray(simdjson::dom::array array, Index index) {
    document_.nodes_[index].type = Type::kArray;
    SkipPunctuation();  // the opening bracket
    const std::size_t begin = elements_.size();
    for (const simdjson::dom::element element : array) {
      if (elements_.size() > begin) SkipPunctuation();
      Index child = 0;
      CS_RETURN_IF_ERROR(Walk(element, &child));
      elements_.push_back(child);
    }
    document_.nodes_[index].range = Close(elements_, begin, document_.elements_);
    SkipPunctuation();
    return absl::OkStatus();
  }

  absl::Status WalkObject(simdjson::dom::object object, Index index) {
    document_.nodes_[index].type = Type::kObject;
    SkipPunctuation();
    NameSet seen;
    const std::size_t begin = members_.size();
    for (const auto [key, value] : object) {
      if (!seen.empty()) SkipPunctuation();
      SkipSpace();
      const absl::string_view name(key.data(), key.size());
      if (!seen.Insert(name) && !duplicate_names_) {
        return At(bytes_, at_, absl::StrCat("duplicate key \"", name, "\""));
      }
      SkipString(key);
      SkipPunctuation();  // the colon
      Document::Member member{};
      member.name = Keep(key);
      CS_RETURN_IF_ERROR(Walk(value, &member.node));
      members_.push_back(member);
    }
    document_.nodes_[index].range = Close(members_, begin, document_.members_);
    SkipPunctuation();
    return absl::OkStatus();
  }

  void WalkScalar(const simdjson::dom::element& element, Document::Node& node) {
    const std::size_t begin = at_;
    while (at_ < bytes_.size() && !EndsScalar(bytes_[at_])) ++at_;
    switch (element.type()) {
      case simdjson::dom::element_type::BOOL:
        node.type = Type::kBool;
        node.boolean = element.get_bool().value_unsafe();
        break;
      case simdjson::dom::element_type::INT64:
        node.type = Type::kNumber;
        node.integral = true;
        node.integer = element.get_int64().value_unsafe();
        break;
      case simdjson::dom::element_type::UINT64:
        node.type = Type::kNumber;
        node.number = static_cast<double>(element.get_uint64().value_unsafe());
        break;
      case simdjson::dom::element_type::DOUBLE: {
        const double number = ReadDouble(bytes_.substr(begin, at_ - begin));
        node.type = Type::kNumber;
        node.integral = number == std::floor(number) && std::fabs(number) <= kExactIntegers;
        if (node.integral) {
          node.integer = static_cast<std::int64_t>(number);
        } else {
          node.number = number;
        }
        break;
      }
      default: node.type = Type::kNull;
    }
  }

  static double ReadDouble(absl::string_view literal) {
    double number = 0;
    absl::from_chars(literal.data(), literal.data() + literal.size(), number);
    constexpr double kLargest = std::numeric_limits<double>::max();
    return std::clamp(number, -kLargest, kLargest);
  }

  const absl::string_view bytes_;
  const bool duplicate_names_;
  Document& document_;
  std::size_t at_ = 0;
  // The elements and members of arrays and objects that are still open.
  std::vector<Index> elements_;
  std::vector<Document::Member> members_;
};

Limits BodyLimits(std::size_t size) {
  constexpr std::size_t kAlways = 64u << 10;
  Limits limits;
  limits.max_values = std::max(kAlways, size / kBytesPerValue);
  return limits;
}

absl::StatusOr<Document> Document::Parse(absl::string_view bytes, const Limits& limits) {
  return Parser::Parse(bytes, limits, {});
}

absl::StatusOr<Document> ParseAnyJson(absl::string_view bytes, const Limits& limits,
                                      AnyJson options) {
  return Parser::Parse(bytes, limits, {true, options.duplicate_names});
}

absl::StatusOr<Document> Parser::Parse(absl::string_view bytes, const Limits& limits,
                                       const Accepted& accepted) {
  if (bytes.size() > std::min(limits.max_bytes, kMostBytes)) {
    return absl::InvalidArgumentError(
        absl::StrCat("JSON of ", bytes.size(), " bytes is over the limit of ", limits.max_bytes));
  }
  if (bytes.find_first_not_of(kSpace) == absl::string_view::npos) {
    return absl::InvalidArgumentError("the input is empty, not JSON");
  }
  const bool is_small = bytes.size() <= kSmallDocument;
  Document document;
  if (!is_small || bytes.size() > limits.max_values) {
    const std::size_t values = CountValues(bytes, limits.max_values);
    if (values > limits.max_values) {
      return absl::InvalidArgumentError(
          absl::StrCat("JSON of more than ", limits.max_values, " values"));
    }
    document.nodes_.reserve(values);
  } else {
    document.nodes_.reserve(bytes.size() / kBytesPerValue);
  }
  document.texts_.reserve(bytes.size());
  simdjson::dom::parser own(is_small ? kSmallDocument : limits.max_bytes);
  simdjson::dom::parser& parser = is_small ? SmallParser() : own;
  simdjson::dom::element root;
  const auto parse = [&](absl::string_view source) {
    return ParseBytes(parser, source, is_small ? kSmallDocument : bytes.size(), limits.max_depth,
                      root);
  };
  simdjson::error_code error = parse(bytes);
  std::optional<std::string> without_large;
  if (error != simdjson::SUCCESS && accepted.any_numbers) {
    without_large = ReplaceLargeNumbers(bytes);
    if (without_large) error = parse(*without_large);
  }
  if (error != simdjson::SUCCESS) {
    return absl::InvalidArgumentError(
        absl::StrCat("not valid JSON: ", simdjson::error_message(error)));
  }
  CS_RETURN_IF_ERROR(Parser(bytes, accepted.duplicate_names, document).Walk(root));
  return document;
}

Type Value::type() const { return exists() ? document_->at(node_).type : Type::kNull; }

absl::string_view Value::text() const {
  return is(Type::kString) ? document_->Text(document_->at(node_).range) : absl::string_view();
}

std::optional<bool> Value::boolean() const {
  if (!is(Type::kBool)) return std::nullopt;
  return document_->at(node_).boolean;
}

std::optional<double> Value::number() const {
  if (!is(Type::kNumber)) return std::nullopt;
  const Document::Node& node = document_->at(node_);
  return node.integral ? static_cast<double>(node.integer) : node.number;
}

std::optional<std::int64_t> Value::integer() const {
  if (!is(Type::kNumber) || !document_->at(node_).integral) return std::nullopt;
  return document_->at(node_).integer;
}

std::size_t Value::size() const {
  return is(Type::kArray) || is(Type::kObject) ? document_->at(node_).range.count : 0;
}

Value Value::at(std::size_t index) const {
  if (index >= size()) return {};
  const Document::Node& node = document_->at(node_);
  const std::size_t place = node.range.first + index;
  return Value(document_, node.type == Type::kArray ? document_->elements_[place]
                                                    : document_->members_[place].node);
}

absl::string_view Value::key(std::size_t index) const {
  if (!is(Type::kObject) || index >= size()) return {};
  return document_->Text(document_->members_[document_->at(node_).range.first + index].name);
}

Value Value::operator[](absl::string_view key) const {
  if (!is(Type::kObject)) return {};
  for (std::size_t i = size(); i > 0; --i) {
    if (this->key(i - 1) == key) return at(i - 1);
  }
  return {};
}

std::size_t Value::begin() const { return exists() ? document_->at(node_).begin : 0; }
std::size_t Value::end() const { return exists() ? document_->at(node_).end : 0; }

}  // namespace countersign::json
