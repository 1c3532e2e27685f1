#pragma once

namespace countersign {

// kLow is for long computations: while processors are short, the threads that answer in
// milliseconds go first. A thread of low priority still gets a share, of about a third.
enum class ThreadPriority { kNormal, kLow };

// Lowers the calling thread's priority if `priority` is kLow. It cannot be raised again without
// privileges, so threads that serve different purposes must stay normal.
void SetThreadPriority(ThreadPriority priority);

}  // namespace countersign
