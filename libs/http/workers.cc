#include "libs/http/workers.h"

#include <thread>

#include "libs/http/io_loop.h"

namespace countersign::http {

struct Workers::Worker {
  IoLoop loop;
  std::thread thread;
};

Workers::Workers(std::size_t threads) {
  for (std::size_t i = 0; i < threads; ++i) {
    workers_.push_back(std::make_unique<Worker>());
  }
  for (const auto& worker : workers_) {
    worker->thread = std::thread([&loop = worker->loop] { loop.Run(); });
  }
}

Workers::~Workers() { Stop(); }

IoLoop& Workers::at(std::size_t index) { return workers_[index]->loop; }

IoLoop& Workers::Next() {
  return at(next_.fetch_add(1, std::memory_order_relaxed) % workers_.size());
}

async::Executor Workers::executor(std::size_t index) { return at(index); }

void Workers::Stop() {
  for (const auto& worker : workers_) worker->loop.Stop();
  for (const auto& worker : workers_) {
    if (worker->thread.joinable()) worker->thread.join();
  }
}

}  // namespace countersign::http
