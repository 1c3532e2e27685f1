// Code that Clang's thread-safety analysis must refuse. The test thread_safety_analysis compiles
// this and expects the error.
#include "libs/base/mutex.h"

namespace countersign {

class Counter {
 public:
  void Increment() { ++count_; }  // without mutex_

 private:
  Mutex mutex_;
  int count_ CS_GUARDED_BY(mutex_) = 0;
};

void Use(Counter& counter) { counter.Increment(); }

}  // namespace countersign
