#include "libs/http/workers.h"

namespace countersign::http {

Workers::Workers(std::size_t threads) {
  for (std::size_t i = 0; i < threads; ++i) {
    workers_.push_back(std::make_unique<Worker>());
  }
  for (const auto& worker : workers_) {
    worker->thread = std::thread([context = &worker->context] { context->run(); });
  }
}

Workers::~Workers() { Stop(); }

boost::asio::io_context& Workers::Next() {
  return at(next_.fetch_add(1, std::memory_order_relaxed) % workers_.size());
}

void Workers::Stop() {
  for (const auto& worker : workers_) worker->context.stop();
  for (const auto& worker : workers_) {
    if (worker->thread.joinable()) worker->thread.join();
  }
}

}  // namespace countersign::http
