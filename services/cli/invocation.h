#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/cli/gateway_client.h"
#include "services/cli/output/output.h"

namespace countersign::cli {

// One run of the command line: the global options, where output goes, how to reach the gateway, and
// the verb that was chosen. Verbs leave what they will do in `action`; Run executes it after
// parsing.
struct Invocation {
  std::string address;
  std::string token;
  std::string token_file;
  std::string ca_file;
  std::string context;
  std::string format = "table";
  std::ostream& out;
  std::ostream& err;
  GatewayConnector connector;
  std::function<absl::Status()> action;

  output::Format output() const;

  // A client of the gateway that flags, environment and config file name, in that order. Errors are
  // those of the config file, the token's and the CA's file; nothing is sent yet.
  absl::StatusOr<std::unique_ptr<GatewayClient>> Connect() const;
};

// Prints a listing {"items": […]} as a table of `columns`, or the whole answer as JSON or YAML.
struct Column {
  std::string heading;
  std::string member;
};
void PrintListing(const Invocation& invocation, const json::Document& answer,
                  const std::vector<Column>& columns);

// Prints `value` as JSON or YAML, or calls `print_table` where the user asked for neither.
void PrintObject(const Invocation& invocation, json::Value value,
                 const std::function<void()>& print_table);

// Calls a listing's method page by page until `limit` items (0: all) and joins the pages into one
// document. `request` is a JSON object without page fields.
absl::StatusOr<json::Document> ListAll(GatewayClient& gateway, absl::string_view method,
                                       const std::string& request, std::size_t limit);

// A resource of a listing as the JSON document that `apply` reads.
std::string ToResourceDocument(json::Value item);

}  // namespace countersign::cli
