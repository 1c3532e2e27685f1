#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "libs/dialects/dialect.h"
#include "libs/dialects/grpc_service/series.h"
#include "libs/dialects/rpc/answer_end.h"
#include "libs/grpc_wire/frames.h"
#include "libs/protobuf_texts/read_message.h"

namespace countersign::dialects::grpc_service {

// An answer of any number of messages of one type, then the trailers.
//
// Texts of one series (protobuf_texts::Text) continue from message to message, and a match over
// several of them is replaced in the first. A message waits while the masker holds a part of one of
// its texts, and those after it wait, too: nothing moves to another message, so identifiers that
// every message repeats stay whole. When more than `kMostWaiting` messages would wait, the first
// one is sent without what is held, which the next text of the series begins with, or a copy of
// that message at the end.
class ServiceAnswer final : public AnswerReader {
 public:
  static constexpr std::size_t kMostWaiting = 8;

  // `schema` outlives the reader.
  ServiceAnswer(const AnswerHead& head, const AnswerOptions& options,
                std::shared_ptr<const protobuf_texts::Schema> schema,
                const protobuf_texts::Method& method);

  absl::StatusOr<std::vector<domain::FieldPiece>> Feed(absl::string_view bytes) override;
  std::size_t buffered() const override { return frames_.buffered(); }
  std::vector<domain::FieldPiece> EndTexts() override;
  void AddTrailers(const HeaderList& trailers) override { end_.AddTrailers(trailers); }
  absl::StatusOr<std::vector<domain::FieldPiece>> Finish() override;
  absl::StatusOr<std::vector<Delivery>> Release(
      std::vector<domain::FieldRelease> releases) override;
  const Usage& usage() const override { return usage_; }
  bool upstream_failed() const override { return end_.failed(); }

 private:
  struct Item {
    std::string message;
    std::vector<protobuf_texts::Text> texts;
    std::vector<protobuf_texts::LengthPrefix> prefixes;
    std::vector<std::shared_ptr<Share>> shares;  // of the texts
  };
  // A piece that the masker was asked about.
  struct Asked {
    std::string series;
    std::size_t size = 0;
    bool end = false;
    bool status = false;  // the message of the status
  };
  // The last message with a text of a series.
  struct Last {
    std::shared_ptr<const Item> item;
    std::size_t text = 0;
  };

  absl::Status ReadMessage(std::string message, std::vector<domain::FieldPiece>& pieces);
  absl::Status CheckValues(const protobuf_texts::ReadResult& read) const;
  absl::Status SendReady(std::vector<Delivery>& out);
  absl::Status SendRest(const std::string& series, std::vector<Delivery>& out);
  absl::StatusOr<Delivery> Write(const Item& item) const;

  const std::shared_ptr<const protobuf_texts::Schema> schema_;
  const protobuf_texts::Method& method_;
  const protobuf_texts::TextFields fields_;
  const bool refuse_unknown_;
  const bool refuse_token_ids_;
  rpc::AnswerEnd end_;
  grpc_wire::FrameReader frames_;
  std::deque<std::shared_ptr<Item>> items_;
  std::deque<Asked> asked_;
  std::map<std::string, Series> series_;
  std::map<std::string, Last> last_;
  const Usage usage_;
};

}  // namespace countersign::dialects::grpc_service
