// A request of OpenAI's API: its texts are where it says, and replacing them by themselves gives a
// request with the same texts. Input: the operation; the body, or the path of what is kept.

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/dialects/members/partition.h"
#include "libs/dialects/openai/dialect.h"
#include "tests/fuzz/fuzz_input.h"

namespace countersign::fuzz {
namespace {

using dialects::ReadCall;

constexpr absl::string_view kPosts[] = {"/v1/chat/completions", "/v1/responses", "/v1/completions",
                                        "/v1/embeddings", "/v1/moderations"};

absl::StatusOr<ReadCall> Read(absl::string_view method, absl::string_view path,
                              absl::string_view body) {
  dialects::IncomingRequest request;
  request.method = std::string(method);
  request.path = std::string(path);
  request.body = std::string(body);
  return dialects::openai::OpenAiDialect().Read(request);
}

std::vector<std::string> Texts(const ReadCall& call) {
  std::vector<std::string> texts;
  for (const auto& part : call.prompt->parts) {
    texts.push_back(absl::StrCat(part.pointer, " ", part.text));
  }
  return texts;
}

void CheckBody(absl::string_view path, absl::string_view body) {
  const auto call = Read("POST", path, body);
  if (!call.ok()) return;
  Require(call->places.size() == call->prompt->parts.size(), "places without texts", body);
  std::vector<dialects::Edit> edits;
  for (std::size_t i = 0; i < call->places.size(); ++i) {
    const auto& place = call->places[i];
    if (place.begin == place.end || place.encoding != dialects::members::Encoding::kPlain) continue;
    const auto written = dialects::members::WriteText(place, call->prompt->parts[i].text);
    Require(written.ok(), "a text cannot be written", body);
    edits.push_back({place.begin, place.end, *written});
  }
  const auto replaced = dialects::Splice(call->body, std::move(edits));
  Require(replaced.ok(), "texts cannot be replaced", body);
  const auto again = Read("POST", path, *replaced);
  // A parameter that is a long number is a text, and no number as one.
  if (again.ok()) Require(Texts(*again) == Texts(*call), "other texts", *replaced);
}

}  // namespace

void Run(Input input) {
  const std::size_t operation = input.Byte() % (std::size(kPosts) + 1);
  if (operation < std::size(kPosts)) return CheckBody(kPosts[operation], input.Rest());
  const auto call = Read("GET", absl::StrCat("/v1/responses/", input.Rest()), "");
  if (!call.ok()) return;
  Require(call->upstream_path == absl::StrCat("/responses/", input.Rest()) ||
              call->upstream_path + "/" == absl::StrCat("/responses/", input.Rest()),
          "another path", call->upstream_path);
}

}  // namespace countersign::fuzz
