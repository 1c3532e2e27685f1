#include "libs/dialects/grpc_service/answer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/dialects/grpc_service/token_ids.h"

namespace countersign::dialects::grpc_service {

ServiceAnswer::ServiceAnswer(const AnswerHead& head, const AnswerOptions& options,
                             std::shared_ptr<const protobuf_texts::Schema> schema,
                             const protobuf_texts::Method& method)
    : schema_(std::move(schema)),
      method_(method),
      fields_(options.connection == nullptr ? std::vector<std::string>()
                                            : options.connection->response_texts),
      refuse_unknown_(options.unknown_events == domain::UnknownEvents::kRefuse),
      refuse_token_ids_(options.by_profile && HasTokenIds(*method.output)),
      end_(head),
      frames_(options.max_event_bytes) {}

absl::StatusOr<std::vector<domain::FieldPiece>> ServiceAnswer::Feed(absl::string_view bytes) {
  CS_RETURN_IF_ERROR(end_.CheckHead());
  frames_.Feed(bytes);
  std::vector<domain::FieldPiece> pieces;
  while (true) {
    CS_ASSIGN_OR_RETURN(std::optional<std::string> message, rpc::NextMessage(frames_));
    if (!message) return pieces;
    CS_RETURN_IF_ERROR(ReadMessage(*std::move(message), pieces));
  }
}

absl::Status ServiceAnswer::ReadMessage(std::string message,
                                        std::vector<domain::FieldPiece>& pieces) {
  protobuf_texts::ReadOptions options;
  options.unknown = refuse_unknown_ ? protobuf_texts::UnknownFields::kRefuse
                                    : protobuf_texts::UnknownFields::kRead;
  options.texts = &fields_;
  options.values = refuse_token_ids_;
  auto read = protobuf_texts::ReadMessage(*schema_, *method_.output, message, options);
  if (!read.ok()) {
    const bool unknown = GetReason(read.status()) == protobuf_texts::kUnknownField;
    return unknown ? WithReason(absl::UnavailableError(read.status().message()), kUnknownEvent)
                   : rpc::Unreadable(read.status().message());
  }
  if (refuse_token_ids_) CS_RETURN_IF_ERROR(CheckValues(*read));
  auto item = std::make_shared<Item>();
  for (std::size_t i = 0; i < read->texts.size(); ++i) {
    const protobuf_texts::Text& text = read->texts[i];
    const std::size_t size = text.place.end - text.place.begin;
    item->shares.push_back(series_[text.series].Add(size));
    asked_.push_back({text.series, size, !method_.server_streams, false});
    pieces.push_back(
        {text.series, message.substr(text.place.begin, size), !method_.server_streams});
    last_[text.series] = {item, i};
  }
  item->message = std::move(message);
  item->texts = std::move(read->texts);
  item->prefixes = std::move(read->prefixes);
  items_.push_back(std::move(item));
  return absl::OkStatus();
}

absl::Status ServiceAnswer::CheckValues(const protobuf_texts::ReadResult& read) const {
  for (const protobuf_texts::Value& value : read.values) {
    if (!IsTokenIds(value)) continue;
    return WithReason(
        absl::UnavailableError(absl::StrCat(
            value.path, " has ids of tokens, which cannot be masked: use masking profile none")),
        kUnknownEvent);
  }
  return absl::OkStatus();
}

std::vector<domain::FieldPiece> ServiceAnswer::EndTexts() {
  std::vector<domain::FieldPiece> pieces;
  for (const auto& [name, series] : series_) {
    if (!series.held()) continue;
    asked_.push_back({name, 0, true, false});
    pieces.push_back({name, "", true});
  }
  return pieces;
}

absl::StatusOr<std::vector<domain::FieldPiece>> ServiceAnswer::Finish() {
  if (!frames_.empty()) return rpc::Unreadable("it ends within a message");
  CS_RETURN_IF_ERROR(end_.Read());
  std::vector<domain::FieldPiece> pieces;
  for (const auto& [name, series] : series_) {
    asked_.push_back({name, 0, true, false});
    pieces.push_back({name, "", true});
  }
  asked_.push_back({"", 0, true, true});
  pieces.push_back(end_.AskAboutMessage());
  return pieces;
}

absl::StatusOr<std::vector<Delivery>> ServiceAnswer::Release(
    std::vector<domain::FieldRelease> releases) {
  if (releases.size() != asked_.size()) {
    return absl::InternalError("the masker's answer does not fit its request");
  }
  std::vector<Delivery> out;
  std::vector<std::string> ended;
  std::optional<Delivery> trailers;
  for (domain::FieldRelease& release : releases) {
    const Asked asked = std::move(asked_.front());
    asked_.pop_front();
    if (asked.status) {
      trailers = end_.Write(std::move(release));
      continue;
    }
    series_[asked.series].Take(asked.size, std::move(release));
    if (asked.end) ended.push_back(asked.series);
  }
  CS_RETURN_IF_ERROR(SendReady(out));
  for (const std::string& series : ended) {
    CS_RETURN_IF_ERROR(SendRest(series, out));
    series_.erase(series);  // the masker counts the bytes of its next text anew
  }
  if (trailers) out.push_back(*std::move(trailers));
  return out;
}

absl::Status ServiceAnswer::SendReady(std::vector<Delivery>& out) {
  for (; !items_.empty(); items_.pop_front()) {
    const Item& item = *items_.front();
    const auto held = [](const auto& share) { return !share->complete; };
    if (std::any_of(item.shares.begin(), item.shares.end(), held)) {
      if (items_.size() <= kMostWaiting) return absl::OkStatus();
      for (std::size_t i = 0; i < item.shares.size(); ++i) {
        if (!item.shares[i]->complete) series_[item.texts[i].series].Detach();
      }
    }
    CS_ASSIGN_OR_RETURN(Delivery delivery, Write(item));
    out.push_back(std::move(delivery));
  }
  return absl::OkStatus();
}

absl::StatusOr<Delivery> ServiceAnswer::Write(const Item& item) const {
  Delivery delivery;
  std::vector<protobuf_texts::Replacement> replacements;
  for (std::size_t i = 0; i < item.texts.size(); ++i) {
    const protobuf_texts::Text& text = item.texts[i];
    const Share& share = *item.shares[i];
    for (const domain::MaskedSpan& span : share.masked) {
      delivery.masked.push_back({text.series, span});
    }
    if (!share.text.empty()) delivery.output.push_back({text.series, share.text});
    const auto [begin, end, prefix] = text.place;
    if (absl::string_view(item.message).substr(begin, end - begin) != share.text) {
      replacements.push_back({text.place, share.text});
    }
  }
  CS_ASSIGN_OR_RETURN(
      const std::string message,
      protobuf_texts::Replace(item.message, item.prefixes, std::move(replacements)));
  delivery.bytes = grpc_wire::EncodeFrame(0, message);
  return delivery;
}

// A copy of the last message of the series, with the rest as its only text.
absl::Status ServiceAnswer::SendRest(const std::string& series, std::vector<Delivery>& out) {
  Share rest = series_[series].TakeRest();
  const auto last = last_.find(series);
  if ((rest.text.empty() && rest.masked.empty()) || last == last_.end()) return absl::OkStatus();
  Item copy = *last->second.item;
  for (std::shared_ptr<Share>& share : copy.shares) share = std::make_shared<Share>();
  *copy.shares[last->second.text] = std::move(rest);
  CS_ASSIGN_OR_RETURN(Delivery delivery, Write(copy));
  out.push_back(std::move(delivery));
  return absl::OkStatus();
}

}  // namespace countersign::dialects::grpc_service
