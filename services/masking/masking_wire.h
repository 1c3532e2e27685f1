#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "countersign/masking/v1/masking.pb.h"
#include "libs/domain/masker.h"

// Converts between masking's messages and the domain's values, and validates all input.
namespace countersign::masking {

// Moves the texts out of `request`. INVALID_ARGUMENT for a piece without a field name.
absl::StatusOr<std::vector<domain::FieldPiece>> PiecesFromProto(v1::MaskRequest& request);

// Moves the placeholders that the answer restores out of `open`.
std::vector<domain::Placeholder> KnownFromProto(v1::MaskOpen& open);

// The response to opening `stream`.
v1::MaskResponse OpenedToProto(const domain::MaskStream& stream);

// `fields` are the fields of the pieces, in the order of `releases`.
v1::MaskResponse ToProto(const std::vector<std::string>& fields,
                         std::vector<domain::FieldRelease> releases);

}  // namespace countersign::masking
