#include "libs/base/thread_priority.h"

#include <sys/resource.h>
#include <unistd.h>

namespace countersign {
namespace {

// Linux keeps a nice value per thread (setpriority(2), "C library/kernel differences"). Five steps
// are a weight of 335 beside 1024 (sched(7)): at ten, long prompts waited for seconds on a machine
// that was overloaded.
constexpr int kLowNice = 5;

}  // namespace

void SetThreadPriority(ThreadPriority priority) {
  if (priority == ThreadPriority::kNormal) return;
  const auto thread = static_cast<id_t>(gettid());
  if (getpriority(PRIO_PROCESS, thread) < kLowNice) setpriority(PRIO_PROCESS, thread, kLowNice);
}

}  // namespace countersign
