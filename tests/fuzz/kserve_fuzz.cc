// Messages and bodies of KServe's V2 protocol. A request's texts are where it says, and replacing
// them gives a request that reads the same; an answer that changes nothing passes byte for byte,
// however it is cut. Input: request, answer or stream, over gRPC or REST; the cuts of an answer;
// one message, or a body: its JSON, a NUL, its binary data.

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/dialects/kserve/dialect.h"
#include "libs/grpc_wire/frames.h"
#include "libs/json/writer.h"
#include "tests/fuzz/fuzz_input.h"

namespace countersign::fuzz {
namespace {

using dialects::Edit;
using dialects::ReadCall;

constexpr char kInfer[] = "/inference.GRPCInferenceService/ModelInfer";
constexpr char kStream[] = "/inference.GRPCInferenceService/ModelStreamInfer";

absl::StatusOr<ReadCall> Read(std::string body) {
  dialects::IncomingRequest request;
  request.method = "POST";
  request.path = kInfer;
  request.body = std::move(body);
  request.rpc = true;
  return dialects::kserve::KserveDialect().Read(request);
}

std::string Replace(const ReadCall& call, absl::string_view more) {
  std::vector<Edit> edits;
  for (std::size_t i = 0; i < call.places.size(); ++i) {
    const auto& place = call.places[i];
    if (place.begin == place.end) continue;
    const std::string& text = call.prompt->parts[i].text;
    Require(call.body.substr(place.begin, place.end - place.begin) == text, "another text", text);
    edits.push_back({place.begin, place.end, text + std::string(more)});
  }
  const auto replaced = dialects::Splice(call.body, std::move(edits), call.lengths);
  Require(replaced.ok(), "texts cannot be replaced", call.body);
  return *replaced;
}

void CheckRequest(const std::string& frame) {
  const auto call = Read(frame);
  if (!call.ok()) return;
  Require(call->places.size() == call->prompt->parts.size(), "places without texts");
  Require(Replace(*call, "") == frame, "other bytes", frame);
  // A name with more in it may be one that is refused, or has another form.
  const auto again = Read(Replace(*call, "a b c"));
  Require(!again.ok() || again->prompt->parts.size() >= call->prompt->parts.size(), "fewer texts",
          frame);
}

void CheckAnswer(const std::string& frame, bool stream, std::uint8_t cuts) {
  ReadCall call;
  call.upstream_path = stream ? kStream : kInfer;
  call.rpc = true;
  const auto reader =
      dialects::kserve::KserveDialect().OpenAnswer(call, {200, "application/grpc"}, {});
  std::string delivered;
  const auto take = [&](absl::StatusOr<std::vector<domain::FieldPiece>> pieces) {
    if (!pieces.ok()) return false;
    std::vector<domain::FieldRelease> releases;
    for (const domain::FieldPiece& piece : *pieces) releases.push_back({piece.text, 0, 0, {}});
    const auto released = reader->Release(std::move(releases));
    Require(released.ok(), "not released", frame);
    for (const auto& delivery : *released) delivered += delivery.bytes;
    return true;
  };
  for (const absl::string_view piece : Cut(frame, cuts)) {
    if (!take(reader->Feed(piece))) return;
  }
  reader->AddTrailers({{"grpc-status", "0"}});
  Require(take(reader->Finish()), "not finished", frame);
  Require(delivered == frame, "other bytes", frame);
}

// A body with binary data after `json_size` bytes, if that is not its size.
struct Body {
  std::string bytes;
  std::size_t json_size = 0;

  dialects::HeaderList headers() const {
    if (json_size == bytes.size()) return {};
    return {{"inference-header-content-length", absl::StrCat(json_size)}};
  }
};

Body ReadBody(absl::string_view input) {
  const std::size_t end = std::min(input.find('\0'), input.size());
  Body body{std::string(input.substr(0, end)), end};
  if (end < input.size()) absl::StrAppend(&body.bytes, input.substr(end + 1));
  return body;
}

absl::StatusOr<ReadCall> ReadRest(const Body& body) {
  dialects::IncomingRequest request;
  request.method = "POST";
  request.path = "/v2/models/llm/infer";
  request.headers = body.headers();
  request.body = body.bytes;
  return dialects::kserve::KserveDialect().Read(request);
}

Body ReplaceRest(const ReadCall& call, absl::string_view more) {
  std::vector<Edit> edits;
  for (std::size_t i = 0; i < call.places.size(); ++i) {
    const auto& place = call.places[i];
    if (place.begin == place.end) continue;
    const std::string& text = call.prompt->parts[i].text;
    const bool raw = place.encoding == dialects::members::Encoding::kBytes;
    Require(!raw || call.body.substr(place.begin, place.end - place.begin) == text, "another text",
            text);
    if (!raw && more.empty()) continue;  // its escapes are not kept
    const std::string with = text + std::string(more);
    edits.push_back({place.begin, place.end, raw ? with : json::Quote(with)});
  }
  dialects::AddSizeEdits(call.sizes, edits);
  Body body;
  body.json_size = dialects::CountAfter(edits, call.head_size ? call.head_size->end : 0);
  const auto replaced = dialects::Splice(call.body, std::move(edits), call.lengths);
  Require(replaced.ok(), "texts cannot be replaced", call.body);
  body.bytes = *replaced;
  if (!call.head_size) body.json_size = body.bytes.size();
  return body;
}

void CheckRestRequest(const Body& body) {
  const auto call = ReadRest(body);
  if (!call.ok()) return;
  Require(call->places.size() == call->prompt->parts.size(), "places without texts");
  Require(ReplaceRest(*call, "").bytes == body.bytes, "other bytes", body.bytes);
  const auto again = ReadRest(ReplaceRest(*call, "a b c"));
  Require(again.ok(), "what was replaced cannot be read", body.bytes);
  Require(again->prompt->parts.size() >= call->prompt->parts.size(), "fewer texts", body.bytes);
}

void CheckRestAnswer(const Body& body, std::uint8_t cuts) {
  const dialects::HeaderList headers = body.headers();
  const auto reader = dialects::kserve::KserveDialect().OpenAnswer(
      ReadCall(), {200, "application/json", &headers}, {});
  for (const absl::string_view piece : Cut(body.bytes, cuts)) {
    if (!reader->Feed(piece).ok() || !reader->Release({}).ok()) return;
  }
  const auto pieces = reader->Finish();
  if (!pieces.ok()) return;
  std::vector<domain::FieldRelease> releases;
  for (const domain::FieldPiece& piece : *pieces) releases.push_back({piece.text, 0, 0, {}});
  const auto released = reader->Release(std::move(releases));
  if (!released.ok() || released->empty()) return;
  const std::string& delivered = released->front().bytes;
  // Only the JSON may be made unambiguous.
  const std::string binary = body.bytes.substr(body.json_size);
  Require(delivered.size() >= binary.size() &&
              delivered.substr(delivered.size() - binary.size()) == binary,
          "other binary data", body.bytes);
}

}  // namespace

void Run(Input input) {
  const std::uint8_t what = input.Byte();
  const std::uint8_t cuts = input.Byte();
  const std::string rest(input.Rest());
  if (what >= 0x80) {
    const Body body = ReadBody(rest);
    return what % 2 == 0 ? CheckRestRequest(body) : CheckRestAnswer(body, cuts);
  }
  const std::string frame = grpc_wire::EncodeFrame(0, rest);
  if (what % 3 == 0) return CheckRequest(frame);
  CheckAnswer(frame, what % 3 == 2, cuts);
}

}  // namespace countersign::fuzz
