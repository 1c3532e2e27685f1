#pragma once

namespace countersign::rpc {

// Keeps gRPC's callback threads running until the process ends. gRPC 1.51 joins them when the last
// channel or server that uses callbacks is destroyed, and aborts the process if that happens on one
// of those threads (a finishing call may hold the last reference to its channel). Called by all
// code that starts callback calls; cheap, thread-safe.
void KeepCallbackThreads();

}  // namespace countersign::rpc
