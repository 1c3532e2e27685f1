#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libs/dialects/dialect.h"
#include "libs/dialects/rpc/answer_end.h"
#include "libs/grpc_wire/frames.h"

// Answers over gRPC: messages in frames, then trailers with the status. What is in a message is its
// dialect's to say.
namespace countersign::dialects::rpc {

// A text in one message of an answer.
struct MessageText {
  std::string field;   // texts of one field continue from message to message
  std::string text;    // valid UTF-8
  bool end = false;    // nothing of the field follows in later messages
  bool output = true;  // the model generated it: its tokens count
};

// One message of an answer, taken apart. Immutable.
class AnswerMessage {
 public:
  virtual ~AnswerMessage() = default;
  virtual const std::vector<MessageText>& texts() const = 0;
  // All texts that came before end with this message, also those that it does not have.
  virtual bool ends_texts() const = 0;
  // The message reports a failure of the upstream.
  virtual bool failed() const { return false; }
  // The message with other texts, one for each of texts(), in their order; everything else stays as
  // it is.
  virtual absl::StatusOr<std::string> Write(const std::vector<std::string>& texts) const = 0;
};

// Takes one message apart. The errors are those of AnswerReader::Feed.
using ReadMessage =
    std::function<absl::StatusOr<std::unique_ptr<AnswerMessage>>(std::string message)>;

// An answer of any number of messages. A text from which the masker holds something back goes on in
// the next message of its field; what is held when the texts end goes in a message before, which
// repeats the last one of the field with this text alone. The trailers are the status and its
// message, which is a text, too; further details of it are dropped.
class FrameAnswer final : public AnswerReader {
 public:
  struct Options {
    std::size_t max_message_bytes = 64u << 20;
  };

  FrameAnswer(const AnswerHead& head, const Options& options, ReadMessage read);

  absl::StatusOr<std::vector<domain::FieldPiece>> Feed(absl::string_view bytes) override;
  std::size_t buffered() const override { return frames_.buffered(); }
  void AddTrailers(const HeaderList& trailers) override { end_.AddTrailers(trailers); }
  absl::StatusOr<std::vector<domain::FieldPiece>> Finish() override;
  absl::StatusOr<std::vector<Delivery>> Release(
      std::vector<domain::FieldRelease> releases) override;
  const Usage& usage() const override { return usage_; }
  bool upstream_failed() const override { return end_.failed() || failed_; }

 private:
  struct Received {
    std::unique_ptr<AnswerMessage> message;
    std::string bytes;               // its frame, as it came
    std::vector<bool> asked;         // by text: the masker is asked about it
    std::vector<std::string> texts;  // as delivered
  };
  // The last message with a text of a field, and which one it is.
  struct Last {
    std::shared_ptr<Received> received;
    std::size_t text = 0;
  };
  // What is delivered after the next releases.
  struct Item {
    std::shared_ptr<Received> received;  // null: the ends of fields, or the trailers
    std::vector<Last> ends;              // of one release each
    bool trailers = false;
  };

  absl::Status ReadFrame(std::string message, std::vector<domain::FieldPiece>& pieces);
  void EndTexts(std::vector<domain::FieldPiece>& pieces);
  using Next = std::vector<domain::FieldRelease>::iterator;
  absl::Status ReleaseMessage(Received& received, Next& next, std::vector<Delivery>& out);
  bool Passed(const MessageText& text) const;
  void NotePassed(const MessageText& text, const domain::FieldRelease& release);
  static absl::Status ReleaseEnds(const Item& item, Next& next, std::vector<Delivery>& out);

  AnswerEnd end_;
  const ReadMessage read_;
  grpc_wire::FrameReader frames_;
  std::map<std::string, Last> open_;  // fields that may go on
  // By field, a whole text that the masker has let through as it is. Most messages of a stream
  // repeat theirs, such as the model's name and the request's id: it need not be asked again.
  std::map<std::string, std::string, std::less<>> passed_;
  std::deque<Item> items_;
  bool failed_ = false;
  const Usage usage_;
};

}  // namespace countersign::dialects::rpc
