#include "libs/http/date_field.h"

#include "libs/base/clock.h"

namespace countersign::http {

const std::string& FormatDate() {
  thread_local DateField field;
  return field.Format(SystemClock().Now());
}

}  // namespace countersign::http
