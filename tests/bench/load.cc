#include "tests/bench/load.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "libs/base/status.h"
#include "tests/bench/message_reader.h"
#include "tests/bench/sockets.h"
#include "tests/bench/sse_events.h"

namespace countersign::bench {
namespace {

std::string RequestBytes(const LoadOptions& options) {
  std::string text;
  for (int i = 0; i < 160; ++i) absl::StrAppend(&text, EventText(i));
  const std::string body = absl::StrCat(
      R"({"model":"bench-1","messages":[{"role":"system","content":"You are a careful assistant."},)",
      R"({"role":"user","content":")", text, R"("}],"max_tokens":200)",
      options.stream ? R"(,"stream":true})" : "}");
  return absl::StrCat("POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:", options.port,
                      "\r\n", options.bearer.empty() ? "" : "authorization: Bearer ",
                      options.bearer, options.bearer.empty() ? "" : "\r\n", options.headers,
                      "content-type: application/json\r\naccept: */*\r\ncontent-length: ",
                      body.size(), "\r\n\r\n", body);
}

// A keep-alive connection with an outstanding request.
class Caller {
 public:
  Caller(const LoadOptions& options, const std::string& request, LoadResult* result)
      : options_(options), request_(request), result_(result) {}

  int fd() const { return socket_.get(); }

  absl::Status Open() {
    CS_ASSIGN_OR_RETURN(socket_, Connect(options_.port));
    return absl::OkStatus();
  }

  // A request fits into an empty socket buffer, so it is written completely or not at all.
  void Ask() {
    reader_.Reset();
    lines_.Clear();
    answer_.clear();
    awaited_.clear();
    text_bytes_ = 0;
    last_index_ = -1;
    seen_text_ = false;
    asked_ns_ = NowNs();
    const ssize_t size = send(socket_.get(), request_.data(), request_.size(), MSG_NOSIGNAL);
    if (size != static_cast<ssize_t>(request_.size())) Fail("the request could not be written");
  }

  enum class Progress { kWaiting, kAnswered, kLost };

  Progress Read() {
    std::array<char, 65536> buffer;
    const ssize_t size = read(socket_.get(), buffer.data(), buffer.size());
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return Progress::kWaiting;
    if (size <= 0) {
      Fail(absl::StrCat("the connection was closed after: ", reader_.head(), answer_));
      return Progress::kLost;
    }
    reader_.Feed({buffer.data(), static_cast<std::size_t>(size)},
                 [&](absl::string_view body) { OnBody(body); });
    if (reader_.state() == MessageReader::State::kBroken) {
      Fail(absl::StrCat("not HTTP: ", reader_.head()));
      return Progress::kLost;
    }
    if (reader_.state() != MessageReader::State::kDone) return Progress::kWaiting;
    Finish();
    return Progress::kAnswered;
  }

 private:
  void OnBody(absl::string_view body) {
    constexpr std::size_t kKept = 400;
    if (answer_.size() < kKept) answer_.append(body.data(), std::min(body.size(), kKept));
    if (options_.stream) lines_.Feed(body, [&](absl::string_view line) { OnLine(line); });
  }

  void OnLine(absl::string_view line) {
    const auto event = ReadContentEvent(line);
    if (!event) return;
    const std::int64_t now = NowNs();
    if (!std::exchange(seen_text_, true)) result_->first_text.push_back(now - asked_ns_);
    text_bytes_ += event->content_bytes;
    // A proxy that sends held text in an additional event may copy an earlier event's id.
    if (event->sent_ns != 0 && event->index > last_index_) {
      last_index_ = event->index;
      ++result_->events;
      result_->event_delay.push_back(now - event->sent_ns);
      awaited_.push_back({TextBytesUpTo(event->index), event->sent_ns});
    }
    for (; !awaited_.empty() && awaited_.front().first <= text_bytes_; awaited_.pop_front()) {
      result_->text_delay.push_back(now - awaited_.front().second);
    }
  }

  void Finish() {
    const bool whole = !options_.stream || text_bytes_ > 0;
    if (reader_.status() != 200 || !whole) {
      return Fail(absl::StrCat("answered ", reader_.status(), ": ", answer_));
    }
    ++result_->requests;
    result_->latency.push_back(NowNs() - asked_ns_);
  }

  void Fail(std::string what) {
    if (result_->errors++ == 0) result_->first_error = std::move(what);
  }

  const LoadOptions& options_;
  const std::string& request_;
  LoadResult* const result_;
  Descriptor socket_;
  MessageReader reader_;
  LineCutter lines_;
  std::string answer_;  // its beginning, for error messages
  std::int64_t asked_ns_ = 0;
  std::int64_t text_bytes_ = 0;
  int last_index_ = -1;
  bool seen_text_ = false;
  std::deque<std::pair<std::int64_t, std::int64_t>> awaited_;  // text bytes due, sent when
};

class LoadRun {
 public:
  explicit LoadRun(const LoadOptions& options)
      : options_(options), request_(RequestBytes(options)), epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

  absl::StatusOr<LoadResult> Run() {
    for (int i = 0; i < options_.connections; ++i) {
      callers_.push_back(std::make_unique<Caller>(options_, request_, &result_));
      CS_RETURN_IF_ERROR(Start(i));
    }
    const std::int64_t begin = NowNs();
    end_ns_ = begin + absl::ToInt64Nanoseconds(options_.duration);
    for (const auto& caller : callers_) caller->Ask();
    busy_ = options_.connections;
    while (busy_ > 0) {
      std::array<epoll_event, 256> events;
      constexpr int kPatienceMs = 30'000;
      const int ready = epoll_wait(epoll_.get(), events.data(), events.size(), kPatienceMs);
      if (ready == 0) return absl::DeadlineExceededError("no answer within 30 s");
      for (int i = 0; i < ready; ++i) {
        CS_RETURN_IF_ERROR(OnReadable(events[static_cast<std::size_t>(i)].data.u32));
      }
    }
    // Requests outstanding at the end count, and so does their time.
    result_.seconds = static_cast<double>(NowNs() - begin) / 1e9;
    return std::move(result_);
  }

 private:
  absl::Status Start(std::uint32_t index) {
    CS_RETURN_IF_ERROR(callers_[index]->Open());
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = index;
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, callers_[index]->fd(), &event);
    return absl::OkStatus();
  }

  absl::Status OnReadable(std::uint32_t index) {
    const Caller::Progress progress = callers_[index]->Read();
    if (progress == Caller::Progress::kWaiting) return absl::OkStatus();
    if (progress == Caller::Progress::kLost) CS_RETURN_IF_ERROR(Start(index));
    if (NowNs() < end_ns_) {
      callers_[index]->Ask();
    } else {
      epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, callers_[index]->fd(), nullptr);
      --busy_;
    }
    return absl::OkStatus();
  }

  const LoadOptions options_;
  const std::string request_;
  const Descriptor epoll_;
  LoadResult result_;
  std::vector<std::unique_ptr<Caller>> callers_;
  std::int64_t end_ns_ = 0;
  int busy_ = 0;
};

void Append(const std::vector<std::int64_t>& from, std::vector<std::int64_t>* to) {
  to->insert(to->end(), from.begin(), from.end());
}

}  // namespace

void LoadResult::Add(const LoadResult& other) {
  requests += other.requests;
  errors += other.errors;
  if (first_error.empty()) first_error = other.first_error;
  seconds += other.seconds;
  events += other.events;
  Append(other.latency, &latency);
  Append(other.first_text, &first_text);
  Append(other.event_delay, &event_delay);
  Append(other.text_delay, &text_delay);
}

absl::StatusOr<LoadResult> RunLoad(const LoadOptions& options) { return LoadRun(options).Run(); }

std::int64_t Percentile(std::vector<std::int64_t> values, double share) {
  if (values.empty()) return 0;
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  const auto nth = values.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
  std::nth_element(values.begin(), nth, values.end());
  return *nth;
}

}  // namespace countersign::bench
