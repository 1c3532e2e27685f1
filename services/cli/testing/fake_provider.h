#pragma once

#include <catch2/catch.hpp>
#include <deque>
#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/base/text/url_form.h"
#include "libs/testing/fake_clock.h"
#include "services/cli/login/login_session.h"

namespace countersign::cli::login {

// An identity provider with scripted answers, and the surroundings of a sign-in whose time passes
// only by sleeping.
class FakeProvider {
 public:
  using Form = std::map<std::string, std::string>;

  // Scripts the next answer at `url`; the last one is repeated.
  void Answer(const std::string& url, int status, const std::string& body) {
    http::FetchResponse response;
    response.status = status;
    response.body = body;
    answers_[url].push_back(std::move(response));
  }

  LoginSession Session() {
    return {[this](http::FetchRequest request) { return Take(std::move(request)); },
            clock,
            random_,
            err,
            [this](absl::Duration time) {
              sleeps.push_back(time);
              clock.Advance(time);
            },
            [this](const std::string& url) { open_browser(url); }};
  }

  // A token of which this side reads `exp` alone.
  static std::string Token(absl::Time expires_at, const std::string& more = "") {
    return absl::StrCat(
        "h.",
        Base64UrlEncode(absl::StrCat("{\"exp\":", absl::ToUnixSeconds(expires_at), more, "}")),
        ".s");
  }

  testing::FakeClock clock;
  std::ostringstream err;
  std::vector<absl::Duration> sleeps;
  std::vector<std::pair<std::string, Form>> posts;  // where, what
  std::function<void(const std::string&)> open_browser = [](const std::string&) {};

 private:
  absl::StatusOr<http::FetchResponse> Take(http::FetchRequest request) {
    if (request.method == "POST") {
      const auto form = DecodeUrlForm(request.body);
      REQUIRE(form.ok());
      posts.emplace_back(request.url, *form);
    }
    std::deque<http::FetchResponse>& script = answers_[request.url];
    if (script.empty()) return absl::UnavailableError(absl::StrCat("no answer at ", request.url));
    http::FetchResponse answer = script.front();
    if (script.size() > 1) script.pop_front();
    return answer;
  }

  std::map<std::string, std::deque<http::FetchResponse>> answers_;
  SystemRandom random_;
};

}  // namespace countersign::cli::login
