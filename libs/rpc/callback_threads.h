#pragma once

namespace countersign::rpc {

// Keeps gRPC's callback threads from now until the process ends. gRPC 1.51 joins them when the last
// channel or server that uses callbacks goes; when that happens on one of the threads themselves
// (the last reference to a channel is held by a call that has just ended) the process aborts.
// Called by whatever starts callback calls; cheap, thread-safe.
void KeepCallbackThreads();

}  // namespace countersign::rpc
