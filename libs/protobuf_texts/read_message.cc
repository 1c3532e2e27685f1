#include "libs/protobuf_texts/read_message.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "libs/protobuf_texts/field_path.h"
#include "libs/protobuf_texts/wire_reader.h"

namespace countersign::protobuf_texts {
namespace {

constexpr int kMostDepth = 64;
constexpr std::size_t kFewFields = 65536;
constexpr std::size_t kBytesPerField = 16;
constexpr std::size_t kMostPathBytes = 32u << 20;
constexpr absl::string_view kAny = "google.protobuf.Any";

WireType FindWireType(FieldType type) {
  switch (type) {
    case FieldType::kString:
    case FieldType::kBytes:
    case FieldType::kMessage: return WireType::kLengthDelimited;
    case FieldType::kGroup: return WireType::kGroupStart;
    case FieldType::kDouble:
    case FieldType::kFixed64:
    case FieldType::kSfixed64: return WireType::kFixed64;
    case FieldType::kFloat:
    case FieldType::kFixed32:
    case FieldType::kSfixed32: return WireType::kFixed32;
    default: return WireType::kVarint;
  }
}

bool IsNumber(FieldType type) {
  const WireType wire = FindWireType(type);
  return wire != WireType::kLengthDelimited && wire != WireType::kGroupStart;
}

// Editions may write a message as a group, which descriptors from before them do not say.
bool Fits(const Field& field, WireType wire) {
  return wire == FindWireType(field.type) ||
         (field.message != nullptr &&
          (wire == WireType::kGroupStart || wire == WireType::kLengthDelimited)) ||
         (wire == WireType::kLengthDelimited && field.repeated && IsNumber(field.type));
}

// A part of the message whose fields have one type.
struct Scope {
  const MessageType* type = nullptr;  // null: unknown
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t prefix = LengthPrefix::kNone;
  int depth = 0;
};

class Reader {
 public:
  Reader(const Schema& schema, absl::string_view message, const ReadOptions& options)
      : schema_(schema),
        message_(message),
        options_(options),
        fields_left_(std::max(kFewFields, message.size() / kBytesPerField)) {}

  absl::StatusOr<ReadResult> Read(const MessageType& type) {
    const Scope root{&type, 0, message_.size(), LengthPrefix::kNone, 1};
    if (type.index_field() != nullptr) {
      path_.series = absl::StrCat("[index ", LastNumber(root, type.index_field()->number), "]");
    }
    CS_RETURN_IF_ERROR(ReadScope(root));
    NameCopies();
    return std::move(result_);
  }

 private:
  absl::Status Malformed(absl::string_view what) const {
    return absl::InvalidArgumentError(
        absl::StrCat(path_.path.empty() ? "message" : path_.path, ": ", what));
  }

  absl::Status Spend() {
    if (fields_left_-- == 0) return Malformed("the message has too many fields");
    return absl::OkStatus();
  }

  absl::Status ReadScope(const Scope& scope) {
    WireReader reader(message_, scope.begin, scope.end);
    return ReadFields(scope, reader, 0);
  }

  // Until the end of the reader, or of the group `group` if it is not 0.
  absl::Status ReadFields(const Scope& scope, WireReader& reader, std::uint32_t group) {
    if (scope.depth > kMostDepth) return Malformed("messages are nested more than 64 deep");
    while (true) {
      auto next = reader.Next();
      if (!next.ok()) return Malformed(next.status().message());
      if (!next->has_value()) {
        return group == 0 ? absl::OkStatus() : Malformed("a group does not end");
      }
      const WireField& field = **next;
      if (field.type == WireType::kGroupEnd) {
        if (group == field.number) return absl::OkStatus();
        return Malformed("a group ends that did not begin");
      }
      CS_RETURN_IF_ERROR(Spend());
      const Field* known = scope.type == nullptr ? nullptr : scope.type->FindField(field.number);
      CS_RETURN_IF_ERROR(known != nullptr && Fits(*known, field.type)
                             ? ReadKnown(scope, *known, field, reader)
                             : ReadUnknown(scope, field, reader));
    }
  }

  absl::Status ReadKnown(const Scope& scope, const Field& known, const WireField& field,
                         WireReader& reader) {
    if (scope.type->map_entry()) {
      const PathStep step(
          path_, known.number == 1 ? PathStep::EntryPart::kKey : PathStep::EntryPart::kValue);
      return ReadValue(scope, known, field, reader);
    }
    PathStep step(path_, known.name);
    if (known.repeated && !(IsNumber(known.type) && field.type == WireType::kLengthDelimited)) {
      const std::size_t index = counts_[path_.path]++;
      step.At(index);
    }
    if (known.IsMap()) {
      step.KeyedBy(LastKey(Inside(scope, field, known.message), *known.message));
    } else if (known.repeated && known.message != nullptr &&
               known.message->index_field() != nullptr &&
               field.type == WireType::kLengthDelimited) {
      step.IdentifyBy(
          LastNumber(Inside(scope, field, known.message), known.message->index_field()->number));
    }
    return ReadValue(scope, known, field, reader);
  }

  absl::Status ReadValue(const Scope& scope, const Field& known, const WireField& field,
                         WireReader& reader) {
    if (field.type == WireType::kGroupStart) {
      Scope inside = scope;
      inside.type = known.message;
      ++inside.depth;
      return ReadFields(inside, reader, field.number);
    }
    if (known.message != nullptr) {
      Scope inside = Inside(scope, field, known.message);
      inside.prefix = AddPrefix(scope, field);
      return ReadScope(inside);
    }
    return IsNumber(known.type) ? ReadNumber(scope, known, field) : ReadString(scope, known, field);
  }

  absl::Status ReadString(const Scope& scope, const Field& known, const WireField& field) {
    const absl::string_view content = Content(field);
    if (scope.type->name() == kAny && known.number == 2) return ReadAny(scope, field);
    const bool utf8 = IsUtf8(content);
    if (known.type == FieldType::kString && !utf8) return Malformed("a string is not UTF-8");
    const std::size_t prefix = AddPrefix(scope, field);
    if (utf8 && (options_.texts == nullptr || options_.texts->Has(path_.names))) {
      return AddText(&known, field, prefix);
    }
    return AddValue({{}, known.type, true, false, {field.value_begin, field.value_end, prefix}, 0});
  }

  absl::Status ReadAny(const Scope& scope, const WireField& field) {
    const absl::string_view url = LastString(scope, 1);
    const absl::string_view name = url.substr(url.rfind('/') + 1);
    const MessageType* type = schema_.FindMessage(name);
    if (type == nullptr) {
      if (field.value_begin == field.value_end) return absl::OkStatus();
      if (options_.unknown == UnknownFields::kRefuse) {
        return WithReason(Malformed("the schema does not have the type of this Any"),
                          kUnknownField);
      }
      return ReadUnknownBytes(scope, field);
    }
    Scope inside = Inside(scope, field, type);
    inside.prefix = AddPrefix(scope, field);
    return ReadScope(inside);
  }

  absl::Status ReadNumber(const Scope& scope, const Field& known, const WireField& field) {
    const bool packed = field.type == WireType::kLengthDelimited;
    Value value{
        {},        known.type, true, packed, {field.value_begin, field.value_end, scope.prefix},
        field.bits};
    if (packed) {
      value.place.prefix = AddPrefix(scope, field);
      CS_RETURN_IF_ERROR(CheckPacked(known, field));
    }
    return AddValue(std::move(value));
  }

  absl::Status CheckPacked(const Field& known, const WireField& field) const {
    const WireType wire = FindWireType(known.type);
    const std::size_t size = field.value_end - field.value_begin;
    if (wire != WireType::kVarint) {
      const std::size_t each = wire == WireType::kFixed32 ? 4 : 8;
      return size % each == 0 ? absl::OkStatus() : Malformed("packed numbers are cut off");
    }
    for (std::size_t at = field.value_begin; at < field.value_end;) {
      const auto number = ReadVarint(message_, at, field.value_end);
      if (!number.ok()) return Malformed(number.status().message());
    }
    return absl::OkStatus();
  }

  absl::Status ReadUnknown(const Scope& scope, const WireField& field, WireReader& reader) {
    if (options_.unknown == UnknownFields::kRefuse) {
      return WithReason(Malformed(absl::StrCat("field ", field.number, " is not in the schema",
                                               scope.type == nullptr ? "" : " of ",
                                               scope.type == nullptr ? "" : scope.type->name())),
                        kUnknownField);
    }
    PathStep step(path_, absl::StrCat(field.number));
    step.At(counts_[path_.path]++);
    if (field.type == WireType::kLengthDelimited) return ReadUnknownBytes(scope, field);
    if (field.type == WireType::kGroupStart) {
      Scope inside = scope;
      inside.type = nullptr;
      ++inside.depth;
      return ReadFields(inside, reader, field.number);
    }
    const FieldType type = field.type == WireType::kVarint    ? FieldType::kUint64
                           : field.type == WireType::kFixed32 ? FieldType::kFixed32
                                                              : FieldType::kFixed64;
    return AddValue(
        {{}, type, false, false, {field.value_begin, field.value_end, scope.prefix}, field.bits});
  }

  absl::Status ReadUnknownBytes(const Scope& scope, const WireField& field) {
    const absl::string_view content = Content(field);
    const std::size_t prefix = AddPrefix(scope, field);
    // A string would be UTF-8: read as a message, parts of it could be numbers.
    if (IsUtf8(content)) return AddText(nullptr, field, prefix);
    Scope inside = Inside(scope, field, nullptr);
    inside.prefix = prefix;
    if (ReadsAsMessage(inside)) return ReadScope(inside);
    return AddValue(
        {{}, FieldType::kBytes, false, false, {field.value_begin, field.value_end, prefix}, 0});
  }

  // Whether the scope has a message's form, whatever its size and depth.
  bool ReadsAsMessage(const Scope& scope) const {
    WireReader reader(message_, scope.begin, scope.end);
    std::vector<std::uint32_t> groups;
    while (true) {
      const auto next = reader.Next();
      if (!next.ok()) return false;
      if (!next->has_value()) return groups.empty();
      if ((*next)->type == WireType::kGroupStart) groups.push_back((*next)->number);
      if ((*next)->type != WireType::kGroupEnd) continue;
      if (groups.empty() || groups.back() != (*next)->number) return false;
      groups.pop_back();
    }
  }

  static Scope Inside(const Scope& scope, const WireField& field, const MessageType* type) {
    return {type, field.value_begin, field.value_end, LengthPrefix::kNone, scope.depth + 1};
  }

  absl::string_view Content(const WireField& field) const {
    return message_.substr(field.value_begin, field.value_end - field.value_begin);
  }

  // The last field `number` of the scope with this wire type, which is the one that counts. What
  // cannot be read is found when the scope is read.
  std::optional<WireField> FindLast(const Scope& scope, std::uint32_t number, WireType type) const {
    WireReader reader(message_, scope.begin, scope.end);
    std::optional<WireField> last;
    int groups = 0;
    while (true) {
      const auto next = reader.Next();
      if (!next.ok() || !next->has_value()) return last;
      const WireField& field = **next;
      if (groups == 0 && field.number == number && field.type == type) last = field;
      if (field.type == WireType::kGroupStart) ++groups;
      if (field.type == WireType::kGroupEnd) --groups;
    }
  }

  std::uint64_t LastNumber(const Scope& scope, std::uint32_t number) const {
    const auto field = FindLast(scope, number, WireType::kVarint);
    return field ? field->bits : 0;
  }

  absl::string_view LastString(const Scope& scope, std::uint32_t number) const {
    const auto field = FindLast(scope, number, WireType::kLengthDelimited);
    return field ? Content(*field) : absl::string_view();
  }

  std::string LastKey(const Scope& entry, const MessageType& type) const {
    const Field& key = *type.FindField(1u);
    if (key.type == FieldType::kString) return std::string(LastString(entry, 1));
    const auto field = FindLast(entry, 1, FindWireType(key.type));
    return FormatNumber({{}, key.type, true, false, {}, field ? field->bits : 0}, message_);
  }

  std::size_t AddPrefix(const Scope& scope, const WireField& field) {
    result_.prefixes.push_back({field.prefix, field.value_begin, field.value_end, scope.prefix});
    return result_.prefixes.size() - 1;
  }

  absl::Status SpendPath() {
    path_bytes_ += path_.path.size() + path_.series.size() + path_.names.size();
    if (path_bytes_ > kMostPathBytes) return Malformed("the fields are nested too deeply");
    return absl::OkStatus();
  }

  absl::Status AddText(const Field* field, const WireField& wire, std::size_t prefix) {
    CS_RETURN_IF_ERROR(SpendPath());
    result_.texts.push_back(
        {path_.path, path_.series, path_.names, {wire.value_begin, wire.value_end, prefix}, field});
    return absl::OkStatus();
  }

  absl::Status AddValue(Value value) {
    if (!options_.values) return absl::OkStatus();
    CS_RETURN_IF_ERROR(SpendPath());
    value.path = path_.path;
    result_.values.push_back(std::move(value));
    return absl::OkStatus();
  }

  // All copies of a field that is not repeated but the last one get a path and a series of their
  // own: who joins the messages of a stream reads the last ones.
  void NameCopies() {
    struct Copies {
      std::size_t total = 0;
      std::size_t seen = 0;
    };
    absl::flat_hash_map<absl::string_view, Copies> copies;
    copies.reserve(result_.texts.size());
    for (const Text& text : result_.texts) ++copies[text.path].total;
    if (copies.size() == result_.texts.size()) return;
    std::vector<std::string> marks(result_.texts.size());  // the keys are texts' paths until then
    for (std::size_t i = 0; i < marks.size(); ++i) {
      auto& [total, seen] = copies[result_.texts[i].path];
      if (++seen < total) marks[i] = absl::StrCat(" (", seen, " of ", total, ")");
    }
    for (std::size_t i = 0; i < marks.size(); ++i) {
      result_.texts[i].path += marks[i];
      result_.texts[i].series += marks[i];
    }
  }

  const Schema& schema_;
  const absl::string_view message_;
  const ReadOptions& options_;
  std::size_t fields_left_;
  std::size_t path_bytes_ = 0;
  FieldPath path_;
  absl::flat_hash_map<std::string, std::size_t> counts_;  // elements of repeated fields, by path
  ReadResult result_;
};

}  // namespace

absl::StatusOr<ReadResult> ReadMessage(const Schema& schema, const MessageType& type,
                                       absl::string_view message, const ReadOptions& options) {
  return Reader(schema, message, options).Read(type);
}

}  // namespace countersign::protobuf_texts
