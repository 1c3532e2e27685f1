#include "libs/dialects/answers/intact_texts.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/json/writer.h"

namespace countersign::dialects::answers {
namespace {

absl::Status MustEnd() {
  return absl::FailedPreconditionError("a signed text must be masked, but may not be changed");
}

// Spans of texts that are not delivered stand at the beginning of what is.
void AddAtBegin(std::vector<domain::DeliveredSpan> spans,
                std::vector<domain::DeliveredSpan>& masked) {
  for (domain::DeliveredSpan& each : spans) {
    each.span.begin = each.span.end = 0;
    masked.push_back(std::move(each));
  }
}

}  // namespace

SignedTexts ChooseSignedTexts(const AnswerOptions& options) {
  if (!options.by_profile) return SignedTexts::kSendLive;
  return options.unknown_events == domain::UnknownEvents::kRefuse ? SignedTexts::kRefuse
                                                                  : SignedTexts::kDrop;
}

absl::Status ApplyToIntact(SignedTexts kind, DocumentMask::Outcome& outcome) {
  for (DocumentMask::IntactText& text : outcome.intact) {
    if (text.release.masked.empty()) continue;
    if (kind != SignedTexts::kDrop) return MustEnd();
    outcome.edits.push_back(Edit{text.begin, text.end, "\"\""});
    std::vector<domain::DeliveredSpan> spans;
    for (domain::MaskedSpan& span : text.release.masked) {
      spans.push_back({text.field, std::move(span)});
    }
    AddAtBegin(std::move(spans), outcome.masked);
  }
  return absl::OkStatus();
}

absl::Status SendIntact(DocumentMask::Outcome& outcome) {
  for (DocumentMask::IntactText& text : outcome.intact) {
    if (!text.release.masked.empty()) return MustEnd();
    if (text.release.Unchanged()) continue;
    outcome.edits.push_back(Edit{text.begin, text.end, json::Quote(text.release.text)});
  }
  outcome.intact.clear();
  return absl::OkStatus();
}

void IntactTexts::AppendText(const std::string& field, const domain::FieldRelease& release) {
  Text& text = texts_[field];
  for (domain::MaskedSpan span : release.masked) {
    span.begin += text.masked.size();
    span.end += text.masked.size();
    text.spans.push_back({field, std::move(span)});
  }
  absl::StrAppend(&text.masked, release.text);
}

absl::Status IntactTexts::Add(MaskedEvent event, bool is_bare, EventNumbers& numbers) {
  const auto texts = std::exchange(event.outcome.intact, {});
  bytes_ += event.event.raw.size();
  if (bytes_ > max_bytes_) {
    return absl::UnavailableError("the upstream's stream has a signed text that is too large");
  }
  for (const DocumentMask::IntactText& text : texts) AppendText(text.field, text.release);
  Entry entry;
  entry.has_text = !texts.empty();
  if (entry.has_text && !is_bare) {
    MaskedEvent emptied = event;
    for (const DocumentMask::IntactText& text : texts) {
      emptied.outcome.edits.push_back(Edit{text.begin, text.end, "\"\""});
    }
    CS_ASSIGN_OR_RETURN(const Delivery delivery, ToDelivery(std::move(emptied), numbers));
    entry.without_text = delivery.bytes;
  }
  CS_ASSIGN_OR_RETURN(entry.delivery, ToDelivery(std::move(event), numbers));
  // A model thinks in many small pieces: events that only have them are kept as one.
  const bool joins = entry.has_text && is_bare && entry.delivery.masked.empty() &&
                     !entries_.empty() && entries_.back().has_text &&
                     entries_.back().without_text.empty();
  if (!joins) {
    entries_.push_back(std::move(entry));
    return absl::OkStatus();
  }
  Delivery& last = entries_.back().delivery;
  absl::StrAppend(&last.bytes, entry.delivery.bytes);
  for (OutputText& output : entry.delivery.output) {
    if (!last.output.empty() && last.output.back().field == output.field) {
      absl::StrAppend(&last.output.back().text, output.text);
    } else {
      last.output.push_back(std::move(output));
    }
  }
  return absl::OkStatus();
}

void IntactTexts::End(const std::string& field, const domain::FieldRelease& rest) {
  AppendText(field, rest);
  texts_[field].ended = true;
}

void IntactTexts::Add(Delivery delivery) {
  bytes_ += delivery.bytes.size();
  entries_.push_back({std::move(delivery), false, ""});
}

absl::StatusOr<std::vector<Delivery>> IntactTexts::Take(const EventStreamGrammar& grammar,
                                                        bool stream_ended) {
  const auto all = [&](auto condition) {
    return std::all_of(texts_.begin(), texts_.end(),
                       [&](const auto& text) { return condition(text.second); });
  };
  if (!stream_ended && !all([](const Text& text) { return text.ended; })) {
    return std::vector<Delivery>();
  }
  if (all([](const Text& text) { return text.spans.empty(); })) {
    return Write(Form::kAsItCame, nullptr);
  }
  if (!has_signature_) return Write(Form::kMasked, &grammar);
  if (kind_ != SignedTexts::kDrop) return MustEnd();
  return Write(Form::kEmpty, nullptr);
}

std::vector<Delivery> IntactTexts::TakeBrokenOff() { return Write(Form::kEmpty, nullptr); }

std::vector<Delivery> IntactTexts::Write(Form form, const EventStreamGrammar* grammar) {
  std::vector<Delivery> deliveries;
  std::vector<domain::DeliveredSpan> dropped;
  auto texts = std::exchange(texts_, {});
  for (Entry& entry : entries_) {
    if (entry.has_text && form == Form::kMasked) {
      for (auto& [field, text] : texts) {
        if (text.masked.empty()) continue;
        Delivery& delivery = deliveries.emplace_back();
        delivery.bytes = grammar->WriteText(places_[field], text.masked);
        delivery.masked = std::move(text.spans);
        delivery.output.push_back(OutputText{field, std::move(text.masked)});
      }
      texts.clear();  // all of them stand where the first one began
    } else if (entry.has_text && form == Form::kEmpty) {
      for (auto& [field, text] : texts) {
        std::move(text.spans.begin(), text.spans.end(), std::back_inserter(dropped));
      }
      texts.clear();
    }
    if (entry.has_text && form != Form::kAsItCame) {
      if (entry.without_text.empty()) continue;
      entry.delivery.bytes = std::move(entry.without_text);
      entry.delivery.output.clear();
    }
    AddAtBegin(std::exchange(dropped, {}), entry.delivery.masked);
    deliveries.push_back(std::move(entry.delivery));
  }
  entries_.clear();
  bytes_ = 0;
  has_signature_ = false;
  return deliveries;
}

}  // namespace countersign::dialects::answers
