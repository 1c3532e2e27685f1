#include "libs/dialects/openai/openai_stream.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "libs/dialects/lone_surrogates.h"
#include "libs/dialects/openai/openai_forms.h"
#include "libs/dialects/openai/openai_usage.h"
#include "libs/json/writer.h"

namespace countersign::dialects {
namespace {

using json::Type;
using json::Value;

constexpr std::int64_t kMaxCreated = 100'000'000'000;  // seconds since 1970, with time to spare
constexpr std::size_t kMaxEventBytes = 8u << 20;
constexpr std::size_t kMaxOpenTexts = 1024;
constexpr std::size_t kMaxChoices = 1024;
constexpr std::size_t kMaxNameBytes = 256;
constexpr absl::string_view kDone = "[DONE]";

absl::Status Broken(absl::string_view what) {
  return absl::UnavailableError(absl::StrCat("the upstream's stream ", what));
}

// `text` at the end of `path`, as the members that a delta is made of.
std::string AtPath(const std::vector<Step>& path, std::size_t at, absl::string_view text) {
  if (at == path.size()) return json::Quote(text);
  const bool leaf = at + 1 == path.size();
  const std::string below = AtPath(path, at + 1, text);
  const std::string inner = leaf ? below : absl::StrCat("{", below, "}");
  if (path[at].part) {
    const std::string type =
        path[at].type.empty() ? "" : absl::StrCat("\"type\":", json::Quote(path[at].type), ",");
    return absl::StrCat(json::Quote(path[at].key), ":[",
                        leaf ? below : absl::StrCat("{", type, below, "}"), "]");
  }
  if (path[at].index < 0) return absl::StrCat(json::Quote(path[at].key), ":", inner);
  return absl::StrCat(json::Quote(path[at].key), ":[{\"index\":", path[at].index, ",", below, "}]");
}

// Replaces halves of surrogate pairs in the event. False when there are none.
bool MendSurrogates(SseEvent& event) {
  const std::vector<std::size_t> lone = LoneSurrogates(event.data);
  for (const std::size_t at : lone) {
    ReplaceSurrogate(event.data, at);
    ReplaceSurrogate(event.raw, event.InRaw(at));
  }
  return !lone.empty();
}

}  // namespace

OpenAiStream::OpenAiStream(Options options) : options_(options), parser_(kMaxEventBytes) {}

absl::StatusOr<std::vector<domain::FieldPiece>> OpenAiStream::Feed(absl::string_view bytes) {
  if (done_) return std::vector<domain::FieldPiece>();  // nothing counts after the end
  std::vector<SseEvent> events;
  CS_RETURN_IF_ERROR(parser_.Feed(bytes, events));
  for (SseEvent& event : events) CS_RETURN_IF_ERROR(Read(std::move(event)));
  return queue_.Take();
}

absl::StatusOr<std::vector<domain::FieldPiece>> OpenAiStream::Finish() {
  if (!done_) {
    std::vector<SseEvent> events;
    parser_.Finish(events);
    for (SseEvent& event : events) CS_RETURN_IF_ERROR(Read(std::move(event)));
    if (!done_ && !failed_) return Broken("ended without its final marker");
  }
  return queue_.Take();
}

absl::Status OpenAiStream::Read(SseEvent event) {
  if (done_) return absl::OkStatus();
  Pending pending;
  pending.event = std::move(event);
  if (!pending.event.rest.empty() && options_.masked) {
    if (!IsUtf8(pending.event.rest)) return Broken("is not UTF-8");
    pending.rest = queue_.AddWhole(pending.event.rest);
  }
  if (!pending.event.has_data) {
    pending.kind = Pending::Kind::kComment;
  } else if (absl::StripAsciiWhitespace(pending.event.data) == kDone) {
    pending.kind = Pending::Kind::kDone;
    done_ = true;
    static const FoundTexts kNone;
    while (!open_.empty()) FlushChoice(open_.begin()->second.choice, kNone, pending);
  } else {
    CS_RETURN_IF_ERROR(ReadChunk(pending));
  }
  pending_.push_back(std::move(pending));
  return absl::OkStatus();
}

absl::Status OpenAiStream::ReadChunk(Pending& pending) {
  const bool refuse = options_.masked && options_.refuse_unknown;
  if (refuse && !IsKnownEventName(pending.event.rest)) return UnknownForm();
  absl::StatusOr<json::Document> document = json::Document::Parse(pending.event.data);
  if (!document.ok() && MendSurrogates(pending.event)) {
    document = json::Document::Parse(pending.event.data);
  }
  if (!document.ok()) return Broken("is not strict JSON");  // what exactly, would quote the answer
  const Value root = document->root();
  if (refuse && !IsKnownChunk(root)) return UnknownForm();
  ReadUsage(root["usage"], usage_);
  const Value error = root["error"];
  failed_ |= error.exists() && !error.is(Type::kNull);
  pending.hidden = options_.hide_usage && root["choices"].is(Type::kArray) &&
                   root["choices"].size() == 0 && root["usage"].is(Type::kObject);
  if (!options_.masked || pending.hidden) return absl::OkStatus();
  KeepEnvelope(root, pending.event.data);
  const FoundTexts found = TextsOfChunk(root, pending.event.data);
  numbering_ |= found.numbering;
  const auto both = [&](unsigned kinds) { return (numbering_ & kinds) == kinds; };
  if (found.misnumbered || both(kChoiceNumbered | kChoiceCounted) ||
      both(kCallNumbered | kCallCounted)) {
    return Broken("does not number its choices and calls 0, 1, 2");
  }
  CS_RETURN_IF_ERROR(TrackTexts(found, pending));
  const auto ends = [&](const FoundText& text) {
    return text.last && finished_.contains(text.choice);
  };
  pending.mask.emplace(found, queue_, ends);
  JoinNames(found, pending);
  pending.only_texts = found.only_texts;
  return absl::OkStatus();
}

absl::Status OpenAiStream::TrackTexts(const FoundTexts& found, Pending& pending) {
  for (const FoundText& text : found.texts) {
    if (!text.continues) continue;
    if (finished_.contains(text.choice)) return Broken("goes on with a choice that has ended");
    open_.insert_or_assign(text.field, Open{text.choice, text.path, text.in_delta,
                                            text.choice < 0 ? found.beside : ""});
  }
  if (open_.size() + names_.size() > kMaxOpenTexts) return Broken("has too many texts at once");
  for (const std::int64_t choice : found.finished) {
    FlushChoice(choice, found, pending);
    finished_.insert(choice);
  }
  if (finished_.size() > kMaxChoices) return Broken("has too many choices");
  return absl::OkStatus();
}

// The name of a tool comes in one piece, and leaves as one. Where more follows all the same,
// readers put it together: then nothing in the whole of it may have to be masked.
void OpenAiStream::JoinNames(const FoundTexts& found, Pending& pending) {
  for (const FoundText& text : found.texts) {
    if (text.continues || text.path.empty() || text.path.back().key != "name") continue;
    std::string& name = names_[text.field];
    const bool more = !name.empty();
    absl::StrAppend(&name, text.text());
    if (!more) continue;
    if (name.size() > kMaxNameBytes) name.erase(0, name.size() - kMaxNameBytes);
    if (const auto piece = queue_.AddWhole(name)) pending.joined.push_back(*piece);
  }
}

// Ends every text of the choice. Those that `found` continues end with their last piece there.
void OpenAiStream::FlushChoice(std::int64_t choice, const FoundTexts& found, Pending& pending) {
  for (auto at = open_.begin(); at != open_.end();) {
    if (at->second.choice != choice) {
      ++at;
      continue;
    }
    const bool here = std::any_of(
        found.texts.begin(), found.texts.end(),
        [&](const FoundText& text) { return text.continues && text.field == at->first; });
    if (!here) {
      const std::size_t piece = queue_.Add(at->first, "", true);
      pending.flushes.push_back(Flush{piece, at->first, std::move(at->second)});
    }
    at = open_.erase(at);
  }
}

void OpenAiStream::KeepEnvelope(const Value& root, absl::string_view data) {
  if (!envelope_.empty()) return;
  // Nothing that would be masked in the event that it is taken from.
  const auto may_stay = [](absl::string_view key, const Value& value) {
    if (key == "created") return value.integer() && *value.integer() < kMaxCreated;
    if (key == "object") return value.text() == "chat.completion.chunk";
    return value.is(Type::kString) && LooksLikeIdentifier(value.text());
  };
  for (const absl::string_view key : {"id", "object", "created", "model", "system_fingerprint"}) {
    const Value value = root[key];
    if (!may_stay(key, value)) continue;
    absl::StrAppend(&envelope_, json::Quote(key), ":",
                    data.substr(value.begin(), value.end() - value.begin()), ",");
  }
}

std::string OpenAiStream::Synthetic(const Open& open, absl::string_view text) const {
  const std::string members = AtPath(open.path, 0, text);
  if (open.choice < 0) return absl::StrCat("data: {", envelope_, open.beside, members, "}\n\n");
  const std::string delta = open.in_delta ? absl::StrCat("{", members, "}") : "{}";
  return absl::StrCat("data: {", envelope_, "\"choices\":[{\"index\":", open.choice,
                      ",\"delta\":", delta, open.in_delta ? "" : ",", open.in_delta ? "" : members,
                      ",\"finish_reason\":null}]}\n\n");
}

absl::StatusOr<std::vector<Delivery>> OpenAiStream::Release(
    std::vector<domain::FieldRelease> releases) {
  std::vector<Delivery> deliveries;
  for (const Pending& pending : pending_) {
    CS_RETURN_IF_ERROR(Deliver(pending, releases, deliveries));
  }
  pending_.clear();
  return deliveries;
}

absl::Status OpenAiStream::Deliver(const Pending& pending,
                                   const std::vector<domain::FieldRelease>& releases,
                                   std::vector<Delivery>& deliveries) {
  for (const Flush& flush : pending.flushes) {
    const domain::FieldRelease& release = releases[flush.piece];
    if (release.text.empty()) continue;
    Delivery held;
    held.bytes = Synthetic(flush.open, release.text);
    for (const domain::MaskedSpan& span : release.masked) {
      held.masked.push_back(domain::DeliveredSpan{flush.field, span});
    }
    deliveries.push_back(std::move(held));
  }
  if (pending.hidden) return absl::OkStatus();
  Delivery delivery;
  delivery.recorded = pending.kind != Pending::Kind::kComment;
  delivery.is_final = pending.kind == Pending::Kind::kDone;
  for (const std::size_t piece : pending.joined) {
    if (!releases[piece].Unchanged()) {
      return absl::FailedPreconditionError("the name of a tool would have to be masked");
    }
  }
  std::vector<Edit> edits;
  if (pending.mask.has_value()) {
    CS_ASSIGN_OR_RETURN(DocumentMask::Outcome outcome, pending.mask->Apply(releases, queue_));
    if (pending.only_texts && outcome.texts_withheld && outcome.masked.empty()) {
      return absl::OkStatus();
    }
    edits = std::move(outcome.edits);
    delivery.masked = std::move(outcome.masked);
  }
  bool beside_changed = false;
  if (pending.rest) {
    queue_.Learn(pending.event.rest, releases[*pending.rest]);
    beside_changed = !releases[*pending.rest].Unchanged();
  }
  if (!beside_changed) {
    for (Edit& edit : edits) {
      edit.begin = pending.event.InRaw(edit.begin);
      edit.end = pending.event.InRaw(edit.end);
    }
    CS_ASSIGN_OR_RETURN(delivery.bytes, Splice(pending.event.raw, std::move(edits)));
  } else if (pending.event.has_data) {
    // Comments and other fields that would have to be masked are left out.
    CS_ASSIGN_OR_RETURN(const std::string data, Splice(pending.event.data, std::move(edits)));
    delivery.bytes =
        absl::StrCat("data: ", absl::StrReplaceAll(data, {{"\n", "\ndata: "}}), "\n\n");
  } else {
    return absl::OkStatus();
  }
  deliveries.push_back(std::move(delivery));
  return absl::OkStatus();
}

}  // namespace countersign::dialects
