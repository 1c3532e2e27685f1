// Messages of KServe's V2 protocol. A request's texts are where it says, and replacing them gives a
// request that reads the same; an answer that changes nothing passes byte for byte, however it is
// cut. Input: request, answer or stream; the cuts of an answer; one message.

#include "libs/dialects/kserve/dialect.h"
#include "libs/grpc_wire/frames.h"
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

}  // namespace

void Run(Input input) {
  const std::uint8_t what = input.Byte();
  const std::uint8_t cuts = input.Byte();
  const std::string frame = grpc_wire::EncodeFrame(0, input.Rest());
  if (what % 3 == 0) return CheckRequest(frame);
  CheckAnswer(frame, what % 3 == 2, cuts);
}

}  // namespace countersign::fuzz
