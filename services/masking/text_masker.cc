#include "services/masking/text_masker.h"

#include "libs/base/status.h"

namespace countersign::masking {

absl::Status TextMasker::Feed(absl::string_view piece, bool end, domain::FieldRelease& release,
                              std::vector<Replaced>* places) {
  text::documents::FilteredCharacters characters(filter_, text_);
  CS_RETURN_IF_ERROR(reader_.Read(piece, characters));
  if (end) {
    CS_RETURN_IF_ERROR(reader_.Finish(characters));
    filter_.Settle(text_);
  }
  return text_.Flush(end, release, places);
}

}  // namespace countersign::masking
