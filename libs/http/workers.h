#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

namespace countersign::http {

// A fixed number of network threads, each with an io_context of its own: whatever belongs to one
// connection runs on one thread and needs no lock. Nothing that runs on them may block.
class Workers {
 public:
  explicit Workers(std::size_t threads);
  ~Workers();  // Stops and joins; what still waits is dropped.
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  std::size_t size() const { return workers_.size(); }
  boost::asio::io_context& at(std::size_t index) { return workers_[index]->context; }
  boost::asio::io_context& Next();  // round robin; thread-safe

  void Stop();  // Returns when no thread runs any more. Idempotent.

 private:
  struct Worker {
    boost::asio::io_context context{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
        context.get_executor()};
    std::thread thread;
  };
  std::vector<std::unique_ptr<Worker>> workers_;
  std::atomic<std::size_t> next_{0};
};

}  // namespace countersign::http
