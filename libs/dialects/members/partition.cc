#include "libs/dialects/members/partition.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/crypto/hash.h"
#include "libs/dialects/members/media_signatures.h"
#include "libs/dialects/model_id.h"
#include "libs/json/numbers.h"
#include "libs/json/writer.h"

namespace countersign::dialects::members {
namespace {

using json::Type;
using json::Value;
using Node = Schema::Node;

constexpr std::size_t kShortestIdTail = 8;
constexpr std::size_t kLongestIdTail = 64;
constexpr std::size_t kMostDigits = 11;  // in a row; the shortest number that is a secret has 12

bool IsAlnum(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); }
bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

// Too short to be a secret.
bool IsProtocolNumber(absl::string_view literal) {
  const std::string text = json::NumberText(literal);
  return !absl::StrContains(text, 'e') && !absl::StrContains(text, 'E') &&
         std::count_if(text.begin(), text.end(), IsDigit) <= std::ptrdiff_t{kMostDigits};
}

std::size_t CountDigitsInRow(absl::string_view text) {
  std::size_t most = 0, row = 0;
  for (const char c : text) most = std::max(most, row = IsDigit(c) ? row + 1 : 0);
  return most;
}

class Divider {
 public:
  Divider(absl::string_view source, Partition& result) : source_(source), result_(result) {}

  // The context of everything below a value.
  struct Frame {
    absl::string_view role;
    const Node* node = nullptr;  // the schema's node; null: unknown to the protocol
    std::size_t parts_at = 0;    // length of the pointer to the container of one text's parts
    bool in_parts = false;
    absl::string_view media_type;  // that the value's object declares for its media
    bool is_signed = false;        // the value's object has a signature
  };

  void Walk(const Value& value, Frame frame) {
    if (frame.node != nullptr && !frame.node->role.empty()) frame.role = frame.node->role;
    if (frame.node != nullptr && frame.node->kind == Kind::kMessage) EnterMessage(value, frame);
    if (frame.node != nullptr && frame.node->kind == Kind::kConversation) run_role_.clear();
    if (frame.node != nullptr && frame.node->kind == Kind::kParts && !frame.in_parts) {
      frame.in_parts = true;
      frame.parts_at = pointer_.size();
      if (!in_message_) ++run_;
    }
    if (value.size() > 0 && value.is(Type::kObject)) {
      WalkObject(value, frame);
    } else if (value.size() > 0 && value.is(Type::kArray)) {
      WalkArray(value, frame);
    } else if (value.is(Type::kString) && !value.text().empty()) {
      AddString(value, frame);
    } else if (value.is(Type::kNumber)) {
      AddNumber(value, frame);
    } else {
      AddPlain(value);
    }
    if (frame.node != nullptr && frame.node->kind == Kind::kMessage) in_message_ = false;
  }

 private:
  absl::string_view Literal(const Value& value) const {
    return source_.substr(value.begin(), value.end() - value.begin());
  }

  // Consecutive messages of one role are one run.
  void EnterMessage(const Value& value, Frame& frame) {
    const absl::string_view role = value["role"].text();
    const auto by_type = frame.node->roles.find(value["type"].text());
    if (!role.empty()) {
      frame.role = CanonicalRole(role);
    } else if (by_type != frame.node->roles.end()) {
      frame.role = by_type->second;
    }
    if (frame.role != run_role_ || message_ == 0) ++run_;
    ++message_;
    run_role_ = std::string(frame.role);
    in_message_ = true;
  }

  void WalkObject(const Value& value, const Frame& frame) {
    // A value in a schema whose form differs from the protocol's is a part of that schema.
    Frame own = frame;
    if (own.node != nullptr && own.node->schema != nullptr && own.node->members.empty()) {
      own.node = own.node->schema;
    }
    ReadSiblings(value, own);
    for (std::size_t i = 0; i < value.size(); ++i) {
      const absl::string_view name = value.key(i);
      const std::size_t size = pointer_.size();
      absl::StrAppend(&pointer_, "/", absl::StrReplaceAll(name, {{"~", "~0"}, {"/", "~1"}}));
      if (!IsKnownName(own.node, name) && !name.empty()) AddText(own.role, name, TextPlace{});
      Frame below = own;
      below.node = FindMember(own.node, name);
      Walk(value.at(i), below);
      pointer_.resize(size);
    }
  }

  // Notes what some members of an object say about others.
  static void ReadSiblings(const Value& object, Frame& frame) {
    frame.media_type = "";
    frame.is_signed = false;
    if (frame.node == nullptr) return;
    const auto type = frame.node->members.find("media_type");
    if (type != frame.node->members.end()) {
      const absl::string_view declared = object["media_type"].text();
      if (type->second->values.contains(declared)) frame.media_type = declared;
    }
    frame.is_signed =
        frame.node->members.contains("signature") && !object["signature"].text().empty();
  }

  void WalkArray(const Value& value, const Frame& frame) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      const std::size_t size = pointer_.size();
      absl::StrAppend(&pointer_, "/", i);
      Frame below = frame;
      below.node = FindElement(frame.node);
      Walk(value.at(i), below);
      pointer_.resize(size);
    }
  }

  void AddString(const Value& value, const Frame& frame) {
    const absl::string_view text = value.text();
    const Kind kind = frame.node == nullptr ? Kind::kText : frame.node->kind;
    switch (kind) {
      case Kind::kChoice:
        if (frame.node->values.contains(text)) return AddPlain(value);
        break;
      case Kind::kId:
        if (IsMachineId(*frame.node, text)) return AddPlain(value);
        break;
      case Kind::kModelId:
        if (text.empty() || IsModelId(text)) return AddPlain(value);
        break;
      case Kind::kMedia:
      case Kind::kOpaque:
        if (AddMedia(value, frame)) return;
        break;
      default: break;
    }
    TextPlace place{value.begin(), value.end(), Encoding::kPlain, ""};
    if (kind == Kind::kSigned && frame.is_signed) place = TextPlace{};
    std::optional<EncodedText> encoded = ReadDataUrl(text);
    if (!encoded && (kind == Kind::kMedia || kind == Kind::kOpaque)) encoded = ReadBase64Text(text);
    if (!encoded) return AddPiece(frame, text, std::move(place));
    if (encoded->plain_too) AddPiece(frame, text, TextPlace{});
    place.encoding = encoded->encoding;
    place.header = encoded->header;
    if (encoded->encoding == Encoding::kOneWay) place.end = place.begin;
    AddPiece(frame, encoded->text, std::move(place));
  }

  // False for a value that is text.
  bool AddMedia(const Value& value, const Frame& frame) {
    const absl::string_view text = value.text();
    std::optional<Media> media = ReadMedia(text);
    if (!media) return false;
    const bool opaque = frame.node->kind == Kind::kOpaque;
    if (opaque ? !IsSealed(text) : !HasMediaSignature(media->bytes, media->type)) return false;
    if (!frame.media_type.empty() && HasMediaSignature(media->bytes, frame.media_type)) {
      media->type = std::string(frame.media_type);
    }
    if (IsShortMedia(text)) {
      AddPiece(frame, text, TextPlace{value.begin(), value.end(), Encoding::kPlain, ""});
    } else if (!media->header.empty()) {
      // A header with more than a well-known type may contain text.
      AddText(frame.role, media->header, TextPlace{});
    }
    result_.media.push_back(domain::MediaPart{pointer_, std::move(media->type), media->bytes.size(),
                                              HexEncode(crypto::Sha256(media->bytes))});
    return true;
  }

  void AddNumber(const Value& value, const Frame& frame) {
    const absl::string_view literal = Literal(value);
    const bool known = frame.node != nullptr && frame.node->kind == Kind::kNumber;
    if (known && IsProtocolNumber(literal)) return AddPlain(value);
    // A number of the caller is text, too; masked, it becomes a string.
    AddText(frame.role, json::NumberText(literal),
            TextPlace{value.begin(), value.end(), Encoding::kPlain, ""});
  }

  void AddPlain(const Value& value) {
    result_.plain.push_back(domain::PlainMember{pointer_, std::string(Literal(value))});
  }

  void AddText(absl::string_view role, absl::string_view text, TextPlace place) {
    result_.texts.push_back(domain::TextPart{std::string(role), pointer_, std::string(text)});
    result_.places.push_back(std::move(place));
  }

  // Adds a string. Strings of the same member of all parts are one text, and so are those that the
  // protocol joins.
  void AddPiece(const Frame& frame, absl::string_view text, TextPlace place) {
    AddText(frame.role, text, std::move(place));
    if (!frame.in_parts) return;
    const bool joined = frame.node != nullptr &&
                        (frame.node->kind == Kind::kJoinedText || frame.node->kind == Kind::kParts);
    const std::string member = joined ? "" : MemberBelow(frame.parts_at);
    const auto [group, is_new] = groups_.try_emplace({run_, member}, Group{});
    if (is_new) group->second.number = static_cast<std::uint32_t>(groups_.size());
    domain::TextPart& part = result_.texts.back();
    part.group = group->second.number;
    part.breaks_line = !is_new && group->second.message != message_;
    group->second.message = message_;
  }

  // The pointer below `parts_at` without array indexes.
  std::string MemberBelow(std::size_t parts_at) const {
    std::string member;
    absl::string_view rest = absl::string_view(pointer_).substr(parts_at);
    while (absl::ConsumePrefix(&rest, "/")) {
      const absl::string_view step = rest.substr(0, rest.find('/'));
      rest.remove_prefix(step.size());
      const bool position = !step.empty() && std::all_of(step.begin(), step.end(), IsDigit);
      absl::StrAppend(&member, "/", position ? "*" : step);
    }
    return member;
  }

  struct Group {
    std::uint32_t number = 0;
    std::size_t message = 0;
  };

  const absl::string_view source_;
  Partition& result_;
  std::string pointer_;
  std::string run_role_;
  std::size_t run_ = 0;
  std::size_t message_ = 0;
  bool in_message_ = false;
  std::map<std::pair<std::size_t, std::string>, Group> groups_;
};

}  // namespace

bool IsMachineId(const Node& node, absl::string_view text) {
  return std::any_of(node.prefixes.begin(), node.prefixes.end(), [&](absl::string_view prefix) {
    absl::string_view tail = text;
    return absl::ConsumePrefix(&tail, prefix) && tail.size() >= kShortestIdTail &&
           tail.size() <= kLongestIdTail && std::all_of(tail.begin(), tail.end(), IsAlnum) &&
           std::any_of(tail.begin(), tail.end(), IsDigit) && CountDigitsInRow(tail) <= kMostDigits;
  });
}

absl::string_view CanonicalRole(absl::string_view role) {
  if (role == "developer") return "system";
  return role;
}

absl::StatusOr<std::string> WriteText(const TextPlace& place, absl::string_view text) {
  if (place.begin == place.end) {
    return absl::FailedPreconditionError("it cannot be replaced in place");
  }
  if (place.encoding == Encoding::kBytes) return std::string(text);
  CS_ASSIGN_OR_RETURN(const std::string written,
                      WriteEncoded(EncodedText{"", place.header, place.encoding}, text));
  return json::Quote(written);
}

Partition Divide(const Schema& schema, const Value& root, absl::string_view source,
                 absl::string_view default_role) {
  Partition result;
  Divider(source, result).Walk(root, {default_role, &schema.root()});
  return result;
}

}  // namespace countersign::dialects::members
