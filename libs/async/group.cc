#include "libs/async/group.h"

#include <exception>
#include <utility>

namespace countersign::async {

// The frame of one member. It removes itself from the group at its end.
class Group::Root {
 public:
  struct promise_type {
    Root get_return_object() {
      return Root{std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
    std::list<std::coroutine_handle<>>::iterator place;
  };
  // Awaited by the member itself at its end.
  struct Leave {
    Group& group;
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<promise_type> self) const noexcept {
      group.running_.erase(self.promise().place);
      if (group.waiting_ != nullptr) group.waiting_->WakeSoon();
      return false;
    }
    void await_resume() const noexcept {}
  };
  std::coroutine_handle<promise_type> frame;
};

Group::Root Group::Run(Group& group, Awaitable<void> work) {
  {
    Awaitable<void> running = std::move(work);
    co_await std::move(running);
  }
  co_await Root::Leave{group};
}

Group::~Group() {
  while (!running_.empty()) {
    const std::coroutine_handle<> frame = running_.front();
    running_.pop_front();
    frame.destroy();
  }
}

void Group::Start(Awaitable<void> work) {
  const Root root = Run(*this, std::move(work));
  root.frame.promise().place = running_.insert(running_.end(), root.frame);
  root.frame.resume();
}

Awaitable<void> Group::UntilFewerThan(std::size_t limit) {
  struct Wait : Suspension {
    explicit Wait(Group& group) : Suspension(group.executor_), of(group) { of.waiting_ = this; }
    ~Wait() { of.waiting_ = nullptr; }
    Group& of;
  };
  while (running_.size() >= limit) {
    Wait wait(*this);
    co_await wait;
  }
}

class Turns::Waiting : public Suspension {
 public:
  explicit Waiting(Turns& turns)
      : Suspension(turns.executor_),
        turns_(turns),
        place_(turns.waiting_.insert(turns.waiting_.end(), this)) {}
  ~Waiting() {
    if (called_) {
      if (!taken_) turns_.End();  // destroyed before it could begin
    } else {
      turns_.waiting_.erase(place_);
    }
  }
  void Call() {
    called_ = true;
    turns_.waiting_.erase(place_);
    WakeSoon();
  }
  Turn Begin() {
    taken_ = true;
    return Turn(turns_);
  }

 private:
  Turns& turns_;
  const std::list<Waiting*>::iterator place_;
  bool called_ = false;
  bool taken_ = false;
};

Awaitable<Turns::Turn> Turns::Take() {
  if (!std::exchange(taken_, true)) co_return Turn(*this);
  Waiting waiting(*this);
  co_await waiting;
  co_return waiting.Begin();
}

void Turns::End() {
  if (waiting_.empty()) {
    taken_ = false;
  } else {
    waiting_.front()->Call();
  }
}

}  // namespace countersign::async
