#include "services/masking/masking_wire.h"

#include <cstdint>
#include <utility>

namespace countersign::masking {

absl::StatusOr<std::vector<domain::FieldPiece>> PiecesFromProto(v1::MaskRequest& request) {
  std::vector<domain::FieldPiece> pieces;
  pieces.reserve(static_cast<std::size_t>(request.pieces_size()));
  for (v1::FieldPiece& piece : *request.mutable_pieces()) {
    if (piece.field().empty()) return absl::InvalidArgumentError("a piece has no field");
    pieces.push_back(
        {std::move(*piece.mutable_field()), std::move(*piece.mutable_text()), piece.end()});
  }
  return pieces;
}

std::vector<domain::Placeholder> KnownFromProto(v1::MaskOpen& open) {
  std::vector<domain::Placeholder> known;
  known.reserve(static_cast<std::size_t>(open.known_size()));
  for (v1::Placeholder& each : *open.mutable_known()) {
    known.push_back({std::move(*each.mutable_token()), std::move(*each.mutable_original())});
  }
  return known;
}

v1::MaskResponse OpenedToProto(const domain::MaskStream& stream) {
  v1::MaskResponse response;
  response.set_refuses_unknown_events(stream.unknown_events() == domain::UnknownEvents::kRefuse);
  return response;
}

v1::MaskResponse ToProto(const std::vector<std::string>& fields,
                         std::vector<domain::FieldRelease> releases) {
  v1::MaskResponse response;
  for (std::size_t i = 0; i < releases.size(); ++i) {
    v1::FieldRelease& release = *response.add_releases();
    release.set_field(fields[i]);
    release.set_text(std::move(releases[i].text));
    release.set_held(static_cast<std::uint32_t>(releases[i].held_after));
    release.set_restored(releases[i].restored);
    for (std::string& each : releases[i].unanalyzed) release.add_unanalyzed(std::move(each));
    for (domain::Placeholder& each : releases[i].placeholders) {
      v1::Placeholder& placeholder = *release.add_placeholders();
      placeholder.set_token(std::move(each.token));
      placeholder.set_original(std::move(each.original));
    }
    for (domain::MaskedSpan& span : releases[i].masked) {
      v1::MaskedSpan& masked = *release.add_masked();
      masked.set_begin(static_cast<std::uint32_t>(span.begin));
      masked.set_end(static_cast<std::uint32_t>(span.end));
      masked.set_entity(std::move(span.entity));
      masked.set_original(std::move(span.original));
      masked.set_in_begin(span.in_begin);
      masked.set_in_end(span.in_end);
    }
  }
  return response;
}

}  // namespace countersign::masking
