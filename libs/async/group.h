#pragma once

#include <cstddef>
#include <list>

#include "libs/async/awaitable.h"
#include "libs/async/executor.h"
#include "libs/async/suspension.h"

namespace countersign::async {

// Coroutines that run at the same time as the one that owns the group, on its executor. They may
// refer to everything that outlives the group. Destroying it destroys those that still run.
class Group {
 public:
  explicit Group(Executor executor) : executor_(executor) {}
  ~Group();
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  // Runs `work` until it first waits. An exception of it ends the process.
  void Start(Awaitable<void> work);

  std::size_t running() const { return running_.size(); }

  // Returns when fewer than `limit` run. One waiting coroutine at a time.
  Awaitable<void> UntilFewerThan(std::size_t limit);

 private:
  class Root;
  static Root Run(Group& group, Awaitable<void> work);

  const Executor executor_;
  std::list<std::coroutine_handle<>> running_;
  Suspension* waiting_ = nullptr;
};

// Lets coroutines of one executor do something one after the other, in the order in which they
// came.
class Turns {
 public:
  explicit Turns(Executor executor) : executor_(executor) {}
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;

  // A turn ends with its object, which must not outlive the Turns.
  class Turn {
   public:
    explicit Turn(Turns& turns) : turns_(&turns) {}
    Turn(Turn&& other) noexcept : turns_(std::exchange(other.turns_, nullptr)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (turns_ != nullptr) turns_->End();
    }

   private:
    Turns* turns_;
  };

  // Returns when all who came before have had their turn.
  Awaitable<Turn> Take();

 private:
  class Waiting;
  void End();

  const Executor executor_;
  bool taken_ = false;
  std::list<Waiting*> waiting_;
};

}  // namespace countersign::async
