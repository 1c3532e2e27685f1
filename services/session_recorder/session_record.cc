#include "services/session_recorder/session_record.h"

#include "libs/base/random.h"

namespace countersign::session_recorder {

bool IsSessionId(absl::string_view id) { return IsUuid(id); }

}  // namespace countersign::session_recorder
