#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "services/cli/gateway_client.h"

namespace countersign::cli {

// A gateway with scripted answers that records its requests. Must outlive its clients.
class FakeGateway {
 public:
  // Scripts the next answer to `method` ("KeyService/ListKeys", without package): a JSON object or
  // an error. The last answer of a method is repeated.
  void Answer(const std::string& method, absl::StatusOr<std::string> answer) {
    answers_[method].push_back(std::move(answer));
  }

  // Every answer to `method` is made by `answer`.
  void AnswerBy(const std::string& method,
                std::function<absl::StatusOr<std::string>(const std::string& request)> answer) {
    makers_[method] = std::move(answer);
  }

  GatewayConnector connector() {
    return [this](GatewayAddress to) -> std::unique_ptr<GatewayClient> {
      address = std::move(to);
      return std::make_unique<Client>(*this);
    };
  }

  // The requests to `method`, in order.
  std::vector<std::string> requests(const std::string& method) const {
    const auto found = requests_.find(method);
    return found == requests_.end() ? std::vector<std::string>() : found->second;
  }
  bool asked() const { return !requests_.empty(); }

  GatewayAddress address;  // of the last client

 private:
  class Client final : public GatewayClient {
   public:
    explicit Client(FakeGateway& gateway) : gateway_(gateway) {}
    absl::StatusOr<json::Document> Call(absl::string_view method,
                                        const std::string& request) override {
      answered_ = true;
      return gateway_.Take(std::string(method.substr(method.find(".v1.") + 4)), request);
    }
    bool answered() const override { return answered_; }
    const std::string& url() const override { return gateway_.address.url; }

   private:
    FakeGateway& gateway_;
    bool answered_ = false;
  };

  absl::StatusOr<json::Document> Take(const std::string& method, const std::string& request) {
    requests_[method].push_back(request);
    if (const auto maker = makers_.find(method); maker != makers_.end()) {
      const absl::StatusOr<std::string> made = maker->second(request);
      return made.ok() ? json::Document::Parse(*made) : made.status();
    }
    std::deque<absl::StatusOr<std::string>>& script = answers_[method];
    if (script.empty()) return absl::UnimplementedError(absl::StrCat(method, " is not scripted"));
    const absl::StatusOr<std::string> answer = script.front();
    if (script.size() > 1) script.pop_front();
    if (!answer.ok()) return answer.status();
    return json::Document::Parse(*answer);
  }

  std::map<std::string, std::deque<absl::StatusOr<std::string>>> answers_;
  std::map<std::string, std::function<absl::StatusOr<std::string>(const std::string&)>> makers_;
  std::map<std::string, std::vector<std::string>> requests_;
};

}  // namespace countersign::cli
