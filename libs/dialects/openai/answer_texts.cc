#include "libs/dialects/openai/answer_texts.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/dialects/answers/closed_values.h"
#include "libs/dialects/answers/whole_texts.h"
#include "libs/dialects/openai/logprobs.h"
#include "libs/dialects/openai/member_names.h"
#include "libs/json/numbers.h"

namespace countersign::dialects::openai {
namespace {

using answers::Continuation;
using answers::FoundText;
using answers::FoundTexts;
using answers::kNoGroup;
using answers::Step;
using json::Type;
using json::Value;

// The field of a text that is the whole event.
constexpr char kEventField[] = "event";

// True for an event that may contain pieces of texts: its type contains "delta", or it has none.
bool MayBePieces(const Value& root) {
  return !root["type"].exists() || absl::StrContains(root["type"].text(), "delta");
}

bool IsUnknownFragment(const Value& root) {
  return !root["choices"].exists() && !root["error"].exists() && MayBePieces(root);
}

// Walks one document. Functions that return bool return true when the walked value has only texts
// that continue.
class Walker {
 public:
  Walker(absl::string_view source, bool is_chunk, const answers::MemberNames& names,
         ChunkTexts& result)
      : is_chunk_(is_chunk),
        found_(result.found),
        numbering_(result.numbering),
        whole_(names, source, result.found) {}

  void WalkRoot(const Value& root);

 private:
  // Appends a member to the field and the path during its lifetime.
  class Member {
   public:
    enum class Field { kExtend, kKeep };
    Member(Walker& walker, absl::string_view key, Field field = Field::kExtend)
        : walker_(walker), field_size_(walker.field_.size()) {
      if (field == Field::kExtend) absl::StrAppend(&walker.field_, "/", key);
      walker.path_.push_back(Step{std::string(key)});
    }
    Member(const Member&) = delete;
    ~Member() {
      walker_.field_.resize(field_size_);
      walker_.path_.pop_back();
    }

   private:
    Walker& walker_;
    const std::size_t field_size_;
  };

  std::string ReadDiscriminators(const Value& root);
  bool WalkRootMember(absl::string_view key, const Value& value, bool is_fragment);
  bool WalkChoice(const Value& choice, std::int64_t position);
  bool WalkChoiceMember(absl::string_view key, const Value& value);
  bool WalkMembers(const Value& object, bool continues);
  bool WalkElements(const Value& array, bool continues);
  bool WalkUnnumberedElement(const Value& element, absl::string_view list, bool continues);
  bool WalkPart(const Value& part, absl::string_view list, bool continues);
  void WalkUnknown(absl::string_view key, const Value& value);
  void AddWhole(absl::string_view key, const Value& value);
  void WalkFragment(absl::string_view key, const Value& value);
  bool IsMedia(const Value& value) const;
  // The member that has the current one; "" at the root.
  absl::string_view Parent() const {
    return path_.size() > 1 ? absl::string_view(path_[path_.size() - 2].key) : absl::string_view();
  }
  void AddText(const Value& value, Continuation continuation = Continuation::kContinues);
  std::string MixedPlace() const;
  std::optional<std::int64_t> ReadIndex(const Value& index, bool& numbered, bool& counted);

  const bool is_chunk_;
  bool may_be_pieces_ = false;
  bool has_media_ = false;
  bool is_usage_ = false;
  FoundTexts& found_;
  Numbering& numbering_;
  answers::WholeTextFinder whole_;
  // State of the walk:
  std::string field_;
  std::string prefix_;  // of `field_`: the choice, or the event's discriminators
  std::vector<Step> path_;
  std::int64_t choice_ = kNoGroup;
  absl::string_view container_;
  std::string parts_;  // the list of the part whose text is added
};

void Walker::WalkRoot(const Value& root) {
  if (!root.is(Type::kObject)) {
    path_ = {Step{}};
    field_ = kEventField;
    return WalkUnknown("", root);
  }
  const Value choices = root["choices"];
  bool bare = choices.is(Type::kArray) && choices.size() > 0;
  const std::string prefix = absl::StrCat("/", is_chunk_ ? ReadDiscriminators(root) : "");
  const bool is_fragment = is_chunk_ && IsUnknownFragment(root);
  may_be_pieces_ = MayBePieces(root);
  for (std::size_t i = 0; i < root.size(); ++i) {
    const absl::string_view key = root.key(i);
    const Value value = root.at(i);
    whole_.AddName(key);
    if (key == "choices" && value.is(Type::kArray)) {
      for (std::size_t c = 0; c < value.size(); ++c) {
        bare &= WalkChoice(value.at(c), static_cast<std::int64_t>(c));
      }
      continue;
    }
    field_ = prefix_ = IsDiscriminator(key) ? "/" : prefix;
    path_.clear();
    choice_ = kNoGroup;
    container_ = "";
    bare &= WalkRootMember(key, value, is_fragment);
  }
  found_.only_continuing = is_chunk_ && bare && !has_media_;
  if (!is_chunk_) answers::MarkLastPieces(found_);
}

bool Walker::WalkRootMember(absl::string_view key, const Value& value, bool is_fragment) {
  if (key == "obfuscation" && value.is(Type::kString) &&
      answers::LooksLikeIdentifier(value.text())) {
    found_.padding.push_back(value);
    return true;
  }
  const Member member(*this, key);
  is_usage_ = key == "usage";
  if (is_chunk_ && value.is(Type::kObject) && key == "delta") {
    WalkMembers(value, true);
    return false;
  }
  if (is_chunk_ && ContinuesAtRoot(key) && IsText(value, key)) {
    AddText(value);
    return false;
  }
  if (is_fragment) {
    WalkFragment(key, value);
    return false;
  }
  WalkUnknown(key, value);
  return value.is(Type::kNull) || IsIdentifyingMember(key) || key == "created";
}

// Returns the prefix of the fields of the event's texts, so that interleaved texts are kept apart.
std::string Walker::ReadDiscriminators(const Value& root) {
  std::string prefix;
  if (root["choices"].exists()) return prefix;
  for (const absl::string_view key : kDiscriminators) {
    const Value value = root[key];
    const absl::string_view literal = whole_.Literal(value);
    if (value.is(Type::kString)) {
      absl::StrAppend(&prefix, "/", value.text());
    } else if (value.is(Type::kNumber)) {
      absl::StrAppend(&prefix, "/", json::NumberText(literal));
    }
    // Only values that cannot be text are repeated in synthetic events.
    if (key == "type" ? IsEventType(value) : value.integer() && json::IsShortNumber(literal)) {
      absl::StrAppend(&found_.discriminators, "\"", key, "\":", literal, ",");
    }
  }
  return prefix;
}

bool Walker::WalkChoice(const Value& choice, std::int64_t position) {
  if (!choice.is(Type::kObject)) {
    field_ = absl::StrCat("choices/", position);
    path_ = {Step{"choices", -1, true}};
    choice_ = kNoGroup;
    container_ = "";
    WalkUnknown("", choice);
    return false;
  }
  is_usage_ = false;
  const Value index = choice["index"];
  choice_ =
      ReadIndex(index, numbering_.choices_numbered, numbering_.choices_counted).value_or(position);
  bool bare = true;
  for (std::size_t i = 0; i < choice.size(); ++i) {
    whole_.AddName(choice.key(i));
    field_ = prefix_ = absl::StrCat("choices/", choice_);
    path_.clear();
    container_ = "";
    bare &= WalkChoiceMember(choice.key(i), choice.at(i));
  }
  return bare;
}

bool Walker::WalkChoiceMember(absl::string_view key, const Value& value) {
  if ((key == "delta" || key == "message") && value.is(Type::kObject)) {
    container_ = key;
    // A message beside a delta is a separate text.
    if (is_chunk_ && key == "message") absl::StrAppend(&field_, "/message");
    return WalkMembers(value, is_chunk_);
  }
  if (key == "logprobs" && !value.is(Type::kNull)) {
    found_.copies.push_back(ReadLogprobs(value, field_));
    return true;
  }
  const bool unfinished = key == "finish_reason" && value.is(Type::kString) && value.text().empty();
  const bool completion = key == "text" && value.is(Type::kString);
  if (completion || (is_chunk_ && IsText(value, key) && !IsIdentifyingMember(key))) {
    field_ += '/';
    const Member member(*this, key);
    AddText(value, is_chunk_ ? Continuation::kContinues : Continuation::kWhole);
  } else {
    const Member member(*this, key);
    WalkUnknown(key, value);
  }
  return key == "index" || key == "logprobs" || value.is(Type::kNull) || unfinished;
}

// The value of `index`; nothing if there is none, or if readers disagree about it.
std::optional<std::int64_t> Walker::ReadIndex(const Value& index, bool& numbered, bool& counted) {
  const auto number = index.integer();
  const bool is_number = number && *number >= 0;
  (is_number ? numbered : counted) = true;
  if (is_number) return number;
  numbering_.invalid |= index.exists() && !index.is(Type::kNull);
  return std::nullopt;
}

// The members of a message, a tool call, a function, etc.
bool Walker::WalkMembers(const Value& object, bool continues) {
  bool bare = object.size() > 0;
  const bool nested = !path_.empty();
  for (std::size_t i = 0; i < object.size(); ++i) {
    const absl::string_view key = object.key(i);
    const Value value = object.at(i);
    whole_.AddName(key);
    const Member member(*this, key);
    if (value.is(Type::kString) && IsIdentifyingMember(key)) {
      bare = false;
      AddWhole(key, value);
    } else if (value.is(Type::kString) || (continues && IsText(value, key))) {
      // A function's name is one piece; its arguments may be several.
      const bool whole = !continues || (key == "name" && nested);
      bare &= !whole;
      AddText(value, !whole          ? Continuation::kContinues
                     : key == "name" ? Continuation::kJoined
                                     : Continuation::kWhole);
    } else if (value.is(Type::kObject)) {
      bare &= WalkMembers(value, continues);
    } else if (value.is(Type::kArray)) {
      bare &= WalkElements(value, continues);
    } else {
      bare &= value.is(Type::kNull) || (key == "index" && nested);
      AddWhole(key, value);
    }
  }
  return bare;
}

// Elements with an index continue the ones with the same index; tool calls without one are counted.
// The texts of parts without one continue each other. Other elements are complete.
bool Walker::WalkElements(const Value& array, bool continues) {
  const std::string list = path_.back().key;
  bool bare = true;
  for (std::size_t i = 0; i < array.size(); ++i) {
    const Value element = array.at(i);
    auto index = element["index"].integer();
    if (list == "tool_calls") {
      index = ReadIndex(element["index"], numbering_.calls_numbered, numbering_.calls_counted)
                  .value_or(static_cast<std::int64_t>(i));
    }
    const bool numbered = index && *index >= 0 && (continues || list == "tool_calls");
    if (element.is(Type::kObject) && numbered) {
      path_.back().index = *index;
      const std::size_t field_size = field_.size();
      absl::StrAppend(&field_, "/", *index);
      bare &= WalkMembers(element, continues);
      field_.resize(field_size);
    } else {
      path_.back().part = true;
      bare &= WalkUnnumberedElement(element, list, continues);
    }
    path_.back() = Step{list};
  }
  return bare;
}

bool Walker::WalkUnnumberedElement(const Value& element, absl::string_view list, bool continues) {
  const bool is_part = continues || IsPartList(list);
  if (is_part && element.is(Type::kObject)) return WalkPart(element, list, continues);
  if (is_part && (element.is(Type::kString) ||
                  (element.is(Type::kNumber) && (IsPartList(list) || IsTextMember(list))))) {
    AddText(element);
    return true;
  }
  WalkUnknown("", element);
  return false;
}

// The list of a message's annotations grows by complete elements; other parts of a delta are
// pieces.
bool Walker::WalkPart(const Value& part, absl::string_view list, bool continues) {
  bool bare = true;
  const bool pieces = continues && list != "annotations";
  const std::string parts = absl::StrCat(container_, "/", field_);
  if (IsTextPartType(part["type"].text())) path_.back().type = std::string(part["type"].text());
  for (std::size_t i = 0; i < part.size(); ++i) {
    const absl::string_view key = part.key(i);
    const Value value = part.at(i);
    whole_.AddName(key);
    if (IsPartText(key) && IsText(value, key)) {
      // A content may be a string in one event and parts in another: it is one text in both cases.
      parts_ = parts;
      const Member member(*this, key,
                          key == "text" ? Member::Field::kKeep : Member::Field::kExtend);
      AddText(value);
      parts_.clear();
    } else if (value.is(Type::kArray) && IsPartText(key)) {
      const Member member(*this, key);
      bare &= WalkElements(value, continues);
    } else if (pieces && IsText(value, key) && !IsIdentifyingMember(key)) {
      if (IsTextMember(key)) parts_ = parts;
      const Member member(*this, key);
      AddText(value);
      parts_.clear();
    } else if (pieces && value.is(Type::kObject)) {
      const Member member(*this, key);
      bare &= WalkMembers(value, true);
    } else if (pieces && value.is(Type::kArray)) {
      const Member member(*this, key);
      bare &= WalkElements(value, true);
    } else {
      bare &= value.is(Type::kNull) || IsIdentifyingMember(key);
      const Member member(*this, key);
      WalkUnknown(key, value);
    }
  }
  return bare;
}

// Adds a complete text or number. Clients join the values of deltas.
void Walker::AddWhole(absl::string_view key, const Value& value) {
  const std::size_t before = found_.texts.size();
  whole_.Add(key, value, is_usage_, Parent());
  const bool is_event = field_ == kEventField;
  const bool single = value.is(Type::kString) || value.is(Type::kNumber) || is_event;
  if (!is_chunk_ || found_.texts.size() == before || !single) return;
  FoundText& text = found_.texts.back();
  text.place = absl::StrCat(container_, "/", field_);
  text.may_count = value.is(Type::kNumber) && !is_event;
  if (text.may_count) text.parts = MixedPlace();
}

// An unknown member. It may be a piece of a text by its name; otherwise the next event decides.
void Walker::WalkUnknown(absl::string_view key, const Value& value) {
  if (!is_chunk_) return AddWhole(key, value);
  const bool continues = may_be_pieces_ && (ContinuesAtRoot(key) || IsPartText(key));
  if (continues && value.is(Type::kNumber)) {
    AddText(value);
  } else if (value.is(Type::kString) && !IsIdentifyingMember(key)) {
    AddText(value, continues ? Continuation::kContinues : Continuation::kUnknown);
  } else if (value.is(Type::kObject)) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      whole_.AddName(value.key(i));
      const Member member(*this, value.key(i));
      WalkUnknown(value.key(i), value.at(i));
    }
  } else if (value.is(Type::kArray)) {
    const std::size_t field_size = field_.size();
    path_.back().part = true;
    for (std::size_t i = 0; i < value.size(); ++i) {
      absl::StrAppend(&field_, "/", i);
      WalkUnknown(key, value.at(i));
      field_.resize(field_size);
    }
    path_.back().part = false;
  } else {
    AddWhole(key, value);
  }
}

// A member of an unknown event that is a piece of a text: strings with text-like names continue at
// the same place of the next event.
void Walker::WalkFragment(absl::string_view key, const Value& value) {
  if ((ContinuesAtRoot(key) || IsPartText(key)) && IsText(value, key)) {
    AddText(value);
  } else if (value.is(Type::kString) && !IsIdentifyingMember(key)) {
    AddText(value, Continuation::kUnknown);
  } else if (value.is(Type::kObject)) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      whole_.AddName(value.key(i));
      const Member member(*this, value.key(i));
      WalkFragment(value.key(i), value.at(i));
    }
  } else if (value.is(Type::kArray)) {
    const std::size_t field_size = field_.size();
    path_.back().part = true;
    for (std::size_t i = 0; i < value.size(); ++i) {
      absl::StrAppend(&field_, "/", i);
      value.at(i).is(Type::kObject) ? WalkFragment(key, value.at(i))
                                    : WalkUnknown(key, value.at(i));
      field_.resize(field_size);
    }
    path_.back().part = false;
  } else {
    AddWhole(key, value);
  }
}

// True for media at the current place.
bool Walker::IsMedia(const Value& value) const {
  if (path_.empty()) return false;
  return whole_.IsMedia(Parent(), path_.back().key, value);
}

// Where strings and numbers are joined that are not one text: by the names of their members alone.
std::string Walker::MixedPlace() const {
  std::string place = absl::StrCat(container_, "/", prefix_, "#");
  for (const Step& step : path_) {
    absl::StrAppend(&place, "/", step.key);
    if (step.index >= 0) absl::StrAppend(&place, "/", step.index);
  }
  return place;
}

void Walker::AddText(const Value& value, Continuation continuation) {
  const bool is_number = value.is(Type::kNumber);
  if (value.text().empty() && !is_number) return;
  if (!is_number && IsMedia(value)) {
    has_media_ = true;
    return;
  }
  // A time or a UUID of each event is no piece of a text.
  const bool is_member = is_chunk_ && !path_.empty() && !is_number;
  if (is_member && !IsTextMember(path_.back().key) && answers::IsClosedValue(value.text())) {
    return AddWhole(path_.back().key, value);
  }
  FoundText& text = found_.texts.emplace_back();
  text.value = value;
  if (is_number) text.number = json::NumberText(whole_.Literal(value));
  text.field = field_;
  text.parts = parts_;
  // A number is no piece of these texts, but may be read as one.
  const bool apart = continuation == Continuation::kUnknown || choice_ == kNoGroup ||
                     !IsTextMember(path_.back().key);
  if (is_chunk_ && parts_.empty() && apart) text.parts = MixedPlace();
  text.continuation = continuation;
  text.group = choice_;
  text.is_output = choice_ != kNoGroup;
  if (!is_chunk_) return;  // the rest is for texts held between events
  text.container = std::string(container_);
  text.path = path_;
}

}  // namespace

bool IsFinishReason(const Value& value) { return value.is(Type::kString) && !value.text().empty(); }

void Numbering::Merge(const Numbering& other) {
  choices_numbered |= other.choices_numbered;
  choices_counted |= other.choices_counted;
  calls_numbered |= other.calls_numbered;
  calls_counted |= other.calls_counted;
  invalid |= other.invalid;
}

ChunkTexts FindChunkTexts(const Value& root, absl::string_view source,
                          const answers::MemberNames& names) {
  ChunkTexts result;
  Walker(source, true, names, result).WalkRoot(root);
  return result;
}

FoundTexts FindDocumentTexts(const Value& root, absl::string_view source) {
  ChunkTexts result;
  Walker(source, false, AnswerMemberNames(), result).WalkRoot(root);
  return std::move(result.found);
}

}  // namespace countersign::dialects::openai
