#include "libs/dialects/testing/blocks_dialect.h"

#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/dialects/answers/document_answer.h"
#include "libs/dialects/answers/event_stream_answer.h"
#include "libs/dialects/answers/whole_texts.h"
#include "libs/dialects/sse/writer.h"
#include "libs/json/writer.h"

namespace countersign::dialects::testing {
namespace {

using answers::FoundTexts;
using json::Type;
using json::Value;

const answers::MemberNames& Names() {
  using Set = answers::MemberNames::Set;
  static const auto& documented =
      *new Set{"type",  "index",         "delta",       "text",    "partial_json", "message",
               "id",    "content_block", "role",        "content", "model",        "usage",
               "error", "name",          "stop_reason", "input",   "input_tokens", "output_tokens"};
  static const auto& numbers = *new Set{"index"};
  static const auto& media = *new Set{"source/data"};
  static const auto& sealed = *new Set{"signature"};
  static const answers::MemberNames names{documented, numbers, media, sealed};
  return names;
}

void ReadUsage(const Value& usage, Usage& result) {
  if (!usage.is(Type::kObject)) return;
  const auto input = usage["input_tokens"].integer();
  const auto output = usage["output_tokens"].integer();
  if (input) result.input_tokens = static_cast<std::uint32_t>(*input);
  if (output) result.output_tokens = static_cast<std::uint32_t>(*output);
  result.known = true;
}

class BlocksStream final : public answers::EventStreamGrammar {
 public:
  bool IsBareEndMarker(absl::string_view) const override { return false; }
  bool IsKnownEventName(absl::string_view) const override { return true; }
  bool IsKnownEvent(const Value& root) const override { return root["type"].is(Type::kString); }

  answers::EventRole Classify(const Value& root, Usage& usage) const override {
    ReadUsage(root["usage"], usage);
    ReadUsage(root["message"]["usage"], usage);
    answers::EventRole role;
    role.ends_stream = root["type"].text() == "message_stop";
    role.is_error = root["type"].text() == "error";
    return role;
  }

  absl::StatusOr<FoundTexts> FindTexts(const Value& root, absl::string_view data) override {
    FoundTexts found;
    answers::WholeTextFinder whole(Names(), data, found);
    const absl::string_view type = root["type"].text();
    const auto block = root["index"].integer();
    if (type == "content_block_stop" && block) found.ended_groups.push_back(*block);
    for (std::size_t i = 0; i < root.size(); ++i) {
      whole.AddName(root.key(i));
      if (type == "content_block_delta" && block && root.key(i) == "delta") {
        AddDelta(root.at(i), *block, whole, found);
        found.only_continuing = root.size() == 3 && root.at(i).size() == 2;
      } else if (root.at(i).is(Type::kString) && !Names().documented.contains(root.key(i))) {
        AddUnknown(root.key(i), root.at(i), block.value_or(answers::kNoGroup), found);
      } else {
        whole.Add(root.key(i), root.at(i), root.key(i) == "usage");
      }
    }
    return found;
  }

  std::string WriteEndMarker() const override {
    return sse::FormatEvent(R"({"type":"message_stop"})", "message_stop");
  }

  std::string WriteText(const answers::OpenText& open, absl::string_view text) const override {
    const answers::Step& step = open.path.front();
    json::Writer out;
    if (open.container.empty()) {
      out.BeginObject().Key("type").String("ping").Key("index").Int(open.group);
      return sse::FormatEvent(out.Key(step.key).String(text).EndObject().str(), "ping");
    }
    out.BeginObject().Key("type").String("content_block_delta").Key("index").Int(open.group);
    out.Key(open.container).BeginObject().Key("type").String(step.type);
    out.Key(step.key).String(text).EndObject().EndObject();
    return sse::FormatEvent(out.str(), "content_block_delta");
  }

 private:
  static void AddUnknown(absl::string_view key, const Value& value, std::int64_t block,
                         FoundTexts& found) {
    answers::FoundText& text = found.texts.emplace_back();
    text.value = value;
    text.field = absl::StrCat("unknown/", block, "/", key);
    text.continuation = answers::Continuation::kUnknown;
    text.group = block;
    text.path = {{std::string(key), -1, false, ""}};
  }

  static void AddDelta(const Value& delta, std::int64_t block, answers::WholeTextFinder& whole,
                       FoundTexts& found) {
    for (std::size_t i = 0; i < delta.size(); ++i) {
      const absl::string_view key = delta.key(i);
      whole.AddName(key);
      if (key == "type" || !delta.at(i).is(Type::kString)) {
        whole.Add(key, delta.at(i));
        continue;
      }
      answers::FoundText& text = found.texts.emplace_back();
      text.value = delta.at(i);
      text.field = absl::StrCat("blocks/", block, "/", key);
      text.continuation = answers::Continuation::kContinues;
      text.group = block;
      text.is_output = true;
      text.container = "delta";
      text.path = {{std::string(key), -1, false, std::string(delta["type"].text())}};
    }
  }
};

class BlocksDocument final : public answers::DocumentGrammar {
 public:
  bool IsKnownDocument(const Value& root) const override { return root["type"].exists(); }
  FoundTexts FindTexts(const Value& root, absl::string_view source) const override {
    FoundTexts found;
    answers::WholeTextFinder(Names(), source, found).Add("", root);
    return found;
  }
  Usage ReadUsage(const Value& root) const override {
    Usage usage;
    testing::ReadUsage(root["usage"], usage);
    return usage;
  }
  std::vector<Edit> EditsBeforeMasking(const Value&, absl::string_view) const override {
    return {};
  }
};

}  // namespace

absl::StatusOr<ReadCall> BlocksDialect::Read(const IncomingRequest& request) const {
  if (request.path != "/v1/messages") return absl::NotFoundError("unknown request");
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(request.body));
  domain::Prompt prompt;
  prompt.operation = "messages";
  prompt.model = std::string(document.root()["model"].text());
  prompt.stream = document.root()["stream"].boolean().value_or(false);
  ReadCall call;
  call.prompt = std::make_shared<const domain::Prompt>(std::move(prompt));
  call.method = request.method;
  call.upstream_path = request.path;
  call.body = request.body;
  return call;
}

AnswerFormat BlocksDialect::ClassifyAnswer(const AnswerHead& head) const {
  return absl::StartsWith(head.content_type, sse::kContentType) ? AnswerFormat::kEventStream
                                                                : AnswerFormat::kDocument;
}

std::unique_ptr<AnswerReader> BlocksDialect::OpenAnswer(const ReadCall&, const AnswerHead& head,
                                                        const AnswerOptions& options) const {
  const bool refuse = options.unknown_events == domain::UnknownEvents::kRefuse;
  if (ClassifyAnswer(head) == AnswerFormat::kEventStream) {
    return std::make_unique<answers::EventStreamAnswer>(
        std::make_unique<BlocksStream>(),
        answers::EventStreamAnswer::Options{options.masked, false, refuse});
  }
  return std::make_unique<answers::DocumentAnswer>(
      std::make_unique<BlocksDocument>(),
      answers::DocumentAnswer::Options{options.masked, head.status, refuse});
}

std::string BlocksDialect::FormatError(const CallerError& error) const {
  json::Writer out;
  out.BeginObject().Key("type").String("error").Key("error").BeginObject();
  out.Key("type").String(error.type).Key("message").String(error.message);
  return out.EndObject().EndObject().str();
}

std::string BlocksDialect::FormatErrorEvent(const CallerError& error) const {
  return sse::FormatEvent(FormatError(error), "error");
}

std::optional<std::string> BlocksDialect::ErrorBodyToEvent(absl::string_view body) const {
  const auto document = json::Document::Parse(body);
  if (!document.ok() || document->root()["type"].text() != "error") return std::nullopt;
  return sse::FormatEvent(body, "error");
}

std::string BlocksDialect::FormatKeepAlive() const {
  return sse::FormatEvent(R"({"type":"ping"})", "ping");
}

}  // namespace countersign::dialects::testing
