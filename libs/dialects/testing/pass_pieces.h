#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/base/status.h"
#include "libs/dialects/dialect.h"
#include "libs/dialects/testing/literal_masking.h"

namespace countersign::dialects::testing {

// The caller's bytes for an answer that arrives in `pieces`, masked by LiteralMasking.
inline absl::StatusOr<std::string> PassPieces(AnswerReader& reader,
                                              const std::vector<std::string>& pieces) {
  LiteralMasking masking;
  std::string caller;
  for (std::size_t i = 0; i <= pieces.size(); ++i) {
    auto asked = i < pieces.size() ? reader.Feed(pieces[i]) : reader.Finish();
    CS_RETURN_IF_ERROR(asked.status());
    CS_ASSIGN_OR_RETURN(const auto deliveries, reader.Release(masking.Apply(*asked)));
    for (const Delivery& delivery : deliveries) caller += delivery.bytes;
  }
  return caller;
}

inline std::vector<std::string> SplitIntoBytes(absl::string_view bytes) {
  std::vector<std::string> pieces;
  for (const char c : bytes) pieces.emplace_back(1, c);
  return pieces;
}

}  // namespace countersign::dialects::testing
