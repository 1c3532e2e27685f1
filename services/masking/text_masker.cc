#include "services/masking/text_masker.h"

#include "libs/base/status.h"

namespace countersign::masking {

absl::Status TextMasker::Feed(absl::string_view piece, bool end, domain::FieldRelease& release,
                              std::vector<Replaced>* places) {
  CS_RETURN_IF_ERROR(ReadPiece(piece, end));
  return text_.Flush(end, release, places);
}

absl::Status TextMasker::Read(absl::string_view piece, bool end,
                              std::vector<std::string>& sentences) {
  CS_RETURN_IF_ERROR(ReadPiece(piece, end));
  text_.CutSentences(end, sentences);
  return absl::OkStatus();
}

absl::Status TextMasker::ReadPiece(absl::string_view piece, bool end) {
  text::documents::FilteredCharacters characters(filter_, text_);
  CS_RETURN_IF_ERROR(reader_.Read(piece, characters));
  if (!end) return absl::OkStatus();
  CS_RETURN_IF_ERROR(reader_.Finish(characters));
  filter_.Settle(text_);
  return absl::OkStatus();
}

}  // namespace countersign::masking
