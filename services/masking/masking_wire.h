#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "countersign/masking/v1/masking.pb.h"
#include "libs/domain/masker.h"

// Masking's messages ⇄ the domain, and all checks of what came over the wire.
namespace countersign::masking {

// INVALID_ARGUMENT for a field without a name. Takes the texts out of `request`.
absl::StatusOr<std::vector<domain::FieldPiece>> PiecesFromProto(v1::MaskRequest& request);

// The placeholders that the answer restores. Takes them out of `open`.
std::vector<domain::Placeholder> KnownFromProto(v1::MaskOpen& open);

// The answer to the opening of `stream`.
v1::MaskResponse OpenedToProto(const domain::MaskStream& stream);

// `fields` names the pieces that `releases` answer, in the same order.
v1::MaskResponse ToProto(const std::vector<std::string>& fields,
                         std::vector<domain::FieldRelease> releases);

}  // namespace countersign::masking
