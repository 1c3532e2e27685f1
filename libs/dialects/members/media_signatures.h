#pragma once

#include "absl/strings/string_view.h"

namespace countersign::dialects::members {

// True for bytes that begin like a well-known format of pictures, sound, video or documents that
// fits `type`, a MIME type in lower case: of its kind where it is one of images, sound or video,
// and of any kind where it is another. A format whose mark is too short to tell it from text is
// recognised by its first frame or header.
bool HasMediaSignature(absl::string_view bytes,
                       absl::string_view type = "application/octet-stream");

}  // namespace countersign::dialects::members
