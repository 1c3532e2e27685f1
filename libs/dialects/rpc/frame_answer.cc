#include "libs/dialects/rpc/frame_answer.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "libs/base/status.h"

namespace countersign::dialects::rpc {
namespace {

// Each keeps its last message, to be repeated with what was held back.
constexpr std::size_t kMostOpenFields = 65'536;

// Of the texts that are remembered.
constexpr std::size_t kMostPassed = 64;
constexpr std::size_t kMostPassedBytes = 256;

std::size_t CountAsked(const std::vector<bool>& asked) {
  return static_cast<std::size_t>(std::count(asked.begin(), asked.end(), true));
}

void AddText(const MessageText& text, domain::FieldRelease& release, Delivery& delivery) {
  for (domain::MaskedSpan& span : release.masked) {
    delivery.masked.push_back({text.field, std::move(span)});
  }
  if (text.output && !release.text.empty()) delivery.output.push_back({text.field, release.text});
}

}  // namespace

FrameAnswer::FrameAnswer(const AnswerHead& head, const Options& options, ReadMessage read)
    : end_(head), read_(std::move(read)), frames_(options.max_message_bytes) {}

absl::StatusOr<std::vector<domain::FieldPiece>> FrameAnswer::Feed(absl::string_view bytes) {
  CS_RETURN_IF_ERROR(end_.CheckHead());
  frames_.Feed(bytes);
  std::vector<domain::FieldPiece> pieces;
  while (true) {
    CS_ASSIGN_OR_RETURN(std::optional<std::string> message, NextMessage(frames_));
    if (!message) return pieces;
    CS_RETURN_IF_ERROR(ReadFrame(*std::move(message), pieces));
  }
}

absl::Status FrameAnswer::ReadFrame(std::string message, std::vector<domain::FieldPiece>& pieces) {
  Item item;
  item.received = std::make_shared<Received>();
  item.received->bytes = grpc_wire::EncodeFrame(0, message);
  CS_ASSIGN_OR_RETURN(item.received->message, read_(std::move(message)));
  const AnswerMessage& read = *item.received->message;
  failed_ = failed_ || read.failed();
  // The texts that this message ends and does not have end before it.
  std::vector<bool>& asked = item.received->asked;
  for (const MessageText& text : read.texts()) {
    const bool goes_on = open_.erase(text.field) > 0;
    asked.push_back(goes_on || !text.end || !Passed(text));
  }
  if (read.ends_texts()) EndTexts(pieces);
  for (std::size_t i = 0; i < read.texts().size(); ++i) {
    const MessageText& text = read.texts()[i];
    const bool end = text.end || read.ends_texts();
    if (!asked[i]) continue;
    pieces.push_back({text.field, text.text, end});
    if (!end) open_[text.field] = Last{item.received, i};
  }
  if (open_.size() > kMostOpenFields) return Unreadable("it has too many texts at once");
  items_.push_back(std::move(item));
  return absl::OkStatus();
}

void FrameAnswer::EndTexts(std::vector<domain::FieldPiece>& pieces) {
  if (open_.empty()) return;
  Item item;
  for (auto& [field, last] : open_) {
    pieces.push_back({field, "", true});
    item.ends.push_back(std::move(last));
  }
  open_.clear();
  items_.push_back(std::move(item));
}

absl::StatusOr<std::vector<domain::FieldPiece>> FrameAnswer::Finish() {
  CS_RETURN_IF_ERROR(end_.CheckHead());
  if (!frames_.empty()) return Unreadable("it ends within a message");
  CS_RETURN_IF_ERROR(end_.Read());
  std::vector<domain::FieldPiece> pieces;
  EndTexts(pieces);
  pieces.push_back(end_.AskAboutMessage());
  Item item;
  item.trailers = true;
  items_.push_back(std::move(item));
  return pieces;
}

absl::StatusOr<std::vector<Delivery>> FrameAnswer::Release(
    std::vector<domain::FieldRelease> releases) {
  std::vector<Delivery> out;
  auto next = releases.begin();
  for (; !items_.empty(); items_.pop_front()) {
    const Item& item = items_.front();
    const std::size_t needed = item.received != nullptr ? CountAsked(item.received->asked)
                               : item.trailers          ? 1
                                                        : item.ends.size();
    if (static_cast<std::size_t>(std::distance(next, releases.end())) < needed) {
      return absl::InternalError("the masker's answer does not fit its request");
    }
    if (item.received != nullptr) {
      CS_RETURN_IF_ERROR(ReleaseMessage(*item.received, next, out));
    } else if (item.trailers) {
      out.push_back(end_.Write(std::move(*next++)));
    } else {
      CS_RETURN_IF_ERROR(ReleaseEnds(item, next, out));
    }
  }
  return out;
}

bool FrameAnswer::Passed(const MessageText& text) const {
  const auto passed = passed_.find(text.field);
  return passed != passed_.end() && passed->second == text.text;
}

void FrameAnswer::NotePassed(const MessageText& text, const domain::FieldRelease& release) {
  if (!text.end || !release.Unchanged() || release.text != text.text) return;
  if (text.text.size() > kMostPassedBytes || text.field.size() > kMostPassedBytes) return;
  if (passed_.size() < kMostPassed || passed_.count(text.field) > 0) {
    passed_[text.field] = text.text;
  }
}

absl::Status FrameAnswer::ReleaseMessage(Received& received, Next& next,
                                         std::vector<Delivery>& out) {
  Delivery delivery;
  bool unchanged = true;
  const std::vector<MessageText>& texts = received.message->texts();
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const MessageText& text = texts[i];
    domain::FieldRelease release;
    if (received.asked[i]) {
      release = std::move(*next++);
      NotePassed(text, release);
    } else {
      release.text = text.text;
    }
    unchanged = unchanged && release.text == text.text;
    AddText(text, release, delivery);
    received.texts.push_back(std::move(release.text));
  }
  delivery.bytes = std::move(received.bytes);
  if (!unchanged) {
    CS_ASSIGN_OR_RETURN(const std::string message, received.message->Write(received.texts));
    delivery.bytes = grpc_wire::EncodeFrame(0, message);
  }
  out.push_back(std::move(delivery));
  return absl::OkStatus();
}

// Texts that were held go in one message for each message that they were last in.
absl::Status FrameAnswer::ReleaseEnds(const Item& item, Next& next, std::vector<Delivery>& out) {
  struct Added {
    std::vector<std::string> texts;
    Delivery delivery;
  };
  std::map<const Received*, Added> added;
  for (const Last& last : item.ends) {
    domain::FieldRelease& release = *next++;
    if (release.text.empty() && release.masked.empty()) continue;
    const std::vector<MessageText>& all = last.received->message->texts();
    const auto [found, is_new] = added.try_emplace(last.received.get());
    Added& message = found->second;
    if (is_new) {
      // Texts that are whole are repeated, such as an id; the others went on elsewhere.
      message.texts = last.received->texts;
      for (std::size_t i = 0; i < all.size(); ++i) {
        if (!all[i].end) message.texts[i].clear();
      }
    }
    AddText(all[last.text], release, message.delivery);
    message.texts[last.text] = std::move(release.text);
  }
  for (auto& [received, message] : added) {
    CS_ASSIGN_OR_RETURN(const std::string written, received->message->Write(message.texts));
    message.delivery.bytes = grpc_wire::EncodeFrame(0, written);
    out.push_back(std::move(message.delivery));
  }
  return absl::OkStatus();
}

}  // namespace countersign::dialects::rpc
