#include "libs/async/executor_handle.h"

#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <mutex>

namespace countersign::async {

namespace asio = boost::asio;

struct ExecutorHandle::Gate {
  std::mutex mutex;
  bool open = true;
};

// Closes the gate before the io_context that it belongs to is destroyed.
class ExecutorHandle::GateService final : public asio::execution_context::service {
 public:
  static inline asio::execution_context::id id;
  using key_type = GateService;
  explicit GateService(asio::execution_context& context)
      : asio::execution_context::service(context) {}

  const std::shared_ptr<Gate> gate = std::make_shared<Gate>();

 private:
  void shutdown() override {
    const std::lock_guard<std::mutex> lock(gate->mutex);
    gate->open = false;
  }
};

ExecutorHandle::ExecutorHandle(Executor executor)
    : executor_(std::move(executor)),
      gate_(asio::use_service<GateService>(asio::query(executor_, asio::execution::context)).gate) {
}

void ExecutorHandle::Run(absl::AnyInvocable<void()> work) const {
  const std::unique_lock<std::mutex> lock(gate_->mutex);
  if (gate_->open) asio::post(executor_, std::move(work));
}

}  // namespace countersign::async
