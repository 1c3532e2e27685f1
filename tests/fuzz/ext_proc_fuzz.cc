// Messages of Envoy's filter ext_proc. What is read is of one direction and part, and replies with
// its body and fields can be written. Input: one message of the proxy.

#include "services/edge/ext_proc/ext_proc_wire.h"
#include "services/edge/ext_proc/proxied_caller.h"
#include "tests/fuzz/fuzz_input.h"

namespace countersign::fuzz {
namespace {

using edge::ext_proc::BodyReply;
using edge::ext_proc::Part;
using edge::ext_proc::PieceReply;
using edge::ext_proc::ProtoCodec;
using edge::ext_proc::ProxyMessage;
using edge::ext_proc::TrailersReply;

void Check(absl::string_view bytes) {
  const ProtoCodec codec;
  const absl::StatusOr<ProxyMessage> message = codec.Read(bytes);
  if (!message.ok()) return;
  Require(message->part == Part::kBody || message->body.empty(), "a body elsewhere", bytes);
  const auto head = edge::ext_proc::MakeRequestHead(*message, "connection", "address");
  for (const auto& [name, value] : head.headers) {
    Require(name.empty() || name[0] != ':', "a pseudo-header is passed on", bytes);
  }
  PieceReply piece{message->direction, message->body, message->end_of_stream};
  Require(!codec.Write(piece).empty(), "an empty reply", bytes);
  BodyReply body{message->direction, {message->headers, {}}, message->body};
  Require(!codec.Write(body).empty(), "an empty reply", bytes);
  TrailersReply trailers{message->direction, {}};
  for (const auto& [name, value] : message->headers) trailers.remove.push_back(name);
  Require(!codec.Write(trailers).empty(), "an empty reply", bytes);
}

}  // namespace

void Run(Input input) { Check(input.Rest()); }

}  // namespace countersign::fuzz
