// Measures reading, splicing and recording an answer without the masker's cost. Run it under `perf
// stat -e instructions:u` or `valgrind --tool=callgrind`.
//
//   dialects_bench stream|responses|body|payload COUNT

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/dialects/dialects.h"
#include "libs/domain/event_payload.h"

namespace countersign::bench {
namespace {

std::string ContentEvent(int i) {
  return absl::StrCat(
      R"(data: {"id":"chatcmpl-123","object":"chat.completion.chunk","created":1694268190,)"
      R"("model":"gpt-4o-mini","system_fingerprint":"fp_44709d6fcb","choices":[{"index":0,)"
      R"("delta":{"content":" word)",
      i, R"("},"logprobs":null,"finish_reason":null}]})", "\n\n");
}

// The same piece in an event of a streamed response.
std::string ResponseEvent(int i) {
  return absl::StrCat("event: response.output_text.delta\n",
                      R"(data: {"type":"response.output_text.delta","sequence_number":)", i,
                      R"(,"item_id":"msg_68a1c0ffee1268a1c0ffee12","output_index":0,)"
                      R"("content_index":0,"delta":" word)",
                      i % 10, R"(","logprobs":[],"obfuscation":"Xy3kQp"})", "\n\n");
}

std::string Body() {
  std::string text;
  for (int i = 0; i < 200; ++i) absl::StrAppend(&text, "some words of an answer, line ", i, "\\n");
  return absl::StrCat(
      R"({"id":"chatcmpl-123","object":"chat.completion","created":1694268190,)"
      R"("model":"gpt-4o-mini","choices":[{"index":0,"message":{"role":"assistant",)"
      R"("content":")",
      text,
      R"("},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":9,)"
      R"("completion_tokens":12,"total_tokens":21}})");
}

// Releases every piece unchanged, like a masker without matches.
std::vector<domain::FieldRelease> ReleaseAll(std::vector<domain::FieldPiece> pieces) {
  std::vector<domain::FieldRelease> releases(pieces.size());
  for (std::size_t i = 0; i < pieces.size(); ++i) releases[i].text = std::move(pieces[i].text);
  return releases;
}

std::size_t Deliver(dialects::AnswerReader& reader,
                    absl::StatusOr<std::vector<domain::FieldPiece>> asked) {
  std::size_t bytes = 0;
  auto deliveries = reader.Release(ReleaseAll(*std::move(asked)));
  for (const dialects::Delivery& delivery : *deliveries) {
    bytes += domain::ResponseDataPayload(delivery.bytes, delivery.masked).size();
  }
  return bytes;
}

std::unique_ptr<dialects::AnswerReader> Open(const char* content_type,
                                             const char* operation = "chat.completions") {
  dialects::ReadCall call;
  domain::Prompt prompt;
  prompt.operation = operation;
  call.prompt = std::make_shared<const domain::Prompt>(std::move(prompt));
  return dialects::DefaultDialect().OpenAnswer(call, dialects::AnswerHead{200, content_type},
                                               dialects::AnswerOptions());
}

std::size_t Run(absl::string_view what, int count) {
  std::size_t bytes = 0;
  if (what == "stream") {
    const auto reader = Open("text/event-stream");
    for (int i = 0; i < count; ++i) bytes += Deliver(*reader, reader->Feed(ContentEvent(i % 10)));
  } else if (what == "responses") {
    const auto reader = Open("text/event-stream", "responses");
    for (int i = 0; i < count; ++i) bytes += Deliver(*reader, reader->Feed(ResponseEvent(i)));
  } else if (what == "body") {
    const std::string body = Body();
    for (int i = 0; i < count; ++i) {
      const auto reader = Open("application/json");
      bytes += Deliver(*reader, reader->Feed(body));
      bytes += Deliver(*reader, reader->Finish());
    }
  } else {
    const std::string event = ContentEvent(1);
    for (int i = 0; i < count; ++i) bytes += domain::ResponseDataPayload(event, {}).size();
  }
  return bytes;
}

}  // namespace
}  // namespace countersign::bench

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  std::printf("%zu bytes\n", countersign::bench::Run(argv[1], std::atoi(argv[2])));
}
