#include "libs/dialects/kserve/prompt_parts.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/base/utf8.h"
#include "libs/crypto/hash.h"
#include "libs/dialects/members/media_signatures.h"
#include "libs/dialects/model_id.h"
#include "libs/json/writer.h"

namespace countersign::dialects::kserve {
namespace {

constexpr std::size_t kMostVersionDigits = 11;

}  // namespace

bool IsVersion(absl::string_view text) {
  return text.size() <= kMostVersionDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isdigit(static_cast<unsigned char>(c));
         });
}

void PromptParts::AddAt(std::size_t at, std::string pointer, std::string text,
                        members::TextPlace place) {
  domain::TextPart part;
  part.role = "user";
  part.pointer = std::move(pointer);
  part.text = std::move(text);
  texts_.push_back({at, std::move(part), std::move(place)});
}

void PromptParts::AddText(std::string pointer, std::string text, members::TextPlace place) {
  const std::size_t at = place.begin;
  AddAt(at, std::move(pointer), std::move(text), std::move(place));
}

void PromptParts::AddPlain(std::string pointer, std::string json) {
  prompt_.members.push_back({std::move(pointer), std::move(json)});
}

void PromptParts::AddMedia(std::string pointer, std::string type, absl::string_view bytes) {
  prompt_.media.push_back(domain::MediaPart{std::move(pointer), std::move(type), bytes.size(),
                                            HexEncode(crypto::Sha256(bytes))});
}

void PromptParts::AddBytes(const std::string& pointer, absl::string_view bytes, Span span) {
  if (bytes.empty()) return AddPlain(pointer, "\"\"");
  if (IsUtf8(bytes)) {
    return AddText(pointer, std::string(bytes),
                   {span.begin, span.end, members::Encoding::kBytes, ""});
  }
  AddMedia(pointer, "application/octet-stream", bytes);
  if (members::HasMediaSignature(bytes)) return;
  AddAt(span.begin, pointer, ReplaceInvalidUtf8(bytes), {});
}

void PromptParts::AddTensor(std::string pointer, absl::string_view form, absl::string_view bytes) {
  AddMedia(std::move(pointer), absl::StrCat("application/x-tensor; datatype=", form), bytes);
}

void PromptParts::AddName(std::string pointer, NameKind kind, absl::string_view name,
                          members::TextPlace place) {
  if (kind == NameKind::kModel) prompt_.model = std::string(name);
  const bool has_form =
      kind == NameKind::kVersion ? IsVersion(name) : kind != NameKind::kNone && IsModelId(name);
  if (name.empty() || has_form) return AddPlain(std::move(pointer), json::Quote(name));
  const std::size_t at = place.begin;
  if (kind == NameKind::kKey) place = {};
  AddAt(at, std::move(pointer), std::string(name), std::move(place));
}

void PromptParts::AddParameter(absl::string_view name, absl::string_view number) {
  double value = 0;
  if (absl::SimpleAtod(number, &value)) prompt_.parameters[std::string(name)] = value;
}

void PromptParts::AddDivided(absl::string_view prefix, members::Partition parts) {
  for (std::size_t i = 0; i < parts.texts.size(); ++i) {
    domain::TextPart& part = parts.texts[i];
    part.pointer = absl::StrCat(prefix, part.pointer);
    const std::size_t at = parts.places[i].begin;
    texts_.push_back({at, std::move(part), std::move(parts.places[i])});
  }
  for (domain::MediaPart& media : parts.media) {
    media.pointer = absl::StrCat(prefix, media.pointer);
    prompt_.media.push_back(std::move(media));
  }
  for (domain::PlainMember& plain : parts.plain) {
    AddPlain(absl::StrCat(prefix, plain.pointer), std::move(plain.json));
  }
}

domain::Prompt PromptParts::Take(ReadCall& call) {
  std::stable_sort(texts_.begin(), texts_.end(),
                   [](const auto& a, const auto& b) { return a.at < b.at; });
  for (Found& found : texts_) {
    prompt_.parts.push_back(std::move(found.part));
    call.places.push_back(std::move(found.place));
  }
  return std::move(prompt_);
}

}  // namespace countersign::dialects::kserve
